#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# As spin, in a guest whose shim is stopped, and with a check of the site's own that takes long: who
# asks the agent meanwhile hears of the guest, and in the middle of the answer nothing more. The
# shim goes on afterwards.
set -eu
install -d -m 0755 /etc/postern
cat >/etc/postern/shim.conf <<'CONF'
[check queue]
description = whether the queue has a worker
command = /usr/bin/sleep 8
timeout = 10
CONF
# In the middle of the answer: while that check runs.
for _ in $(seq 600); do
    pgrep -xf '/usr/bin/sleep 8' >/dev/null && break
    sleep 0.1
done
echo -1 >/proc/sys/kernel/sched_rt_runtime_us
chrt -f 99 bash -c 'end=$((SECONDS + 30)); while [ $SECONDS -lt $end ]; do :; done'
rm /etc/postern/shim.conf
systemctl kill --signal=CONT postern-shim
