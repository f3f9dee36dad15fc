#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The server is stopped.
set -eu
systemctl stop ssh
