#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is asked is recorded, and `postern audit` tells it and whether the record is whole; over
libvirt's own test driver. Usage: test-audit.py POSTERN SYSTEMD_FOLDER [TEST…]"""

import errno
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import deadmount
from taplib import Skip, check, run_all

PROGRAM, SYSTEMD = sys.argv[1:3]
del sys.argv[2]
FOLDER = tempfile.mkdtemp(prefix="postern-audit-")
TEST_UUID = "6695eb01-f6a4-8304-79aa-97f2502e193f"
STATE = "/var/log" if os.geteuid() == 0 else FOLDER + "/state"
LOG = STATE + "/postern/audit.jsonl"


def run(*words):
    config = os.path.join(FOLDER, "postern.conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write(f"[store]\nfolder={FOLDER}/store\n")
    env = dict(os.environ, LIBVIRT_DEFAULT_URI="test:///default", HOME=FOLDER,
               XDG_STATE_HOME=FOLDER + "/state", XDG_RUNTIME_DIR=FOLDER, POSTERN_CONFIG=config)
    return subprocess.run([PROGRAM, *words], stdin=subprocess.DEVNULL, capture_output=True, env=env,
                          timeout=60, check=False, text=True)


def need_isolation():
    if not ISOLATED:
        raise Skip("without a mount namespace of its own this test would write to the machine's log")


def begin_anew():
    need_isolation()
    shutil.rmtree(os.path.dirname(LOG), ignore_errors=True)


def entries(*words):
    done = run("audit", "--json", *words)
    check(done.returncode == 0 and not done.stderr, done)
    return json.loads(done.stdout)["entries"]


def verify(code, *words):
    done = run("audit", "--verify", *words)
    check(done.returncode == code, done)
    return done


def test_recorded():
    """Who asked what of which guest, by what path, with what result, for how long."""
    begin_anew()
    run("probe", "test", "system")
    run("read", "test", "/etc/hosts")
    run("probe", "test", "host", "watch_ms=0")
    run("probe", "none", "system")
    found = entries()
    check(found[0]["event"] == "begin", found)
    asked = [(entry["method"], entry["guest"], entry["probe"], entry["result"])
             for entry in found[1:]]
    check(asked == [("probe", "test", "system", "asked"), ("probe", "test", "system", "unavailable"),
                    ("read", "test", "file", "asked"), ("read", "test", "file", "unavailable"),
                    ("probe", "test", "host", "asked"), ("probe", "test", "host", "ok"),
                    ("probe", "none", "-", "no-domain")], asked)
    for entry in found[1:]:
        check(entry["uid"] == os.getuid() and entry["gid"] == os.getgid(), entry)
        check(entry["pid"] > 1 and os.path.basename(entry["exe"]) == "postern", entry)
        check(("took_ms" in entry) == (entry["result"] != "asked"), entry)
        check(entry.get("uuid") == (TEST_UUID if entry["guest"] == "test" else None), entry)
    check(found[3]["args"]["path"] == "/etc/hosts", found[3])


def test_filters():
    begin_anew()
    run("probe", "test", "system")
    run("probe", "none", "system")
    check(len(entries("--guest", "test")) == 2, "by name")
    check(len(entries("--guest", TEST_UUID)) == 2, "by UUID")
    check(len(entries("--since", "1h")) == 4, "of the last hour")
    check(not entries("--until", "1h"), "of before")
    check([entry["guest"] for entry in entries("--lines", "1")] == ["none"], "the newest")
    done = run("audit", "--lines", "1")
    check(re.search(r": probe none -: no-domain via none, \d+ ms\nnote: 3 older entries are left out\n$",
                    done.stdout), done)


def test_verified():
    begin_anew()
    check("there is no audit log" in verify(3).stderr, "nothing to look at")
    run("probe", "test", "system")
    done = verify(0)
    check(done.stdout.startswith(LOG + ": intact: 3 lines, numbers 1 to 3, "), done)
    check(not verify(0, "--quiet").stdout, "quiet")
    held = json.loads(verify(0, "--json").stdout)
    check(held["intact"] and held["lines"] == 3 and not held["faults"], held)
    verify(0, "--holds", held["sha256"])
    check("absent" in verify(1, "--holds", "0" * 64).stdout, "another digest")
    with open(LOG, "r+b") as file:
        file.seek(40)
        byte = file.read(1)
        file.seek(40)
        file.write(bytes([byte[0] ^ 1]))
    done = verify(1, "--quiet")
    check(done.stdout.startswith(LOG + ": changed: 3 lines"), done)
    check(f"  changed   {LOG}:1: " in done.stdout, done)
    copy = FOLDER + "/copy.jsonl"
    shutil.copy(LOG, copy)
    check("headless" in verify(1, "--file", copy).stdout, "a copy without its head")


def check_doors():
    doors = [f"/var/lib/postern-{door}/postern/audit.jsonl" for door in ("diagnose", "recover")]
    check("var/lib" not in verify(0).stdout, "no doors")
    for door in doors:
        shutil.copytree(os.path.dirname(LOG), os.path.dirname(door))
    told = verify(0).stdout
    for log in [LOG, *doors]:
        check(f"{log}: intact: 3 lines" in told, log, told)
    check([json.loads(line)["intact"] for line in verify(0, "--json").stdout.splitlines()] == [True] * 3,
          "an object a line")
    check(LOG not in verify(0, "--door", "recover").stdout, "one alone")
    check(len(entries("--door", "recover")) == 3, "its records")
    with open(doors[1], "r+b") as file:
        file.truncate(os.path.getsize(doors[1]) - 10)
    told = verify(1).stdout
    check(f"{doors[1]}: changed" in told and f"{doors[0]}: intact" in told and f"{LOG}: intact" in told,
          told)
    check("intact" not in verify(1, "--quiet").stdout, "quiet")
    verify(1, "--door", "recover")
    verify(0, "--door", "diagnose")
    verify(0, "--file", LOG)
    # Nobody asked as root.
    os.rename(os.path.dirname(LOG), os.path.dirname(LOG) + "-away")
    told = verify(1).stdout
    os.rename(os.path.dirname(LOG) + "-away", os.path.dirname(LOG))
    check(f"{LOG}:" not in told and f"{doors[0]}: intact" in told, told)
    # The log is gone, and its head is there: that is no door without a log.
    os.unlink(doors[1])
    verify(1)


def test_verified_with_the_doors():
    """Root's look at the whole is at the doors' own logs too, each with its own verdict."""
    begin_anew()
    if os.geteuid() != 0:
        raise Skip("needs root, whose the look is")
    run("probe", "test", "system")
    check(deadmount.libc.mount(b"none", b"/var/lib", b"tmpfs", 0, None) == 0, "a /var/lib of its own")
    try:
        check_doors()
    finally:
        deadmount.libc.umount2(b"/var/lib", 2)


def test_misuse():
    for words in [["extra"], ["--verify", "--guest", "test"], ["--holds", "0" * 64],
                  ["--verify", "--holds", "xyz"], ["--door", "back"],
                  ["--door", "recover", "--file", "x"], ["--lines", "0"], ["--since", "yesterday"]]:
        done = run("audit", *words)
        check(done.returncode == 64 and not done.stdout and done.stderr.count("\n") == 1, words, done)


# What changes something, or would.
POLICY, UNDO = FOLDER + "/policy.conf", FOLDER + "/undo.sh"
ACTS = (("power", "test", "stop", "--yes", "--without-forensics", "a test"),
        ("snapshot", "test", "create", "--yes"), ("exec", "test", "--", "true"),
        ("records", "--leftovers", "--prune"),
        ("recover", "test", "--policy", POLICY, "--undo", UNDO, "--settle", "1ms"))


def fill(folder):
    """Up to the last page of its file system."""
    filler = os.open(folder + "/filler", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        while True:
            os.write(filler, b"x" * 4096)
    except OSError as error:
        check(error.errno == errno.ENOSPC, error)
    finally:
        os.close(filler)


def test_disk_full():
    """What can't be recorded is said once, the answer comes all the same, and the chain holds; what
    changes something is not begun."""
    need_isolation()
    if os.geteuid() != 0:
        raise Skip("needs root for a mount")
    begin_anew()
    folder = os.path.dirname(LOG)
    os.makedirs(folder)
    check(deadmount.libc.mount(b"none", folder.encode(), b"tmpfs", 0, b"size=64k,mode=700") == 0,
          "no small file system")
    try:
        run("probe", "test", "system")
        fill(folder)
        for _ in range(10):
            done = run("diagnose", "test", "--deadline", "2s")
            check(done.returncode == 3 and done.stdout, done)
        check(done.stderr.count("\n") == 1 and "No space left" in done.stderr, done)
        verify(0)
        for path, text in ((POLICY, "[reachable]\nuser=harness\nroot=yes\n"), (UNDO, "true\n")):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        # What is short would still fit into the log's last page.
        for name in os.listdir(folder):
            os.unlink(os.path.join(folder, name))
        fill(folder)
        for words in ACTS:
            done = run(*words)
            check(done.returncode in (3, 125) and "No space left" in done.stderr and
                  "nothing was changed, since it could not be recorded before" in done.stderr, words,
                  done)
        os.unlink(folder + "/filler")
        check("audit" not in run("probe", "test", "system").stderr, "there is room again")
        verify(0)
    finally:
        deadmount.libc.umount2(folder.encode(), deadmount.MNT_DETACH)


# ---- the journal's side

def catalog_ids():
    with open(SYSTEMD + "/postern.catalog", encoding="utf-8") as file:
        return re.findall(r"^-- ([0-9a-f]{32})$", file.read(), re.MULTILINE)


def test_catalog_ids():
    """Each kind of record has its entry in the catalog, and the catalog has no other."""
    header = os.path.join(SYSTEMD, "../host-sidecar/audit-log.h")
    with open(header, encoding="utf-8") as file:
        defined = re.findall(r'^#define PST_AUDIT_MESSAGE_ID\w*\s+"([0-9a-f]{32})"', file.read(),
                             re.MULTILINE)
    check(len(defined) == 5 and sorted(defined) == sorted(catalog_ids()), defined, catalog_ids())


def test_catalog():
    """systemd understands it."""
    if shutil.which("journalctl") is None:
        raise Skip("there is no journalctl")
    with tempfile.TemporaryDirectory() as root:
        os.makedirs(root + "/usr/lib/systemd/catalog")
        os.makedirs(root + "/var/lib/systemd/catalog")
        shutil.copy(SYSTEMD + "/postern.catalog", root + "/usr/lib/systemd/catalog")
        for words in [["--update-catalog"], ["--list-catalog"]]:
            done = subprocess.run(["journalctl", "--root=" + root, *words], capture_output=True,
                                  text=True, timeout=60, check=False)
            check(done.returncode == 0, done)
        for one in catalog_ids():
            check(f"{one} postern: " in done.stdout, one, done)


def isolate():
    """The audit records of these tests do not belong into the machine's own log."""
    try:
        deadmount.enter_namespace()
    except Skip:
        return os.geteuid() != 0
    return deadmount.libc.mount(b"none", b"/var/log", b"tmpfs", 0, None) == 0


if __name__ == "__main__":
    ISOLATED = isolate()
    try:
        run_all(sys.modules[__name__])
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
