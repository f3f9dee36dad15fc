# SPDX-License-Identifier: LGPL-2.1-or-later
"""The shim's own program and the words to speak with it through pipes."""

import atexit
import json
import os
import secrets
import select
import shutil
import subprocess
import sys
import tempfile
import time

import deadmount
from taplib import Skip, check

PROGRAM = sys.argv[1]
FRAME_FROM_GUEST = 256 * 1024
FRAME_FROM_HOST = 64 * 1024
# How late an answer may be on a busy machine, under a sanitizer, in seconds.
LATE = 2.0


def boottime_us(seconds):
    """The moment so many seconds from now, on the clock of a session."""
    return int((time.clock_gettime(time.CLOCK_BOOTTIME) + seconds) * 1e6)


def make_root():
    """A small system: one interface, a machine id, a boot id."""
    root = tempfile.mkdtemp(prefix="postern-shim-")
    for path, text in {
            "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
            "proc/sys/kernel/random/boot_id": "11111111-2222-3333-4444-555555555555\n",
            "proc/net/route": "Iface\tDestination\n",
            "sys/class/net/eth0/flags": "0x1003\n",
            "sys/class/net/eth0/operstate": "up\n",
            "sys/class/net/eth0/carrier": "1\n"}.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)
    return root


ROOT = make_root()


class Shim:
    """postern-shim --stdio on a small system, and the words to speak with it."""

    def __init__(self, *options, mode="--stdio", root=ROOT, **popen):
        self.process = subprocess.Popen(
            [PROGRAM, mode, "--sysroot", root, *options], stdin=subprocess.PIPE,
            stdout=popen.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE, bufsize=0, **popen)
        self.session = secrets.token_hex(16)
        self.number = 0
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def write(self, data):
        self.process.stdin.write(data)

    def frame(self, method, params=None, number=None, session=None):
        """The frame of a request with the next number, or of a notification for number 0."""
        message = {"jsonrpc": "2.0", "method": method}
        if number != 0:
            if number is None:
                self.number += 1
                number = self.number
            message["id"] = f"{session or self.session}-{number}"
        if params is not None:
            message["params"] = params
        return b"\x1e" + json.dumps(message).encode() + b"\n"

    def request(self, method, params=None, **words):
        """Sends a request; returns its id."""
        frame = self.frame(method, params, **words)
        self.write(frame)
        return json.loads(frame[1:]).get("id")

    def probe(self, name="network", seconds=30.0, args=None, **words):
        params = {"name": name, "not_after_us": boottime_us(seconds)}
        if args is not None:
            params["args"] = args
        return self.request("probe", params, **words)

    def receive(self, seconds=30.0):
        """The next message; None where none came in that time, or at the end."""
        end = time.monotonic() + seconds
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                return None
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                check(not self.buffer, "a frame without an end", self.buffer)
                return None
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        check(line[:1] == b"\x1e", "a frame begins with RS", line[:40])
        check(len(line) + 1 <= FRAME_FROM_GUEST, "a frame is too large", len(line))
        return json.loads(line[1:])

    def answer(self, message_id, seconds=30.0):
        """The next message, which must answer this."""
        message = self.receive(seconds)
        check(message is not None and message.get("id") == message_id, message, message_id)
        return message

    def refusal(self, message_id, code, *words):
        message = self.answer(message_id)
        check(message.get("error", {}).get("code") == code, message)
        for word in words:
            check(word in message["error"]["message"], word, message)
        return message["error"]

    def hello(self, protocol=(1,), session=None):
        """A new session, with the hello's answer."""
        self.session = session or secrets.token_hex(16)
        return self.answer(self.request(
            "hello", {"session": self.session, "protocol": list(protocol), "client": "a test"}))

    def ping(self):
        check(self.answer(self.request("ping"))["result"] == {}, "ping")

    def children(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children",
                  encoding="ascii") as file:
            return file.read().split()

    def await_children(self, number, seconds=20.0):
        end = time.monotonic() + seconds
        # Read once a turn: another may have begun since.
        while len(children := self.children()) != number and time.monotonic() < end:
            time.sleep(0.01)
        check(len(children) == number, children, number)

    def finish(self, data=b""):
        """Ends the input; returns the messages that were left, standard error and the status."""
        out, err = self.process.communicate(data, timeout=60)
        out = self.buffer + (out or b"")
        self.buffer = b""
        frames = [line for line in out.split(b"\n") if line]
        check(all(frame[:1] == b"\x1e" for frame in frames), frames)
        return [json.loads(frame[1:]) for frame in frames], err.decode(), self.process.returncode


def greeted(**words):
    shim = Shim(**words)
    shim.hello()
    return shim


class DeadRoot:
    """A system whose /sys/class/net does not answer: the probe `network` waits there."""

    def __init__(self, swallow=False):
        self.root = make_root()
        place = os.path.join(self.root, "sys/class/net")
        shutil.rmtree(place)
        os.mkdir(place)
        try:
            self.mount = deadmount.DeadMount(place, swallow)
        except Skip:
            shutil.rmtree(self.root)
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.mount.abort()
        shutil.rmtree(self.root, ignore_errors=True)


def prepare():
    """Before the tests: dead mounts in a namespace of their own, the small system removed at the end."""
    atexit.register(shutil.rmtree, ROOT)
    try:
        deadmount.enter_namespace()
    except Skip as reason:
        print(f"# tests with a dead mount will be skipped: {reason}")
