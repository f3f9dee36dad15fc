#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The clock is four years behind.
set -eu
date -s "4 years ago" >/dev/null
