#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A list of ciphers that the server has not read yet.
set -eu
printf 'Ciphers aes256-gcm@openssh.com\n' >/etc/ssh/sshd_config.d/50-ciphers.conf
