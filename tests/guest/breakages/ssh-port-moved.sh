#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The port was moved, and nobody told the clients.
set -eu
echo 'Port 2222' >/etc/ssh/sshd_config.d/50-port.conf
systemctl restart ssh
