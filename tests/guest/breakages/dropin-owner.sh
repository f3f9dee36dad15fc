#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The drop-in belongs to the user whom it is about.
set -eu
chown harness:harness /etc/sudoers.d/harness
