#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Everything but the emergency shell is stopped, the agent included.
set -eu
systemctl isolate emergency.target
