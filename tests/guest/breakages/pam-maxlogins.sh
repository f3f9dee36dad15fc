#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# limits.conf allows the user no login.
set -eu
echo 'harness hard maxlogins 0' >/etc/security/limits.d/90-none.conf
