#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# systemd crashes, and its crash handler freezes it.
set -eu
kill -SEGV 1
