#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The program of the SSH server lost its mode, and the server was restarted.
set -eu
chmod 0644 /usr/sbin/sshd
systemctl restart ssh || true
