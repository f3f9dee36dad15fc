#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The drop-in is gone.
set -eu
rm /etc/sudoers.d/harness
