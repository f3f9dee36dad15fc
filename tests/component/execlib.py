# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real postern-exec on a socket of its own, and requests to it as the shim hands them on."""

import base64
import contextlib
import hashlib
import json
import os
import secrets
import signal
import socket
import subprocess
import tempfile
import time

from taplib import check

FRAME = 1 << 20


class ExecError(Exception):
    """The error that a request was answered with."""

    def __init__(self, error):
        super().__init__(error["message"])
        self.reason = error["data"]["reason"]


class Service:
    """postern-exec below a folder of its own, whose configuration is TEXT."""

    def __init__(self, program, text="[exec]\nallow = yes\n"):
        self.program = program
        self.place = tempfile.TemporaryDirectory(prefix="pst-", dir=os.environ.get("TMPDIR"))
        self.folder = self.place.name
        os.chmod(self.folder, 0o755)
        os.makedirs(self.folder + "/guest/etc/postern")
        os.makedirs(self.folder + "/guest/proc/sys/kernel/random")
        os.makedirs(self.folder + "/guest/run/postern")
        self.write("proc/sys/kernel/random/boot_id", "00000000-0000-4000-8000-000000000001\n")
        self.write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"
                   "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n")
        self.write("etc/group", "root:x:0:\nnogroup:x:65534:\nextra:x:7777:nobody\n")
        self.write("etc/nsswitch.conf", "passwd: files\ngroup: files\n")
        self.configure(text)
        self.socket = self.folder + "/guest/run/postern/exec.sock"
        self.state = self.folder + "/guest/run/postern/exec"
        self.process = None
        self.begin()

    def write(self, path, text):
        with open(f"{self.folder}/guest/{path}", "w", encoding="utf-8") as file:
            file.write(text)

    def configure(self, text):
        self.write("etc/postern/shim.conf", text)

    def begin(self):
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(
            [self.program, "--socket", self.socket, "--state", self.state,
             "--sysroot", self.folder + "/guest"], stdin=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while not self.is_open():
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError("postern-exec does not listen")
            time.sleep(0.01)

    def is_open(self):
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(self.socket)
            except OSError:
                return False
        return True

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(20)

    def end(self):
        self.stop()
        self.place.cleanup()

    def connect(self, method, params):
        """Whoever serves the command, else the service: as the shim does it."""
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(60)
        own = f"{self.state}/{params.get('id')}/sock"
        if method != "exec.start":
            try:
                connection.connect(own)
                return connection
            except OSError:
                connection.close()
                connection = socket.socket(socket.AF_UNIX)
                connection.settimeout(60)
        connection.connect(self.socket)
        return connection

    def call(self, method, params):
        frame = {"jsonrpc": "2.0", "id": "0" * 32 + "-1", "method": method, "params": params}
        with self.connect(method, params) as connection:
            connection.sendall(b"\x1e" + json.dumps(frame).encode() + b"\n")
            data = b""
            while not data.endswith(b"\n"):
                piece = connection.recv(FRAME)
                if not piece:
                    raise ConnectionError("hung up")
                data += piece
        answer = json.loads(data[1:])
        if "error" in answer:
            raise ExecError(answer["error"])
        return answer["result"]

    def start(self, argv, given=None, more=None, **params):
        """Returns the first page; GIVEN is its input, MORE what it is asked with besides PARAMS."""
        more = {**(more or {}), **params}
        params = {"id": secrets.token_hex(16), "timeout_ms": 60000, "wait_ms": 1000, **more}
        if "argv" in more or "argv_b64" in more:
            pass
        elif any(isinstance(word, bytes) for word in argv):
            params["argv_b64"] = [base64.b64encode(os.fsencode(word)).decode() for word in argv]
        else:
            params["argv"] = list(argv)
        if given is not None:
            params |= {"input": True, "input_bytes": len(given),
                       "input_sha256": hashlib.sha256(given).hexdigest()}
        return self.call("exec.start", params)

    def page(self, name, out=0, err=0, wait_ms=2000, **more):
        return self.call("exec.page", {"id": name, "out": out, "err": err, "wait_ms": wait_ms,
                                       **more})

    def feed(self, name, given, at=0, end=True, **more):
        """Sends a piece of at most 16 KiB."""
        return self.page(name, input_at=at, input_end=end,
                         input_b64=base64.b64encode(given).decode(), **more)

    def run(self, argv, given=None, sink=None, **more):
        """Until its end: the last page, standard output and standard error."""
        page = self.start(argv, given, **more)
        got = {"out": 0, "err": 0}
        kept = {"out": [], "err": []}
        fed = 0
        while True:
            for name, have in got.items():
                data = base64.b64decode(page[name].get("b64", ""))
                if page[name]["at"] != have:
                    raise AssertionError(f"{name} at {page[name]['at']}, not {have}")
                got[name] += len(data)
                if sink is not None and name == "out":
                    sink(data)
                else:
                    kept[name].append(data)
            if page["state"] != "running" and page["out"].get("end") and page["err"].get("end"):
                return page, b"".join(kept["out"]), b"".join(kept["err"])
            piece = {}
            if given is not None and page["state"] == "running" and fed <= len(given):
                fed = page["input"]
                chunk = given[fed:fed + 16384]
                done = fed + len(chunk) == len(given)
                if chunk or done and not more.get("held"):
                    piece = {"input_at": fed, "input_end": done,
                             "input_b64": base64.b64encode(chunk).decode()}
                    if done:
                        fed = len(given) + 1
            page = self.page(page["id"], got["out"], got["err"], **piece)


@contextlib.contextmanager
def service(program, *words):
    running = Service(program, *words)
    try:
        yield running
    finally:
        running.end()


def refused(reason, call, *words, **more):
    try:
        told = call(*words, **more)
    except ExecError as error:
        check(error.reason == reason, error.reason, str(error))
        return str(error)
    raise AssertionError(f"not refused: {told}")


def until(what, holds, seconds=20):
    end = time.monotonic() + seconds
    while not holds():
        check(time.monotonic() < end, what)
        time.sleep(0.02)


def alive(pid):
    """Not a zombie, which a container's first process may not take."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def parent_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return int(file.read().rpartition(")")[2].split()[1])


def once(running, method, params):
    """By the service's program alone, as the guest's agent runs it: what it prints, or its error."""
    frame = {"jsonrpc": "2.0", "id": "0" * 32 + "-1", "method": method, "params": params}
    done = subprocess.run([running.program, "--once", "--state", running.state, "--sysroot",
                           running.folder + "/guest"], check=False, capture_output=True, timeout=60,
                          input=b"\x1e" + json.dumps(frame).encode() + b"\n")
    check(done.returncode == 0, done)
    answer = json.loads(done.stdout[1:])
    if "error" in answer:
        raise ExecError(answer["error"])
    return answer["result"]
