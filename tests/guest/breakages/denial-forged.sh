#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A line of user space that looks like the kernel's own: no denial.
set -eu
printf '<6>audit: type=1400 audit(%s.250:77): apparmor="DENIED" operation="open" profile="sshd" comm="sshd"\n' \
    "$(date +%s)" >/dev/kmsg
