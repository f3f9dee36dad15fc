#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What takes the room is a log that was deleted while its service still writes it: du finds nothing.
set -eu
cat >/etc/systemd/system/shop.service <<'UNIT'
[Service]
ExecStart=/bin/sh -c 'exec 7>/var/cache/shop.log; rm /var/cache/shop.log; fallocate --length $$(($$(stat --file-system --format="%%a * %%S" /var/cache))) /proc/self/fd/7; exec sleep infinity'
UNIT
systemctl daemon-reload
systemctl start shop
i=0
until [ "$(stat --file-system --format=%a /var/cache)" -lt 256 ]; do
    sleep 0.2
    i=$((i + 1))
    [ $i -lt 100 ]
done
