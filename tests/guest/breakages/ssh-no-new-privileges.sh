#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A hardened unit: what is setuid is refused in each of sshd's sessions.
set -eu
mkdir -p /etc/systemd/system/ssh.service.d
printf '[Service]\nNoNewPrivileges=yes\n' >/etc/systemd/system/ssh.service.d/hard.conf
systemctl daemon-reload
systemctl restart ssh
