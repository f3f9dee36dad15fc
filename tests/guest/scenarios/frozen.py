# SPDX-License-Identifier: LGPL-2.1-or-later
"""Frozen file systems: by the agent, as a backup leaves them that was interrupted, and by hand."""

import time

from guestlib import undo
from guestlib.errors import check

CHECK = False  # it takes a minute and a half: tests/campaigns/states
# Of a freeze that is still taken for a snapshot.
SNAPSHOT = 30
BY_HAND = """\
fsfreeze --freeze /
(exec 9>>/var/tmp/kept) &
(while :; do logger waits; sleep 0.2; done) >/dev/null 2>&1 &
"""


def _named(context, severity):
    """The finding, once it is told with that severity."""
    until = time.monotonic() + 60
    while True:
        diagnosis = context.diagnose()
        finding = diagnosis.findings.get("storage.frozen", {})
        if finding.get("severity") == severity or time.monotonic() > until:
            break
        time.sleep(1)
    check(finding.get("severity") == severity,
          f"storage.frozen is not {severity}: {diagnosis.text()}")
    check("channel" in diagnosis.via(), f"it came via {diagnosis.via()}")
    context.states.add(context.name, diagnosis)
    if severity == "critical":
        check(diagnosis.first() == "storage.frozen", f"{diagnosis.first()} comes first")
    return finding


def run(context):
    """Frozen and thawed by the agent; then by hand, and thawed by the undo."""
    guest = context.guest
    guest.virsh("domfsfreeze", guest.name)
    begun = time.monotonic()
    finding = _named(context, "warning")
    check("guest agent froze" in finding["message"], finding["message"])
    time.sleep(max(0, SNAPSHOT + 1 - (time.monotonic() - begun)))
    finding = _named(context, "critical")
    check("virsh domfsthaw" in finding["remedy"], finding["remedy"])
    guest.virsh("domfsthaw", guest.name)
    check("storage.frozen" not in context.diagnose().findings, "it is told after it was thawed")

    script = context.folder / "freeze.sh"
    script.write_text(BY_HAND, encoding="utf-8")
    guest.script(script, detach=True)
    finding = _named(context, "critical")
    check(finding["evidence"].get("path") == "/", f"the mount is not named: {finding}")
    undo.apply(guest, finding["undo"])
    check("storage.frozen" not in context.diagnose().findings, "it is told after the undo")
