#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The first packet of a connection is let in, and none that follows it.
set -eu
nft -f - <<'RULES'
table inet filter {
    chain input {
        type filter hook input priority filter; policy drop;
        iifname "lo" accept
        tcp dport 22 ct state new accept
    }
}
RULES
