# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether the shim of a guest sleeps while nobody asks."""

from .errors import check

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


def stays_asleep(guest, when):
    """Fails where the shim wakes up within some seconds."""
    after, before = guest.shell(COUNT).split()
    check(int(before) > 0, "the shim's context switches are not counted")
    check(after == before, f"{when} the shim woke up {int(after) - int(before)} times in {SECONDS} s")
