#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Only some addresses may connect to sshd, and that of whoever asks is not among them.
set -eu
nft -f - <<'RULES'
table inet filter {
    set admins {
        type ipv4_addr
        flags interval
        elements = { 192.0.2.0/24, 198.51.100.7 }
    }
    chain input {
        type filter hook input priority filter; policy accept;
        ct state established,related accept
        tcp dport 22 ip saddr != @admins counter reject with tcp reset
    }
}
RULES
