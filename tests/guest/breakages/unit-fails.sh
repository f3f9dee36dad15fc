#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A service fails at its start.
set -eu
cat >/etc/systemd/system/shop.service <<'UNIT'
[Service]
ExecStart=/bin/sh -c 'echo "cannot read /etc/shop.conf" >&2; exit 3'
UNIT
systemctl daemon-reload
systemctl start shop || true
i=0
until systemctl is-failed --quiet shop; do sleep 0.2; i=$((i + 1)); [ $i -lt 50 ]; done
