#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The way out of its own network is gone.
set -eu
ip route del default
