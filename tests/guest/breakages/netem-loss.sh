#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A test that makes the network fail was cut off before it cleaned up.
set -eu
link=$(ip -o route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p;q')
tc qdisc replace dev "$link" root netem loss 100%
