# SPDX-License-Identifier: LGPL-2.1-or-later
"""postern's gate, as the scenarios ask it."""

import json

from .errors import check
from .lab import HERE

POLICIES = HERE.parents[1] / "host-sidecar/policies"
CODES = {"pass": 0, "fail": 1, "could-not-check": 3, "not-checkable": 4}


def gate(context, result, *words, policy="reachable", deadline=20):
    """The verdict, which must be this one."""
    file = policy if isinstance(policy, str) and policy.endswith(".conf") else \
        POLICIES / f"{policy}.conf"
    done = context.postern.run("gate", context.guest.name, "--policy", str(file), "--json", *words,
                               deadline=deadline)
    check(done.code == CODES[result], f"it is not {result}: {done.line()}")
    told = json.loads(done.out)
    check(told["result"] == result, f"the exit code is {done.code} and it says {told['result']}")
    return told


def policy(context, name, text):
    """A policy of these lines, as a file."""
    path = context.folder / f"{name}.conf"
    path.write_text(text, encoding="utf-8")
    return str(path)


def baseline(context, name="baseline"):
    """A baseline of the guest, as a file."""
    path = str(context.folder / f"{name}.json")
    context.postern.run("baseline", context.guest.name, "--user", "harness", "--output", path,
                        codes=[0])
    return path


def mark(context):
    """A point in the guest's time."""
    return context.postern.run("mark", context.guest.name, codes=[0]).out.strip()


def broken(told, expectation):
    """The row of this expectation, which must be broken."""
    rows = [row for row in told["broken"] if row["expectation"] == expectation]
    check(rows, f"{expectation} is not broken, but: {[row['message'] for row in told['broken']]}")
    return rows[0]
