#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A FUSE file system whose daemon does not answer.
set -eu
mkdir /mnt/share
modprobe fuse 2>/dev/null || true
setsid sh -c 'exec 9<>/dev/fuse
              mount --internal-only --types fuse --options \
                  fd=9,rootmode=40000,user_id=0,group_id=0 share /mnt/share
              exec sleep infinity' >/dev/null 2>&1 </dev/null &
i=0
until grep -q ' /mnt/share fuse' /proc/mounts; do sleep 0.2; i=$((i + 1)); [ $i -lt 50 ]; done
