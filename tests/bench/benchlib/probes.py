# SPDX-License-Identifier: LGPL-2.1-or-later
"""What each probe costs: its time, its processor time, the programs that it runs; and whether all
of them together cost more than they must."""

import contextlib
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from . import figures
from .world import USER, WIDE_CPUS, CannotMeasure

HELPER = "/usr/local/sbin/bench-tasks"
OUTPUT = "/run/bench-tasks"
UNIT = "bench-tasks"
START = f"""\
set -e
sysctl --quiet kernel.task_delayacct=1
rm -f {OUTPUT}
systemd-run --quiet --collect --unit={UNIT} --property=StandardOutput=file:{OUTPUT} {HELPER}
for i in 1 2 3 4 5 6 7 8 9 10; do
    grep -q ready {OUTPUT} && break
    sleep 0.5
done
grep -q ready {OUTPUT}
"""
STOP = f"systemctl stop {UNIT}; rm -f {HELPER}"
SHIM = """\
pid=$(systemctl show --property=MainPID --value postern-shim)
echo $pid $(stat --dereference --format=%i /proc/$pid/exe)
"""
# The first field is the time on a processor, in nanoseconds (Documentation/scheduler/sched-stats).
SHIM_CPU = "cat /proc/%d/task/*/schedstat | awk '{ ns += $1 } END { printf \"%%.0f\", ns }'"
# `lab run` shows no more than 256 KiB at once.
PIECE = 200 * 1024


class Task(NamedTuple):
    """A thread that has ended: what it took in microseconds, and the inode of its program."""

    thread: int
    group: int
    parent: int
    inode: int
    took: int
    comm: str


@dataclass
class Worker:
    """A probe's process and all that came of it: microseconds on a processor, the worker's own and
    those of each program."""

    own: int = 0
    programs: Counter = field(default_factory=Counter)
    runs: Counter = field(default_factory=Counter)

    def add(self, task, program):
        """Adds a task of its own program, or of another."""
        if task.inode == program:
            self.own += task.took
            return
        self.programs[task.comm] += task.took
        self.runs[task.comm] += task.thread == task.group

    @property
    def of_programs(self):
        """What the programs took."""
        return sum(self.programs.values())

    @property
    def all(self):
        """What all took."""
        return self.own + self.of_programs


def probes(world):
    """Each probe alone, and the diagnosis, in a guest with a processor to spare.

    Of a probe: from its request to its answer over the open channel; and the processor time of its
    worker with all descendants, whose floor is the part of the programs. What a daemon does when
    it is asked (systemd, an sshd that is greeted) is nobody's descendant and not in it. Of the
    diagnosis: from the look-up of the guest to the last answer, channel opened and closed; and the
    processor time of all workers and of the shim. Where the host has fewer cores to spare than the
    guest has processors, a task's time holds the waits of its virtual processor too, more of them
    in the diagnosis than alone.
    """
    guest = world.wide()
    rounds = world.rounds(7, 2)
    world.program("bench-probes", guest, USER, 1)  # So that all is read already.
    shim, program = map(int, world.script(guest, SHIM).split())
    world.lab("push", guest, str(world.build / "tests/bench/bench-tasks"), HELPER, "0755")
    world.script(guest, START)
    try:
        before = int(world.script(guest, SHIM_CPU % shim))
        told = world.program("bench-probes", guest, USER, rounds)
        shim_ns = int(world.script(guest, SHIM_CPU % shim)) - before
        time.sleep(1)
    finally:
        with contextlib.suppress(CannotMeasure):
            world.script(guest, STOP)
    workers = _workers(_read(world, guest), shim, program)
    n = len(told["probes"])
    if len(workers) != 2 * n * rounds:
        raise CannotMeasure(f"{len(workers)} workers ended, not {2 * n * rounds}")
    # In each round n ended one after the other, in the order of the questions, and then n together.
    turns = [workers[i:i + n] for i in range(0, len(workers), n)]
    found = []
    for i, name in enumerate(told["probes"]):
        found += _alone(name, told["alone_us"][i], [turn[i] for turn in turns[::2]])
    return found + _whole(told, turns[1::2], shim_ns / 1e6 / (2 * rounds))


def _read(world, guest):
    text, piece = "", None
    while piece is None or len(piece) == PIECE:
        piece = world.script(guest, f"tail -c +{len(text) + 1} {OUTPUT} | head -c {PIECE}")
        text += piece
    return text


def _workers(text, shim, program):
    """The shim's workers in the order in which they ended, each with its descendants. A worker is
    told from what others left behind by its program, the shim's, whose inode is given."""
    lines = text.splitlines()
    if "lost" in lines:
        raise CannotMeasure("the kernel had to drop some of what it told of ended tasks")
    tasks = [Task(*map(int, words[:5]), words[5]) for words in
             (line.split(" ", 5) for line in lines) if len(words) == 6]
    parents = {task.group: task.parent for task in tasks}
    workers = {task.group: Worker() for task in tasks
               if task.parent == shim and task.inode == program and task.thread == task.group}
    for task in tasks:
        process = task.group
        while process is not None and process not in workers:
            process = parents.get(process)
        if process is not None:
            workers[process].add(task, program)
    return list(workers.values())


def _alone(name, times, workers):
    median = statistics.median
    runs = workers[-1].runs
    programs = {comm: median(worker.programs[comm] for worker in workers) / 1000 for comm in runs}
    told = ", ".join(f"{comm}{f' x{runs[comm]}' if runs[comm] > 1 else ''} {took:.0f} ms"
                     for comm, took in programs.items())
    return [figures.plain(f"{name} alone, median", "ms", median(times) / 1000, took_us=times),
            figures.plain(f"  CPU: all; its programs: {told or 'none'}", "ms",
                          median(worker.all for worker in workers) / 1000,
                          median(worker.of_programs for worker in workers) / 1000 or None,
                          programs_ms=programs, runs=dict(runs),
                          all_us=[worker.all for worker in workers],
                          own_us=[worker.own for worker in workers])]


def _whole(told, turns, shim_ms):
    median = statistics.median
    slowest, slowest_us = max(((name, median(times)) for name, times
                               in zip(told["probes"], told["alone_us"])), key=lambda pair: pair[1])
    cpu = median(sum(worker.all for worker in turn) for turn in turns) / 1000
    programs = median(sum(worker.of_programs for worker in turn) for turn in turns) / 1000
    alone = sum(median(times) for times in told["alone_us"]) / 1000
    whole = median(told["whole_us"]) / 1000
    return [figures.at_most_times_and(f"diagnose, {WIDE_CPUS} vCPUs, against its slowest probe "
                                      f"({slowest})", "ms", whole, slowest_us / 1000, 1.3, 50,
                                      whole_us=told["whole_us"]),
            figures.plain("  against the sum of its probes", "ms", whole, alone),
            figures.at_most_times("CPU of a diagnosis, against that of its programs", "ms",
                                  cpu + shim_ms, programs, 1.2, shim_ms=shim_ms, workers_ms=cpu)]
