#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# ext4 finds an error in itself, and is set to become read-only then.
set -eu
mount -o remount,errors=remount-ro /
name=$(basename "$(findmnt --noheadings --output SOURCE /)")
echo "the disk lies" >"/sys/fs/ext4/$name/trigger_fs_error"
