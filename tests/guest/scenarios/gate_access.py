# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the gate says of access that one of several ways is left of."""

from guestlib.errors import check
from guestlib.gating import broken, gate

OWN = ()
CHECK = False  # tests/campaigns/states
ADDRESS = "2001:db8::5/64"
DROP_IPV6 = f"""\
link=$(ip -o route show default | sed 's/.* dev \\([^ ]*\\).*/\\1/;q')
ip -6 addr add {ADDRESS} dev "$link" nodad
nft add table ip6 postern-test
nft add chain ip6 postern-test in '{{ type filter hook input priority 0; policy accept; }}'
nft add rule ip6 postern-test in tcp dport 22 drop
"""


def _one_version(context):
    """Shut over IPv6 alone: nobody said from where the user comes, and IPv4 lets in."""
    context.guest.shell(DROP_IPV6)
    told = gate(context, "pass", "--user", "harness", policy="reachable")
    words = str(told["held"]) + str(told["notes"])
    check("IPv4" in words, f"it does not say over which version of IP: {told}")
    told = gate(context, "fail", "--user", "harness", "--from", "2001:db8::9", policy="reachable")
    check("nft" in str(broken(told, "reachable.login")), f"it does not tell the rule: {told}")
    context.guest.shell("nft delete table ip6 postern-test")


def _no_key(context):
    """An emptied list of keys: whoever names the key has lost it, whatever a password may do."""
    key = context.guest.shell("cat ~harness/.ssh/authorized_keys").split("\n")[0]
    path = context.folder / "harness.pub"
    path.write_text(key + "\n", encoding="utf-8")
    words = ("--user", "harness", "--key", str(path))
    gate(context, "pass", *words, policy="reachable")
    context.guest.shell(": >~harness/.ssh/authorized_keys")
    told = gate(context, "fail", *words, policy="reachable")
    check("authorized_keys" in str(broken(told, "reachable.login")), f"it does not tell where: {told}")


def run(context):
    """Each in a clean guest."""
    _one_version(context)
    _no_key(context)
