#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A user's processes have reached the limit of the user's slice.
set -eu
slice=user-$(id -u harness).slice
systemd-run --quiet --slice="$slice" --unit=shop.scope --scope sleep infinity >/dev/null 2>&1 &
i=0
until [ -d "/sys/fs/cgroup/user.slice/$slice/shop.scope" ]; do sleep 0.2; i=$((i + 1)); [ $i -lt 50 ]; done
systemctl set-property --runtime "$slice" TasksMax=20
sh -c 'echo $$ >"$1/cgroup.procs"
       while sleep infinity >/dev/null 2>&1 & do :; done' \
    sh "/sys/fs/cgroup/user.slice/$slice/shop.scope" >/dev/null 2>&1 || true
grep -q '^20$' "/sys/fs/cgroup/user.slice/$slice/pids.current"
