# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a sweep over many guests costs, and what it costs others: over simulated ones (tests/sim)."""

import os
import statistics

from . import figures

SIZES = (1, 10, 100, 1000)
SHORT_SIZES = (1, 10, 50)
SILENT_SHARE = 10  # one of so many, where some are
START = 50
CPUS = len(os.sched_getaffinity(0))


def _run(world, *, real=0, quick=0, silent=0, sweeps=0, seconds=0):
    shim = world.build / "guest-shim/postern-shim"
    return world.program("bench-sweep", shim, real, quick, silent, sweeps, seconds)


def _ms(sweeps, key):
    return statistics.median(sweep[key] for sweep in sweeps) / 1000


def _start_us(world):
    """What a shim uses of a processor that is asked nothing."""
    return _run(world, real=START)["shims_us"] / START


def _cost(world, size, start_us):
    """A sweep of real guests that all answer."""
    sweeps = 5 if size <= 10 else 3 if size <= 100 else 2
    told = _run(world, real=size, sweeps=sweeps)
    took = _ms(told["sweeps"], "took_us")
    shims = (told["shims_us"] - size * start_us) / 1000 / sweeps
    own = _ms(told["sweeps"], "cpu_us")
    peak = max(sweep["peak_kib"] for sweep in told["sweeps"]) - told["before_kib"]
    return {"size": size, "took": took, "shims": shims, "own": own, "kib": peak, "told": told}


def _cost_figures(costs):
    found = []
    for cost in costs:
        size = cost["size"]
        name = f"sweep of {size} real shims"
        found += [
            figures.plain(f"{name}, against the shims' processor time on {CPUS} cores", "ms",
                          cost["took"], cost["shims"] / CPUS, **cost["told"]),
            figures.plain(f"{name}: its own processor time, against the shims'", "ms",
                          cost["own"], cost["shims"])]
    last, before = costs[-1], costs[-2]
    found += [
        figures.at_most_times(f"own processor time a guest, of {last['size']} against {before['size']}",
                              "ms", last["own"] / last["size"], before["own"] / before["size"], 1.25),
        figures.less_than(f"peak of resident memory a guest, of {last['size']}", "KiB",
                          last["kib"] / last["size"], 100,
                          **{f"kib_{cost['size']}": cost["kib"] for cost in costs})]
    return found


def _quick(world, size):
    """Guests that answer at once: what is left is the sweep itself."""
    told = _run(world, quick=size, sweeps=5)
    return figures.plain(f"sweep of {size} scripted guests, against its own processor time", "ms",
                         _ms(told["sweeps"], "took_us"), _ms(told["sweeps"], "cpu_us"), **told)


def _silent(world, size):
    """The answering guests of a sweep, some silent ones among them that nobody knew of, against the
    same without those."""
    silent = size // SILENT_SHARE
    rounds = 3 if size <= 100 else 1
    without = [_run(world, real=size - silent, sweeps=1)["sweeps"][0] for _ in range(rounds)]
    told = [_run(world, real=size - silent, silent=silent, sweeps=2) for _ in range(rounds)]
    first = [one["sweeps"][0] for one in told]
    second = [one["sweeps"][1] for one in told]
    floor = _ms(without, "others_us")
    name = f"{size - silent} guests all told, {silent} silent beside them"
    return [
        figures.at_most_times(f"{name}, first sweep", "ms", _ms(first, "others_us"), floor, 1.1,
                              all=told, without=without),
        figures.at_most_times(f"{name}, next sweep", "ms", _ms(second, "others_us"), floor, 1.1),
        figures.plain(f"{name}, first sweep until its end", "ms", _ms(first, "took_us"))]


def _asked(world, size, seconds):
    """Somebody asks one guest after another, meanwhile."""
    silent = size // SILENT_SHARE
    told = _run(world, real=size, seconds=seconds)
    found = [figures.plain(f"probe of one of {size} guests, {name}, {quantile}", "ms",
                           told[key][field] / 1000, told["alone"][field] / 1000, **told)
             for key, name in (("alone", "no sweep"), ("beside", "sweeps going on"))
             for field, quantile in (("median_us", "median"), ("p99_us", "99th percentile"))]
    if silent == 0:
        return found
    # The fewer there are, the more of the time is waiting for the silent ones, which does not count.
    some = _run(world, real=size - silent, silent=silent, seconds=seconds * max(1, 40 // size))
    found.append(figures.at_most_times(
        f"the same, {silent} of them silent, 99th percentile", "ms", some["beside"]["p99_us"] / 1000,
        told["beside"]["p99_us"] / 1000, 2, **some))
    return found


def sweep(world):
    """All of it."""
    sizes = SHORT_SIZES if world.short else SIZES
    start_us = _start_us(world)
    found = _cost_figures([_cost(world, size, start_us) for size in sizes])
    found.append(_quick(world, sizes[-1]))
    for size in sizes[1:]:
        found += _silent(world, size)
    for size in sizes:
        found += _asked(world, size, world.rounds(40 if size >= 1000 else 15, 3))
    return found
