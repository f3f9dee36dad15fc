#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The journal's daemon is stopped by a signal, and its socket's queue is full: whatever logs waits, this too.
set -eu
systemctl kill --signal=STOP systemd-journald.service
# What one may have in the queue fills about half of it.
for tag in one two three; do
    timeout -s KILL 30 /bin/sh -c "yes full | logger -t $tag" &
done
wait
