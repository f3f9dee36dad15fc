#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A module was cut off by a disk that was full.
set -eu
file=$(find /lib/*/security/ -name pam_permit.so)
truncate -s 6000 "$file"
