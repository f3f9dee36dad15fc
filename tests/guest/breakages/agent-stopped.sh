#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The guest agent is stopped.
set -eu
systemctl stop qemu-guest-agent
