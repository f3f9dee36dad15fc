#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A change to a guest that is taken back where it broke something.
#
#   gated-change.sh DOMAIN USER CHANGE UNDO [KEY]
#
# CHANGE and UNDO are programs; UNDO must not need what CHANGE may shut (a snapshot, the console).
# KEY is the public key by which USER comes: without it a password counts as a way in as well.
# Ends with 0 where the change stands; 1 where it was undone and the guest is reachable again; 2 where
# UNDO failed, or it can't be said that the guest is reachable; 3 where nobody knows what the change
# did: it is left as it is, for somebody to look; 64 where it is called otherwise.
set -eu

[ $# -eq 4 ] || [ $# -eq 5 ] || {
    echo "usage: $0 DOMAIN USER CHANGE UNDO [KEY]" >&2
    exit 64
}
domain=$1 change=$3 undo=$4
set -- --user "$2" ${5:+--key "$5"}
before=$(mktemp) || exit 3
trap 'rm -f "$before"' EXIT

postern baseline "$domain" "$@" --output "$before" || {
    echo "$domain: it can't be said how it is: nothing was changed" >&2
    exit 3
}
changed=0
"$change" || changed=$?
status=0
postern gate "$domain" --policy baseline --baseline "$before" --settle 60s || status=$?
case $status in
0)
    [ "$changed" -eq 0 ] || echo "$domain: the change ended with $changed, and broke nothing" >&2
    exit 0
    ;;
1) ;;
*)
    echo "$domain: whether the change broke anything is not known (postern ended with $status)" >&2
    exit 3
    ;;
esac
"$undo" || {
    echo "$domain: the change broke something, and its undo ended with $?" >&2
    exit 2
}
postern gate "$domain" --policy reachable "$@" --settle 60s || exit 2
echo "$domain: the change was undone" >&2
exit 1
