# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line: which benchmarks there are, and one after the other."""

import argparse
import signal
import sys
import time
from pathlib import Path

from . import (baselines, commands, conversation, evidence, failure, figures, in_guest, packages, probes,
               recorder, sweeps, verdicts, world)

BENCHES = {
    "ping": conversation.ping,
    "open": conversation.open_channel,
    "diagnose": conversation.diagnose,
    "probes": probes.probes,
    "memory": in_guest.memory,
    "idle": in_guest.idle,
    "recorder": recorder.recorder,
    "flood": failure.flood,
    "dead-channel": failure.dead_channel,
    "neighbours": failure.neighbours,
    "forensics": evidence.forensics,
    "exec": commands.commands,
    "sweep": sweeps.sweep,
    "diff": baselines.diff,
    "gate": verdicts.gate,
    "packages": packages.packages,
}
# These need no guests of the lab's.
SIMULATED = {"sweep", "diff", "packages"}


def _parser():
    parser = argparse.ArgumentParser(
        prog="bench", description="Measures postern in guests of the lab and prints each figure "
        "beside its floor, measured in the same run. It does not judge: the exit status is 0 "
        "whether or not a figure is met, and 1 only where one could not be measured.",
        epilog="The figures mean something on a machine that does nothing else.",
        allow_abbrev=False)
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"one of: {', '.join(BENCHES)}; "
                        "all of them by default")
    parser.add_argument("--build", metavar="DIR", type=Path, help="the build folder to measure "
                        "(default: $POSTERN_BUILD, or build in the checkout)")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    parser.add_argument("--short", action="store_true", help="fewer and shorter runs, to try the "
                        "benchmarks themselves")
    parser.add_argument("--keep", action="store_true", help="leave the guests up, and use those "
                        "that an earlier run with --keep left")
    return parser


def _measure(name, sink, place):
    begun = time.monotonic()
    print(f"bench: {name} …", end="", file=sys.stderr, flush=True)
    try:
        found = BENCHES[name](place)
    except world.CannotMeasure as error:
        sink.failed[name] = str(error)
        print(f" could not be measured: {error}", file=sys.stderr)
        return
    sink.figures += found
    print(f" {time.monotonic() - begun:.0f} s", file=sys.stderr)


def _on_signal(number, _frame):
    sys.exit(128 + number)


def main():
    """Runs the command line."""
    parser = _parser()
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in BENCHES]
    if unknown:
        parser.error(f"no benchmark is called {unknown[0]!r}: {' '.join(BENCHES)}")
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, _on_signal)

    sink = figures.Run(short=options.short)
    try:
        names = options.names or list(BENCHES)
        needs_lab = not SIMULATED.issuperset(names)
        with world.World(options.build, short=options.short, keep=options.keep,
                         lab=needs_lab) as place:
            sink.machine["acceleration"] = (place.lab("accelerator").strip() if needs_lab
                                            else "no guests of the lab's")
            for name in names:
                _measure(name, sink, place)
            sink.finish()
    except world.CannotMeasure as error:
        sys.exit(f"bench: {error}")
    sink.print_table(sys.stdout)
    if options.json:
        sink.write_json(options.json)
    sys.exit(1 if sink.failed else 0)
