#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A service ends whenever it is started, and is started again.
set -eu
cat >/etc/systemd/system/shop.service <<'UNIT'
[Unit]
StartLimitIntervalSec=0
[Service]
ExecStart=/bin/sh -c 'echo "cannot read /etc/shop.conf" >&2; exit 3'
Restart=always
RestartSec=1
UNIT
systemctl daemon-reload
systemctl start shop
i=0
until [ "$(systemctl show -P NRestarts shop)" -ge 4 ]; do
    sleep 0.5
    i=$((i + 1))
    [ $i -lt 100 ]
done
