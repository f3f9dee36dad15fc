# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest that boots into emergency mode, without udev or agent: the channel answers."""

import time

from guestlib.errors import check

OWN = ["--no-wait", "--append", "systemd.unit=emergency.target"]
PATIENCE_SECONDS = 120


def run(context):
    """Waits for the shim, which has to load the port's module itself."""
    patience = time.monotonic() + PATIENCE_SECONDS
    while True:
        diagnosis = context.diagnose()
        if diagnosis.via() == ["channel"] or time.monotonic() > patience:
            break
        time.sleep(1)
    context.states.add(context.name, diagnosis)
    check(diagnosis.via() == ["channel"], f"it came via {diagnosis.via()}")
    check("system.emergency" in diagnosis.findings,
          f"system.emergency is not named; what is: {sorted(diagnosis.serious())}")
    check(diagnosis.status == "critical", f"the diagnosis is {diagnosis.status}")
