#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A recursive chmod went over the host keys.
set -eu
chmod 0644 /etc/ssh/ssh_host_*_key
