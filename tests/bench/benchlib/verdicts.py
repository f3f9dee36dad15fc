# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a gate costs on a settled guest, against the diagnosis that it rests on."""

import json
import random
import statistics
import tempfile
import time
from pathlib import Path

from . import figures
from .conversation import diagnosis
from .world import USER, CannotMeasure

MORE_MS = 20


def seconds_of_gate(world, guest, *words):
    """What a gate takes that passes, as it must here."""
    begun = time.monotonic()
    told = json.loads(world.postern("gate", "--json", "--user", USER, *words, guest))
    took = time.monotonic() - begun
    if told["result"] != "pass":
        raise CannotMeasure(f"the gate of {guest} did not pass: {told['summary']}")
    return took


def gate(world):
    """By the policy that asks for least, and with a baseline of the moment before for most; each
    round in an order of its own, as what ran before leaves a guest busy for a while."""
    guest = world.full()
    order = random.Random(1)
    with tempfile.TemporaryDirectory(prefix="bench-gate-") as folder:
        before = str(Path(folder) / "before.json")
        turns = {
            "diagnose": lambda: diagnosis(world, guest)[0],
            "reachable": lambda: seconds_of_gate(world, guest, "--policy", "reachable"),
            "baseline": lambda: seconds_of_gate(world, guest, "--policy", "baseline",
                                                "--baseline", before),
        }
        took = {name: [] for name in turns}
        for _ in range(world.rounds(32, 2)):
            world.postern("baseline", "--user", USER, "-o", before, guest)
            for name in order.sample(sorted(turns), len(turns)):
                took[name].append(turns[name]())
    floor = statistics.median(took["diagnose"]) * 1000
    return [figures.at_most_more(f"gate by policy {name}, against diagnose", "ms",
                                 statistics.median(took[name]) * 1000, floor, MORE_MS, seconds=took)
            for name in ("reachable", "baseline")]
