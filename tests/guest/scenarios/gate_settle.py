# SPDX-License-Identifier: LGPL-2.1-or-later
"""The gate waits for what may still change, names what never answers, and ends with nothing else."""

from guestlib.errors import check
from guestlib.gating import baseline, broken, gate

# Started again and again for as long as it is there.
LOOP = """\
cat >/run/systemd/system/postern-loop.service <<'UNIT'
[Unit]
StartLimitIntervalSec=0
[Service]
ExecStart=/bin/false
Restart=always
RestartSec=1
UNIT
systemctl daemon-reload
systemctl start --no-block postern-loop.service
"""
NO_LOOP = """\
systemctl stop postern-loop.service
rm /run/systemd/system/postern-loop.service
systemctl daemon-reload
systemctl reset-failed
"""
DROP = """\
nft add table inet postern
nft add chain inet postern input '{ type filter hook input priority 0; }'
nft add rule inet postern input tcp dport 80 drop
"""
HANGS = "cp -p /etc/pam.d/sudo /root/pam-sudo; " \
        "sed -i '1a session required pam_exec.so /bin/sleep 3600' /etc/pam.d/sudo"


def _loop(context):
    """A unit that access does not stand on is not waited for."""
    context.guest.shell(LOOP)
    told = gate(context, "pass", "--user", "harness", "--settle", "15s", deadline=30)
    check(told["settled"] and told["asked"] == 1, f"it asked {told['asked']} times: {told}")
    context.guest.shell(NO_LOOP)


def _port(context):
    """A port that a packet filter shuts after the baseline is lost, though somebody listens."""
    before = baseline(context)
    gate(context, "pass", "--baseline", before, policy="baseline")
    context.guest.shell(DROP)
    told = gate(context, "fail", "--baseline", before, policy="baseline")
    check("80" in str(broken(told, "ports.no-lost")), f"it says {told}")
    context.guest.shell("nft delete table inet postern")
    gate(context, "pass", "--baseline", before, policy="baseline")


def _hangs(context):
    """sudo that never answers is root that is not to be had, by the file that was changed."""
    before = baseline(context, "before-it-hangs")
    context.guest.shell(HANGS)
    told = gate(context, "fail", "--baseline", before, "--settle", "20s", policy="baseline",
                deadline=45)
    row = broken(told, "reachable.root")
    named = [file["path"] for file in row.get("files", [])]
    check("/etc/pam.d/sudo" in named, f"changed: {named}; it says {row}")
    context.guest.shell("mv /root/pam-sudo /etc/pam.d/sudo; pkill -f '/bin/sleep 3600'",
                        check=False)
    gate(context, "pass", "--user", "harness", "--settle", "30s", deadline=45)


def run(context):
    """One guest: a unit in a loop, a port shut, and a PAM module that hangs."""
    _loop(context)
    _port(context)
    _hangs(context)
