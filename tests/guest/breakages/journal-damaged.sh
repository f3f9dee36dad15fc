#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A file of the journal has a hole in its header, as after a bad disk.
set -eu
journalctl --rotate
set -- /var/log/journal/*/system@*.journal
dd if=/dev/urandom of="$1" bs=1 count=200 conv=notrunc status=none
