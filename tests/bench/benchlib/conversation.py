# SPDX-License-Identifier: LGPL-2.1-or-later
"""How fast a guest answers: a ping, the opening, a diagnosis."""

import json
import statistics
import time

from . import figures
from .world import CHECKOUT, USER, CannotMeasure

COMMANDS = CHECKOUT / "tests/bench/script-commands"
# What no guest is asked for: it is made on the host.
DERIVED = ("access", "host")
ECHO_PORT = "org.postern.echo.0"


def ping(world):
    """A ping over the open channel, against raw bytes echoed on another port, turn by turn."""
    guest = world.full()
    world.lab("peer", "--port-name", ECHO_PORT, guest, "echo")
    try:
        found = world.program("bench-ping", guest, world.rounds(2000, 200))
    finally:
        world.lab("peer", "--port-name", ECHO_PORT, guest)
    return [figures.at_most_times("ping, median", "ms", found["ping_median_us"] / 1000,
                                  found["raw_median_us"] / 1000, 2, **found)]


def open_channel(world):
    """What comes before the first question."""
    found = world.program("bench-open", world.full(), world.rounds(50, 10))
    return [figures.plain("guest looked up, channel opened, hello, closed", "ms",
                          found["all_us"] / 1000, **found)]


def diagnosis(world, guest):
    """One `postern diagnose`, as a process: how long it took, and the guest's answers."""
    begun = time.monotonic()
    told = world.postern("diagnose", "--json", "--user", USER, guest)
    took = time.monotonic() - begun
    answers = [answer for answer in json.loads(told)["answers"] if answer["probe"] not in DERIVED]
    for answer in answers:
        # Where the channel is slow to open, the agent may have begun with one of them.
        if "report" not in answer or answer["via"] not in ("channel", "agent"):
            why = [f"{attempt['via']}: {attempt['reason']}" for attempt in answer["attempts"]]
            why.append(answer.get("error", {}).get("message", f"via {answer['via']}"))
            raise CannotMeasure(f"the probe {answer['probe']} of {guest} has no report: "
                                f"{'; '.join(why)}")
    return took, answers


def diagnose(world):
    """All probes, against a script that gathers the same facts command by command."""
    guest = world.full()
    _, answers = diagnosis(world, guest)
    sections = [answer["probe"] for answer in answers]
    took, scripts, reports, by_agent = [], [], {name: [] for name in sections}, 0
    for _ in range(world.rounds(4, 1)):
        for _ in range(3):
            seconds, answers = diagnosis(world, guest)
            took.append(seconds)
            for answer in answers:
                reports[answer["probe"]].append(answer["report"]["took_ms"])
                by_agent += answer["via"] == "agent"
        scripts.append(world.program("bench-script", guest, COMMANDS, *sections))
    script = statistics.median(run["took_us"] for run in scripts) / 1e6
    of_agent = f" ({by_agent} answers by the agent)" if by_agent else ""
    found = [figures.times_as_fast(
        f"diagnose, median, against a script{of_agent}", "s", statistics.median(took), script, 5,
        seconds=took, by_agent=by_agent, script_seconds=[run["took_us"] / 1e6 for run in scripts],
        script_commands=scripts[-1]["commands"])]
    return found + [figures.plain(f"in the guest: probe {name}, median", "ms",
                                  statistics.median(times), took_ms=times)
                    for name, times in reports.items()]
