#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A list of algorithms that no client has any more.
set -eu
printf 'KexAlgorithms diffie-hellman-group1-sha1\nCiphers aes128-cbc\n' >/etc/ssh/sshd_config.d/50-old.conf
systemctl restart ssh
