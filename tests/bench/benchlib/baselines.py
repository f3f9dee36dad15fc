# SPDX-License-Identifier: LGPL-2.1-or-later
"""What it costs to hold two baselines against each other: of made-up guests, without the lab."""

from . import figures

FACTS = 10000
WANTED_MS = 50


def diff(world):
    """Two baselines of ten thousand facts, a hundredth of which differ."""
    told = world.program("bench-diff", FACTS, 5 if world.short else 21)
    return [
        figures.less_than(f"diff of two baselines of {told['facts']:,} facts", "ms",
                          told["diff_us"] / 1000, WANTED_MS, **told),
        figures.plain("one of them read and checked", "ms", told["read_us"] / 1000),
    ]
