#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The kernel panics; without a panic device nobody outside is told.
set -eu
sleep 1
echo c >/proc/sysrq-trigger
