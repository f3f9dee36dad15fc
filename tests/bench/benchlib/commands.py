# SPDX-License-Identifier: LGPL-2.1-or-later
"""A command in a guest: by the recovery door, by guest-exec polled to its end, by ssh."""

import json
import os
import secrets
import signal
import socket
import statistics
import subprocess
import tempfile
import time

from . import figures
from .world import CannotMeasure

PROGRAM = "/bin/true"
SESSION = "0123456789abcdef0123456789abcdef"
ALLOW = "mkdir -p /etc/postern; printf '[exec]\\nallow=yes\\n' >/etc/postern/shim.conf"
TIMES_AS_FAST = 10
PAUSE_MS = 1000
HELPER = "/root/bench-spawn"


class Door:
    """postern-recoverd on a socket of its own, and a caller that stays connected, as a harness's."""

    def __init__(self, world, folder):
        self.path = f"{folder}/recover.sock"
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [str(world.build / "host-sidecar/postern-recoverd"), "--connect", world.uri, "--socket",
             self.path], stdin=subprocess.DEVNULL)
        self.number = 0
        self.connection = None

    def __enter__(self):
        until = time.monotonic() + 20
        while not os.path.exists(self.path):
            if time.monotonic() > until or self.process.poll() is not None:
                raise CannotMeasure("postern-recoverd does not start")
            time.sleep(0.05)
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.settimeout(60)
        self.connection.connect(self.path)
        self.call("hello", {"session": SESSION, "protocol": [1]})
        return self

    def __exit__(self, *_unused):
        self.connection.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def call(self, method, params):
        frame = {"jsonrpc": "2.0", "id": f"{SESSION}-{self.number}", "method": method,
                 "params": params}
        self.number += 1
        self.connection.sendall(b"\x1e" + json.dumps(frame).encode() + b"\n")
        data = b""
        while not data.endswith(b"\n"):
            piece = self.connection.recv(1 << 20)
            if not piece:
                raise CannotMeasure("the recovery door hung up")
            data += piece
        answer = json.loads(data[1:])
        if "error" in answer:
            raise CannotMeasure(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def run(self, guest):
        """One command to its end; the milliseconds that it took."""
        begun = time.monotonic()
        page = self.call("exec", {"domain": guest, "deadline_ms": 30000, "argv": [PROGRAM],
                                  "id": secrets.token_hex(16), "timeout_ms": 30000, "wait_ms": 200})
        while page["state"] == "running":
            page = self.call("exec-page", {"domain": guest, "deadline_ms": 30000, "id": page["id"],
                                           "wait_ms": 200})
        if page.get("status") != 0:
            raise CannotMeasure(f"{PROGRAM} ended as {page}")
        return 1000 * (time.monotonic() - begun)


def _timed(call):
    begun = time.monotonic()
    call()
    return 1000 * (time.monotonic() - begun)


def _by_agent(world, guest, folder, number, pause_ms=0):
    path = f"{folder}/commands"
    with open(path, "w", encoding="utf-8") as file:
        file.write("[exec]\n" + f"{PROGRAM}\n" * number)
    told = world.program("bench-script", f"--pause={pause_ms}", guest, path, "exec")
    return [one["took_us"] / 1000 for one in told["commands"]]


def _in_guest(world, guest, number):
    """What it takes there alone: no way to run it is faster."""
    return [int(line) / 1000 for line in world.script(guest, f"{HELPER} {number} {PROGRAM}").split()]


def commands(world):
    """/bin/true, turn by turn in the same guest. Harnesses poll guest-exec without a pause, which keeps
    guest and host busy for as long as the command runs, or with one, of a second mostly."""
    guest = world.full()
    world.script(guest, ALLOW)
    world.lab("push", guest, str(world.build / "tests/bench/bench-spawn"), HELPER, "0755")
    rounds = world.rounds(8, 2)
    ours, agent, patient, alone, ssh = [], [], [], [], []
    with tempfile.TemporaryDirectory(prefix="bench-exec-") as folder, Door(world, folder) as door:
        door.run(guest)
        for _ in range(rounds):
            ours += [door.run(guest) for _ in range(5)]
            agent += _by_agent(world, guest, folder, 5)
            patient += _by_agent(world, guest, folder, 2, PAUSE_MS)
            alone += _in_guest(world, guest, 5)
            ssh.append(_timed(lambda: world.lab("ssh", guest, PROGRAM)))
    mine = statistics.median(ours)
    return [figures.times_as_fast(f"exec {PROGRAM}, median, against guest-exec polled to its end", "ms",
                                  mine, statistics.median(agent), TIMES_AS_FAST, ours=ours, agent=agent),
            figures.times_as_fast(f"exec {PROGRAM} against guest-exec polled once a second", "ms", mine,
                                  statistics.median(patient), TIMES_AS_FAST, patient=patient),
            figures.Figure(f"exec {PROGRAM} against its start in the guest alone", "ms", mine,
                           statistics.median(alone),
                           shown=f"{mine / statistics.median(alone):.2f} times",
                           detail={"alone": alone}),
            figures.Figure("guest-exec polled to its end against that", "ms",
                           statistics.median(agent), statistics.median(alone),
                           shown=f"{statistics.median(agent) / statistics.median(alone):.2f} times"),
            figures.Figure(f"exec {PROGRAM} against a fresh ssh", "ms", mine, statistics.median(ssh),
                           shown=f"{statistics.median(ssh) / mine:.1f} times as fast",
                           detail={"ssh": ssh})]
