#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The user's keys are gone; the password is left.
set -eu
rm /home/harness/.ssh/authorized_keys
