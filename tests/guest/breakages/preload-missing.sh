#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Harmless, but every program complains: a library that is to be preloaded is not there.
set -eu
echo /usr/lib/libhardened.so >/etc/ld.so.preload
