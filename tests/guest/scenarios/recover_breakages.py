# SPDX-License-Identifier: LGPL-2.1-or-later
"""recover mends what the breakages of the control plane do: by an undo that puts /etc back as it was,
and where that is not enough by a revert, with the evidence kept. A third of them; $PST_RECOVER=all:
every one (tests/campaigns/recover-breakages)."""

import importlib.util
import os
import sys
import time

from guestlib import access
from guestlib.errors import check
from guestlib.hardening import postern_of_lab
from guestlib.lab import HERE
from scenarios.breakages import CONTROL_PLANE, ROWS
from scenarios.recover import ALL, ALLOW, Recover, verified

OWN = ("--recorder", "--no-snapshot")
# What is known of some: all that they need is not in /etc.
REVERTED = {"sudo-not-setuid", "pam-module-deleted", "ssh-authorized-keys-0666"}


def _example():
    """The harness of docs/examples, for how it saves /etc and puts it back."""
    folder = HERE.parents[1] / "docs/examples"
    spec = importlib.util.spec_from_file_location("harden_example", folder / "harden.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    sys.path.insert(0, str(folder))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(folder))
    return module


def _chosen():
    rows = [row for row in ROWS if row.name.startswith(CONTROL_PLANE)]
    return rows if os.environ.get("PST_RECOVER") == "all" else rows[::3]


def _how(told):
    """In which way it came to its end."""
    steps = [row["step"] for row in told["steps"]]
    check(steps in (ALL[:1], ALL[:3], ALL), f"the steps are {steps}")
    return {1: "held", 3: "undone", 6: "reverted"}[len(steps)]


def _one(context, recover, undo, row):
    """Breaks it, and has it recovered."""
    context.postern.run("baseline", context.guest.name, "--as", "lab", "--output", recover.baseline,
                        codes=[0])
    for built, place in row.push.items():
        context.guest.push(context.lab.build / built, place)
    context.guest.breakage(row.script or row.name)
    time.sleep(row.wait)
    told, said = recover.run(undo, "--snapshot", "before", "--as", "lab")
    check(told["end"] == "recovered", f"{row.name}: {told} {said}")
    how = _how(told)
    if how == "reverted":
        verified(context, told)
    check(access.harness(context.guest) == (True, True), f"{row.name}: {how}, and it can't get in")
    seconds = (told["steps"][-1]["ended_us"] - told["steps"][0]["begun_us"]) / 1e6
    context.log(f"| {row.name} | {how} | {seconds:.1f} |\n")
    return how


def run(context):
    """One after the other, in one guest that is sound again after each."""
    context.guest.shell(ALLOW)
    example = _example()
    context.guest.shell(example.SAVE)
    context.postern.run("snapshot", context.guest.name, "create", "--name", "before", codes=[0],
                        deadline=120)
    context.postern = postern_of_lab(context)
    recover = Recover(context)
    recover.environment["POSTERN_CONFIG"] = context.postern.environment["POSTERN_CONFIG"]
    ended = {row.name: _one(context, recover, example.UNDO, row) for row in _chosen()}
    for name in REVERTED & ended.keys():
        check(ended[name] == "reverted", f"{name} was {ended[name]}")
    check({"undone", "reverted"} <= set(ended.values()), f"{ended}")
