# SPDX-License-Identifier: LGPL-2.1-or-later
"""What was measured, as a table and as JSON."""

import json
import os
import time
from dataclasses import asdict, dataclass, field

HEADINGS = ("figure", "measured", "floor", "ratio", "demanded", "met")


@dataclass
class Figure:
    """One measured figure.

    `measured` and `floor` are in `unit`. `compared` is what the demand is about and `shown` how
    the table has it; `limit` is the demand, at most or (`at_least`) at least that. A figure that
    nothing is demanded of has no limit.
    """

    name: str
    unit: str
    measured: float
    floor: float = None
    compared: float = None
    shown: str = ""
    demanded: str = ""
    limit: float = None
    at_least: bool = False
    below: bool = False
    detail: dict = field(default_factory=dict)

    @property
    def met(self):
        """True or False; None where nothing is demanded."""
        if self.limit is None:
            return None
        if self.at_least:
            return self.compared >= self.limit
        return self.compared < self.limit if self.below else self.compared <= self.limit

    def row(self):
        """The cells of the table."""
        floor = "" if self.floor is None else _quantity(self.floor, self.unit)
        return (self.name, _quantity(self.measured, self.unit), floor, self.shown, self.demanded,
                {True: "yes", False: "NO", None: ""}[self.met])


def _quantity(value, unit):
    digits = 0 if unit in ("switches", "packages") or value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f} {unit}"


def at_most_times(name, unit, measured, floor, limit, **detail):
    """A figure that may be at most `limit` times its floor."""
    ratio = measured / floor
    return Figure(name, unit, measured, floor, ratio, f"{ratio:.2f} times",
                  f"at most {limit:g} times", limit, detail=detail)


def times_as_fast(name, unit, measured, floor, limit, **detail):
    """A figure whose floor must take at least `limit` times as long."""
    ratio = floor / measured
    return Figure(name, unit, measured, floor, ratio, f"{ratio:.1f} times as fast",
                  f"at least {limit:g} times", limit, at_least=True, detail=detail)


def at_most_more(name, unit, measured, floor, limit, **detail):
    """A figure that may be at most `limit` above its floor."""
    more = measured - floor
    return Figure(name, unit, measured, floor, more, f"{more:+.0f} {unit}",
                  f"at most +{limit:g} {unit}", limit, detail=detail)


def at_most_times_and(name, unit, measured, floor, limit, more, **detail):
    """A figure that may be at most `limit` times its floor and `more` besides."""
    ratio = measured / floor
    return Figure(name, unit, measured, floor, measured, f"{ratio:.2f} times",
                  f"at most {limit:g} times +{more:g} {unit}", limit * floor + more, detail=detail)


def exactly_none(name, unit, measured, **detail):
    """A figure that must be 0."""
    return Figure(name, unit, measured, None, measured, "", "0", 0, detail=detail)


def less_than(name, unit, measured, limit, **detail):
    """A figure that must be below `limit`."""
    return Figure(name, unit, measured, None, measured, "", f"less than {limit:g} {unit}", limit,
                  below=True, detail=detail)


def plain(name, unit, measured, floor=None, **detail):
    """A figure that nothing is demanded of."""
    shown = "" if floor is None else f"{measured / floor:.2f} times"
    return Figure(name, unit, measured, floor, shown=shown, detail=detail)


class Run:
    """The figures of a run, the benchmarks that could not be run, and what the machine was like."""

    def __init__(self, *, short):
        self.figures = []
        self.failed = {}
        self.machine = {
            "begun": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "cpus": len(os.sched_getaffinity(0)),
            "acceleration": "unknown",
            "short": short,
            "load_before": round(os.getloadavg()[0], 2),
        }
        self._begun = time.monotonic()

    def finish(self):
        """Notes what the run took."""
        self.machine["took_s"] = round(time.monotonic() - self._begun)
        self.machine["load_after"] = round(os.getloadavg()[0], 2)

    def print_table(self, out):
        """The figures as a table for people, and the machine in a line."""
        rows = [HEADINGS, *(figure.row() for figure in self.figures)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(HEADINGS))]
        for row in rows:
            cells = (f"{cell:{'>' if i in (1, 2) else '<'}{widths[i]}}"
                     for i, cell in enumerate(row))
            print("  ".join(cells).rstrip(), file=out)
        machine = self.machine
        print(f"\n{machine['cpus']} cores, {machine['acceleration']}, load "
              f"{machine['load_before']} before and {machine['load_after']} after, "
              f"{machine['took_s']} s in all{', short runs' if machine['short'] else ''}", file=out)
        if machine["load_before"] > machine["cpus"] / 4:
            print("The machine was busy before the run began: these figures say little.", file=out)
        for name, reason in self.failed.items():
            print(f"{name} could not be measured: {reason}", file=out)

    def write_json(self, path):
        """All that was measured, details included, to a file."""
        found = [asdict(figure) | {"met": figure.met} for figure in self.figures]
        with open(path, "w", encoding="utf-8") as out:
            json.dump({"machine": self.machine, "figures": found, "failed": self.failed}, out,
                      indent=2)
            out.write("\n")
