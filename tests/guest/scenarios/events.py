# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host that has subscribed hears of what happens, without a recorder; once it has gone, the shim
sleeps as before."""

import select
import subprocess
import time

from guestlib.asleep import stays_asleep
from guestlib.errors import check

PATIENCE = 60
# The kernel itself warns of the first use in a boot of what it no longer wants to be used.
WARNING = "echo 0 >/proc/self/oom_adj"


def _await(heard, words, lines):
    """The next line of which WORDS are the last."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if select.select([heard.stdout], [], [], until - time.monotonic())[0]:
            line = heard.stdout.readline()
            check(line, f"the channel ended after {lines}")
            lines.append(line)
            if line.split()[2:] == words:
                return
    check(False, f"no {words} within {PATIENCE} s: {lines}")


def run(context):
    """Of a file, a unit and the kernel, and of the shim itself."""
    lines = []
    guest = context.guest
    program = context.postern.lab.build / "tests/guest/hear-events"
    with subprocess.Popen([program, guest.name], stdin=subprocess.PIPE, bufsize=0,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=context.postern.lab.environment) as heard:
        _await(heard, [b"shim-started", b"-"], lines)
        guest.shell("touch /etc/sudoers.d/heard")
        _await(heard, [b"control-plane-changed", b"/etc/sudoers.d/heard"], lines)
        guest.breakage("unit-fails")
        _await(heard, [b"unit-failed", b"shop.service"], lines)
        guest.shell(WARNING)
        _await(heard, [b"kernel-warning", b"-"], lines)
        heard.stdin.close()
    context.log(b"".join(lines).decode())
    numbers = [line.split()[:2] for line in lines]
    check(numbers == [[b"%d" % (i + 1), b"0"] for i in range(len(lines))], f"{lines}")
    stays_asleep(guest, "after a subscriber has gone")
