#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A hardened unit: sshd, and with it every session, does not see the rules of sudo.
set -eu
mkdir -p /etc/systemd/system/ssh.service.d
printf '[Service]\nInaccessiblePaths=/etc/sudoers.d\n' >/etc/systemd/system/ssh.service.d/hard.conf
systemctl daemon-reload
systemctl restart ssh
