#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A file has taken all the room, root's own reserve too.
set -eu
free=$(($(stat --file-system --format='%f * %S' /var/cache)))
fallocate --length $((free - 16777216)) /var/cache/dump 2>/dev/null || true
# What is left goes in smaller and smaller pieces.
for size in 1048576 65536 4096; do
    dd if=/dev/zero of=/var/cache/dump bs=$size oflag=append conv=notrunc 2>/dev/null || true
done
sync
