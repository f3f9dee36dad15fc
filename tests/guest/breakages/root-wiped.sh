#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What tells the root file system's type is overwritten, below the file system that is in use.
set -eu
sync
dd if=/dev/zero of=/dev/vda bs=1M count=1 conv=fsync
