#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The account is gone, its home and its sudo rule are not.
set -eu
userdel harness
