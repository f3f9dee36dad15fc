#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Keys are switched off, passwords with them.
set -eu
printf 'PubkeyAuthentication no\nPasswordAuthentication no\n' >/etc/ssh/sshd_config.d/50-none.conf
systemctl reload ssh
