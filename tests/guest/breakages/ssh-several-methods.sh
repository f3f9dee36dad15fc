#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A second factor for everybody: a key alone is not enough any more.
set -eu
echo 'AuthenticationMethods publickey,password' >/etc/ssh/sshd_config.d/50-two.conf
systemctl reload ssh
