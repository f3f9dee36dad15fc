#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Harmless: disks that may be missing, and one that nobody has asked for.
set -eu
cat >>/etc/fstab <<'TABLE'
UUID=5e0cc2fb-8a1e-4c53-a3a5-000000000000 /srv/backup ext4 nofail 0 2
/dev/sr0 /media/cdrom udf,iso9660 user,noauto 0 0
TABLE
systemctl daemon-reload
