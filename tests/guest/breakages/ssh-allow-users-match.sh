#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The same, in a block that is about everybody who comes by network.
set -eu
printf 'Match Address 0.0.0.0/0,::/0\n  AllowGroups wheel\n' >>/etc/ssh/sshd_config
systemctl reload ssh
