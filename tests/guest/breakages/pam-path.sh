#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a shell would expand is put where nothing is.
set -eu
printf 'PATH="$PATH:/opt/tools/bin"\n' >/etc/environment
chmod 0644 /etc/environment
