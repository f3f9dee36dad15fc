#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A password that an administrator has set for the first time.
set -eu
chage -d 0 harness
