# SPDX-License-Identifier: LGPL-2.1-or-later
"""What else than a wrong root= keeps a guest in its initramfs."""

import time

from guestlib.errors import check
from guestlib.scenario import Scenario

PATIENCE_SECONDS = 150
# Breakage or further kernel arguments, the finding, words of it.
CASES = (
    ("root-wiped", None, "system.root-not-mountable", "no file system that is known"),
    ("root-emptied", None, "system.root-no-init", "no /sbin/init"),
    ("break-premount", "break=premount", "system.initramfs-break", "break=premount"),
    ("root-unnamed", "root=", "system.root-device-missing", "names no root="),
)


def _run(context, breakage, wanted, words):
    if breakage:
        context.guest.breakage(breakage)
        context.guest.virsh("reset", context.guest.name)
    patience = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = context.postern.ask("probe", context.guest, "system", deadline=5)
        told = [finding for finding in answer.findings if finding["id"] == wanted]
        if told and told[0]["severity"] == "critical" and told[0]["evidence"].get("error"):
            break
        check(time.monotonic() < patience, f"it says {answer.text()} via {answer.via}")
        time.sleep(2)
    check(words in told[0]["message"], f"it says: {told[0]['message']}")
    diagnosis = context.postern.diagnose(context.guest)
    context.states.add(context.name, diagnosis)
    roots = [cause["finding"]["id"] for cause in diagnosis.causes]
    check(roots == [wanted], f"the causes are {roots}, not {wanted} alone")


def scenarios():
    """A campaign's: most of them wait for what never comes."""
    for name, append, wanted, words in CASES:
        yield Scenario(
            name,
            lambda context, breakage=None if append else name, wanted=wanted, words=words:
            _run(context, breakage, wanted, words),
            own=["--no-wait", "--append", append] if append else ["--no-snapshot"],
            summary=f"kept in the initramfs: {wanted}", check=False)
