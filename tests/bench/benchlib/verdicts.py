# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a gate costs on a settled guest, against the diagnosis that it rests on."""

import json
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
    """Both turn by turn: by the policy that asks for least, and with a baseline for most."""
    guest = world.full()
    took = {"diagnose": [], "reachable": [], "baseline": []}
    with tempfile.TemporaryDirectory(prefix="bench-gate-") as folder:
        before = str(Path(folder) / "before.json")
        world.postern("baseline", "--user", USER, "-o", before, guest)
        for _ in range(world.rounds(12, 2)):
            took["diagnose"].append(diagnosis(world, guest)[0])
            took["reachable"].append(seconds_of_gate(world, guest, "--policy",
                                                     "reachable"))
            took["baseline"].append(seconds_of_gate(world, guest, "--policy", "baseline",
                                                    "--baseline", before))
    floor = statistics.median(took["diagnose"]) * 1000
    return [figures.at_most_more(f"gate by policy {name}, against diagnose", "ms",
                                 statistics.median(took[name]) * 1000, floor, MORE_MS, seconds=took)
            for name in ("reachable", "baseline")]
