#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Somebody forbade logins for a while and forgot.
set -eu
echo "Back at six." >/etc/nologin
