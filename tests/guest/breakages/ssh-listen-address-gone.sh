#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The address that the server is bound to went away.
set -eu
echo 'ListenAddress 192.0.2.77' >/etc/ssh/sshd_config.d/50-listen.conf
systemctl restart ssh || true
