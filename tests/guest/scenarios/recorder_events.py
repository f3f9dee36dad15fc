# SPDX-License-Identifier: LGPL-2.1-or-later
"""What happens in a guest is an event of its recorder's, by what the kernel tells, and a revert
takes back what it undoes."""

import json
import time

from guestlib.errors import check

OWN = ("--recorder",)
CHECK = False  # it takes minutes: tests/campaigns/states
PATIENCE = 60
# Without polling, a disk that fills up is seen by the look of an interval alone.
EVERY_30_S = """\
mkdir -p /etc/postern
printf '[recorder]\\ninterval = 30\\nusers = harness\\n' >/etc/postern/shim.conf
systemctl restart postern-shim
"""
STARVED = """\
systemd-run --quiet --unit=starved -p MemoryMax=20M -p MemorySwapMax=0 tail /dev/zero
"""
# The kernel itself warns of the first use in a boot of what it no longer wants to be used.
WARNING = "echo 0 >/proc/self/oom_adj"
FORGED = "echo '<4>forged by a program' >/dev/kmsg"
MADE_ANEW = """\
cp -a /etc/sudoers.d /root/kept
rm -r /etc/sudoers.d
sleep 1
cp -a /root/kept /etc/sudoers.d
sleep 1
touch /etc/sudoers.d/later
"""


def _records(context):
    done = context.postern.run("records", context.guest.name, "--json", "--lines", "2000",
                               codes=[0])
    return json.loads(done.out)["records"]


def _await(context, what, found, patience=PATIENCE):
    """The newest record of which FOUND says so."""
    until = time.monotonic() + patience
    while True:
        hit = next((record for record in _records(context) if found(record)), None)
        if hit:
            return hit
        check(time.monotonic() < until, f"no record of {what} within {patience} s")
        time.sleep(1)


def _event(name, **wanted):
    def found(record):
        body = record["body"]
        return record["kind"] == "event" and body["event"] == name and \
            all(wanted[key] in body.get(key, "") for key in wanted)
    return found


def _report(probe, finding):
    def found(record):
        body = record["body"]
        return record["kind"] == "report" and body["probe"] == probe and \
            (finding is None or any(one["id"] == finding for one in body["findings"]))
    return found


def _begin(context):
    """Every probe has been asked by a shim that looks each half minute."""
    last = _await(context, "the last of the probes", _report("containers", None))
    context.guest.shell(EVERY_30_S)
    boot = _await(context, "the boot of another shim", lambda record:
                  record["kind"] == "boot" and record["seq"] > last["seq"])
    check(boot["epoch"] == last["epoch"], "a shim that was started anew is taken for a revert")
    _await(context, "a look that found nothing new", lambda record:
           _event("unchanged")(record) and record["seq"] > boot["seq"], patience=150)


def _unchanged(context):
    """A record's answer says how long ago the guest still found the same."""
    context.guest.virsh("suspend", context.guest.name)
    text = context.postern.run("probe", context.guest.name, "sudo", codes=[3]).out
    context.guest.virsh("resume", context.guest.name)
    check(", via volume, " in text and ", as of " in text and ", no new finding " in text, text)


def _narrowed(context):
    """What lets somebody become root is told anew where it allows less, which is no finding."""
    before = _records(context)[0]["seq"]
    context.guest.shell("cp -p /etc/sudoers.d/harness /root/harness\n"
                        "sed -i 's,NOPASSWD: *ALL,NOPASSWD: /usr/bin/true,' /etc/sudoers.d/harness")

    def told(record):
        data = record["body"].get("data") or {}
        return record["kind"] == "report" and record["seq"] > before and \
            record["body"]["probe"] == "sudo" and \
            "/usr/bin/true" in (data.get("rule") or {}).get("text", "")
    _await(context, "the rule that allows less", told)
    context.guest.shell("cat /root/harness >/etc/sudoers.d/harness")


def _units(context):
    context.guest.breakage("unit-fails")
    failed = _await(context, "the unit that failed", _event("unit-failed", unit="shop.service"),
                    patience=20)
    check("shop.conf" in failed["body"]["message"], f"it does not say why: {failed['body']}")
    context.guest.shell(STARVED)
    _await(context, "the kill", _event("oom-kill", unit="starved.service", message="tail"))
    _await(context, "the unit of the kill", _event("unit-failed", unit="starved.service"))
    text = context.text("records", "--lines", "2000")
    check("unit-failed: shop.service: " in text, "the unit is not in the text")


def _kernel(context):
    context.guest.shell(FORGED)
    context.guest.shell(WARNING)
    _await(context, "the kernel's warning", lambda record:
           _event("kernel-warning")(record) and "oom_adj is deprecated" in str(record["body"]))
    check("forged by a program" not in str(_records(context)),
          "what a program wrote to the kernel's log is taken for the kernel's")


def _folder(context):
    context.guest.shell(MADE_ANEW)
    _await(context, "the folder made anew",
           _event("control-plane-changed", path="/etc/sudoers.d/later"))


def _disk(context):
    context.guest.breakage("disk-full")
    # An interval, and the look itself in a guest that has other things to do.
    _await(context, "the full disk", _event("disk-full", message="/ is full"), patience=90)
    context.guest.shell("rm /var/cache/dump")


def _emergency(context):
    context.guest.breakage("emergency", detach=True)
    _await(context, "the emergency mode", _event("emergency-entered", unit="emergency.service"))


def _revert(context, broken):
    """The first record after it says that what was written since the snapshot has not happened."""
    context.guest.reset()
    _await(context, "what comes after the revert", lambda record:
           record["epoch"] > broken["epoch"], patience=150)
    context.guest.virsh("destroy", context.guest.name)
    diagnosis = context.postern.diagnose(context.guest, deadline=20)
    sudo = next(answer for answer in diagnosis.answers if answer.probe == "sudo")
    check(sudo.via == "volume", f"it came via {sudo.via}")
    check("sudo.file-world-writable" not in sudo.text(), f"what was undone is told: {sudo.text()}")


def run(context):
    """One after the other, the worst last."""
    _begin(context)
    for part in (_unchanged, _narrowed, _units, _kernel, _folder, _disk):
        part(context)
    context.guest.shell("chmod 0666 /etc/sudoers.d/harness")
    broken = _await(context, "what a revert undoes", _report("sudo", "sudo.file-world-writable"))
    _emergency(context)
    _revert(context, broken)
