#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A recursive chmod that was stopped too late: nobody but root enters the root folder.
set -eu
chmod 0700 /
