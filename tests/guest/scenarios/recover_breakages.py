# SPDX-License-Identifier: LGPL-2.1-or-later
"""recover mends what the breakages of the control plane do: by an undo that puts /etc back as it was,
and where that is not enough by a revert, with the evidence kept. A third of them; $PST_RECOVER=all:
every one (tests/campaigns/recover-breakages)."""

import os
import time

from guestlib import access
from guestlib.errors import check
from guestlib.hardening import postern_of_lab
from scenarios.breakages import CONTROL_PLANE, ROWS
from scenarios.recover import ALL, ALLOW, Recover, verified

OWN = ("--recorder", "--no-snapshot")
SAVE = """\
mkdir -p -m 0700 /var/lib/saved && cd / &&
find etc -xdev ! -type d | LC_ALL=C sort >/var/lib/saved/files &&
tar -cpf /var/lib/saved/etc.tar etc
"""
# What is new there goes, all else is as it was, and sshd reads it.
UNDO = """\
cd / || exit 1
find etc -xdev ! -type d | LC_ALL=C sort | LC_ALL=C comm -13 /var/lib/saved/files - |
    while IFS= read -r new; do rm -f -- "/$new"; done
tar -xpf /var/lib/saved/etc.tar || exit 1
systemctl daemon-reload
systemctl reset-failed ssh.service
systemctl restart ssh.service
"""
# What is known of some: all that they need is not in /etc.
REVERTED = {"sudo-not-setuid", "pam-module-deleted", "shell-gone", "ssh-authorized-keys-0666"}


def _chosen():
    rows = [row for row in ROWS if row.name.startswith(CONTROL_PLANE)]
    return rows if os.environ.get("PST_RECOVER") == "all" else rows[::3]


def _how(told):
    """In which way it came to its end."""
    steps = [row["step"] for row in told["steps"]]
    check(steps in (ALL[:1], ALL[:3], ALL), f"the steps are {steps}")
    return {1: "held", 3: "undone", 6: "reverted"}[len(steps)]


def _one(context, recover, row):
    """Breaks it, and has it recovered."""
    context.postern.run("baseline", context.guest.name, "--as", "lab", "--output", recover.baseline,
                        codes=[0])
    for built, place in row.push.items():
        context.guest.push(context.lab.build / built, place)
    context.guest.breakage(row.script or row.name)
    time.sleep(row.wait)
    told, said = recover.run(UNDO, "--snapshot", "before", "--as", "lab")
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
    context.guest.shell(SAVE)
    context.postern.run("snapshot", context.guest.name, "create", "--name", "before", codes=[0],
                        deadline=120)
    context.postern = postern_of_lab(context)
    recover = Recover(context)
    recover.environment["POSTERN_CONFIG"] = context.postern.environment["POSTERN_CONFIG"]
    ended = {row.name: _one(context, recover, row) for row in _chosen()}
    for name in REVERTED & ended.keys():
        check(ended[name] == "reverted", f"{name} was {ended[name]}")
    check({"undone", "reverted"} <= set(ended.values()), f"{ended}")
