#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A service needs more memory than its unit allows.
set -eu
cat >/etc/systemd/system/shop.service <<'UNIT'
[Service]
ExecStart=/usr/bin/tail /dev/zero
MemoryMax=24M
MemorySwapMax=0
UNIT
systemctl daemon-reload
systemctl start shop
i=0
until systemctl is-failed --quiet shop; do sleep 0.2; i=$((i + 1)); [ $i -lt 150 ]; done
