#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A file that every service includes is renamed.
set -eu
mv /etc/pam.d/common-session /etc/pam.d/common-session.bak
