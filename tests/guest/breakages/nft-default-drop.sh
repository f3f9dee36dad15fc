#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Everything is dropped by default, and sshd's port is not among the exceptions.
set -eu
nft -f - <<'RULES'
table inet filter {
    chain input {
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        iifname "lo" accept
        meta l4proto { icmp, ipv6-icmp } accept
        tcp dport { 80, 443 } accept
    }
}
RULES
