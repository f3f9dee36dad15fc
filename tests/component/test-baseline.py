#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verbs baseline and diff over libvirt's own test driver, alone and by the daemon. Usage:
test-baseline.py POSTERN POSTERND [TEST…]"""

import contextlib
import hashlib
import json
import os
import re
import socket
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
from daemonlib import FOLDER, SOCKET, daemon, main, postern
from taplib import check

BOOT, MACHINE = "9296ef3853e5406c868deba62384c27e", "5fd06ac3b6a44bbca5a0a2bd1a2b3c4d"
MARK = (f"mark1,machine={MACHINE},boot={{boot}},up={{up}}.000000,clock=2026-11-18T10:{{minute}}:39.695000Z,"
        f"offset_ms=-5,cursor=s=8d1f;i=2a;b={BOOT};m=3e8;t=5f5e100;x=77,"
        "host=2026-11-18T10:{minute}:40.000000Z")


def report(probe, data, findings=()):
    return {"probe": probe, "status": findings[0]["severity"] if findings else "ok",
            "summary": "all is well", "findings": list(findings), "data": data, "took_ms": 3,
            "truncated": False}


def answer(probe, data, findings=()):
    return {"args": {}, "attempts": [], "age_ms": 0, "guest": "web", "probe": probe,
            "report": report(probe, data, findings), "via": "channel"}


def file(name, units, *, findings=(), minute=26, boot=BOOT, up=100, spoil=None, form=1):
    """The path of a baseline of a guest with these units."""
    body = {"answers": [answer("services", {"units": units}, findings)], "guest": "web",
            "mark": MARK.format(minute=minute, boot=boot, up=up),
            "taken_us": 1795000000000000 + minute * 60_000_000,
            "users": [], "version": "0.1.0"}
    text = f'{{"format":"postern-baseline-{form}","baseline":{json.dumps(body)}'
    text += f',"sha256":"{hashlib.sha256(text.encode()).hexdigest()}"}}\n'
    path = f"{FOLDER}/{name}"
    with open(path, "w", encoding="utf-8") as out:
        out.write(spoil(text) if spoil else text)
    return path


def unit(name, active="active", pid=100):
    return {"name": name, "active": active, "main_pid": pid}


FAILED = {"id": "services.failed", "severity": "critical", "message": "cron failed\x1b[2J",
          "evidence": {"unit": "cron.service"}}


def refused(code, says, *words, **more):
    done = postern(*words, **more)
    check((done.returncode, done.stdout) == (code, ""), words, done)
    check(says in done.stderr and done.stderr.count("\n") == 1, words, says, done)
    check(not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", done.stderr), done)


def told(code, *words):
    done = postern("diff", *words)
    check(done.returncode == code and not done.stderr, words, done)
    check(not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", done.stdout), done)
    made = postern("diff", *words, "--json")
    check(made.returncode == code, words, made)
    return done.stdout.splitlines(), json.loads(made.stdout)


def test_misuse():
    old = file("old", [unit("cron.service")])
    users = [word for letter in "abcdefghi" for word in ("--user", letter)]
    for says, *words in [
            ("usage: postern baseline DOMAIN [options]", "baseline"),
            ("usage: postern baseline DOMAIN [options]", "baseline", "a", "b"),
            ("'a:b' is not a user name", "baseline", "test", "--user", "root", "--user", "a:b"),
            ("--user: say at most 8", "baseline", "test", *users),
            ("usage: postern diff OLD [NEW] [options]", "diff"),
            ("say two files, or one and --against DOMAIN", "diff", old),
            ("say two files, or one and --against DOMAIN", "diff", old, old, "--against", "test")]:
        refused(64, says, *words)


@contextlib.contextmanager
def overheard():
    """A way to the daemon, and all that is said to it on that way."""
    path, said = FOLDER + "/overheard.sock", bytearray()

    def forward(source, to, ear):
        with contextlib.suppress(OSError):  # whoever hangs up hangs up
            while more := source.recv(65536):
                ear.extend(more)
                to.sendall(more)
            to.shutdown(socket.SHUT_WR)

    def serve(listening):
        while True:
            try:
                caller, _ = listening.accept()
            except OSError:
                return
            with caller, socket.socket(socket.AF_UNIX) as peer:
                peer.connect(SOCKET)
                back = threading.Thread(target=forward, args=(peer, caller, bytearray()))
                back.start()
                forward(caller, peer, said)
                back.join()

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        server = threading.Thread(target=serve, args=(listening,))
        server.start()
        try:
            yield path, said
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            server.join()
            os.unlink(path)


def test_afresh():
    """Whoever asks what a change has left takes no answer to a question of before it."""
    old = file("old", [unit("cron.service")])
    policy = FOLDER + "/nothing-failed.conf"
    with open(policy, "w", encoding="utf-8") as out:
        out.write("[units]\nno-failed=yes\n")
    for words in (["baseline", "test"], ["diff", old, "--against", "test"], ["mark", "test"],
                  ["gate", "test", "--policy", policy]):
        with daemon(), overheard() as (path, said):
            done = postern(*words, POSTERN_DIAGNOSE_SOCKET=path)
            asked = [frame for frame in said.split(b"\n") if b'"ask"' in frame]
            check(len(asked) > 0, words, done)
            check(all(json.loads(frame.strip(b"\x1e"))["params"].get("max_age_ms") == 0
                      for frame in asked), words, asked)
        refused(64, "--max-age 1min: an answer of before tells nothing of now", *words,
                "--max-age", "1min")


def test_no_guest():
    old = file("old", [unit("cron.service")])
    refused(68, "Domain not found", "baseline", "none")
    refused(68, "Domain not found", "diff", old, "--against", "none")
    says = "no baseline is to be had, since the guest itself tells nothing"
    refused(3, says, "baseline", "test")
    refused(3, says, "diff", old, "--against", "test")
    path = f"{FOLDER}/untouched"
    with open(path, "w", encoding="utf-8") as out:
        out.write("as it was")
    refused(3, says, "baseline", "test", "-o", path)
    with open(path, encoding="utf-8") as kept:
        check(kept.read() == "as it was")


def test_by_daemon():
    with daemon():
        for words in (("baseline", "test"), ("baseline", "none")):
            alone = postern(*words, "--no-daemon")
            asked = postern(*words)
            check((alone.returncode, alone.stdout, alone.stderr) ==
                  (asked.returncode, asked.stdout, asked.stderr), alone, asked)


def test_damage():
    old = file("old", [unit("cron.service")])
    for says, spoil in [
            ("it is empty", lambda text: ""),
            ("its end is missing", lambda text: text[:-20]),
            ("its end is missing", lambda text: text + "\n"),
            ("it was changed: its digest is another", lambda text: text.replace("cron", "crow")),
            ("it does not begin as one", lambda text: "\x1b[2J" + text),
            ("it does not begin as one", lambda text: "\x7fELF" + "\0" * 100)]:
        bad = file("bad", [unit("cron.service")], spoil=spoil)
        refused(3, f"{bad}: not a baseline that can be used: {says}; take it anew", "diff", old, bad)
        refused(3, says, "diff", bad, old)
    newer = file("newer", [], form=2)
    refused(3, "it is a postern-baseline-2, of which this postern (", "diff", newer, old)
    refused(66, "No such file or directory", "diff", old, f"{FOLDER}/none")
    refused(66, "Is a directory", "diff", old, FOLDER)
    huge = file("huge", [])
    os.truncate(huge, 100 * 1024 * 1024)
    refused(3, "it is too large", "diff", old, huge)


def test_same():
    old = file("old", [unit("cron.service"), unit("ssh.service", pid=7)])
    new = file("new", [unit("ssh.service", pid=9), unit("cron.service")], minute=27, up=160)
    lines, made = told(0, old, new)
    check(lines == [f"{old} → {new}: nothing differs; 0 changes in 2 facts"], lines)
    check(made["verdict"] == "same" and not made["changes"] and made["same_boot"], made)
    done = postern("diff", old, new, "--quiet")
    check((done.returncode, done.stdout) == (0, ""), done)


def test_worse():
    old = file("old", [unit("cron.service")])
    new = file("new", [unit("cron.service", "failed"), unit("ssh.service")], minute=27, up=160,
               findings=[FAILED])
    lines, made = told(1, old, new)
    check(lines == [
        f"{old} → {new}: worse: 1 finding appeared or became worse; 2 changes in 2 facts",
        r"CRITICAL  appeared cron failed\x1b[2J [services.failed]",
        "CRITICAL  changed  services.units[cron.service].active: active → failed",
        "note      appeared services.units[ssh.service]: nothing → active active"], lines)
    check(made["verdict"] == "worse" and made["findings"][0]["after"]["id"] == "services.failed",
          made)
    lines, made = told(0, new, file("newer", [unit("cron.service")], minute=28, up=220))
    check(made["verdict"] == "same" and made["findings"][0]["change"] == "vanished", made)


def test_identity():
    old = file("old", [])
    lines, made = told(0, old, file("new", [], minute=28, up=20, boot="0" * 32))
    check([note["note"] for note in made["notes"]] == ["rebooted"], made)
    check("note: the guest was rebooted in between" in lines, lines)
    _, made = told(0, old, file("new", [], minute=28, up=20))
    check([note["note"] for note in made["notes"]] == ["reverted"], made)
    _, made = told(3, file("new", [], minute=28), old)
    check([note["note"] for note in made["notes"]] == ["reversed"], made)


if __name__ == "__main__":
    main(sys.modules[__name__])
