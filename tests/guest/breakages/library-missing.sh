#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A library that pam_unix and sshd need is gone.
set -eu
mv /lib/x86_64-linux-gnu/libcrypt.so.1 /root/
