# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guest agent (qemu-ga), asked through libvirt: ping, files, commands, the clock."""

import base64
import json
import time

from . import virsh
from .errors import LabError

PORT = "org.qemu.guest_agent.0"
# One argument of a program is limited to 128 KiB on Linux (execve(2)); base64 takes a third more.
PIECE = 48 * 1024


def call(name, command, *, timeout=10, **arguments):
    """One agent command, given `timeout` seconds; its `return` member."""
    request = {"execute": command}
    if arguments:
        request["arguments"] = arguments
    done = virsh.call("qemu-agent-command", "--timeout", str(timeout), name, json.dumps(request),
                      timeout=timeout + 30)
    return json.loads(done.stdout).get("return")


def answers(name):
    """True if the agent has its port open and answers a ping within five seconds."""
    if virsh.port_state(name, PORT) != "connected":
        return False
    try:
        call(name, "guest-ping", timeout=5)
    except LabError:
        return False
    return True


def execute(name, path, arguments=(), *, stdin=b"", timeout=600):
    """Runs a program as root in the guest; returns (exit status, stdout, stderr) as bytes.

    A program ended by a signal has the status 128 + the signal. Polls once after 50 ms, then ever
    less often down to once a second, because the agent writes each poll to the guest's journal.
    """
    request = {"path": path, "arg": list(arguments), "capture-output": True}
    if stdin:
        request["input-data"] = base64.b64encode(stdin).decode("ascii")
    pid = call(name, "guest-exec", **request)["pid"]
    deadline = time.monotonic() + timeout
    pause = 0.05
    while True:
        time.sleep(pause)
        pause = min(pause * 1.5, 1.0)
        status = call(name, "guest-exec-status", pid=pid)
        if status["exited"]:
            break
        if time.monotonic() > deadline:
            raise LabError(f"{path} still runs in {name} after {timeout} s, as process {pid}")
    code = status.get("exitcode")
    if code is None:
        code = 128 + status.get("signal", 0)
    return code, *(base64.b64decode(status.get(part, "")) for part in ("out-data", "err-data"))


def write_file(name, path, content):
    """Writes bytes to a file in the guest, in pieces."""
    handle = call(name, "guest-file-open", path=path, mode="w")
    try:
        for start in range(0, len(content), PIECE):
            piece = content[start:start + PIECE]
            while piece:
                text = base64.b64encode(piece).decode("ascii")
                written = call(name, "guest-file-write", handle=handle, **{"buf-b64": text})
                piece = piece[written["count"]:]
    finally:
        call(name, "guest-file-close", handle=handle)


def set_clock(name):
    """Sets the guest's clock, and its hardware clock with it, to the host's."""
    call(name, "guest-set-time", time=time.time_ns())
