#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A rule too many: new connections to sshd are dropped.
set -eu
nft -f - <<'RULES'
table inet filter {
    chain input {
        type filter hook input priority filter; policy accept;
        ct state established,related accept
        tcp dport 22 counter drop
    }
}
RULES
