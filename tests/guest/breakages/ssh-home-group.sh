#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The home folder is shared with a group that has others in it.
set -eu
groupadd team
useradd --groups team colleague
chgrp team /home/harness
chmod 0775 /home/harness
