# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the recorder costs its guest and the host's disk while nothing happens, and how early it is."""

import json
import time

from . import figures
from .in_guest import switches
from .world import CannotMeasure

# After its start a shim looks, and once more a minute later; by then both are over.
SETTLED_S = 75
DEFAULT_INTERVAL_S = 300
# What a look costs does not depend on how often one looks.
INTERVAL_S = 30
OFTEN = f"""\
mkdir -p /etc/postern
printf '[recorder]\\ninterval = {INTERVAL_S}\\n' >/etc/postern/shim.conf
systemctl restart postern-shim
"""
# Processor time of the shim and its workers in microseconds, and the shim's own switches.
COST = """\
awk '/^usage_usec/ { print $2 }' /sys/fs/cgroup/system.slice/postern-shim.service/cpu.stat
cat /proc/$(systemctl show --property=MainPID --value postern-shim)/task/*/status |
    awk '/ctxt_switches/ { n += $2 } END { print n }'
"""


def recorder(world):
    """A minute between two looks; then some looks, by which an hour of the default is reckoned."""
    guest = world.recorder()
    begun = time.monotonic()
    _wait_for_boot(world, guest)
    seconds = world.rounds(60, 5)
    found = [figures.plain("kernel's start to the recorder's first record", "s",
                           _first_record_us(world, guest) / 1e6)]
    time.sleep(max(0, begun + SETTLED_S - time.monotonic()))
    found.append(figures.exactly_none(f"recorder on, {seconds} s between two looks, host end closed",
                                      "switches", switches(world, guest, seconds)))
    return found + _looks(world, guest, world.rounds(3, 1))


def _looks(world, guest, n_looks):
    world.script(guest, OFTEN)
    time.sleep(SETTLED_S)
    before = _cost(world, guest)
    time.sleep(INTERVAL_S * n_looks)
    written, processor, woken = (after - then for after, then in
                                 zip(_cost(world, guest), before))
    if written == 0:
        raise CannotMeasure(f"the recorder of {guest} wrote nothing")
    an_hour = 3600 / DEFAULT_INTERVAL_S / n_looks
    return [figures.plain("recorder's bytes an hour, nothing happens", "KiB",
                          written * an_hour / 1024, looks=n_looks),
            figures.plain("its processor time an hour, workers included", "s",
                          processor * an_hour / 1e6, looks=n_looks),
            figures.plain("the shim's switches an hour, its looks included", "switches",
                          woken * an_hour, looks=n_looks)]


def _records(world, guest):
    return json.loads(world.postern("records", guest, "--json", "--lines", "10000"))["records"]


def _wait_for_boot(world, guest):
    """Returns when the last of the probes has been asked."""
    for _ in range(60):
        if any(record["kind"] == "report" and record["body"]["probe"] == "checks"
               for record in _records(world, guest)):
            return
        time.sleep(1)
    raise CannotMeasure(f"the recorder of {guest} has not asked every probe after a minute")


def _first_record_us(world, guest):
    return min(record["boottime_us"] for record in _records(world, guest))


def _cost(world, guest):
    """Bytes that were written, processor time in microseconds, switches."""
    volume = world.virsh("domuuid", guest).strip() + ".records"
    world.virsh("pool-refresh", "postern")
    told = world.virsh("vol-info", "--bytes", volume, "postern")
    sizes = [line.split()[1] for line in told.splitlines() if line.startswith("Capacity:")]
    return int(sizes[0]), *(int(word) for word in world.script(guest, COST).split())
