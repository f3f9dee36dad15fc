#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The server listens over IPv6 alone, and everybody comes over IPv4.
set -eu
echo 'AddressFamily inet6' >/etc/ssh/sshd_config.d/50-family.conf
systemctl restart ssh
