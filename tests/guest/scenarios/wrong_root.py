# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest whose root= names no device stays in its initramfs: the channel answers, and names it."""

import time

from guestlib.errors import check

OWN = ["--no-wait", "--append", "root=/dev/vdz"]
PATIENCE_SECONDS = 120
MISSING = "system.root-device-missing"


def _await(context, what, found):
    """What the probe `system` says of the missing device, as soon as FOUND says so of it. Each
    question costs an emulated guest that has half a minute to wait: few are asked."""
    patience = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = context.postern.ask("probe", context.guest, "system", deadline=5)
        told = [finding for finding in answer.findings if finding["id"] == MISSING]
        if told and found(told[0]):
            return told[0]
        check(time.monotonic() < patience, f"{what}: it says {answer.text()} via {answer.via}")
        time.sleep(2)


def run(context):
    """While the device is waited for it is named; then the initramfs gives up, and says why."""
    _await(context, "while it waits", lambda finding: "vda" in finding["message"])
    finding = _await(context, "when it gave up", lambda finding: finding["severity"] == "critical")
    check("/dev/vdz does not exist" in finding["evidence"].get("error", ""),
          f"it does not say what the initramfs says: {finding['evidence']}")
    check("root=/dev/vdz" in finding["message"],
          f"it does not name the device: {finding['message']}")
    check("vda" in finding["message"] and "label guest" in finding["evidence"]["text"],
          f"it does not tell which devices there are: {finding}")

    diagnosis = context.postern.diagnose(context.guest)
    context.states.add(context.name, diagnosis)
    check(diagnosis.via() == ["channel"], f"it came via {diagnosis.via()}")
    check(diagnosis.status == "critical", f"the diagnosis is {diagnosis.status}")
    roots = [cause["finding"]["id"] for cause in diagnosis.causes]
    check(roots == [MISSING], f"the causes are {roots}, not {MISSING} alone")
    sudo = next(answer for answer in diagnosis.answers if answer.probe == "sudo")
    check(sudo.status == "unknown", f"of sudo it says {sudo.status}: nobody could look")
