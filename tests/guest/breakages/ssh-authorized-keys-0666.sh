#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A recursive chmod went over the home folder.
set -eu
chmod 0666 /home/harness/.ssh/authorized_keys
