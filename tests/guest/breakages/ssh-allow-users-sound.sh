#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Harmless: the user is among those who are let in.
set -eu
echo 'AllowUsers admin harness' >/etc/ssh/sshd_config.d/99-cis.conf
systemctl reload ssh
