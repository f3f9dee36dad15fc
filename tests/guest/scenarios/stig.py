# SPDX-License-Identifier: LGPL-2.1-or-later
"""The gate's verdict on changes to a clean guest, one at a time, against what they did: the fixes of
a STIG profile, and the breakages. A real login from outside and a real sudo in it are the truth."""

from guestlib import hardening, matrix, stig
from guestlib.errors import Failure, check
from guestlib.lab import BREAKAGES
from guestlib.runner import SharedGuest
from guestlib.scenario import Scenario
from scenarios.breakages import CONTROL_PLANE, ROWS

WAYS = ("shim", "agent", "both")
DOZEN = 12


def _of_rules(found):
    return [(hardening.Change(fix.rule, fix.text), "") for fix in found]


def _breakages():
    """Those of the plain guest."""
    for row in ROWS:
        text = (BREAKAGES / f"{row.script or row.name}.sh").read_text(encoding="utf-8")
        yield hardening.Change(row.name, text, "/bin/sh", row.detach, row.wait,
                               tuple(row.push.items()))


def _evenly(rows, number):
    return [rows[i * len(rows) // number] for i in range(number)]


def _dozen():
    """Half of them of the fixes that mention what decides about access, half breakages of that,
    evenly from all of them; each with each way shut."""
    rules = [change for change, _ in _of_rules(stig.one_of_each_kind(stig.fixes()))]
    broken = [change for change in _breakages()
              if change.name.startswith(CONTROL_PLANE) and not change.detach]
    chosen = _evenly(rules, DOZEN // 2) + _evenly(broken, DOZEN // 2)
    return [(change, stopped) for change in chosen for stopped in WAYS]


def _one(context, shared, work, row):
    """Its row: of the file, where there is one, or measured."""
    change, stopped = work
    if row is None:
        shared.make_clean()
        row = hardening.measure(context, change, stopped)
    why = "; ".join(matrix.faults(row))
    print(f"      {context.name}: {row.name()}: {row.access()}, {row.verdict} via {row.via}"
          f"{': ' + why if why else ''}", flush=True)
    return row


def _measure(context, works, again):
    """Each change to a clean guest; the table of them all, and no fault in it."""
    rows = hardening.Rows(context.lab)
    shared = SharedGuest(context.lab, context.guest.name, ())
    shared.guest, shared.state = context.guest, "used"
    lost = []
    keys = [rows.key(*work) for work in works]
    for work, key in zip(works, keys):
        kept = None if again else rows.kept().get(key)
        if context.stopping.is_set():
            raise Failure("interrupted: begun anew it goes on here")
        try:
            row = _one(context, shared, work, kept)
        except Failure as failure:
            lost.append(f"{work[0].name} {work[1]}: {failure}")
            print(f"      {context.name}: {lost[-1]}", flush=True)
            context.log(f"FAILED: {failure}\n\n")
            continue
        if kept is None:
            rows.add(key, row)
    text = "\n".join(rows.table(keys)) + "\n"
    (context.folder / "matrix").write_text(text, encoding="utf-8")
    if not again:
        print(f"\n{text}", flush=True)
    kept = rows.kept()
    wrong = [f"{kept[key].name()}: {why}" for key in keys if key in kept
             for why in matrix.faults(kept[key])]
    check(not wrong + lost, "; ".join(wrong + lost))


def scenarios():
    """A few in every check, all of them in the campaign stig."""
    yield Scenario("stig", lambda context: _measure(
        context, _of_rules(stig.one_of_each_kind(stig.fixes())), True),
        summary="one of each kind of the fixes that mention what decides about access", long=True)
    yield Scenario("stig-rules", lambda context: _measure(
        context, _of_rules(stig.fixes()), False), summary="every fix of the profile", check=False)
    yield Scenario("stig-breakages", lambda context: _measure(
        context, [(change, "") for change in _breakages()], False),
        summary="every breakage of the plain guest", check=False)
    yield Scenario("stig-fallback", lambda context: _measure(context, _dozen(), False),
                   summary="a dozen of both, with ways of postern's shut", check=False)
