#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Harmless on Debian: the user's own group may write, and nobody else is in it.
set -eu
chmod 0775 /home/harness
