#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Passwords are switched off, and the key was never there.
set -eu
rm /home/harness/.ssh/authorized_keys
echo 'PasswordAuthentication no' >/etc/ssh/sshd_config.d/50-keys-only.conf
systemctl reload ssh
