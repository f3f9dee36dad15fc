#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# authselect was told of a directory alone: nobody of the files is known.
set -eu
sed -i 's/^passwd:.*/passwd: sss/; s/^shadow:.*/shadow: sss/' /etc/nsswitch.conf
