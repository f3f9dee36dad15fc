# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest that boots into rescue mode, with its file systems mounted and no agent: the channel
answers."""

import time

from guestlib.errors import check

OWN = ["--no-wait", "--append", "systemd.unit=rescue.target"]
CHECK = False
PATIENCE_SECONDS = 120
# In this mode there is no network, and systemd lets nobody in but at the console.
FOLLOWS = {"services.stopped", "ssh.not-running", "network.link-down", "network.no-default-route",
           "network.no-address", "system.nologin", "account.nologin", "pam.nologin",
           "access.no-login"}


def run(context):
    """Waits until the mode is reached: until then the guest starts."""
    patience = time.monotonic() + PATIENCE_SECONDS
    while True:
        diagnosis = context.diagnose()
        reached = diagnosis.via() == ["channel"] and "system.rescue" in diagnosis.findings
        if reached or time.monotonic() > patience:
            break
        time.sleep(1)
    context.states.add(context.name, diagnosis)
    check(diagnosis.via() == ["channel"], f"it came via {diagnosis.via()}")
    check("system.rescue" in diagnosis.findings,
          f"system.rescue is not named; what is: {sorted(diagnosis.serious())}")
    check(diagnosis.first() == "system.rescue", f"{diagnosis.first()} comes first")
    check("system.emergency" not in diagnosis.findings, "it is called emergency mode")
    check(diagnosis.status == "critical", f"the diagnosis is {diagnosis.status}")
    accused = diagnosis.serious() - FOLLOWS - {"system.rescue"}
    check(not accused, f"accused without need: {', '.join(sorted(accused))}")
