#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The recorder of the real shim, whose port is a FIFO, beside mounts that do not answer."""

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

from deadmount import MNT_DETACH, MS_REC, DeadMount, enter_namespace, libc
from shimlib import PROGRAM, make_root
from taplib import Skip, check, run_all

MS_BIND = 1 << 12
PORT = "vport-of-a-test"
# A probe that hangs is given up after 15 seconds, and a look waits for a change to settle.
PATIENCE = 120.0


def make_devices():
    """A /dev of this namespace alone, with the recorder's port and what a dead mount needs."""
    place = tempfile.mkdtemp(prefix="postern-dev-")
    check(libc.mount(b"tmpfs", place.encode(), b"tmpfs", 0, None) == 0, "a tmpfs")
    for name in ("null", "fuse", "urandom"):
        with open(os.path.join(place, name), "w", encoding="ascii"):
            pass
        libc.mount(f"/dev/{name}".encode(), os.path.join(place, name).encode(), None, MS_BIND,
                   None)
    # Where the other files of a test may lie.
    os.mkdir(os.path.join(place, "shm"))
    libc.mount(b"/dev/shm", os.path.join(place, "shm").encode(), None, MS_BIND, None)
    os.mkfifo(os.path.join(place, PORT))
    check(libc.mount(place.encode(), b"/dev", None, MS_BIND | MS_REC, None) == 0, "a /dev")


def prepare():
    try:
        enter_namespace()
        make_devices()
    except Skip as reason:
        print(f"1..0 # SKIP {reason}")
        sys.exit(0)


class Recorder:
    """A shim that records what the probes say, about HARNESS too, and the records that it wrote."""

    def __init__(self, probes):
        self.root = make_root()
        self.put("sys/class/virtio-ports/" + PORT + "/name", "org.postern.recorder.0\n")
        self.put("etc/passwd", "root:x:0:0::/root:/bin/sh\n"
                 "harness:x:1000:1000::/home/harness:/bin/sh\n")
        self.put("etc/postern/shim.conf",
                 f"[recorder]\ninterval = 0\nprobes = {probes}\nusers = harness\n")
        os.makedirs(os.path.join(self.root, "home/harness"))
        self.buffer, self.records, self.mounts, self.covered = b"", [], [], []
        self.port, self.process = -1, None

    def put(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def bury(self, path):
        """What lies there answers no more, not even to a signal."""
        path = os.path.join(self.root, path)
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        self.mounts.append(DeadMount(path, swallow=True))

    def become_root(self):
        """What the shim looks at is the system that runs, so that it goes by what is mounted."""
        for name in ("etc", "sys"):
            mount = os.path.join(self.root, name).encode()
            check(libc.mount(mount, b"/" + name.encode(), None, MS_BIND | MS_REC, None) == 0, name)
            self.covered.append(b"/" + name.encode())

    def exhume(self):
        while self.mounts:
            self.mounts.pop().abort()

    def begin(self):
        self.port = os.open("/dev/" + PORT, os.O_RDONLY | os.O_NONBLOCK)
        root = "/" if self.covered else self.root
        self.process = subprocess.Popen([PROGRAM, "--sysroot", root])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process is not None:
            self.process.kill()
        for path in self.covered:
            libc.umount2(path, MNT_DETACH)
        self.exhume()
        if self.process is not None:
            self.process.wait()
            os.close(self.port)
        shutil.rmtree(self.root, ignore_errors=True)

    def take(self, seconds):
        if select.select([self.port], [], [], seconds)[0]:
            self.buffer += os.read(self.port, 65536)
        *lines, self.buffer = self.buffer.split(b"\n")
        self.records += [json.loads(line[1:]) for line in lines]

    def find(self, start, words):
        """What a record says that was written after START others, and has all WORDS."""
        for record in self.records[start:]:
            body = {**record["body"], "user": record.get("user")}
            if all(body.get(name) == value for name, value in words.items()):
                return body
        return None

    def wait_for(self, start=0, **words):
        end = time.monotonic() + PATIENCE
        while self.find(start, words) is None and time.monotonic() < end:
            self.take(1.0)
        told = [{**one["body"], "data": 0, "user": one.get("user")} for one in self.records[start:]]
        check(self.find(start, words) is not None, words, told)
        return self.find(start, words)

    def await_children(self, number):
        """All that are left when the look is over, and one that a late event began: those that
        hang."""
        end = time.monotonic() + PATIENCE
        while len(now := self.children()) != number and time.monotonic() < end:
            time.sleep(0.1)
        check(len(now) == number, [self.state_of(child) for child in now], number)

    def children(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children",
                  encoding="ascii") as file:
            return file.read().split()

    @staticmethod
    def state_of(child):
        """What a child is and where in the kernel it waits."""
        told = [child]
        for name in ("stat", "wchan"):
            try:
                with open(f"/proc/{child}/{name}", encoding="utf-8", errors="replace") as file:
                    told.append(file.read()[:60])
            except OSError as error:
                told.append(str(error))
        return told


def test_looks_go_on_beside_a_worker_that_hangs():
    """The question that hangs is not asked again, nor told of again; all others are."""
    with Recorder("account; system") as recorder:
        recorder.bury("home/harness")
        recorder.begin()
        recorder.wait_for(probe="account", user="harness", status="unknown")
        first = recorder.wait_for(probe="system")
        start = len(recorder.records)
        for text in ("closed\n", None):
            if text is not None:
                recorder.put("etc/nologin", text)
            else:
                os.unlink(os.path.join(recorder.root, "etc/nologin"))
            now = recorder.wait_for(start, probe="system")
            check(now["findings"] != first["findings"], now["findings"])
            check(recorder.find(start, {"probe": "account", "user": "harness"}) is None, "once")
            recorder.await_children(1)
            first, start = now, len(recorder.records)
        recorder.exhume()
        recorder.put("etc/nologin", "closed\n")
        now = recorder.wait_for(start, probe="account", user="harness")
        check("hang" not in now["summary"], now)


def test_looks_that_are_given_up():
    """So many questions hang that no further one is asked: that is told, of each of them too."""
    with Recorder("account; journal; network; system") as recorder:
        for path in ("home/harness", "var/log/journal", "sys/class/net"):
            recorder.bury(path)
        recorder.begin()
        for probe in ("journal", "network"):
            recorder.wait_for(probe=probe, status="unknown")
        now = recorder.wait_for(probe="system", status="unknown")
        check("3 earlier probes hang" in now["summary"], now)
        recorder.wait_for(event="looks-suspended")
        recorder.await_children(3)
        recorder.exhume()
        start = len(recorder.records)
        recorder.put("etc/nologin", "closed\n")
        recorder.wait_for(start, event="looks-resumed")
        check(recorder.find(start, {"probe": "system"})["status"] != "unknown", recorder.records)


def test_a_folder_that_is_watched_hangs():
    """It is not entered, wherever links lead: the shim that serves the channel goes on."""
    with Recorder("system") as recorder:
        os.makedirs(os.path.join(recorder.root, "etc/sudoers.d"))
        recorder.bury("persist/ssh")
        os.symlink(os.path.join(recorder.root, "persist/ssh"), os.path.join(recorder.root, "etc/ssh"))
        recorder.bury("etc/pam.d")
        recorder.become_root()
        recorder.begin()
        recorder.wait_for(probe="system")
        start = len(recorder.records)
        recorder.put("etc/sudoers.d/harness", "")
        recorder.wait_for(start, event="control-plane-changed", path="/etc/sudoers.d/harness")


if __name__ == "__main__":
    prepare()
    run_all(sys.modules[__name__])
