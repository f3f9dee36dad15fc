#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The dynamic loader is gone: no program can be started any more, and what runs goes on.
set -eu
sleep 1
mv /usr/lib64/ld-linux-x86-64.so.2 /root/
