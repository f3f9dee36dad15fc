#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Stateful rules, and a table of connections that is too small for what is open.
set -eu
nft add table inet state
nft add chain inet state input '{ type filter hook input priority 0; policy accept; }'
nft add rule inet state input ct state invalid drop
(
    exec 3<>/dev/tcp/127.0.0.1/22 4<>/dev/tcp/127.0.0.1/22 >/dev/null 2>&1
    exec sleep 600
) &
sleep 2
sysctl -q net.netfilter.nf_conntrack_max=1
