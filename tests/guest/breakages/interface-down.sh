#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The one interface is switched off.
set -eu
ip link set dev "$(ip -4 route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p')" down
