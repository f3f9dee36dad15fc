#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# sshd's own stack names a module that is not there.
set -eu
echo 'account required pam_tally2.so' >>/etc/pam.d/sshd
