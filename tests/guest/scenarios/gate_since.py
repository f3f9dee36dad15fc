# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is new is told by the guest's journal and packages, also where its clock was set back."""

from guestlib.errors import check
from guestlib.gating import baseline, broken, gate, mark, policy

TALKATIVE = "[journal]\npriority=debug\nunits=ssh;postern-shim;sudo\n"
FILES = "[files]\nbelow=/etc\nexcept=/etc/motd\n"
# Brings a file that a user may edit, and nobody has.
PACKAGE = """\
umask 022
folder=$(mktemp -d)
mkdir -p "$folder/DEBIAN" "$folder/etc/postern-test"
echo 'as packaged' >"$folder/etc/postern-test/conf"
echo /etc/postern-test/conf >"$folder/DEBIAN/conffiles"
cat >"$folder/DEBIAN/control" <<'CONTROL'
Package: postern-test
Version: 1
Architecture: all
Maintainer: nobody <nobody@localhost>
Description: a file below /etc
CONTROL
dpkg-deb --root-owner-group --build "$folder" /root/postern-test.deb
rm -r "$folder"
dpkg -i /root/postern-test.deb
"""
NEW_FAILED = """\
printf '[Service]\\nExecStart=/bin/false\\n' >/run/systemd/system/postern-false.service
systemctl daemon-reload
! systemctl start --wait postern-false.service
"""
NO_MORE_FAILED = """\
rm /run/systemd/system/postern-false.service
systemctl daemon-reload
systemctl reset-failed
"""


def _own_lines(context):
    """At the most talkative priority nothing of the gate's own asking is new, however often."""
    before = baseline(context, "talkative")
    talkative = policy(context, "talkative", TALKATIVE)
    for _ in range(3):
        gate(context, "pass", "--baseline", before, "--user", "harness", policy=talkative)


def _clock_set_back(context):
    """An entry after it is told by its place in the journal, a failed unit by its age."""
    before, place = baseline(context), mark(context)
    context.guest.shell("date -s '-2 hours'; logger -p user.err it-broke; journalctl --sync")
    told = gate(context, "fail", "--baseline", before, policy="baseline")
    row = broken(told, "journal.priority")
    check("it-broke" in str(row), f"it does not tell the entry: {row}")
    context.guest.shell(NEW_FAILED)
    told = gate(context, "fail", "--user", "harness", "--since", place, policy="stig-safe")
    check("postern-false.service" in str(broken(told, "units.no-new-failed")), f"it says {told}")
    context.guest.shell(NO_MORE_FAILED + "date -s '+2 hours'\n")


def _files(context):
    """A package's files are the package's; of a folder something was taken from, nobody knows."""
    files = policy(context, "files", FILES)
    place = mark(context)
    gate(context, "pass", "--since", place, policy=files)
    context.guest.shell(PACKAGE)
    gate(context, "pass", "--since", place, policy=files)
    context.guest.shell("echo edited >>/etc/postern-test/conf")
    told = gate(context, "fail", "--since", place, policy=files)
    named = [row["path"] for row in broken(told, "files.below")["files"]]
    check(named == ["/etc/postern-test/conf"], f"changed: {named}")
    context.guest.shell("dpkg --purge postern-test; rm /root/postern-test.deb")
    place = mark(context)
    context.guest.shell("cp -p /etc/shells /root/shells; rm /etc/shells; echo hello >/etc/motd")
    told = gate(context, "could-not-check", "--since", place, policy=files)
    check("/etc" in told["unchecked"][0]["message"], f"it says {told['unchecked']}")
    context.guest.shell("mv /root/shells /etc/shells")


def run(context):
    """One guest, without a start in between."""
    _own_lines(context)
    _files(context)
    _clock_set_back(context)
