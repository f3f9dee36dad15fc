#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is known of commands in a guest, and for how long: through a service that is killed, by the
guest's agent, and when there are very many. Usage: test-exec-kept.py POSTERN_EXEC [TEST…]"""

import base64
import os
import secrets
import signal
import socket
import stat
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import execlib
from execlib import alive, once, parent_of, refused, until
from taplib import check, run_all

PROGRAM = os.path.abspath(sys.argv[1])
SERVICE = execlib.Service(PROGRAM)
MEBI = 1 << 20


def test_bounded():
    """Of hundreds that have ended only the newest are kept, but none can be started once more."""
    first = SERVICE.run(["true"])[0]["id"]
    for _ in range(150):
        SERVICE.run(["true"])
    files = sum(len(names) for _, _, names in os.walk(SERVICE.state))
    check(files <= 3 * 70, files)
    told = SERVICE.page(first)
    check(told["state"] == "lost", told)
    params = {"id": first, "argv": ["true"], "timeout_ms": 1000}
    check(SERVICE.call("exec.start", params)["state"] == "lost", "it was started once more")
    # Nor are they more where the service was started anew in between, or fewer: what was only
    # claimed is none of them.
    newest = [SERVICE.run(["true"])[0]["id"] for _ in range(64)]
    SERVICE.stop()
    SERVICE.begin()
    check([SERVICE.page(name)["state"] for name in newest] == ["exited"] * 64, "results are lost")
    for _ in range(70):
        SERVICE.run(["true"])
    files = sum(len(names) for _, _, names in os.walk(SERVICE.state))
    check(files <= 3 * 70, files)


def test_bounded_bytes():
    """What is kept of the output of detached ones is memory."""
    names = []
    for _ in range(40):
        names.append(SERVICE.start(["sh", "-c", "head -c 600000 /dev/zero; head -c 600000 /dev/zero >&2"],
                                   detach=True, wait_ms=5000)["id"])
        until("it does not end", lambda: SERVICE.page(names[-1])["state"] == "exited")
    SERVICE.run(["true"])
    held = sum(os.path.getsize(f"{folder}/{name}") for folder, _, files in os.walk(SERVICE.state)
               for name in files if name != "sock")
    check(held <= 33 * MEBI, held)
    check(SERVICE.page(names[-1])["out"].get("b64") and SERVICE.page(names[0])["state"] == "lost",
          "it is not the oldest that went")


def test_untold_is_kept():
    """How a command ended is kept for who asks late, however many end meanwhile that were asked for:
    by this service, and by the next."""
    names = [SERVICE.start(["sh", "-c", "sleep 0.2; exit 7"], wait_ms=0)["id"] for _ in range(2)]
    for _ in range(70):
        SERVICE.run(["true"])
    told = SERVICE.page(names[0])
    check((told["state"], told.get("status")) == ("exited", 7), told)
    SERVICE.stop(signal.SIGKILL)
    SERVICE.begin()
    for _ in range(70):
        SERVICE.run(["true"])
    told = SERVICE.page(names[1])
    check((told["state"], told.get("status")) == ("exited", 7), told)
    check(SERVICE.page(names[0])["state"] in ("lost", "unknown"), "what was told is kept for ever")


def test_limit_is_everybodys():
    """Those that an earlier service or the agent has started count as well."""
    names = [SERVICE.start(["sleep", "60"], wait_ms=0)["id"] for _ in range(64)]
    SERVICE.stop(signal.SIGKILL)
    SERVICE.begin()
    names += [SERVICE.start(["sleep", "60"], wait_ms=0)["id"] for _ in range(64)]
    refused("busy", SERVICE.start, ["true"])
    params = {"id": secrets.token_hex(16), "argv": ["true"], "timeout_ms": 1000}
    refused("busy", once, SERVICE, "exec.start", params)
    SERVICE.call("exec.signal", {"id": names[0], "signal": 9})
    until("it lives", lambda: SERVICE.page(names[0])["state"] == "killed")
    until("its place is not free", lambda: starts(params))
    for name in names[1:]:
        SERVICE.call("exec.signal", {"id": name, "signal": 9})
    until("they live", lambda: all(SERVICE.page(name)["state"] != "running" for name in names))


def starts(params):
    try:
        return SERVICE.call("exec.start", params)["id"] == params["id"]
    except execlib.ExecError:
        return False


