# SPDX-License-Identifier: LGPL-2.1-or-later
"""posternd over libvirt's own test driver, for tests that are called with POSTERN POSTERND [TEST…]."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import deadmount
from taplib import Skip, check, run_all

POSTERN, DAEMON = map(os.path.abspath, sys.argv[1:3])
del sys.argv[2]
RECOVERD = os.path.join(os.path.dirname(DAEMON), "postern-recoverd")
TEST = "test:///default"
FOLDER = tempfile.mkdtemp(prefix="postern-daemon-")
SOCKET = FOLDER + "/diagnose.sock"
RECOVER = FOLDER + "/recover.sock"
NOBODY = 65534
SESSION = "0123456789abcdef0123456789abcdef"


def environment(**more):
    made = dict(os.environ, LIBVIRT_DEFAULT_URI=TEST, HOME=FOLDER, XDG_RUNTIME_DIR=FOLDER,
                XDG_STATE_HOME=FOLDER + "/state", XDG_CONFIG_HOME=FOLDER + "/config",
                POSTERN_STORE=FOLDER + "/store", POSTERN_DIAGNOSE_SOCKET=SOCKET,
                POSTERN_RECOVER_SOCKET=RECOVER)
    made.update(more)
    return made


def leaks_of_its_own(program):
    """How a program is started: with what hides libvirt's own leaks, where they are looked for."""
    hides = os.path.join(os.path.dirname(DAEMON), "../tests/component/liblost-by-libvirt.so")
    if not os.path.exists(hides):
        return [program]
    linked = subprocess.run(["/usr/bin/ldd", hides], check=True, capture_output=True, text=True)
    # The sanitizer has to be the first of all.
    asan = next(line.split()[2] for line in linked.stdout.splitlines() if "libasan" in line)
    return ["/usr/bin/env", f"LD_PRELOAD={asan}:{hides}", program]


def answers(path):
    with socket.socket(socket.AF_UNIX) as peer:
        return peer.connect_ex(path) == 0


@contextlib.contextmanager
def daemon(*words, path=SOCKET, end=signal.SIGTERM, program=DAEMON, uri=TEST, **more):
    """A daemon in the foreground, ended by END, after which nothing of it is left; where
    END is None the test kills it."""
    argv = [program, "--connect", uri, "--socket", path, *words]
    with subprocess.Popen(argv, env=environment(**more), stdin=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as process:
        try:
            until = time.monotonic() + 20
            while not answers(path):
                check(process.poll() is None and time.monotonic() < until, "it does not start")
                time.sleep(0.02)
            yield process
            if end is None:
                return
            process.send_signal(end)
            check(process.wait(20) == 0, "its end", process.returncode)
            check(not os.path.exists(path), "the socket is left")
        finally:
            if process.poll() is None:
                process.kill()


def postern(*words, **more):
    return subprocess.run([POSTERN, *words], env=environment(**more), stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60, check=False, text=True)


def recoverd(*words, **more):
    """The same of the recovery door."""
    return daemon(*words, path=RECOVER, program=RECOVERD, **more)


class Caller:
    """A peer of the daemon, in as many lines as a stranger needs."""

    def __init__(self, path=SOCKET, hello=True):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(path)
        self.rest, self.number = b"", 0
        if hello:
            self.send("hello", {"session": SESSION, "protocol": [1]}, number=0)
            self.hello = self.read()["result"]

    def send(self, method, params, number=None):
        if number is None:
            self.number += 1
            number = self.number
        text = json.dumps({"jsonrpc": "2.0", "id": f"{SESSION}-{number}", "method": method,
                           "params": params})
        self.socket.sendall(b"\x1e" + text.encode() + b"\n")

    def read(self):
        """The next message; None where the daemon has hung up."""
        while b"\n" not in self.rest:
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                return None
            if not more:
                return None
            self.rest += more
        frame, self.rest = self.rest.split(b"\n", 1)
        check(frame.startswith(b"\x1e"), frame)
        return json.loads(frame[1:])

    def call(self, method, params):
        """The parts of the answer, and the answer."""
        self.send(method, params)
        parts = []
        while True:
            message = self.read()
            check(message is not None, "hung up")
            if "method" not in message:
                return parts, message
            parts.append(message)


def ask(*probes, **more):
    return {"domain": "test", "deadline_ms": 10000,
            "questions": [{"probe": probe} for probe in probes], **more}


def admitted():
    """A caller, as soon as there is a place: one that has hung up holds its own for a moment."""
    until = time.monotonic() + 10
    while True:
        caller = Caller(hello=False)
        with contextlib.suppress(BrokenPipeError):
            caller.send("hello", {"session": SESSION, "protocol": [1]}, number=0)
        if "result" in (caller.read() or {}):
            return caller
        check(time.monotonic() < until, "there is no place")
        time.sleep(0.05)


def file_text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def records():
    if not ISOLATED:
        raise Skip("without a mount namespace of its own this test would read the machine's log")
    path = "/var/log/postern/audit.jsonl" if os.geteuid() == 0 else \
        FOLDER + "/state/postern/audit.jsonl"
    if not os.path.exists(path):
        return []
    # They are written beside the answers: all are there when no more come.
    text = None
    while text is None or text != file_text(path):
        text = file_text(path)
        time.sleep(0.3)
    # What the log tells of itself is no record of a question.
    return [line for line in map(json.loads, text.splitlines()) if "event" not in line]


def as_user(uid, function, groups=()):
    """FUNCTION's text, from a process of that user's, whose own group has its number."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups(groups)
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        os.write(writing, function().encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return text


def isolate():
    """The audit records of these tests do not belong into the machine's own log; and what other
    tests do with the turns beside them would wake a daemon up."""
    try:
        deadmount.enter_namespace()
    except Skip:
        return os.geteuid() != 0
    if os.geteuid() == 0:
        os.makedirs("/run/postern", exist_ok=True)
        deadmount.libc.mount(b"none", b"/run/postern", b"tmpfs", 0, None)
    return deadmount.libc.mount(b"none", b"/var/log", b"tmpfs", 0, None) == 0


ISOLATED = isolate()
# Whether records() can be read.
AUDITED = ISOLATED and not os.path.exists("/run/systemd/journal/socket")


def main(module):
    """Runs the tests of MODULE."""
    try:
        run_all(module)
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
