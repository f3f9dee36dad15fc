# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many callers at once, callers again and again, and callers whose output goes nowhere."""

import os
import subprocess

from .tools import FULL, POSTERN, ask, expect, finish, pocket, scenario, start


@scenario(FULL)
def callers_take_turns():
    """Twelve at once on one guest: each gets its own answer, and the channel is never refused. Who
    waits long for the channel's turn is answered by the agent."""
    probes = ["network", "system"]
    processes = [(probes[i % 2], start("st-full", probes[i % 2], deadline=30)) for i in range(12)]
    ways = []
    for probe, process in processes:
        answer = finish(process, 30)
        expect(answer.json is not None and answer.json["report"]["probe"] == probe,
               "another question's answer", answer)
        expect("taken" not in (answer.attempt("channel") or ""), "the channel was refused", answer)
        ways.append(answer.via)
    expect(set(ways) <= {"channel", "agent"} and ways.count("channel") >= 3,
           f"the answers came by {ways}")


@scenario(FULL)
def a_channel_is_opened_again_and_again():
    """The news of our opening reaches the guest by another queue than our bytes."""
    for _ in range(40):
        answer = ask("st-full", deadline=8)
        expect(answer.via == "channel", "the channel was passed by", answer)


@scenario(pocket("st-late", "late", "2000"))
def output_that_nobody_takes():
    words = [POSTERN, "probe", "st-late", "network", "--json"]
    read, write = os.pipe()
    process = subprocess.Popen(words, stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    os.close(read)
    _, error = process.communicate(timeout=20)
    expect(process.returncode == 74 and "output" in error, f"closed pipe: {process.returncode} {error}")
    with open("/dev/full", "w", encoding="utf-8") as full:
        result = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, timeout=20,
                                check=False)
    expect(result.returncode == 74 and "space" in result.stderr,
           f"full disk: {result.returncode} {result.stderr}")
