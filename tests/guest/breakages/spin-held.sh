#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# As spin, while the shim is stopped and the guest agent has just been asked: to whoever asks then,
# the guest has said something, and then nothing more.
set -eu
systemctl kill --signal=STOP postern-shim
sleep 2
echo -1 >/proc/sys/kernel/sched_rt_runtime_us
chrt -f 99 bash -c 'end=$((SECONDS + 30)); while [ $SECONDS -lt $end ]; do :; done'
systemctl kill --signal=CONT postern-shim
