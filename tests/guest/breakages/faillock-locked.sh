#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Three wrong passwords: the tally, in a folder of its own, keeps passwords out. Keys go on.
set -eu
sed -i '1i auth required pam_faillock.so preauth dir=/var/log/faillock' /etc/pam.d/common-auth
mkdir -p /var/log/faillock
# A record: source[52], u16, u16 status (1: it counts), u64 time.
record() {
    printf '10.0.2.2'
    head -c 46 /dev/zero
    printf '\001\000'
    for shift in 0 8 16 24 32 40 48 56; do
        byte=$(printf '%03o' $((($1 >> shift) & 255)))
        # shellcheck disable=SC2059
        printf "\\$byte"
    done
}
now=$(date +%s)
for age in 3 2 1; do record $((now - age)); done >/var/log/faillock/harness
