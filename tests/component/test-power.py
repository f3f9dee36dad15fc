#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`power` over libvirt's own test driver: evidence first, then the button, and what is told of it."""

import json
import os
import pty
import shutil
import subprocess
import sys

import deadmount
from daemonlib import (FOLDER, POSTERN, RECOVER, TEST, Caller, environment, file_text, main, recoverd,
                       records)
from taplib import Skip, check

BUNDLES = FOLDER + "/bundles"
CONFIG = FOLDER + "/power.conf"
WITHOUT = "the disk is full"


def write_config(bundles=BUNDLES):
    with open(CONFIG, "w", encoding="utf-8") as file:
        file.write(f"[power]\nbundles={bundles}\n")


def door(**more):
    write_config(**more)
    shutil.rmtree(BUNDLES, ignore_errors=True)
    return recoverd(POSTERN_CONFIG=CONFIG)


def ask(action, **more):
    return dict({"domain": "test", "deadline_ms": 15000, "action": action}, **more)


def act(action, **more):
    _, answer = Caller(RECOVER).call("power", ask(action, **more))
    check("result" in answer, answer)
    check(answer["result"]["guest"] == "test", answer)
    return answer["result"]


def refused(params, words, reason=None):
    _, answer = Caller(RECOVER).call("power", params)
    check("error" in answer, answer)
    said = answer["error"]
    check(words in said["message"] and "\n" not in said["message"], said)
    check(reason is None or said["data"]["reason"] == reason, said)


def steps(told):
    return [(step["step"], "problem" in step) for step in told["power"].get("steps", [])]


def bundles():
    return sorted(os.listdir(BUNDLES)) if os.path.isdir(BUNDLES) else []


def verified(bundle):
    done = subprocess.run([POSTERN, "forensics", "--verify", bundle["path"], "--digest",
                           bundle["sha256"]], env=environment(), capture_output=True, text=True,
                          timeout=60, check=False)
    check(done.returncode == 0, done)


# Between two acts nobody holds a connection, and libvirt's test driver forgets what was done.


def test_stop():
    """It tells the states and the way, and has its evidence, sealed before, in its own folder."""
    with door():
        told = act("stop")
        power = told["power"]
        check(power["state_before"].startswith("running") and power["state_after"].startswith("off"),
              power)
        check(power["changed"] is True and steps(told) == [("hard", False)], power)
        verified(told["bundle"])
        check(os.path.dirname(told["bundle"]["path"]) == BUNDLES, told)
        check(os.stat(BUNDLES).st_mode & 0o777 == 0o700, "others can look in")
        manifest = json.loads(file_text(told["bundle"]["path"] + "/manifest.json"))
        check(manifest["end"] == "complete" and manifest["guest"] == "test", manifest)


def test_cycle():
    with door():
        told = act("cycle")
        check(steps(told) == [("hard", False), ("start", False)], told)
        check(told["power"]["state_after"].startswith("running") and len(bundles()) == 1, told)


def test_as_it_is():
    """What is so already is left alone, and costs no bundle."""
    with door():
        told = act("start")
        check(told["power"]["changed"] is False and "steps" not in told["power"], told)
        check("bundle" not in told and bundles() == [], told)
        check(told["power"]["state_after"] == told["power"]["state_before"], told)


def test_graceful():
    """Each way is told with its time and why it brought nothing about; force is the last."""
    with door():
        told = act("stop", graceful=True, without_forensics=WITHOUT)
        said = steps(told)
        check(said[0][0] == "agent" and said[-1] == ("acpi", False) or said[-1] == ("hard", False),
              told)
        check(all(problem for _, problem in said[:-1]), told)
        check(told["power"]["state_after"].startswith("off"), told)


def test_evidence():
    """Without evidence nothing is done, unless somebody says why, which the audit keeps."""
    with door(bundles="/dev/null/bundles"):
        refused(ask("stop"), "nothing was changed, since its evidence could not be kept")
        check(act("start")["power"]["changed"] is False, "it was stopped")
        before = len(records())
        told = act("stop", without_forensics=WITHOUT)
        check("bundle" not in told and told["power"]["changed"] is True, told)
        first, last = records()[before:]
        for line in first, last:
            check((line["method"], line["probe"], line["guest"]) == ("power", "power", "test"), line)
            check(line["args"]["without_forensics"] == WITHOUT and
                  line["args"]["action"] == "stop", line)
        check((first["result"], last["args"]["done"]) == ("asked", True), first, last)


def test_evidence_without_room():
    """A bundle that was sealed without all that was had is no evidence to act on."""
    deadmount.enter_namespace()
    small = FOLDER + "/small"
    os.mkdir(small)
    if deadmount.libc.mount(b"none", small.encode(), b"tmpfs", 0, b"size=64k") != 0:
        raise Skip("no small file system can be mounted")
    with door(bundles=small):
        _, answer = Caller(RECOVER).call("power", ask("stop"))
        check("error" in answer, answer)
        said = answer["error"]["message"]
        check(said.startswith("nothing was changed, since its evidence could not be kept") and
              small in said and "could not be written: " in said and "No space left" in said and
              "\n" not in said, said)
        # What there was room for is there, and tells what is missing.
        bundle, = os.listdir(small)
        manifest = json.loads(file_text(f"{small}/{bundle}/manifest.json"))
        check(any(part.get("unwritten") for part in manifest["parts"]), manifest)
        check(act("stop", without_forensics=WITHOUT)["power"]["changed"] is True, "it was not stopped")


