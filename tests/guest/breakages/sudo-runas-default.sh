#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# sudo without -u makes nobody root.
set -eu
printf 'Defaults runas_default=nobody\n' >/etc/sudoers.d/00-runas
chmod 0440 /etc/sudoers.d/00-runas
