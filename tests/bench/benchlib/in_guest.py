# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the shim costs its guest: memory, and wake-ups while nobody asks."""

import tempfile
import time

from . import figures
from .conversation import COMMANDS, diagnosis
from .world import CannotMeasure

# Of all threads of the shim; to read them does not wake it.
# A shim without a recorder's port looks for one for the last time 20 s after its start.
IDLE = """\
set -e
pid=$(systemctl show --property=MainPID --value postern-shim)
count() { cat /proc/$pid/task/*/status | awk '/ctxt_switches/ { n += $2 } END { print n }'; }
sleep 3
age=$(ps -o etimes= -p $pid)
[ $age -ge 25 ] || sleep $((25 - age))
before=$(count)
sleep %d
echo $(count) $before
"""
# smaps_rollup: proc(5). Private pages are what ending the process would give back (USS).
MEMORY = """\
for unit in postern-shim qemu-guest-agent; do
    awk '/^Private_Dirty:/ { dirty = $2 } /^Private_Clean:/ { clean = $2 } /^Pss:/ { pss = $2 }
        END { print dirty, dirty + clean, pss }' \
        /proc/$(systemctl show --property=MainPID --value $unit)/smaps_rollup
done
"""
FRESH = f"""\
systemctl restart postern-shim qemu-guest-agent
sleep 5
{{ {MEMORY} }} >/run/bench-memory.new 2>&1
mv /run/bench-memory.new /run/bench-memory
"""


def idle(world):
    """A minute with the host's end of the channel closed, and one with it open."""
    guest = world.full()
    seconds = world.rounds(60, 5)
    # It has been open once before it is closed.
    world.hold(guest).communicate()
    closed = switches(world, guest, seconds)
    held = world.hold(guest)
    try:
        opened = switches(world, guest, seconds)
        if held.poll() is not None:
            raise CannotMeasure("the channel did not stay open")
    finally:
        held.communicate()
    return [figures.exactly_none(f"shim idle {seconds} s, host end closed", "switches", closed),
            figures.exactly_none(f"shim idle {seconds} s, host end open", "switches", opened)]


def switches(world, guest, seconds):
    """How often a thread of the shim ran within so many seconds."""
    after, before = world.script(guest, IDLE % seconds).split()
    if int(before) == 0:
        raise CannotMeasure("the shim's context switches are not counted")
    return int(after) - int(before)


def memory(world):
    """Both freshly started and asked nothing; the shim after a diagnosis and the agent after as many
    commands as that has questions; the agent after the commands that gather the same facts."""
    guest = world.full()
    world.script(guest, "rm -f /run/bench-memory")
    world.lab("run", "--detach", guest, "-", given=FRESH)
    found = _compare("both just started", *_read_fresh(world, guest))

    _, answers = diagnosis(world, guest)
    with tempfile.NamedTemporaryFile("w", suffix=".commands") as commands:
        commands.write("[as-many]\n" + "/bin/cat /proc/uptime\n" * len(answers))
        commands.flush()
        world.program("bench-script", guest, commands.name, "as-many")
    found += _compare("after as many questions", *_read_settled(world, guest))

    world.program("bench-script", guest, COMMANDS, *(answer["probe"] for answer in answers))
    return found + _compare("after the same facts", *_read_settled(world, guest))


def _read_settled(world, guest):
    time.sleep(2)
    return _parse(world.script(guest, MEMORY))


def _read_fresh(world, guest):
    """Reads what was noted before anybody asked either of them anything."""
    time.sleep(world.rounds(12, 30))  # Long enough even for a guest on a busy machine.
    for _ in range(20):
        try:
            return _parse(world.script(guest, "cat /run/bench-memory"))
        except CannotMeasure:
            time.sleep(1)
    raise CannotMeasure(f"the services of {guest} did not come back")


def _parse(text):
    try:
        shim, agent = ([int(word) / 1024 for word in line.split()] for line in text.splitlines())
    except ValueError:
        raise CannotMeasure(f"smaps_rollup could not be read: {text.strip()!r}") from None
    return shim, agent


def _compare(when, shim, agent):
    """Each is Private_Dirty, USS and PSS in MiB."""
    return [figures.at_most_times(f"shim's private dirty memory to qemu-ga's, {when}", "MiB",
                                  shim[0], agent[0], 1.2),
            figures.plain("  USS", "MiB", shim[1], agent[1]),
            figures.plain("  PSS", "MiB", shim[2], agent[2])]
