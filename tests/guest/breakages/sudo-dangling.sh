#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# sudo was moved, and the link to it leads nowhere.
set -eu
mv /usr/bin/sudo /usr/bin/sudo.old
ln -s /opt/sudo/bin/sudo /usr/bin/sudo
