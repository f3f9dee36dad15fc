#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A service takes all memory that the guest has.
set -eu
cat >/etc/systemd/system/shop.service <<'UNIT'
[Service]
ExecStart=/usr/bin/tail /dev/zero
OOMScoreAdjust=1000
UNIT
systemctl daemon-reload
systemctl start shop
i=0
until systemctl is-failed --quiet shop; do sleep 0.5; i=$((i + 1)); [ $i -lt 120 ]; done
