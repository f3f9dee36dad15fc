#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A umask of 077 when the user list was written anew: nobody but root can read it.
set -eu
chmod 0600 /etc/passwd
