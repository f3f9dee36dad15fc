#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The main file belongs to somebody else: sudo gives up altogether.
set -eu
chown harness:harness /etc/sudoers