def test_params():
    """What is not understood changes nothing."""
    with door():
        for params, words in ((ask("halt"), "'action' is reset, stop, start or cycle"),
                              ({"domain": "test", "deadline_ms": 15000}, "action"),
                              (ask("stop", without_forensics=""), "the reason"),
                              (ask("stop", without_forensics="x" * 401), "the reason"),
                              (ask("stop", graceful="yes"), "graceful"),
                              (ask("stop", gracefully=True), "gracefully")):
            refused(params, words, "invalid-params")
        refused(dict(ask("stop"), deadline_ms=5000), "say a longer --deadline")
        check(act("start")["power"]["changed"] is False, "it was stopped")
        check(bundles() == [], bundles())


def command(*words):
    return subprocess.run([POSTERN, "-c", TEST, "power", *words],
                          env=environment(POSTERN_CONFIG=CONFIG), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=90, check=False)


def test_command():
    """The command asks the door, tells what was done, and ends as the table says."""
    with door():
        done = command("test", "stop", "--json")
        check(done.returncode == 0, done)
        told = json.loads(done.stdout)
        check(told["power"]["action"] == "stop" and "proof" not in told, told)
        verified(told["bundle"])
        # Nobody is in there: it does not come back, and that is said.
        done = command("test", "cycle", "--deadline", "15s")
        check(done.returncode in (2, 3) and "was stopped and started (" in done.stdout and
              "back" in done.stdout.splitlines()[-1], done)
        # Who does not wait as long knows what was done, and where its evidence is.
        check(len(done.stderr.splitlines()) == 1 and
              done.stderr.startswith("postern: test: it was stopped and started; evidence of before: "
                                     f"{BUNDLES}/") and "it is waited for, " in done.stderr, done)
        done = command("test", "cycle", "--deadline", "15s", "--quiet")
        check(done.stderr == "", done)
        for words in (("test", "halt"), ("test",), ("test", "start", "--graceful")):
            done = command(*words)
            check(done.returncode == 64 and len(done.stderr.splitlines()) == 1, done)
        check(command("nobody", "stop").returncode == 68, "a domain that is not there")


def test_asked():
    """Whoever sits at a terminal is asked, also where standard error goes to a file."""
    path = FOLDER + "/asked"
    pid, terminal = pty.fork()
    if pid == 0:
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 2)
        os.execve(POSTERN, [POSTERN, "-c", TEST, "power", "test", "reset"],
                  environment(POSTERN_CONFIG=CONFIG))
    shown = os.read(terminal, 4096).decode()
    check("test" in shown and "?" in shown, shown)
    os.write(terminal, b"n\n")
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    check(os.waitstatus_to_exitcode(status) == 64, status)
    check("nothing was changed: it was not confirmed" in file_text(path), file_text(path))


def test_alone():
    """Without a door whoever may does it, with the same evidence and the same records."""
    write_config()
    before = len(records())
    done = command("test", "stop", "--json")
    check(done.returncode == 0, done)
    verified(json.loads(done.stdout)["bundle"])
    said = [line for line in records()[before:] if line.get("probe") == "power"]
    check([line["args"]["done"] for line in said] == [False, True], said)


def forced(original, key="test"):
    """As sshd would run it for a key."""
    write_config()
    with open(CONFIG, "a", encoding="utf-8") as file:
        file.write("[key test]\ndomain=test\nverbs=status;stop\n")
    more = {} if original is None else {"SSH_ORIGINAL_COMMAND": original}
    return subprocess.run([POSTERN, "forced-command", "--grant", key],
                          env=environment(POSTERN_CONFIG=CONFIG, **more), text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=90, check=False)


def test_forced_command():
    """A key does what it may, and nothing else; what it was refused is in the audit."""
    done = forced("status")
    check(done.returncode == 0 and done.stdout.startswith("test: running"), done)
    done = forced("stop --json")
    check(done.returncode == 0 and json.loads(done.stdout)["power"]["changed"] is True, done)
    for original in (None, "", "cycle", "stop other", "status; stop", "status $(touch /x)",
                     "stop" + " x" * 65000):
        before = len(records())
        done = forced(original)
        check(done.returncode == 77 and done.stdout == "" and
              done.stderr == "postern: this key may say: status, stop\n", done)
        line, = records()[before:]
        check((line["method"], line["result"], line["guest"]) ==
              ("forced-command", "not-allowed", "test"), line)
        check(line["args"].get("original") == (original and original[:1024]), line)
    check(forced("status", key="other").returncode == 64, "a key that is not there")


def test_forced_command_unread():
    """Where nobody can read what a key may, it may nothing, and that it was tried is on record."""
    before = len(records())
    done = subprocess.run([POSTERN, "forced-command", "--grant", "test"], text=True,
                          env=environment(POSTERN_CONFIG="/dev/null/x", SSH_ORIGINAL_COMMAND="stop"),
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=90, check=False)
    check(done.returncode == 64 and "/dev/null/x" in done.stderr, done)
    line, = records()[before:]
    check(line["method"] == "forced-command" and line["guest"] == "-" and
          line["args"] == {"key": "test", "original": "stop"}, line)


if __name__ == "__main__":
    main(sys.modules[__name__])
