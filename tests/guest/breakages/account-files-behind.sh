#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A directory that does not run was given the last word: nobody of the files is known.
set -eu
sed -i 's/^passwd:.*/passwd: sss [!SUCCESS=return] files/' /etc/nsswitch.conf
