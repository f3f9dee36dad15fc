# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest is broken by a script: what postern must say of it, and what it must not."""

import json
import time
from dataclasses import dataclass, field

from . import access, undo
from .errors import check

UNDO_SECONDS = 20
# What access makes of the others' findings. Whether it is true is seen by trying.
DERIVED = {"access.no-login", "access.no-root", "access.could-not-tell"}


@dataclass
class Breakage:
    """What one script does to the diagnosis.

    `expect`: findings that must be there, each with words that its message and evidence must hold.
    `first`: the one of them that must come first, the thing to mend; any of them without it.
    `allow`: findings above information that may be there too, as consequences; any other one is a
    false accusation. `status` is the whole diagnosis' where it must be a certain one.
    """

    name: str
    expect: dict = field(default_factory=dict)
    allow: set = field(default_factory=set)
    status: str = None
    wait: float = 0  # the guest may need as many seconds until it shows
    detach: bool = False  # the script ends what runs it
    ask: list = field(default_factory=list)  # further words for `postern diagnose`
    first: str = None
    script: str = None  # breakages/SCRIPT.sh, where it is not called as the row is
    push: dict = field(default_factory=dict)  # files of the build folder, each to its place


def missing(row, diagnosis):
    """Why the diagnosis does not say what it should; None if it does."""
    for name, words in row.expect.items():
        if name not in diagnosis.findings:
            return f"{name} is not named; what is: {sorted(diagnosis.serious()) or 'nothing'}"
        text = json.dumps(diagnosis.said[name], ensure_ascii=False)
        for word in words:
            if word not in text:
                return f"{name} does not say {word}: {text}"
    if row.status and diagnosis.status != row.status:
        return f"the diagnosis is {diagnosis.status}, not {row.status}: {diagnosis.summary}"
    return None


def _diagnose(context, row):
    """A diagnosis, asked for again while what is expected may still come."""
    patience = time.monotonic() + (row.wait or (8 if row.detach else 0))
    while True:
        diagnosis = context.diagnose(more=row.ask)
        why = missing(row, diagnosis)
        if why is None or time.monotonic() > patience:
            return diagnosis, why
        time.sleep(0.5)


def _out_of_order(row, diagnosis):
    """Why what comes first is not the thing to mend; None if it is."""
    severe = {name for name in row.expect
              if diagnosis.findings[name]["severity"] != "information"}
    wanted = {row.first} if row.first else severe
    if not wanted or diagnosis.first() in wanted:
        return None
    return f"{diagnosis.first()} comes first, not {' or '.join(sorted(wanted))}"


def _same(one, other):
    """Whether two findings accuse the same thing."""
    seen, again = (finding.get("evidence") or {} for finding in (one, other))
    return one["id"] == other["id"] and all(seen.get(key) == again.get(key)
                                            for key in ("path", "unit"))


def _undo(context, row, finding):
    """Applies the finding's undo; what became of it, for the table."""
    undo.apply(context.guest, finding["undo"])
    patience = time.monotonic() + UNDO_SECONDS
    while True:
        diagnosis = context.diagnose(name="undone", more=row.ask)
        if not any(_same(finding, other) for answer in diagnosis.answers
                   for other in answer.findings):
            return f"gone, then {diagnosis.first() or diagnosis.status}"
        if time.monotonic() > patience:
            return "still there"
        time.sleep(1)


def run(context, row):
    """Breaks the guest, asks, tries the ways in, and undoes what can be undone."""
    for built, place in row.push.items():
        context.guest.push(context.postern.lab.build / built, place)
    context.guest.breakage(row.script or row.name, detach=row.detach)
    diagnosis, why = _diagnose(context, row)
    context.states.add(context.name, diagnosis)
    ways = access.compare(context.guest, diagnosis)
    line = {"scenario": context.name, "expected": row.first or " ".join(row.expect) or "nothing",
            "first found": diagnosis.first() or "nothing", "path": ", ".join(diagnosis.via()),
            "ways": ways, "undo": "-",
            **{way.name.replace("-", " "): way.text() for way in ways}}
    context.table.add(line)
    check(why is None, why)
    accused = diagnosis.serious() - set(row.expect) - row.allow - DERIVED
    check(not accused, f"accused without need: {', '.join(sorted(accused))}")
    # On a busy machine an answer may come by the agent first; that is no fault.
    check("channel" in diagnosis.via(), f"it came via {diagnosis.via()}")
    why = _out_of_order(row, diagnosis)
    check(why is None, why)
    for way in ways:
        check(way.agrees(), f"{way.name} is said to be {way.verdict}, and an attempt "
                            f"{'works' if way.works else 'fails'}")
    root = diagnosis.causes[0]["finding"] if row.expect and diagnosis.causes else {}
    if root.get("undo") and not row.detach:
        line["undo"] = _undo(context, row, root)
        check(line["undo"] != "still there", f"the undo of {root['id']} changed nothing: "
                                             f"{undo.script(root['undo']).strip()}")
