#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`snapshot` over libvirt's own test driver: what there is, what a revert loses, evidence first."""

import json
import os
import shutil
import subprocess
import sys
import time

from daemonlib import (FOLDER, POSTERN, RECOVER, TEST, Caller, environment, file_text, main, recoverd,
                       records)
from taplib import check

BUNDLES = FOLDER + "/bundles"
CONFIG = FOLDER + "/snapshot.conf"
NODE = FOLDER + "/node.xml"
URI = "test://" + NODE
WITHOUT = "the disk is full"
MADE = int(time.time()) - 7500  # 2 h 5 min ago
DEFINITION = """<name>web</name><uuid>3a4f5d6e-1111-4222-8333-444455556677</uuid>
<memory>1024</memory><os><type>hvm</type></os><devices>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/images/vda.qcow2'/>
<target dev='vda'/></disk><disk type='file' device='disk'><source file='/images/vdb.img'/>
<target dev='vdb'/></disk></devices>"""


def snapshot(name, state, made, *, parent="", active=0):
    """As the test driver reads one from a file: of the one disk, not of the other."""
    return f"""<test:domainsnapshot><name>{name}</name><description>why {name}</description>
<state>{state}</state>{parent and f"<parent><name>{parent}</name></parent>"}
<creationTime>{made}</creationTime><disks><disk name='vda' snapshot='internal'/>
<disk name='vdb' snapshot='no'/></disks><domain type='test'>{DEFINITION}</domain>
<active>{active}</active></test:domainsnapshot>"""


def write_node():
    """Each connection to it begins anew: what was done is seen by who did it alone."""
    with open(NODE, "w", encoding="utf-8") as file:
        file.write("<node><domain type='test' "
                   f"xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>{DEFINITION}" +
                   snapshot("off", "shutoff", MADE) +
                   snapshot("run", "running", MADE + 3600, parent="off", active=1) +
                   "</domain></node>")


write_node()


def write_config(bundles=BUNDLES):
    with open(CONFIG, "w", encoding="utf-8") as file:
        file.write(f"[power]\nbundles={bundles}\n")
    shutil.rmtree(BUNDLES, ignore_errors=True)


def door(uri=URI, **more):
    write_config(**more)
    return recoverd(uri=uri, POSTERN_CONFIG=CONFIG)


def ask(method, *, domain="web", **more):
    _, answer = Caller(RECOVER).call(method, {"domain": domain, "deadline_ms": 15000, **more})
    return answer


def act(method, **more):
    answer = ask(method, **more)
    check("result" in answer, answer)
    return answer["result"]


def refused(words, method, reason=None, **more):
    answer = ask(method, **more)
    check("error" in answer, answer)
    said = answer["error"]
    check(words in said["message"] and "\n" not in said["message"], said)
    check(reason is None or said["data"]["reason"] == reason, said)


def bundles():
    return sorted(os.listdir(BUNDLES)) if os.path.isdir(BUNDLES) else []


def verified(bundle):
    done = subprocess.run([POSTERN, "forensics", "--verify", bundle["path"], "--digest",
                           bundle["sha256"]], env=environment(), capture_output=True, text=True,
                          timeout=60, check=False)
    check(done.returncode == 0, done)


def told(row):
    return (row["name"], row.get("parent"), row["current"], row["holds"], row["kind"],
            row["description"])


def right(rows):
    check([told(row) for row in rows] ==
          [("off", None, False, "off", "internal", "why off"),
           ("run", "off", True, "memory", "internal", "why run")], rows)
    check(7500000 <= rows[0]["age_ms"] < 7800000, rows[0])


def test_look():
    """Which there are, and what a revert would lose, changes nothing."""
    with door():
        right(act("snapshots")["snapshots"])
        done = act("snapshots", revert_to="off")["snapshot"]
        check(done["lost"] == ["what happened in it in the last 2 h 5 min",
                               "the guest was off then, and will be off"], done)
        check(done["stays"] == ["vdb"] and 7500000 <= done["lost_ms"] < 7800000, done)
        check("state_after" not in done and bundles() == [], done)
        refused("no snapshot of web is called 'of'", "snapshots", "usage", revert_to="of")


def test_create():
    """What was made is told as it is; a name that is taken or can't be one changes nothing."""
    with door(uri=TEST):
        done = act("snapshot", domain="test", name="before", description="a <b> & 'c'")["snapshot"]
        row = done["snapshot"]
        check((row["name"], row["description"], row["current"], row["holds"], row["kind"]) ==
              ("before", "a <b> & 'c'", True, "memory", "internal"), row)
        check(done["state_after"].startswith("running") and "lost" not in done, done)
        row = act("snapshot", domain="test")["snapshot"]["snapshot"]
        check(row["name"].startswith("postern-20") and row["name"].endswith("Z"), row)
        for words, params in (("has no '/'", {"name": "../x"}), ("begins with", {"name": "-x"}),
                              ("1 to 100 bytes", {"name": ""}),
                              ("1 to 100 bytes", {"name": "x" * 101}),
                              ("only for a snapshot of the disks only", {"quiesce": True}),
                              ("live", {"live": True, "disk_only": True}),
                              ("live", {"live": "yes"}), ("'force'", {"force": True})):
            refused(words, "snapshot", "invalid-params", domain="test", **params)
        refused("longer --deadline", "snapshot", "usage", domain="test", deadline_ms=5000)
        # Of libvirt's own words, and of a guest that QEMU does not run nothing is known beside.
        refused("libvirt made no snapshot: unsupported flags", "snapshot", domain="test",
                disk_only=True, quiesce=True)
    with door():
        refused("is called 'off' already: nothing was changed", "snapshot", "usage", name="off")


