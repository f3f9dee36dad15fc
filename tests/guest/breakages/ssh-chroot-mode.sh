#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Logins are shut into a folder that sshd does not take: it is the user's own.
set -eu
printf 'Match User harness\n    ChrootDirectory %%h\n' >/etc/ssh/sshd_config.d/40-chroot.conf
systemctl reload ssh
