#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The TCP wrappers shut everybody out but the loopback.
set -eu
echo 'ALL: ALL EXCEPT 127. [::1]' >/etc/hosts.deny
