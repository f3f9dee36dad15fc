#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The programs' folder is closed to all who are not of root's group.
set -eu
chmod 0750 /usr
