#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A hardening step names a module in common-account that no package brings.
set -eu
sed -i '1i account required pam_tally2.so' /etc/pam.d/common-account
