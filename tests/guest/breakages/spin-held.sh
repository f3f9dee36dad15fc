#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# As spin, in a guest whose shim is stopped, which goes on afterwards: who asks the agent meanwhile
# hears of the guest, and then nothing more.
set -eu
sleep 1
echo -1 >/proc/sys/kernel/sched_rt_runtime_us
chrt -f 99 bash -c 'end=$((SECONDS + 30)); while [ $SECONDS -lt $end ]; do :; done'
systemctl kill --signal=CONT postern-shim
