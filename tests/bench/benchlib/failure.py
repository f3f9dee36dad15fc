# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a bad guest costs its host, its askers and its neighbours."""

import contextlib
import os
import signal

from . import figures
from .conversation import ECHO_PORT
from .world import CannotMeasure

SHIM_PORT = "org.postern.shim.0"
MIB = 1024 * 1024
ENDLESS, BADFRAMES = 1024 * MIB, 10_000_000
NEIGHBOURS = 9
CONVERSATIONS = 10


@contextlib.contextmanager
def _peer(world, guest, port, *words):
    world.lab("peer", "--port-name", port, guest, *words)
    try:
        yield
    finally:
        world.lab("peer", "--port-name", port, guest)


@contextlib.contextmanager
def _without_shim(world, guest):
    world.script(guest, "systemctl stop postern-shim")
    try:
        yield
    finally:
        world.script(guest, "systemctl start postern-shim")


def flood(world):
    """The peak of the reading process' memory while the peer sends, against that before."""
    guest = world.full()
    size, count = (ENDLESS, BADFRAMES) if not world.short else (64 * MIB, 100_000)
    found = [_read(world, guest, f"{size // MIB} MiB without a line end", "endless", size),
             _read(world, guest, f"{count} bad frames", "badframes", count)]
    with _without_shim(world, guest):
        for name in ("endless", "badframes"):
            with _peer(world, guest, SHIM_PORT, "--after-hello", name):
                told = [world.program("bench-flood", "channel", guest) for _ in range(CONVERSATIONS)]
            worst = max(told, key=lambda one: one["peak_kib"] - one["before_kib"])
            found.append(_growth(f"host memory, worst of {CONVERSATIONS} conversations with "
                                 f"the peer {name}", worst, all=told))
    return found


def _read(world, guest, what, peer, amount):
    with _peer(world, guest, ECHO_PORT, peer, str(amount)):
        told = world.program("bench-flood", "read", guest, ECHO_PORT)
    arrived = told["bytes"] if peer == "endless" else told["dropped"]
    if arrived < amount:
        raise CannotMeasure(f"of {amount} only {arrived} arrived from the peer {peer}")
    return _growth(f"host memory, {what} read", told)


def _growth(name, told, **more):
    return figures.less_than(name, "MiB", (told["peak_kib"] - told["before_kib"]) / 1024, 2, **told,
                             **more)


def dead_channel(world):
    """From a dead channel to an answer by the agent, against a ladder of the agent alone: the shim
    ended, which libvirt knows, and stopped, which it cannot know."""
    guest = world.full()
    rounds = world.rounds(10, 3)
    with _without_shim(world, guest):
        ended = world.program("bench-ladder", guest, "network", rounds)
    world.script(guest, "systemctl kill --signal=STOP postern-shim")
    try:
        stopped = world.program("bench-ladder", guest, "network", rounds)
    finally:
        world.script(guest, "systemctl kill --signal=CONT postern-shim")
    return [figures.at_most_more(f"dead channel to the agent's answer, shim {state}", "ms",
                                 told["ladder_us"] / 1000, told["agent_us"] / 1000, 100)
            for state, told in (("ended", ended), ("stopped", stopped))]


def neighbours(world):
    """The times of nine sound guests while a tenth is not sound, against those without a tenth."""
    nine = [world.pocket(f"be-{i}", "sound") for i in range(1, NEIGHBOURS + 1)]
    tenth = world.pocket("be-tenth", "sound")
    silent = world.pocket("be-silent", "silent")
    qemu = int(world.lab("qemu-pid", tenth))
    try:
        told = world.program("bench-neighbours", world.rounds(4, 2), world.rounds(3, 1), qemu,
                             tenth, silent, *nine)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(qemu, signal.SIGCONT)
    floor = told["without"]["p99_us"] / 1000
    name = "nine guests' 99th percentile, tenth"
    return [figures.plain(f"{name} sound", "ms", told["sound"]["p99_us"] / 1000, floor, **told),
            figures.at_most_times(f"{name} with its QEMU stopped", "ms",
                                  told["stopped"]["p99_us"] / 1000, floor, 1.5, **told),
            figures.at_most_times(f"{name} silent", "ms", told["silent"]["p99_us"] / 1000, floor,
                                  1.5, **told)]
