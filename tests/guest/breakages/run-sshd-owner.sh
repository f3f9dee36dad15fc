#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The folder that sshd keeps for itself is a user's.
set -eu
chown harness:harness /run/sshd
