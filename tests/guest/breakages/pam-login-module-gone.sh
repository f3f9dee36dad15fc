#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The console's stack alone names a module that is not there.
set -eu
sed -i '1i auth requisite pam_tally2.so' /etc/pam.d/login
