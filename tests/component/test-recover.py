#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`recover` over a libvirtd of its own with the test driver: what it refuses, how it halts, and what it
makes of what was interrupted. Usage: test-recover.py POSTERN POSTERND KILL_AT [TEST…]"""

import fcntl
import glob
import json
import os
import pty
import shutil
import subprocess
import sys
import time

# It takes its word from the command line before the others read that.
# pylint: disable=wrong-import-order
from recoverlib import (CONFIG, GRANTS, KILL_AT, POLICY, STATE, STEPS, UNDO, WITHOUT, forget,
                        is_under_way, kept, own_guest, recover, refused, reverts, words)
from daemonlib import FOLDER, POSTERN, TEST, environment, file_text, main, recoverd, records
from taplib import check


def test_misuse():
    """One line, and nothing is kept."""
    forget()
    empty, large, policy = (f"{FOLDER}/{name}" for name in ("empty", "large", "no-user.conf"))
    for path, text in ((empty, ""), (large, "#" * 16385), (policy, "[reachable]\nroot=yes\n")):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    for code, says, *more in (
            (64, "it is empty", "--undo", empty), (64, "more than 16 KiB", "--undo", large),
            (64, "it is no file", "--undo", FOLDER), (66, "none: No such file", "--undo", FOLDER + "/none"),
            (64, "the reason", "--without-forensics", ""), (64, "1 to 255 bytes", "--snapshot", "a\nb"),
            (64, "say 1ms to 1h", "--settle", "2h"), (64, "no snapshot of test", "--snapshot", "none"),
            (64, "say whose access", "--policy", policy)):
        refused(code, says, "test", *more)
    refused(68, "nobody: ", "nobody")
    done = subprocess.run([POSTERN, "-c", TEST, "recover", "test"], env=environment(),
                          capture_output=True, text=True, timeout=60, check=False)
    check(done.returncode == 64 and "say what must hold" in done.stderr, done)
    check(not glob.glob(STATE + "/*.recover"), os.listdir(STATE) if os.path.isdir(STATE) else "")


def test_dry_run():
    forget()
    done = recover("test", "--undo", UNDO, "--dry-run", code=0)
    rows = [line.split()[0] for line in done.stdout.splitlines()[1:]]
    check(rows == ["gate", "undo", "gate-after-undo", "forensics", "halt"], done)
    told = json.loads(recover("test", "--dry-run", "--json", code=0).stdout)
    check([row["step"] for row in told["plan"]] == ["gate", "forensics", "halt"], told)
    check("run" not in told and "loss" not in told and not os.path.exists(STATE), told)
    # After a halt: what is left then.
    recover("test", "--without-forensics", WITHOUT, code=5)
    before = file_text(kept())
    done = recover("test", "--without-forensics", WITHOUT, "--dry-run", code=0)
    check([line.split()[0] for line in done.stdout.splitlines()[1:]] == ["gate", "halt"] and
          "after one that halted" in done.stdout and file_text(kept()) == before, done)


def test_halts():
    """Nobody is in there: it could not be checked, the evidence is kept, and that is all."""
    forget()
    before = len(records())
    done = recover("test", "--undo", UNDO, "--json", code=5)
    told = json.loads(done.stdout)
    check(told["end"] == "halted" and [row["step"] for row in told["steps"]] ==
          [*STEPS[:4], "halt"], told)
    check([row["outcome"] for row in told["steps"]] ==
          ["could-not-check", "not-done", "could-not-check", "done", "done"], told)
    manifest = json.loads(file_text(told["bundle"] + "/manifest.json"))
    check(manifest["guest"] == "test", manifest)
    said = [line for line in records()[before:] if line.get("method") == "recover" and
            line.get("probe", "").startswith("recover-")]
    check([line["probe"] for line in said] ==
          [f"recover-{row['step']}" for row in told["steps"] for _ in range(2)], said)
    check(all(line["args"]["run"] == told["run"] for line in said), said)
    check(said[2]["args"]["undo_sha256"] == told["undo_sha256"], said[2])
    check(json.loads(file_text(kept())) == told, "what is kept is what was said")
    check("the undo was not done" in told["steps"][-1]["detail"], told)
    # The same again tries what was not done, and keeps no more evidence; other words begin anew.
    again = json.loads(recover("test", "--undo", UNDO, "--json", code=5).stdout)
    check([row["step"] for row in again["steps"]] ==
          ["gate", "undo", "gate-after-undo", "halt"] and again["halted"] == told["run"] and
          again["bundle"] == told["bundle"], again)
    with open(POLICY, "a", encoding="utf-8") as file:
        file.write("login=yes\n")
    edited = json.loads(recover("test", "--undo", UNDO, "--json", code=5).stdout)
    check("halted" not in edited and edited["bundle"] != told["bundle"], edited)
    other = json.loads(recover("test", "--without-forensics", WITHOUT, "--json", code=5).stdout)
    check("halted" not in other and "bundle" not in other and
          WITHOUT in other["steps"][1]["detail"], other)
    text = recover("test", "--without-forensics", WITHOUT, code=5).stdout
    check(text.startswith("test: HALTED, as before: "), text)


def test_busy():
    """Never two: who has it, and since when."""
    forget()
    recover("test", "--without-forensics", WITHOUT, code=5)
    path, = glob.glob(STATE + "/*.lock")
    with open(path, "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused(3, ", begun ", "test")
        refused(3, "there are never two: nothing was changed", "test", "--forget")


def test_not_understood():
    """Nothing is done where it is not known what was."""
    recover("test", "--without-forensics", WITHOUT, code=5)
    with open(kept(), "w", encoding="utf-8") as file:
        file.write('{"run":"')
    # 3 would say that the same may help another time.
    refused(64, "--forget begins anew", "test")
    os.unlink(kept_at := kept())
    os.symlink("/nowhere", kept_at)
    refused(77, "is no file of this user's own", "test")
    os.unlink(kept_at)
    path, = glob.glob(STATE + "/*.lock")
    os.unlink(path)
    os.symlink("/nowhere", path)
    refused(77, ".lock: ", "test")
    os.unlink(path)
    recover("test", "--without-forensics", WITHOUT, "--forget", code=5)


def test_not_kept():
    """Where it can't be kept how far it came, nothing is done, and that is said; another time it may be."""
    recover("test", "--without-forensics", WITHOUT, code=5)
    os.unlink(kept_at := kept())
    os.mkdir(kept_at)
    done = recover("test", "--without-forensics", WITHOUT, "--forget", code=3)
    check("how far it came can't be kept, and so it goes no further; say it again when it can: " in
          done.stderr and not done.stdout, done)
    os.rmdir(kept_at)
    recover("test", "--without-forensics", WITHOUT, code=5)


