#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whatever is asked for, sshd says good-bye.
set -eu
printf 'Match User harness\n    ForceCommand /bin/false\n' >/etc/ssh/sshd_config.d/40-force.conf
systemctl reload ssh
