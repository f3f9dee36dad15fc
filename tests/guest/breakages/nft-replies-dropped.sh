#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Connections are let in, and nothing is let out but the name service.
set -eu
nft -f - <<'RULES'
table inet filter {
    chain output {
        type filter hook output priority filter; policy drop;
        oifname "lo" accept
        udp dport 53 accept
    }
}
RULES