def test_revert():
    """It tells what was lost, and has its evidence, sealed before, in its own folder."""
    with door():
        done = act("revert", snapshot="off")
        made = done["snapshot"]
        check(made["state_before"].startswith("running") and made["state_after"].startswith("off"),
              made)
        check(made["snapshot"]["current"] is True and made["runs"] is False, made)
        check(made["lost"][0] == "what happened in it in the last 2 h 5 min", made)
        check(made["notes"] == ["it is off, as it was then: postern power starts it"], made)
        verified(done["bundle"])
        check(os.path.dirname(done["bundle"]["path"]) == BUNDLES, done)
        manifest = json.loads(file_text(done["bundle"]["path"] + "/manifest.json"))
        check(manifest["end"] == "complete" and manifest["guest"] == "web", manifest)
        made = act("revert", snapshot="run", without_forensics=WITHOUT)["snapshot"]
        check(made["runs"] is True and made["state_after"] == "running (from snapshot)" and
              "goes on where it was" in made["lost"][1], made)
        # What can't be done costs no bundle.
        refused("no snapshot of web is called 'of'", "revert", "usage", snapshot="of")
        check(len(bundles()) == 1, bundles())


def test_evidence():
    """Without evidence nothing is done, unless somebody says why, which the audit keeps."""
    with door(bundles="/dev/null/bundles"):
        refused("nothing was changed, since its evidence could not be kept", "revert",
                snapshot="off")
        before = len(records())
        done = act("revert", snapshot="off", without_forensics=WITHOUT)
        check("bundle" not in done and done["snapshot"]["state_after"].startswith("off"), done)
        first, last = records()[before:]
        for line in first, last:
            check((line["method"], line["probe"], line["guest"]) == ("revert", "revert", "web"), line)
            check(line["args"]["without_forensics"] == WITHOUT and
                  line["args"]["snapshot"] == "off", line)
        check((first["result"], last["args"]["done"]) == ("asked", True), first, last)
        for words, params in (("snapshot", {}), ("1 to 255 bytes", {"snapshot": "a\nb"}),
                              ("the reason", {"snapshot": "off", "without_forensics": ""}),
                              ("'force'", {"snapshot": "off", "force": True})):
            refused(words, "revert", "invalid-params", **params)


def command(*words, uri=URI):
    return subprocess.run([POSTERN, "-c", uri, "snapshot", *words],
                          env=environment(POSTERN_CONFIG=CONFIG), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=90, check=False)


def by_command():
    """All of it, whoever does it."""
    done = command("web", "list", "--json")
    check(done.returncode == 0, done)
    right(json.loads(done.stdout)["snapshots"])
    done = command("web", "list")
    check(done.stdout.splitlines()[2] == "run, the current one: 1 h 5 min old, running, with its "
          "memory, internal, from off", done)
    done = command("web", "revert", "off", "--dry-run", "--json")
    check(done.returncode == 0 and json.loads(done.stdout)["stays"] == ["vdb"] and not bundles(), done)
    done = command("web", "revert", "off", "--json")
    check(done.returncode == 0, done)
    # Said before, also where nobody is asked.
    check("lost is what happened in it in the last 2 h 5 min; the guest was off" in done.stderr, done)
    check("as they are now, stay its disks vdb" in done.stderr, done)
    made = json.loads(done.stdout)
    check(made["snapshot"]["state_after"].startswith("off") and "proof" not in made, made)
    verified(made["bundle"])
    done = command("test", "create", "--name", "n", "--description", "d", uri=TEST)
    check(done.returncode == 0 and
          done.stdout.startswith("test: snapshot n: running, with its memory, internal ("), done)


def test_command():
    with door():
        by_command()
        # Nobody is in there: it does not come back, and that is said.
        done = command("web", "revert", "run", "--deadline", "25s", "--without-forensics", WITHOUT)
        check(done.returncode in (2, 3) and "no evidence is kept" in done.stderr and
              "it was reverted to run (" in done.stdout and
              "back" in done.stdout.splitlines()[-1], done)


def test_misuse():
    """One line, and nothing is done."""
    for words in (("web", "delete"), ("web", "revert"), ("web", "list", "off"), ("web",),
                  ("web", "create", "n"), ("web", "list", "--name", "n"), ("web", "list", "--live"),
                  ("web", "create", "--dry-run"), ("web", "create", "--name", "a/b"),
                  ("web", "create", "--quiesce"), ("web", "revert", "none"),
                  ("web", "revert", "off", "--without-forensics", "")):
        done = command(*words)
        check(done.returncode == 64 and len(done.stderr.splitlines()) == 1 and not done.stdout, done)
    check(command("nobody", "list").returncode == 68, "a domain that is not there")


def test_alone():
    """Without a door whoever may does it, with the same evidence and the same records."""
    write_config()
    before = len(records())
    by_command()
    said = [line for line in records()[before:] if line.get("probe") in ("revert", "snapshot")]
    check([(line["probe"], line["args"]["done"]) for line in said] ==
          [("revert", False), ("revert", True), ("snapshot", False), ("snapshot", True)], said)


if __name__ == "__main__":
    main(sys.modules[__name__])