def said_otherwise(guest):
    """What was interrupted is not gone on with by other words, which are named, but by --forget."""
    guest.fresh()
    guest.recover(LD_PRELOAD=KILL_AT, KILL_AT="3", KILL_PATH="/recover")
    done = recover("web", "--undo", UNDO, code=64, uri=guest.uri)
    check("interrupted at its step gate, and was said otherwise (--undo, what the undo holds, "
          "--snapshot, --unchecked)" in done.stderr, done)
    recover("web", "--without-forensics", WITHOUT, "--forget", code=5, uri=guest.uri)


def by_door(guest):
    """The acts are the door's, whose grants know the guest by its name; and its audit has what was
    sealed by whoever climbs."""
    guest.fresh()
    with recoverd(uri=guest.uri, POSTERN_CONFIG=GRANTS):
        before = len(records())
        told = json.loads(guest.recover(code=5).stdout)
    rows = [line for line in records()[before:] if line.get("probe") == "revert"]
    check([row["args"]["done"] for row in rows] == [False, True], rows)
    check(told["bundle_sha256"] in rows[0]["args"]["without_forensics"] and
          told["run"] in rows[0]["args"]["without_forensics"], rows, told)


def kill_where_begun(guest, step):
    """Killed when that STEP was begun on the disk, and nothing of it done."""
    for at in range(1, 100):
        guest.fresh()
        guest.recover(LD_PRELOAD=KILL_AT, KILL_AT=str(at), KILL_PATH="/recover")
        rows = json.loads(file_text(kept()))["steps"] if glob.glob(STATE + "/*.recover") else []
        if rows and rows[-1]["step"] == step and "ended_us" not in rows[-1]:
            return
    raise AssertionError(step)


