#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A task of the highest priority has the guest's only processor for itself, for half a minute.
set -eu
sleep 1
echo -1 >/proc/sys/kernel/sched_rt_runtime_us
exec chrt -f 99 bash -c 'end=$((SECONDS + 30)); while [ $SECONDS -lt $end ]; do :; done'
