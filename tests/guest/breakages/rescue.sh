#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Everything but a root shell on the console is stopped, the agent included.
set -eu
systemctl isolate rescue.target
