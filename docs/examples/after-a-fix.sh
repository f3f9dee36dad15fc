#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A step of a CI job, behind the one that changed something in a guest: may the change stand?
#
#   after-a-fix.sh DOMAIN USER
#
# It fails where USER can no longer log in or become root, or something is critical, and says why in
# the job's log; what could not be looked at fails it too, since nobody knows then. A warning passes.
# The evidence is kept as the job's artefact.
set -eu

domain=$1 user=$2
status=0
postern diagnose "$domain" --user "$user" --deadline 60s || status=$?
case $status in
0) exit 0 ;;
1) echo "$domain: there are warnings; the change stands" && exit 0 ;;
2 | 3)
    postern forensics "$domain" --user "$user" -o "evidence-$domain.tar.zst" || true
    echo "$domain: the change may not stand; see evidence-$domain.tar.zst" >&2
    exit 1
    ;;
*)
    echo "$domain: postern could not be asked" >&2
    exit "$status"
    ;;
esac
