# SPDX-License-Identifier: LGPL-2.1-or-later
"""A shim that nobody asks does not wake up, whether the host's end of its channel is closed or open."""

import subprocess

from guestlib.errors import check

SECONDS = 5
# To read the counters does not wake it. A shim without a recorder's port looks for one for the last
# time 20 s after its start.
COUNT = f"""\
pid=$(systemctl show --property=MainPID --value postern-shim)
count() {{ cat /proc/$pid/task/*/status | awk '/ctxt_switches/ {{ n += $2 }} END {{ print n }}'; }}
sleep 3
age=$(ps -o etimes= -p $pid)
[ $age -ge 25 ] || sleep $((25 - age))
before=$(count)
sleep {SECONDS}
echo $(count) $before
"""


def _stays_asleep(context, when):
    after, before = context.guest.shell(COUNT).split()
    check(int(before) > 0, "the shim's context switches are not counted")
    check(after == before, f"{when} the shim woke up {int(after) - int(before)} times in {SECONDS} s")


def run(context):
    """After a question, with the channel closed again, and held open."""
    answer = context.ask("probe", "network")
    check(answer.via == "channel", f"it was answered via {answer.via}")
    _stays_asleep(context, "with the channel closed")
    holder = context.postern.lab.build / "tests/bench/bench-hold"
    with subprocess.Popen([holder, context.guest.name], stdin=subprocess.PIPE, text=True,
                          stdout=subprocess.PIPE,
                          env=context.postern.lab.environment) as held:
        check(held.stdout.readline() == "open\n", "the channel could not be held open")
        _stays_asleep(context, "with the channel open")
        check(held.poll() is None, "the channel did not stay open")
        held.stdin.close()
