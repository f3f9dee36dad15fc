#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Very many empty files: there is room left, and nothing can be made.
set -eu
mkdir /var/cache/sessions
cd /var/cache/sessions
perl -e 'my $i = 0; while (1) { open(my $f, ">", $i++) or last; close($f); }'
