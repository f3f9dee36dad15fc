#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`postern exec` by a door that hands on to a real postern-exec: what the command does where its output
is held up here. Usage: test-exec-verb.py POSTERN POSTERN_EXEC [TEST…]"""

import base64
import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
from execlib import ExecError, Service
from taplib import check, run_all

POSTERN, PROGRAM = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
del sys.argv[1:2]
SERVICE = Service(PROGRAM)
URI = "test:///default"
METHODS = {"exec": "exec.start", "exec-page": "exec.page", "exec-signal": "exec.signal",
           "exec-send": "exec.page"}
# A guest gives a command up that nobody asked about for a minute.
LONGER_THAN_A_GUEST_WAITS = 70


class Door:
    """Hands requests on, as the recovery door does by way of the guest's channel."""

    def __init__(self):
        self.place = tempfile.TemporaryDirectory(prefix="pst-", dir=os.environ.get("TMPDIR"))
        self.path = self.place.name + "/recover.sock"
        self.asked = []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        self.socket.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            # A caller may be gone before it is answered.
            with contextlib.suppress(ConnectionError), connection, connection.makefile("rwb") as stream:
                for frame in stream:
                    request = json.loads(frame[1:])
                    answer = {"jsonrpc": "2.0", "id": request["id"], **self.answer(request)}
                    stream.write(b"\x1e" + json.dumps(answer).encode() + b"\n")
                    stream.flush()

    def answer(self, request):
        method, params = request["method"], request["params"]
        self.asked.append(method)
        if method == "hello":
            return {"result": {"protocol": 1, "version": "0", "uri": URI,
                               "methods": [{"name": name} for name in METHODS]}}
        end = time.monotonic() + params["deadline_ms"] / 1000
        for name in ("domain", "deadline_ms", "input_sha256" if method == "exec-send" else None):
            params.pop(name, None)
        # A guest may tell of it late.
        if params.get("detach"):
            params["wait_ms"] = 1000
        try:
            if method == "exec-send":
                return self.send(params, end)
            return {"result": {"guest": "web", "via": "channel",
                               **SERVICE.call(METHODS[method], params)}}
        except ExecError as error:
            return {"error": {"code": -32000, "message": str(error), "data": {"reason": error.reason}}}


    @staticmethod
    def send(params, end):
        """As the door does: behind what it was fed before, when the command has read that."""
        at = SERVICE.page(params["id"], wait_ms=0)["input"]
        while time.monotonic() < end:
            told = SERVICE.call("exec.page", {**params, "input_at": at, "wait_ms": 200})
            if told["input"] >= at + len(base64.b64decode(params.get("input_b64", ""))):
                return {"result": {"guest": "web", "via": "channel", **told}}
        return {"error": {"code": -32000, "message": "not read", "data": {"reason": "busy"}}}


DOOR = Door()


def begin(*argv, words=(), given=subprocess.DEVNULL, **more):
    environment = dict(os.environ, POSTERN_RECOVER_SOCKET=DOOR.path)
    # pylint: disable-next=consider-using-with
    return subprocess.Popen([POSTERN, "-c", URI, "exec", "web", *words,
                             *(["--", *argv] if argv else [])], env=environment, stdin=given,
                            stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, **more)


def test_streams():
    process = begin("sh", "-c", "echo out; echo err >&2; exit 7")
    out, err = process.communicate(timeout=60)
    check((out, err, process.returncode) == (b"out\n", b"err\n", 7), (out, err))


def test_held_up():
    """Behind a pager that stays on its first page the command waits, and is not given up."""
    process = begin("seq", "1", "300000")
    wanted = hashlib.sha256(b"".join(b"%d\n" % i for i in range(1, 300001))).digest()
    first = os.read(process.stdout.fileno(), 1)
    before = len(DOOR.asked)
    time.sleep(LONGER_THAN_A_GUEST_WAITS)
    check(process.poll() is None and len(DOOR.asked) - before < 10, "it asks all the time")
    out, err = process.communicate(timeout=60)
    check(process.returncode == 0 and hashlib.sha256(first + out).digest() == wanted,
          (process.returncode, len(out), err))


