# SPDX-License-Identifier: LGPL-2.1-or-later
"""A shim that nobody asks does not wake up, whether the host's end of its channel is closed or open."""

import subprocess

from guestlib.asleep import stays_asleep
from guestlib.errors import check


def run(context):
    """After a question, with the channel closed again, and held open."""
    answer = context.ask("probe", "network")
    check(answer.via == "channel", f"it was answered via {answer.via}")
    stays_asleep(context.guest, "with the channel closed")
    holder = context.postern.lab.build / "tests/bench/bench-hold"
    with subprocess.Popen([holder, context.guest.name], stdin=subprocess.PIPE, text=True,
                          stdout=subprocess.PIPE,
                          env=context.postern.lab.environment) as held:
        check(held.stdout.readline() == "open\n", "the channel could not be held open")
        stays_asleep(context.guest, "with the channel open")
        check(held.poll() is None, "the channel did not stay open")
        held.stdin.close()
