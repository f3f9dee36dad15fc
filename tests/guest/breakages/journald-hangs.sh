#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The journal's daemon is stopped by a signal, and its socket's queue is full: whatever logs waits, this too.
set -eu
systemctl kill --signal=STOP systemd-journald.service
timeout -s KILL 20 /bin/sh -c 'yes full | logger' || :
