#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The user was denied and taken back again, and sshd was told of the first alone.
set -eu
printf 'DenyUsers harness\n' >/etc/ssh/sshd_config.d/50-deny.conf
systemctl reload ssh
sleep 2
rm /etc/ssh/sshd_config.d/50-deny.conf
