# SPDX-License-Identifier: LGPL-2.1-or-later
"""A running guest goes to emergency mode: the agent ends, the channel answers."""

import time

from guestlib.errors import check

CHECK = False  # tests/campaigns/states

PATIENCE_SECONDS = 60


def run(context):
    """systemctl isolate emergency.target."""
    guest = context.guest
    guest.breakage("emergency", detach=True)
    patience = time.monotonic() + PATIENCE_SECONDS
    while True:
        diagnosis = context.diagnose()
        if "system.emergency" in diagnosis.findings or time.monotonic() > patience:
            break
        time.sleep(1)
    context.states.add(context.name, diagnosis)
    check("system.emergency" in diagnosis.findings,
          f"system.emergency is not named; what is: {sorted(diagnosis.serious())}")
    check(diagnosis.status == "critical", f"the diagnosis is {diagnosis.status}")
    check(diagnosis.via() == ["channel"], f"it came via {diagnosis.via()}")
    check(guest.ssh("true").code == 255, "SSH still works")
