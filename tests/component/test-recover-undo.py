#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`recover`'s undo and a detached command by way of a recovery door that this test plays, with a guest
behind it that takes its time: interrupted while it starts, and out of reach while it runs. Usage:
test-recover-undo.py POSTERN POSTERND [TEST…]"""

import contextlib
import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
from daemonlib import FOLDER, POSTERN, RECOVER, TEST, Caller, environment, file_text, main, recoverd
from taplib import check

POLICY, UNDO = FOLDER + "/policy.conf", FOLDER + "/undo.sh"
for _path, _text in ((POLICY, "[reachable]\nuser=harness\nroot=yes\n"), (UNDO, "true\n")):
    with open(_path, "w", encoding="utf-8") as _file:
        _file.write(_text)
with recoverd():
    HELLO = Caller(RECOVER).hello
REASON = "no evidence is needed"
UNDOING = ("recover", "test", "--policy", POLICY, "--undo", UNDO, "--settle", "1ms",
           "--without-forensics", REASON, "--json")


def page(name, state, **more):
    piece = {"at": 0, "b64": "", "end": state != "running"}
    return {"id": name, "state": state, "took_ms": 1, "input": 5, "out": piece, "err": piece,
            "guest": "test", "via": "channel", **more}


class Door:
    """Knows one command. It answers the start of it when it may, and is away when it is told to be."""

    def __init__(self):
        self.n_started, self.asked, self.may_answer = 0, threading.Event(), threading.Event()
        self.away, self.over = threading.Event(), threading.Event()
        self.listener, self.garbles, self.shut, self.n_pages = None, False, None, 0
        self.open()

    def open(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(RECOVER)
        self.listener.listen()
        threading.Thread(target=self.serve, args=(self.listener,), daemon=True).start()

    def close(self):
        """Nobody listens any more, and who was connected is hung up on."""
        if self.away.is_set():
            return
        self.away.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        os.unlink(RECOVER)

    def come_back(self):
        self.away.clear()
        self.open()

    def serve(self, listener):
        with contextlib.suppress(OSError):
            while True:
                peer, _ = listener.accept()
                threading.Thread(target=self.talk, args=(peer,), daemon=True).start()

    def talk(self, peer):
        with peer, peer.makefile("rb") as lines, contextlib.suppress(OSError):
            for line in lines:
                asked = json.loads(line.lstrip(b"\x1e"))
                result = self.answer(asked["method"], asked.get("params", {}))
                if self.away.is_set():
                    return
                peer.sendall(b"\x1e" + json.dumps({"jsonrpc": "2.0", "id": asked["id"],
                                                   **result}).encode() + b"\n")

    def answer(self, method, params):
        if self.shut and method != "hello":
            self.n_pages += method == "exec-page"
            return {"error": {"code": -32000, "message": "no shim", "data": {"reason": self.shut}}}
        return {"result": self.result(method, params)}

    def result(self, method, params):
        if method == "hello":
            return HELLO
        if method == "exec":
            self.n_started += 1
            self.asked.set()
            self.may_answer.wait(30)
            return {} if self.garbles else page(params["id"], "running", pid=7)
        check(method == "exec-page", method)
        if self.n_started == 0:
            return page(params["id"], "unknown")
        return page(params["id"], "exited", status=0) if self.over.is_set() else \
            page(params["id"], "running", pid=7)


@contextlib.contextmanager
def door():
    shutil.rmtree(FOLDER + "/recover", ignore_errors=True)
    made = Door()
    try:
        yield made
    finally:
        made.close()


def begin(*words):
    return subprocess.Popen([POSTERN, "-c", TEST, *words], env=environment(), text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def interrupt(process, way, number):
    """While the start of it is asked for, and not answered."""
    check(way.asked.wait(30), "nothing was started")
    process.send_signal(number)
    time.sleep(0.2)
    way.may_answer.set()
    return process.communicate(timeout=60)


def test_interrupted():
    """What was to end does, and says that the command goes on."""
    for number in signal.SIGINT, signal.SIGTERM:
        with door() as way, begin("exec", "test", "--detach", "--", "true") as process:
            out, said = interrupt(process, way, number)
            check(process.returncode == 125 and not out and
                  "interrupted: it was started, and goes on: exec attach " in said,
                  process.returncode, out, said)


def test_interrupted_undo():
    """It does not climb on; said again, it finds what it had started."""
    with door() as way:
        with begin(*UNDOING) as process:
            out, said = interrupt(process, way, signal.SIGTERM)
            check(process.returncode == 3 and not out and "interrupted" in said and
                  "gate-after-undo" not in said, process.returncode, out, said)
        way.over.set()
        with begin(*UNDOING) as process:
            out, said = process.communicate(timeout=60)
            rows = {row["step"]: row["outcome"] for row in json.loads(out)["steps"]}
            check(process.returncode == 5 and rows["undo"] == "done" and way.n_started == 1, said,
                  rows)


def test_not_understood():
    """An answer to the start that can't be read leaves it open whether it was started: the guest is
    asked, and it is not started again."""
    with door() as way, begin(*UNDOING) as process:
        way.garbles = True
        way.may_answer.set()
        way.over.set()
        out, said = process.communicate(timeout=60)
        rows = {row["step"]: row["outcome"] for row in json.loads(out)["steps"]}
        check(rows["undo"] == "done" and way.n_started == 1, said, rows)


def test_shut():
    """Where no way into the guest was open nothing was started, and it is tried again; where the answer
    came too late it may have been, and is not."""
    for reason, outcome, again in (("path-shut", "not-done", True), ("unavailable", "unknown", False)):
        with door() as way:
            way.shut = reason
            with begin(*UNDOING) as process:
                out, said = process.communicate(timeout=90)
                rows = {row["step"]: row["outcome"] for row in json.loads(out)["steps"]}
                check(process.returncode == 5 and rows["undo"] == outcome, said, rows)
                check((way.n_pages == 0) == again, "it was asked for what was never started")
            way.shut = None
            way.may_answer.set()
            way.over.set()
            with begin(*UNDOING) as process:
                out, said = process.communicate(timeout=60)
                rows = {row["step"]: row["outcome"] for row in json.loads(out)["steps"]}
                check((rows.get("undo") == "done") == again and way.n_started == again, said, rows)


def test_out_of_reach():
    """An undo that may take longer than the guest is out of reach is waited for, and nothing is done
    beside it."""
    with door() as way, begin(*UNDOING, "--undo-timeout", "2min") as process:
        way.may_answer.set()
        check(way.asked.wait(30), "nothing was started")
        time.sleep(0.5)
        way.close()
        # A command that is not the run's own gives up after 55 s.
        time.sleep(58)
        path, = glob.glob(FOLDER + "/recover/*.recover")
        last = json.loads(file_text(path))["steps"][-1]
        check(last["step"] == "undo" and "ended_us" not in last, last)
        way.over.set()
        way.come_back()
        out, said = process.communicate(timeout=60)
        rows = {row["step"]: row["outcome"] for row in json.loads(out)["steps"]}
        check(rows["undo"] == "done" and way.n_started == 1, said, rows)


if __name__ == "__main__":
    main(sys.modules[__name__])
