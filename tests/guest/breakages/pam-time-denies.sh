#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# time.conf lets nobody in at any time, and sshd asks for it.
set -eu
sed -i '1i account required pam_time.so' /etc/pam.d/sshd
echo 'sshd;*;harness;!Al0000-2400' >>/etc/security/time.conf
