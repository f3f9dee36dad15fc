#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A service's start never ends, and whatever is ordered behind it waits.
set -eu
cat >/etc/systemd/system/import.service <<'UNIT'
[Service]
Type=oneshot
ExecStart=/bin/sleep infinity
UNIT
cat >/etc/systemd/system/shop.service <<'UNIT'
[Unit]
After=import.service
[Service]
ExecStart=/bin/sleep infinity
UNIT
systemctl daemon-reload
systemctl start --no-block import.service
systemctl start --no-block shop.service