def test_interrupted_while_held_up():
    """Ctrl-C reaches the command also then."""
    process = begin("seq", "1", "300000")
    os.read(process.stdout.fileno(), 1)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    check(process.returncode == 128 + signal.SIGINT, process.returncode)


def feed(data, *argv, words=(), pause=0):
    process = begin(*argv, words=words, given=subprocess.PIPE)
    time.sleep(pause)
    return process, *process.communicate(data, timeout=60)


def test_input_takes_its_time():
    """The deadline is not that of whoever writes the input."""
    process, out, err = feed(b"late\n", "cat", words=("--stdin", "--deadline", "1s"), pause=2)
    check((out, process.returncode) == (b"late\n", 0), (out, err))


def test_send_takes_its_time():
    """Nor is it where that is sent later, in pieces that the command reads when it likes."""
    out, err = begin("sh", "-c", "sleep 3; wc -c", words=("--detach", "--stdin")).communicate(timeout=60)
    name = out.decode().strip()
    process, out, err = feed(b"x" * 200000, words=("send", name, "--end", "--deadline", "2s"), pause=3)
    check(process.returncode == 0, (out, err))
    out, err = begin(words=("attach", name)).communicate(timeout=60)
    check(out == b"200000\n", (out, err))


def test_folder_of_any_bytes():
    """It is not run in a folder that is called almost so."""
    process = begin("pwd", words=("--cwd", b"/tmp/\xff"))
    out, err = process.communicate(timeout=60)
    check(process.returncode == 125 and b"UTF-8" in err, (process.returncode, out, err))


def test_attach_to_what_was_lost():
    """Its caller is gone: another has what it had not seen, and the end."""
    process = begin("sh", "-c", "echo one; sleep 30; echo two; exit 5")
    check(os.read(process.stdout.fileno(), 4) == b"one\n", "it says nothing")
    time.sleep(1)
    process.kill()
    process.wait(20)
    name = SERVICE.call("exec.list", {})["commands"][0]["id"]
    process = begin(words=("attach", name))
    out, err = process.communicate(timeout=60)
    check((out, process.returncode) == (b"two\n", 5), (out, err, process.returncode))


def test_detached_at_once():
    """What it has written or how it has ended by then is not what is printed, or exited with."""
    for argv in ("sh", "-c", "echo out; echo err >&2; sleep 60"), ("sh", "-c", "echo out; exit 7"):
        process = begin(*argv, words=("--detach",))
        out, err = process.communicate(timeout=60)
        check((len(out), err, process.returncode) == (33, b"", 0), (out, err, process.returncode))
        told = json.loads(begin(words=("logs", out.decode().strip(), "--json")).communicate(timeout=60)[0])
        check(told["stdout"] == "out\n" and told.get("status", 7) == 7, told)
        SERVICE.call("exec.signal", {"id": out.decode().strip(), "signal": 9})


def test_beginning_not_kept():
    out, _ = begin("head", "-c", "3000000", "/dev/zero", words=("--detach",)).communicate(timeout=60)
    name = out.decode().strip()
    check(begin(words=("wait", name)).wait(60) == 0, "it does not end well")
    told = json.loads(begin(words=("attach", name, "--json")).communicate(timeout=60)[0])
    check(told["stdout_bytes"] == 512 * 1024 and told["stdout_truncated"], told["stdout_bytes"])
    check(not told["stderr_truncated"], "of nothing nothing is missing")


def test_nobody_reads():
    process = begin("sh", "-c", "seq 1 300000; sleep 60")
    os.read(process.stdout.fileno(), 1)
    process.stdout.close()
    check(process.wait(30) not in (0, 137), process.returncode)


def main():
    try:
        run_all(sys.modules[__name__])
    finally:
        SERVICE.end()
        DOOR.socket.close()


if __name__ == "__main__":
    main()
