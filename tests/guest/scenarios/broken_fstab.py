# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest whose fstab names a file system that is not there ends in emergency mode: it is named."""

import time

from guestlib.errors import check

CHECK = False  # tests/campaigns/states

BREAK = """\
set -eu
mkdir -p /srv/data
echo 'UUID=5e0cc2fb-8a1e-4c53-a3a5-000000000000 /srv/data ext4 x-systemd.device-timeout=5s 0 2' \\
    >>/etc/fstab
sync
"""
PATIENCE_SECONDS = 120
CAUSE = "storage.fstab-not-mounted"


def run(context):
    """The entry comes first; emergency mode and what else does not run follow from it."""
    guest = context.guest
    guest.shell(BREAK)
    guest.virsh("reset", guest.name)
    patience = time.monotonic() + PATIENCE_SECONDS
    while True:
        diagnosis = context.postern.diagnose(guest, deadline=10)
        if "system.emergency" in diagnosis.findings and diagnosis.first() == CAUSE:
            break
        check(time.monotonic() < patience,
              f"first comes {diagnosis.first()}, not {CAUSE}; it says {diagnosis.text()}")
        time.sleep(1)
    context.states.add(context.name, diagnosis)
    check(diagnosis.status == "critical", f"the diagnosis is {diagnosis.status}")
    check(diagnosis.via() == ["channel"], f"it came via {diagnosis.via()}")
    cause = diagnosis.causes[0]
    check("/srv/data" in cause["finding"]["message"] and "5e0cc2fb" in cause["finding"]["message"],
          f"it does not name the entry: {cause['finding']['message']}")
    check("system.emergency" in cause["leads_to"],
          f"emergency mode does not follow from it: {cause['leads_to']}")