def told_what_is_left(guest):
    """Of what was interrupted --dry-run tells what is left, or refuses; and does nothing."""
    kill_where_begun(guest, "revert")
    before, watcher = file_text(kept()), guest.watch()
    same = ("web", "--snapshot", "off", "--unchecked", "--dry-run")
    done = recover(*same, code=0, uri=guest.uri)
    rows = [line.split()[0] for line in done.stdout.splitlines()[1:]]
    check(rows == ["gate", "revert", "gate-after-revert", "halt"] and
          "go on with what was begun" in done.stdout and
          "find out whether it was reverted" in done.stdout, done)
    told = json.loads(recover(*same, "--json", code=0, uri=guest.uri).stdout)
    check(told["run"] == json.loads(before)["run"] and
          [row["step"] for row in told["plan"]] == rows, told)
    done = recover("web", "--unchecked", "--dry-run", code=64, uri=guest.uri)
    check("was said otherwise (--snapshot)" in done.stderr, done)
    check(file_text(kept()) == before and reverts(watcher) == 0, "it did something")


def asked_again(guest):
    """A revert that was begun and not done: on a terminal it is asked for again, with what it loses by
    now; without a yes it is not done, and can still be gone on with."""
    kill_where_begun(guest, "revert")
    watcher = guest.watch()
    primary, terminal = pty.openpty()
    with subprocess.Popen(words("web", "--snapshot", "off", "--unchecked", "--settle", "1ms",
                                "--deadline", "20s", uri=guest.uri), stdin=terminal, stderr=terminal,
                          env=environment(POSTERN_CONFIG=CONFIG), stdout=subprocess.DEVNULL) as process:
        os.close(terminal)
        said = ""
        for question, answer in (("Recover web", "y"), ("Revert web to off: lost is", "n")):
            while not (question in said and said.rstrip().endswith("[y/N]")):
                said += os.read(primary, 4096).decode()
            os.write(primary, answer.encode() + b"\n")
            said = ""
        check(process.wait(60) == 64, process.returncode)
    os.close(primary)
    check(reverts(watcher) == 0, "reverted without a yes")
    check(is_under_way(), "it can't be gone on with")
    watcher = guest.watch()
    done = guest.recover(code=5)
    check(reverts(watcher) == 1, done)
    gate = json.loads(done.stdout)["steps"][0]
    check(gate["step"] == "gate" and gate["n_resumed"] == 1, "it was not asked again", gate)


def after_a_halt(guest):
    """The same words revert nothing twice; with a snapshot made anew they are another try."""
    guest.fresh()
    guest.recover(code=5)
    watcher = guest.watch()
    told = json.loads(guest.recover(code=5).stdout)
    check([row["step"] for row in told["steps"]] == ["gate", "halt"], told)
    check("it was reverted before" in told["steps"][-1]["detail"], told)
    check(reverts(watcher) == 0, "reverted twice")
    time.sleep(1.1)  # libvirt has seconds
    guest.libvirt.virsh("snapshot-delete", "web", "off")
    guest.libvirt.virsh("snapshot-create-as", "web", "off")
    guest.libvirt.virsh("start", "web", code=None)
    watcher = guest.watch()
    told = json.loads(guest.recover(code=5).stdout)
    check("halted" not in told and reverts(watcher) == 1, told)


