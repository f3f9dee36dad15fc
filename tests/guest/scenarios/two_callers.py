# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest that is busy with one caller is not called dead to another who waits for the turn."""

import subprocess
import time

from guestlib.errors import check

POSTERN = "host-sidecar/postern"
# Longer than the host watches, and no other way to ask.
BUSY = """\
set -eu
sed -i 's/^timeout = 1$/timeout = 12/' /etc/postern/shim.conf
grep -qx 'timeout = 12' /etc/postern/shim.conf
systemd-run -q /bin/sh -c 'sleep 1; systemctl stop qemu-guest-agent'
"""


def run(context):
    """The second gets no answer before its deadline, and no verdict on the guest."""
    lab, guest = context.postern.lab, context.guest
    guest.breakage("check-hangs")
    guest.shell(BUSY)
    time.sleep(3)
    argv = [lab.build / POSTERN, "probe", guest.name, "checks", "--json", "--deadline", "30s"]
    with subprocess.Popen(argv, env=lab.environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, text=True) as first:
        time.sleep(2)
        second = context.postern.diagnose(guest, deadline=7)
        out, _ = first.communicate()
    check('"via":"channel"' in out, f"the first caller was told: {out[:200]}")
    wrong = [name for name, finding in second.findings.items()
             if name.startswith("host.") and finding["severity"] == "critical"]
    check(not wrong, f"a guest that answers another caller is said to have {wrong}")
    check("host.no-answer" not in second.findings, "it was asked nothing, and is said not to answer")
