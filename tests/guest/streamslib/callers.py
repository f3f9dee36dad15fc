# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many callers at once, callers again and again, and callers whose output goes nowhere."""

import json
import os
import pathlib
import subprocess

from .tools import FULL, POSTERN, SOUND, ask, begin, expect, finish, pocket, scenario, start


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
    for _ in range(25):
        answer = ask("st-full", deadline=8)
        expect(answer.via == "channel", "the channel was passed by", answer)


def audit_records():
    """What the host's audit holds of questions."""
    state = os.environ.get("XDG_STATE_HOME") or pathlib.Path.home() / ".local/state"
    folder = pathlib.Path("/var/log") if os.geteuid() == 0 else pathlib.Path(state)
    lines = (folder / "postern/audit.jsonl").read_text().splitlines()
    return [record for record in map(json.loads, lines) if "event" not in record]


@scenario(SOUND)
def a_list_is_recorded():
    """It opens every channel and says hello: who did that is on record, as of every question."""
    before = len(audit_records()) if ask("st-sound").code == 0 else 0
    finish(begin("list", deadline=8), 8)
    new = [record for record in audit_records()[before:] if record["guest"] == "st-sound"]
    expect([(one["method"], one["probe"], one["via"]) for one in new] ==
           [("list", "hello", "channel")], f"recorded: {new}")
    expect("uid" in new[0]["caller"], f"recorded: {new}")


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
