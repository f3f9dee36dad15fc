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
from .conversation import COMMANDS
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
AGENT = "systemctl show --property=MainPID --value qemu-guest-agent"
# A check of the site's own that waits for something, and leaves the processors alone.
CHECK_SECONDS = 2
CHECK_FILE = "/etc/postern/shim.conf.d/bench-check.conf"
CHECK = f"""\
set -e
mkdir -p $(dirname {CHECK_FILE})
cat >{CHECK_FILE} <<END
[check bench]
command = /bin/sleep {CHECK_SECONDS}
END
"""
NO_CHECK = f"rm -f {CHECK_FILE}"
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
    told = {}

    def ask():
        before = int(world.script(guest, SHIM_CPU % shim))
        told.update(world.program("bench-probes", guest, USER, rounds))
        told["shim_ns"] = int(world.script(guest, SHIM_CPU % shim)) - before

    tasks = _tasks_during(world, guest, ask)
    workers = _trees(tasks, lambda task: task.parent == shim and task.inode == program, program)
    n = len(told["probes"])
    if len(workers) != 2 * n * rounds:
        raise CannotMeasure(f"{len(workers)} workers ended, not {2 * n * rounds}")
    # In each round n ended one after the other, in the order of the questions, and then n together.
    turns = [workers[i:i + n] for i in range(0, len(workers), n)]
    found = []
    for i, name in enumerate(told["probes"]):
        found += _alone(name, told["alone_us"][i], [turn[i] for turn in turns[::2]])
    by_hand_ms = _by_hand(world, guest, told["probes"], world.rounds(3, 1))
    return (found + _whole(told, turns[1::2], by_hand_ms) + _running_programs(turns[::2])
            + _waiting(world, guest))


def _tasks_during(world, guest, act):
    """What the kernel tells of the tasks that end while ACT is called, and shortly before."""
    world.lab("push", guest, str(world.build / "tests/bench/bench-tasks"), HELPER, "0755")
    world.script(guest, START)
    try:
        act()
        time.sleep(1)
    finally:
        with contextlib.suppress(CannotMeasure):
            world.script(guest, STOP)
    return _parse(_read(world, guest))


def _by_hand(world, guest, sections, rounds):
    """The processor time of the commands that gather the same facts through guest-exec, without the
    agent's own: milliseconds."""
    agent = int(world.script(guest, AGENT))
    runs = []

    def run():
        for _ in range(rounds):
            runs.append(world.program("bench-script", guest, COMMANDS, *sections))

    tasks = _tasks_during(world, guest, run)
    n = len(runs[0]["commands"])
    # The first is the script that began to count, the last are those that ended it.
    commands = _trees(tasks, lambda task: task.parent == agent, None)[1:1 + n * rounds]
    if len(commands) != n * rounds:
        raise CannotMeasure(f"{len(commands)} commands ended, not {n * rounds}")
    return statistics.median(sum(command.all for command in commands[i:i + n])
                             for i in range(0, len(commands), n)) / 1000


def _running_programs(turns):
    """What the probes add that run programs, each asked alone: the others have no floor."""
    running = [[worker for worker in turn if worker.runs] for turn in turns]
    return [figures.at_most_times(
        "  of the probes that run programs alone", "ms",
        statistics.median(sum(worker.all for worker in turn) for turn in running) / 1000,
        statistics.median(sum(worker.of_programs for worker in turn) for turn in running) / 1000,
        1.2)]


def _waiting(world, guest):
    """A diagnosis whose slowest probe waits for something else than a processor."""
    world.script(guest, CHECK)
    try:
        told = world.program("bench-probes", guest, USER, world.rounds(5, 2))
    finally:
        world.script(guest, NO_CHECK)
    median = statistics.median
    slowest, slowest_us = _slowest(told)
    return [figures.at_most_times_and(
        f"diagnose where a check waits {CHECK_SECONDS} s, against its slowest probe ({slowest})",
        "ms", median(told["whole_us"]) / 1000, slowest_us / 1000, 1.3, 50,
        whole_us=told["whole_us"])]


def _read(world, guest):
    text, piece = "", None
    while piece is None or len(piece) == PIECE:
        piece = world.script(guest, f"tail -c +{len(text) + 1} {OUTPUT} | head -c {PIECE}")
        text += piece
    return text


def _parse(text):
    lines = text.splitlines()
    if "lost" in lines:
        raise CannotMeasure("the kernel had to drop some of what it told of ended tasks")
    return [Task(*map(int, words[:5]), words[5]) for words in
            (line.split(" ", 5) for line in lines) if len(words) == 6]


def _trees(tasks, is_root, program):
    """The processes among TASKS that IS_ROOT picks, in the order in which they ended, each with its
    descendants. A task of the PROGRAM, an inode, is a tree's own; the others are programs that it
    ran. So the shim's workers are told from what others left behind to it."""
    parents = {task.group: task.parent for task in tasks}
    trees = {task.group: Worker() for task in tasks
             if task.thread == task.group and is_root(task)}
    for task in tasks:
        process = task.group
        while process is not None and process not in trees:
            process = parents.get(process)
        if process is not None:
            trees[process].add(task, program)
    return list(trees.values())


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


def _slowest(told):
    """The probe that took longest alone, and how long: microseconds, the median."""
    return max(((name, statistics.median(times)) for name, times
                in zip(told["probes"], told["alone_us"])), key=lambda pair: pair[1])


def _whole(told, turns, by_hand_ms):
    median = statistics.median
    slowest, slowest_us = _slowest(told)
    # The rounds asked everything twice, one by one and together.
    shim_ms = told["shim_ns"] / 1e6 / (2 * len(turns))
    workers_ms = median(sum(worker.all for worker in turn) for turn in turns) / 1000
    programs = median(sum(worker.of_programs for worker in turn) for turn in turns) / 1000
    alone = sum(median(times) for times in told["alone_us"]) / 1000
    whole = median(told["whole_us"]) / 1000
    cpu = workers_ms + shim_ms
    return [figures.at_most_times_and(f"diagnose, {WIDE_CPUS} vCPUs, against its slowest probe "
                                      f"({slowest})", "ms", whole, slowest_us / 1000, 1.3, 50,
                                      whole_us=told["whole_us"]),
            figures.plain("  against the sum of its probes", "ms", whole, alone),
            figures.at_most_times("CPU of a diagnosis, against that of its programs", "ms", cpu,
                                  programs, 1.2, shim_ms=shim_ms, workers_ms=workers_ms),
            figures.plain("  against that of the commands that gather the same facts", "ms", cpu,
                          by_hand_ms)]
