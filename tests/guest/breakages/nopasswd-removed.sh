#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A benchmark's rule: no NOPASSWD anywhere.
set -eu
sed -i 's/NOPASSWD: *//' /etc/sudoers.d/harness
