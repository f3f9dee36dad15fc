# SPDX-License-Identifier: LGPL-2.1-or-later
"""A bundle of evidence, against the same gathered by hand."""

import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from . import figures
from .conversation import COMMANDS, DERIVED
from .world import CHECKOUT, USER, CannotMeasure

GUEST = "be-evidence"
PANIC = CHECKOUT / "tests/guest/breakages/panic.sh"
# What virsh waits for an agent that does not answer, in seconds: its own default.
AGENT_TIMEOUT = "5"


def _virsh(world, *words, codes=(0,)):
    done = subprocess.run(["virsh", "-q", "-c", world.uri, *words], capture_output=True,
                          timeout=120, check=False)
    if done.returncode not in codes:
        raise CannotMeasure(f"virsh {words[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode(errors="replace")


def _by_virsh(world, folder):
    """What virsh alone tells of a guest, in the order in which one would ask."""
    begun = time.monotonic()
    _virsh(world, "domstate", "--reason", GUEST)
    _virsh(world, "dumpxml", GUEST)
    _virsh(world, "domstats", GUEST)
    _virsh(world, "domjobinfo", GUEST)
    _virsh(world, "screenshot", GUEST, f"{folder}/screen")
    _virsh(world, "pool-refresh", "postern")
    volume = f"{_virsh(world, 'domuuid', GUEST).strip()}.records"
    _virsh(world, "vol-download", "--pool", "postern", volume, f"{folder}/records")
    return time.monotonic() - begun


def _bundle(world, folder, number):
    begun = time.monotonic()
    told = json.loads(world.postern("forensics", GUEST, "--user", USER, "--json", "-o",
                                    f"{folder}/{number}"))
    return time.monotonic() - begun, told


def _row(what, ours, theirs, told):
    mine, floor = statistics.median(ours), statistics.median(theirs)
    return figures.Figure(f"forensics of a {what} guest, median, against the same by hand", "s",
                          mine, floor, shown=f"{floor / mine:.1f} times as fast",
                          detail={"seconds": ours, "by_hand": theirs, "parts": told["parts"],
                                  "bytes": told["bytes"], "failed": told["failed"]})


def _healthy(world, folder):
    answers = json.loads(world.postern("diagnose", "--json", "--user", USER, GUEST))["answers"]
    sections = [one["probe"] for one in answers if one["probe"] not in DERIVED]
    ours, theirs = [], []
    for number in range(world.rounds(3, 1)):
        seconds, told = _bundle(world, folder, f"healthy-{number}")
        ours.append(seconds)
        script = world.program("bench-script", GUEST, COMMANDS, *sections)
        theirs.append(script["took_us"] / 1e6 + _by_virsh(world, folder))
    return _row("healthy", ours, theirs, told)


def _dead(world, folder):
    world.lab("run", "--detach", GUEST, str(PANIC))
    time.sleep(5)
    ours, theirs = [], []
    for number in range(world.rounds(2, 1)):
        seconds, told = _bundle(world, folder, f"dead-{number}")
        ours.append(seconds)
        begun = time.monotonic()
        _virsh(world, "qemu-agent-command", "--timeout", AGENT_TIMEOUT, GUEST,
               '{"execute":"guest-ping"}', codes=(1,))
        theirs.append(time.monotonic() - begun + _by_virsh(world, folder))
    return _row("dead", ours, theirs, told)


def forensics(world):
    """Of a healthy guest and of one that panicked."""
    world.full(GUEST, "--recorder")
    with tempfile.TemporaryDirectory(prefix="bench-evidence-") as folder:
        Path(folder).chmod(0o755)
        return [_healthy(world, folder), _dead(world, folder)]