def snapshot_gone(guest):
    """Gone, or made anew, meanwhile: what was begun comes to its end, and nothing is reverted."""
    for step, anew, outcome in (("revert", False, "unknown"), ("forensics", False, "not-done"),
                                ("forensics", True, "not-done"), ("revert", True, "not-done")):
        kill_where_begun(guest, step)
        guest.libvirt.virsh("snapshot-delete", "web", "off")
        if anew:
            time.sleep(1.1)  # libvirt has seconds
            guest.libvirt.virsh("snapshot-create-as", "web", "off")
        watcher = guest.watch()
        told = json.loads(guest.recover(code=5).stdout)
        row, = [row for row in told["steps"] if row["step"] == "revert"]
        check(row["outcome"] == outcome and ("another one" in row["detail"]) == anew, row)
        check(told["end"] == "halted" and told["steps"][-1]["step"] == "halt", told)
        check(reverts(watcher) == 0, step, anew)
        if not anew:
            guest.libvirt.virsh("snapshot-create-as", "web", "off")


def of_long_ago(_):
    """What was sealed is of two hours ago."""
    state = json.loads(file_text(kept()))
    state["bundle_us"] -= 2 * 3600 * 1000000
    with open(kept(), "w", encoding="utf-8") as file:
        json.dump(state, file)


def evidence_gone(guest):
    """What was sealed before is gone, or of long ago: it is sealed anew, and where it can't be, the
    guest is not reverted."""
    for spoil in (shutil.rmtree, of_long_ago):
        kill_where_begun(guest, "revert")
        sealed = json.loads(file_text(kept()))
        spoil(sealed["bundle"])
        watcher = guest.watch()
        told = json.loads(guest.recover(code=5).stdout)
        check(reverts(watcher) == 1 and told["bundle_sha256"] != sealed["bundle_sha256"] and
              os.path.exists(told["bundle"] + "/manifest.json"), sealed, told)
    kill_where_begun(guest, "revert")
    shutil.rmtree(FOLDER + "/bundles")
    with open(FOLDER + "/bundles", "w", encoding="utf-8"):
        watcher = guest.watch()
        told = json.loads(guest.recover(code=5).stdout)
    os.unlink(FOLDER + "/bundles")
    row, = [row for row in told["steps"] if row["step"] == "revert"]
    check(reverts(watcher) == 0 and row["outcome"] == "not-done" and
          "evidence could not be kept" in row["detail"], row)


def swap_while_asked(guest):
    """What came of it, where another guest took the name while the first gate waited."""
    guest.fresh()
    with subprocess.Popen(words("web", "--snapshot", "off", "--unchecked", "--settle", "4s",
                                "--deadline", "20s", uri=guest.uri), text=True,
                          env=environment(POSTERN_CONFIG=CONFIG), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while "gate …" not in (line := process.stderr.readline()):
            check(line, "it does not begin")
        guest.make_anew()
        watcher = guest.watch()
        _, said = process.communicate(timeout=60)
    check(reverts(watcher) == 0, said)
    return process.returncode, said


def another_of_that_name(guest):
    """Nothing is done to it. Where the gate was asked while the first was off already, and so let it
    be (4), it is tried again."""
    for _ in range(10):
        code, said = swap_while_asked(guest)
        if code != 4:
            break
    check(code == 5 and "Domain not found" in said, code, said)


def test_interrupted():
    """What was interrupted, and what became of the guest or was said since."""
    with own_guest() as guest:
        said_otherwise(guest)
        told_what_is_left(guest)
        asked_again(guest)
        after_a_halt(guest)
        evidence_gone(guest)
        snapshot_gone(guest)
        another_of_that_name(guest)
        by_door(guest)


if __name__ == "__main__":
    main(sys.modules[__name__])