def test_asked_by_too_many():
    """A supervisor that has no time for so many is none that is gone."""
    page = SERVICE.start(["sleep", "60"], wait_ms=0)
    supervisor, waiting = parent_of(page["pid"]), []
    os.kill(supervisor, signal.SIGSTOP)
    try:
        while True:
            waiting.append(socket.socket(socket.AF_UNIX))
            waiting[-1].setblocking(False)
            waiting[-1].connect(f"{SERVICE.state}/{page['id']}/sock")
    except BlockingIOError:
        pass
    params = {"id": page["id"], "argv": ["true"], "timeout_ms": 1000}
    told = SERVICE.call("exec.start", params)
    for connection in waiting:
        connection.close()
    os.kill(supervisor, signal.SIGCONT)
    check(told["state"] == "running", told)
    until("it is not heard", lambda: SERVICE.page(page["id"], wait_ms=0).get("pid"))
    SERVICE.call("exec.signal", {"id": page["id"], "signal": 9})


def test_once_by_agent():
    """Each request is a process, and none of them is the command's: it goes on, and is started once.
    Where nobody has decided it is allowed, and where it was forbidden it is not."""
    params = {"id": secrets.token_hex(16), "argv": ["sh", "-c", "echo a; sleep 1; echo b; exit 4"],
              "timeout_ms": 20000, "wait_ms": 0}
    SERVICE.configure("")
    try:
        told = once(SERVICE, "exec.start", params)
        check(told["state"] == "running", told)
        check(once(SERVICE, "exec.start", params)["state"] == "running", "started again")
        until("it does not end",
              lambda: once(SERVICE, "exec.page", {"id": params["id"], "wait_ms": 500})["state"] == "exited")
        told = once(SERVICE, "exec.page", {"id": params["id"]})
        check((told["status"], told["out"]["b64"]) ==
              (4, base64.b64encode(b"a\nb\n").decode()), told)
        SERVICE.configure("[exec]\nallow=no\n")
        refused("not-allowed", once, SERVICE, "exec.start", dict(params, id=secrets.token_hex(16)))
    finally:
        SERVICE.configure("[exec]\nallow = yes\n")
    check(not [name for name in os.listdir(SERVICE.state) if name.startswith("once")], "left behind")


def test_refused_and_then_by_agent():
    """The service that has refused it does not take the other's command for one of its own that has
    ended."""
    params = {"id": secrets.token_hex(16), "argv": ["sleep", "60"], "timeout_ms": 60000, "wait_ms": 0}
    SERVICE.configure("")
    try:
        refused("unavailable", SERVICE.call, "exec.start", params)
        check(once(SERVICE, "exec.start", params)["state"] == "running", "not started")
    finally:
        SERVICE.configure("[exec]\nallow = yes\n")
    for _ in range(70):
        SERVICE.run(["true"])
    check(SERVICE.page(params["id"], wait_ms=0)["state"] == "running", "it is not known any more")
    check(stat.S_IMODE(os.stat(f"{SERVICE.state}/{params['id']}").st_mode) == 0o700, "its folder")
    SERVICE.call("exec.signal", {"id": params["id"], "signal": 9})


def test_survives_its_service():
    """Who took the request is killed: the command goes on, and tells all to whoever asks."""
    page = SERVICE.start(["sh", "-c", "echo before; sleep 2; echo after; exit 5"], wait_ms=0)
    SERVICE.stop(signal.SIGKILL)
    check(SERVICE.page(page["id"])["out"]["b64"] == base64.b64encode(b"before\n").decode(), "lost")
    SERVICE.begin()
    # Nor is it started once more by the next.
    params = {"id": page["id"], "argv": ["true"], "timeout_ms": 1000}
    check(SERVICE.call("exec.start", params)["state"] == "running", "started again")
    told, out = SERVICE.page(page["id"], out=7), b""
    while told["state"] == "running":
        told = SERVICE.page(page["id"], out=7, wait_ms=4000)
    out = base64.b64decode(told["out"]["b64"])
    check((told["status"], out) == (5, b"after\n"), told)


def test_supervisor_killed():
    """Then the command ends with it, nobody knows how, and that is said."""
    page = SERVICE.start(["sleep", "60"], wait_ms=0)
    parent = parent_of(page["pid"])
    os.kill(parent, 9)
    until("it goes on", lambda: not alive(page["pid"]) and not alive(parent))
    check(SERVICE.page(page["id"])["state"] == "lost", "its end is known")


def main():
    try:
        run_all(sys.modules[__name__])
    finally:
        SERVICE.end()


if __name__ == "__main__":
    main()
