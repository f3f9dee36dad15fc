#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The root file system is made anew, empty, below the one that is in use.
set -eu
sync
mke2fs -q -FF -t ext4 /dev/vda
