# SPDX-License-Identifier: LGPL-2.1-or-later
"""A start that gets on: the initramfs' shim leaves the ports to the real root's, and nothing of it."""

import json
import time

from guestlib.errors import check

OWN = ["--recorder", "--no-snapshot"]
CHECK = False  # it takes minutes: tests/campaigns/states
# Of the shim's own processes, workers aside; how often systemd had to start it again; whether the
# unit's is the one that runs.
LOOK = """\
set -eu
main=$(systemctl show --value -p MainPID postern-shim)
for one in /proc/[0-9]*; do
    [ "$(cat "$one/comm" 2>/dev/null)" = postern-shim ] || continue
    [ "$(cut -d ' ' -f 4 "$one/stat")" != "$main" ] || continue
    echo "${one#/proc/} $(readlink "$one/exe")"
done
echo "main $main restarts $(systemctl show --value -p NRestarts postern-shim)"
"""
PATIENCE_SECONDS = 30
# What the hook puts into an initramfs, as mkinitramfs calls it.
HOOK = """\
set -eu
mkdir -p /etc/postern/shim.conf.d
echo '[private]' >/etc/postern/shim.conf
echo '[read]' >/etc/postern/shim.conf.d/site.conf
DESTDIR=$(mktemp -d)
__MODULES_TO_ADD=$DESTDIR/modules
export DESTDIR __MODULES_TO_ADD verbose=n
/usr/share/initramfs-tools/hooks/postern-shim
cd "$DESTDIR"
find . -path '*postern*' -type f | sort
"""


def run(context):
    """Looks for what is left, and for the records of both."""
    lines = context.guest.shell(LOOK).split("\n")
    said = [line.split() for line in lines if line]
    main = said[-1][1]
    check(said[:-1] == [[main, "/usr/sbin/postern-shim"]] and said[-1][3] == "0",
          f"the shims that run, and systemd's word: {lines}")
    patience = time.monotonic() + PATIENCE_SECONDS
    while True:
        told = json.loads(context.postern.run("records", context.guest.name, "--json", "--lines",
                                              "500", codes=[0]).out)
        boots = [record for record in told["records"] if record["kind"] == "boot"]
        if len(boots) == 2 or time.monotonic() > patience:
            break
        time.sleep(1)
    early = [record["body"].get("initramfs", False) for record in reversed(boots)]
    # A quick start leaves the initramfs before the recorder's port is there.
    check(early in ([True, False], [False]),
          f"of boot records there are, in the initramfs: {early}")
    check(told["records"][-1]["kind"] == "boot", "the first record is not that of a boot")
    check(all(record["kind"] != "shutdown" for record in told["records"]),
          "the guest is said to have been shut down on its way")
    check(told["dropped"] == 0, f"{told['dropped']} records were dropped")
    check(boots[0]["boot_id"] == boots[-1]["boot_id"], "the two are not of one boot")
    check(context.diagnose().via() == ["channel"], "the real root's shim does not answer")
    taken = context.guest.shell(HOOK).split()
    check(taken == ["./etc/postern/shim.conf", "./etc/postern/shim.conf.d/site.conf",
                    "./usr/sbin/postern-shim"], f"the hook takes {taken} into the initramfs")
