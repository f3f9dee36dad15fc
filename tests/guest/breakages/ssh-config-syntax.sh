#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A misspelt value; the server that runs does not know of it yet.
set -eu
echo 'PermitRootLogin nope' >>/etc/ssh/sshd_config
