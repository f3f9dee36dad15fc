#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A directory of users that does not answer: each login looks up there whose groups the user is in.
set -eu
sed -i -e 's/^\(passwd\|group\):.*/\1: files hang/' /etc/nsswitch.conf
grep -c ' hang$' /etc/nsswitch.conf
