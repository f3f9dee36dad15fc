# SPDX-License-Identifier: LGPL-2.1-or-later
"""recover is killed in the middle of each of its steps, early and late in it, and said again: the same
steps with the same outcomes, the same audit, one undo and one revert."""

import json
import re
import time
from pathlib import Path

from guestlib.errors import check
from guestlib.proc import run as run_program
from scenarios.recover import ALL, ALLOW, UNDO, Events, Recover

OWN = ("--recorder", "--no-snapshot", "--console-log")
CHECK = False  # a kill costs twenty seconds
# Of what a step took when nobody disturbed it.
MOMENTS = (0.1, 0.35, 0.6, 0.85)
# A revert takes back what the guest has of it, but not what its console showed.
RAN = "the undo runs"
COUNTED = f"echo {RAN} >/dev/ttyS0\nsleep 1\n"


class Story:
    """A breakage, what recover does about it, and what that comes to."""

    def __init__(self, name, breakage, undo, steps, reverts):
        self.name, self.breakage, self.undo, self.steps = name, breakage, undo, steps
        self.reverts = reverts

    def words(self):
        return self.undo, *(("--snapshot", "before") if self.reverts else ())


STORIES = (Story("undone", "sudoers-0666", COUNTED + UNDO, ALL[:3], 0),
           Story("reverted", "rule-removed", COUNTED + "exit 4\n", ALL, 1))


def _audited(context, since_us):
    """What the audit has of the steps since then, each once: one may be there again, where it was
    written before a kill."""
    done = context.postern.run("audit", "--guest", context.guest.name, "--lines", "1000", "--json",
                               codes=[0])
    rows = []
    for line in json.loads(done.out)["entries"]:
        row = (line.get("probe", ""), *(line.get("args", {}).get(key) for key in ("done", "outcome")))
        if line["realtime_us"] >= since_us and line.get("probe", "").startswith("recover-") and \
                row not in rows:
            rows.append(row)
    return rows


def _outcomes(told):
    return told["end"], [(row["step"], row["outcome"]) for row in told["steps"]]


def _console(context):
    """The file of what it showed."""
    done = run_program(["virsh", "-c", context.lab.uri, "dumpxml", context.guest.name], timeout=20)
    return Path(re.search(r"<log file='([^']*)'", done.out)[1])


class Run:
    """One story in a guest, to its end."""

    def __init__(self, context, recover, story):
        self.context, self.recover, self.story = context, recover, story
        context.guest.breakage(story.breakage)
        self.events = Events(context) if story.reverts else None
        self.since_us = time.time() * 1e6
        self.console = _console(context)
        self.ran = self._undos()

    def _undos(self):
        return self.console.read_text(encoding="utf-8", errors="replace").count(RAN)

    def kill_in(self, step, after_s):
        """The step that it was in the middle of; None where it was between two."""
        process = self.recover.begin(*self.story.words())
        self.recover.wait_for(step, process)
        time.sleep(after_s)
        process.kill()
        check(process.wait(30) != 0, f"it was over before {step}")
        last = self.recover.state()["steps"][-1]
        return None if "ended_us" in last else last["step"]

    def to_end(self):
        """What it comes to."""
        told, _ = self.recover.run(*self.story.words())
        reverts = self.events.reverts() if self.events else 0
        check(reverts == self.story.reverts, f"it was reverted {reverts} times")
        check(self._undos() == self.ran + 1, f"the undo ran {self._undos() - self.ran} times")
        return told, (_outcomes(told), _audited(self.context, self.since_us))


def _tell(context, story, hits):
    for step in story.steps:
        context.log(f"| {story.name} | {step} | {hits.count(step)} |\n")
    context.log(f"| {story.name} | between two | {hits.count(None)} |\n")


def _story(context, recover, story):
    told, expected = Run(context, recover, story).to_end()
    check([row["step"] for row in told["steps"]] == story.steps, f"{told}")
    took_s = {row["step"]: (row["ended_us"] - row["begun_us"]) / 1e6 for row in told["steps"]}
    hits = []
    for step in story.steps:
        for moment in MOMENTS:
            run = Run(context, recover, story)
            hits.append(run.kill_in(step, moment * took_s[step]))
            _, found = run.to_end()
            check(found == expected, f"killed in {step} at {moment}: {found}, not {expected}")
    _tell(context, story, hits)
    missed = [step for step in story.steps if step not in hits]
    check(not missed, f"never killed in the middle of {missed}")


def run(context):
    """One after the other, in one guest."""
    context.guest.shell(ALLOW)
    recover = Recover(context)
    context.postern.run("snapshot", context.guest.name, "create", "--name", "before", codes=[0],
                        deadline=120)
    for story in STORIES:
        _story(context, recover, story)
