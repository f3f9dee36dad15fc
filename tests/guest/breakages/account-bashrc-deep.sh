#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A file that the user's own reads takes whoever comes over SSH somewhere else.
set -eu
sed -i '1i [ -f ~/.site ] && . ~/.site' /home/harness/.bashrc
printf 'if [ -n "$SSH_CONNECTION" ]; then\n    echo menu >&2\n    exec false\nfi\n' > /home/harness/.site
chmod 0644 /home/harness/.site
