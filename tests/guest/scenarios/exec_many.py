# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commands one after the other and 64 at once: each ends as it should, none is lost or run twice,
and the guest is as it was. PST_EXEC_RUNS says how many; ./check campaign exec makes it 10,000."""

import concurrent.futures
import json
import os
import secrets
import socket
import tempfile
import threading
import time

from guestlib.errors import check
from guestlib.recoverd import Recoverd

CHECK = False
RUNS = int(os.environ.get("PST_EXEC_RUNS", "200"))
AT_ONCE = 64
PATIENCE_SECONDS = 900
# One user's callers and requests are half of that by default.
LIMITS = ("[daemon]", "callers_of_user=80", "requests_of_user=80")
LATE = ("deadline", "busy", "path-shut", "internal")
SESSION = "0123456789abcdef0123456789abcdef"
ALLOW = "mkdir -p /etc/postern; printf '[exec]\\nallow=yes\\n' >/etc/postern/shim.conf"
LEFT = "ls /run/postern/exec | wc -l; pgrep -c postern-exec; cat /proc/sys/fs/file-nr | cut -f1"


class Caller:
    """A connection to the door, which takes one request at a time."""

    def __init__(self, path):
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.settimeout(120)
        self.connection.connect(path)
        self.number = 0
        self.told, self.begun = [], time.monotonic()
        self.call("hello", {"session": SESSION, "protocol": [1]})

    def call(self, method, params):
        frame = {"jsonrpc": "2.0", "id": f"{SESSION}-{self.number}", "method": method,
                 "params": params}
        self.number += 1
        self.connection.sendall(b"\x1e" + json.dumps(frame).encode() + b"\n")
        data = b""
        while not data.endswith(b"\n"):
            piece = self.connection.recv(1 << 20)
            check(piece, "the door hung up")
            data += piece
        answer = json.loads(data[1:])
        reason = answer.get("error", {}).get("data", {}).get("reason")
        check(reason in (None, *LATE), f"{method}: {answer.get('error')}")
        self.told.append((round(time.monotonic() - self.begun, 2), method, answer.get("error") or
                          answer["result"].get("state")))
        return answer.get("result")

    def run(self, guest, script):
        """A command to its end: its last page, and its output. A starved guest may be late with any
        answer: then it is asked again by the command's id, and for a start under the same id."""
        until = time.monotonic() + PATIENCE_SECONDS
        name, page = secrets.token_hex(16), None
        self.told.clear()
        while page is None or page["state"] in ("running", "unknown"):
            check(time.monotonic() < until, f"it does not end: {page}")
            known = page is not None and page["state"] == "running"
            page = self.call("exec-page", {"domain": guest, "deadline_ms": 60000, "id": name,
                                           "wait_ms": 200}) or page if known else \
                self.call("exec", {"domain": guest, "deadline_ms": 60000, "id": name, "wait_ms": 200,
                                   "argv": ["sh", "-c", script], "timeout_ms": 300000}) or page
        return page, page["out"].get("b64", "")


def _one(local, path, guest, number):
    if not hasattr(local, "caller"):
        local.caller = Caller(path)
    status = number % 256
    page, out = local.caller.run(guest, f"echo {number} >>/run/ran; exit {status}")
    check((page["state"], page.get("status"), out) == ("exited", status, ""),
          f"{number}: {page} {local.caller.told}")


def run(context):
    """In a row, then at once, and what is left of them."""
    guest = context.guest
    guest.shell(ALLOW)
    with tempfile.TemporaryDirectory(prefix="pst-") as folder, \
            Recoverd(context.lab, folder, context.lab.configuration("exec_many.conf", *LIMITS)) as daemon:
        local, path = threading.local(), str(daemon.socket)
        for number in range(RUNS):
            _one(local, path, guest.name, number)
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda number: _one(local, path, guest.name, number),
                          range(RUNS, RUNS + 2 * AT_ONCE)))
    ran = [int(line) for line in guest.shell("cat /run/ran").split()]
    check(sorted(ran) == list(range(RUNS + 2 * AT_ONCE)), f"{len(ran)} of them ran")
    context.log(f"left: {guest.shell(LEFT, check=False)}\n")
    check(int(guest.shell("find /run/postern/exec -type f | wc -l")) <= 3 * 64 + 3, "too much is kept")
