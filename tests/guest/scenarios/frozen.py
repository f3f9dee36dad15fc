# SPDX-License-Identifier: LGPL-2.1-or-later
"""Frozen file systems: by the agent, as a backup leaves them that was interrupted, and by hand."""

import json
import time

from guestlib import undo
from guestlib.errors import check

OWN = ["--recorder"]
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


def _bundle(context):
    """A bundle says it too, and the page comes out: nothing of it waits for what is frozen."""
    path = context.folder / "bundle"
    done = context.postern.run("forensics", context.guest.name, "-o", str(path), "--json", codes=[0],
                               deadline=30)
    told = json.loads(done.out)
    check(told["status"] == "critical", f"the bundle says {told['status']}: {told['summary']}")
    causes = json.loads((path / "diagnosis.json").read_text(encoding="utf-8"))["causes"]
    check(causes[0]["finding"]["id"] == "storage.frozen", f"another cause comes first: {causes[0]}")
    page = (path / "index.html").read_text(encoding="utf-8")
    check("storage.frozen" in page, "the page does not name it")
    context.log(f"the bundle took {done.seconds:.1f} s, {told['failed']} of it failed\n")


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
    _bundle(context)
    guest.virsh("domfsthaw", guest.name)
    check("storage.frozen" not in context.diagnose().findings, "it is told after it was thawed")

    script = context.folder / "freeze.sh"
    script.write_text(BY_HAND, encoding="utf-8")
    guest.script(script, detach=True)
    finding = _named(context, "critical")
    check(finding["evidence"].get("path") == "/", f"the mount is not named: {finding}")
    undo.apply(guest, finding["undo"])
    check("storage.frozen" not in context.diagnose().findings, "it is told after the undo")
