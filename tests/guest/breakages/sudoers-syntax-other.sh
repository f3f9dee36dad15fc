#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A line that is not valid, in an included file; the grant stands in another.
set -eu
echo 'deploy ALL=(ALL NOPASSWD: ALL' >/etc/sudoers.d/50-deploy
chmod 0440 /etc/sudoers.d/50-deploy
