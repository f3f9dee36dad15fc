#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`enroll` and `unenroll` over libvirt's own test driver, which attaches nothing: the plan, what is refused,
a step that fails, and the records of it. Usage: test-enroll.py POSTERN POSTERND [TEST…]"""

import json
import os
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
from daemonlib import FOLDER, POSTERN, environment, main, records
from taplib import check
import subprocess

UUID = "3a4f5d6e-1111-4222-8333-444455556666"
PORT = "<channel type='{}'>{}<target type='virtio' name='{}'/></channel>"
SHIM = PORT.format("unix", "", "org.postern.shim.0")
RECORDER = PORT.format("file", f"<source path='/nowhere/{UUID}.records' append='on'/>",
                       "org.postern.recorder.0")
DEVICES = "<panic model='isa'/><video><model type='vga'/></video>"
POOL = "<pool type='dir'><name>postern</name><target><path>/nowhere</path></target></pool>"
MARK = "<metadata><p:enrolled xmlns:p='urn:postern:enroll:1' added='{}'/></metadata>"
RPM = FOLDER + "/postern-shim-0.1.0-1.x86_64.rpm"


def hypervisor(devices="", pool=POOL, metadata=""):
    """The URI of one whose only domain, `web`, has these devices."""
    path = FOLDER + "/node.xml"
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"<node><domain type='test'><name>web</name><uuid>{UUID}</uuid>{metadata}<memory>8192"
                   f"</memory><os><type arch='x86_64' machine='pc'>hvm</type></os><devices>{devices}"
                   f"</devices></domain>{pool}</node>")
    return f"test://{path}"


def write_package():
    """As an RPM begins."""
    with open(RPM, "wb") as file:
        file.write(struct.pack(">4sBBHH66s14x6x", b"\xed\xab\xee\xdb", 3, 0, 0, 1, b"postern-shim-0.1.0-1"))


def enroll(*words, uri=None, verb="enroll", domain="web"):
    return subprocess.run([POSTERN, "-c", uri or hypervisor(), verb, domain, *words], text=True,
                          env=environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                          check=False)


def told(*words, code=0, **more):
    done = enroll(*words, "--json", **more)
    check(done.returncode == code and not done.stderr, done)
    return json.loads(done.stdout)


def states(answer):
    return {step["step"]: step["state"] for step in answer["steps"]}


def test_plan():
    """It is told what there is and what is not, and nothing is done or recorded."""
    write_package()
    before = len(records())
    plan = told("--package", RPM, "--dry-run", code=1)
    check(states(plan) == {"channel": "due", "recorder": "due", "panic": "due", "video": "due",
                           "package": "administrator", "unit": "administrator", "proof": "not-reached"},
          plan)
    check(plan["dry_run"] and not plan["complete"] and not plan["changed"], plan)
    check("no channel org.qemu.guest_agent.0" in plan["steps"][4]["detail"], plan)
    check(RPM in plan["bring"] and len(plan["lines"]) == 3 and
          plan["lines"][1] == "rpm -U /root/postern-shim.rpm", plan)
    plan = told("--dry-run", "--console-log", "--no-panic", "--no-video", code=2,
                uri=hypervisor(SHIM + RECORDER, pool=""))
    check(states(plan) == {"channel": "there", "recorder": "there", "console-log": "failed",
                           "package": "administrator", "unit": "administrator", "proof": "not-reached"},
          plan)
    check("lines" not in plan and "say one with --package" in plan["steps"][3]["detail"], plan)
    check(len(records()) == before, records()[before:])


def test_nothing_due():
    """Where the devices are there, only its administrator is left."""
    write_package()
    answer = told("--yes", "--package", RPM, code=1, uri=hypervisor(SHIM + RECORDER + DEVICES))
    check([state for state in states(answer).values()][:4] == ["there"] * 4, answer)
    check(not answer["changed"] and not answer["complete"], answer)


def test_failed():
    """A step that fails is told with libvirt's reason, and what comes after it is not reached; before and
    after it are in the audit."""
    write_package()
    before = len(records())
    done = enroll("--yes", "--package", RPM)
    check(done.returncode == 2 and done.stdout.startswith("web: it is not enrolled: a step failed\n") and
          "channel        failed" in done.stdout and "not supported" in done.stdout and
          "recorder       not-reached" in done.stdout, done)
    first, last = [line for line in records()[before:] if line["probe"] == "enroll"]
    check((first["result"], first["args"]["done"], first["guest"], first["uuid"]) ==
          ("asked", False, "web", UUID), first)
    check(last["args"]["done"] is False and last["result"] != "asked" and
          last["args"]["package"] == RPM and len(last["args"]["sha256"]) == 64 and
          last["args"]["steps"] == ["channel", "recorder", "panic", "video"], last)


def test_spare():
    """A device that libvirt does not take, which nobody asked for, keeps nothing else from being done; one
    that somebody asked for is a failure."""
    write_package()
    uri = hypervisor(SHIM + RECORDER)
    answer = told("--yes", "--package", RPM, code=1, uri=uri)
    check(states(answer) == {"channel": "there", "recorder": "there", "panic": "cannot", "video": "cannot",
                             "package": "administrator", "unit": "administrator",
                             "proof": "not-reached"}, answer)
    check("no domain of QEMU's" in answer["steps"][2]["detail"] and not answer["changed"], answer)
    answer = told("--yes", "--panic", "--package", RPM, code=2, uri=uri)
    check(states(answer)["panic"] == "failed" and states(answer)["video"] == "not-reached", answer)


def test_undo():
    """Only what is noted is undone, and of that what the agent can't do is somebody's."""
    answer = told("--yes", verb="unenroll", uri=hypervisor(SHIM + RECORDER))
    check(set(states(answer).values()) == {"there"} and not answer["changed"], answer)
    uri = hypervisor(SHIM + RECORDER, metadata=MARK.format("channel-lasting package"))
    answer = told("--dry-run", verb="unenroll", uri=uri, code=1)
    check(states(answer) == {"package": "administrator", "recorder": "there", "channel": "due"}, answer)
    # Which packages it has nobody knows whose agent is not there.
    check(answer["lines"] == ["dpkg --purge postern-shim || rpm -e postern-shim"], answer)
    uri = hypervisor(SHIM + RECORDER, metadata=MARK.format("configuration"))
    answer = told("--dry-run", verb="unenroll", uri=uri, code=1)
    check(answer["lines"] == ["rm -f /etc/postern/shim.conf"], answer)
    for marked, stop in ("unit", ""), ("unit unit-started", " --now"):
        uri = hypervisor(SHIM + RECORDER, metadata=MARK.format(marked))
        answer = told("--dry-run", verb="unenroll", uri=uri, code=1)
        check(states(answer)["unit"] == "administrator", answer)
        check(answer["lines"] == [f"systemctl disable{stop} postern-shim.service"], answer)


def test_misuse():
    text = FOLDER + "/text"
    with open(text, "w", encoding="utf-8") as file:
        file.write("text")
    for words, says in ((("--package", FOLDER + "/none"), "No such file"),
                        (("--package", text), "is no package postern-shim"),
                        (("--shim-conf", FOLDER + "/none"), "No such file"),
                        (("--panic", "--no-panic"), "and not both"),
                        (("--folder", "/x"), "is for --xml"),
                        (("--xml",), "usage: postern enroll DOMAIN, or")):
        done = enroll(*words)
        check(done.returncode == 64 and says in done.stderr and done.stderr.count("\n") == 1, done)
    check(enroll(domain="nobody").returncode == 68, "a domain that is not there")
    check(enroll(verb="unenroll", domain="nobody").returncode == 68, "the same")


if __name__ == "__main__":
    main(sys.modules[__name__])
