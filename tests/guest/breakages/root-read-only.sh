#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The kernel took away write access, as it does after an I/O error.
set -eu
# An emergency remount does not ask who has files open for writing.
echo 1 >/proc/sys/kernel/sysrq
echo u >/proc/sysrq-trigger
i=0
until grep -q '^[^ ]* / [^ ]* ro' /proc/mounts; do sleep 0.2; i=$((i + 1)); [ $i -lt 50 ]; done
