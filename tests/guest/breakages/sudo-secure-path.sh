#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A folder is missing from the list in which sudo looks for commands.
set -eu
printf 'Defaults secure_path=/usr/local/sbin:/usr/local/bin\n' >/etc/sudoers.d/00-path
chmod 0440 /etc/sudoers.d/00-path
