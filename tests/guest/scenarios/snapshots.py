# SPDX-License-Identifier: LGPL-2.1-or-later
"""Snapshots, internal and external ones, with the recorder attached: evidence outlives a revert."""

import json
import time
from pathlib import Path

from guestlib.errors import check

OWN = ("--recorder", "--no-snapshot")
CHECK = False  # it takes minutes: tests/campaigns/states
PATIENCE = 150
BREAK = "chmod 0666 /etc/sudoers.d/harness"
# A revert shows with the first record after it: of an event, or else of the interval.
OFTEN = """\
printf '[recorder]\\ninterval=30\\n' >/etc/postern/shim.conf
systemctl restart postern-shim
"""
BROKEN = "sudo.file-world-writable"


def _records(context):
    done = context.postern.run("records", context.guest.name, "--json", "--lines", "5000", codes=[0])
    told = json.loads(done.out)
    check(told["dropped"] == 0, f"{told['dropped']} records were dropped")
    check(not told["notes"], f"it is said of the recorder: {told['notes']}")
    return told["records"]


def _await(context, what, found):
    """The newest record that FOUND says so of."""
    until = time.monotonic() + PATIENCE
    while True:
        for record in _records(context):
            if found(record):
                return {**record, "told": time.monotonic()}
        check(time.monotonic() < until, f"no record of {what} within {PATIENCE} s")
        time.sleep(1)


def _check_age(record, before, why):
    """As old as it was when it was told BEFORE, and what has passed since by the host's clock."""
    passed = time.monotonic() - before["told"]
    age = (record["age_ms"] - before["age_ms"]) / 1000
    check(abs(age - passed) < 5, f"{why}: a record is {age:.0f} s older {passed:.0f} s later")


def _is_event(record, words):
    return record["kind"] == "event" and words in json.dumps(record["body"])


def _says_broken(record):
    return (record["kind"] == "report" and record["body"]["probe"] == "sudo" and
            any(one["id"] == BROKEN for one in record["body"]["findings"]))


def _check_kept(context, record, newest, why):
    """It is told still, as old as it is, and as of an epoch before that of the newest."""
    kept = [one for one in _records(context)
            if all(one[key] == record[key] for key in ("boot_id", "seq", "boottime_us"))]
    check(kept, f"{why}: what was recorded before is told no more")
    check(kept[0]["epoch"] < newest["epoch"], f"{why}: it is told as of the same epoch")
    _check_age(kept[0], record, why)
    text = context.postern.run("records", context.guest.name, "--lines", "5000", codes=[0]).out
    check("before a revert" in text, f"{why}: no border is told")


def _paused(context):
    """A guest's clocks stand still while it is paused: what it wrote before is older than they say."""
    guest = context.guest
    guest.shell("touch /etc/sudoers.d/before")
    event = _await(context, "a change", lambda record: _is_event(record, "/etc/sudoers.d/before"))
    guest.virsh("suspend", guest.name)
    time.sleep(60)
    guest.virsh("resume", guest.name)
    guest.shell("touch /etc/sudoers.d/after")
    _await(context, "another", lambda record: _is_event(record, "/etc/sudoers.d/after"))
    again = next(one for one in _records(context) if one["seq"] == event["seq"])
    _check_age(again, event, "a pause")


def _paused_unread(context):
    """The same of what nobody read before the pause, where somebody saw the guest paused."""
    guest = context.guest
    guest.shell("touch /etc/sudoers.d/unread")
    begun = time.monotonic()
    time.sleep(3)
    guest.virsh("suspend", guest.name)
    context.postern.run("list", codes=[0])
    time.sleep(40)
    context.postern.run("list", codes=[0])
    guest.virsh("resume", guest.name)
    guest.shell("touch /etc/sudoers.d/read")
    _await(context, "another", lambda record: _is_event(record, "/etc/sudoers.d/read"))
    event = _await(context, "a change", lambda record: _is_event(record, "/etc/sudoers.d/unread"))
    passed = time.monotonic() - begun
    check(abs(event["age_ms"] / 1000 - passed) < 6,
          f"an unread record of {passed:.0f} s ago is told as {event['age_ms'] / 1000:.0f} s old")


def _just_reverted(context):
    """A diagnosis of the guest as it was reverted, paused before it has written anything: what stands
    there may never have happened. Somebody has passed by while libvirt still gave the revert as the
    reason. A guest that was quicker is reverted again."""
    guest = context.guest
    for _ in range(4):
        guest.virsh("snapshot-revert", guest.name, "inside")
        context.postern.run("list", codes=[0])
        guest.virsh("suspend", guest.name)
        diagnosis = context.postern.diagnose(guest)
        check(BROKEN not in diagnosis.findings, "what was undone is told as the guest's state")
        if "reverted" in json.dumps(diagnosis.json):
            return diagnosis
        guest.virsh("resume", guest.name)
    check(False, "why nothing is told of it is not said")
    return None


def _internal(context):
    """A broken sudo that was recorded, and undone by a revert, is told as what was once."""
    guest = context.guest
    guest.virsh("snapshot-create-as", guest.name, "inside")
    guest.shell(BREAK)
    broken = _await(context, "what was broken", _says_broken)
    context.states.add("just reverted, then paused", _just_reverted(context))
    guest.virsh("resume", guest.name)
    newest = _await(context, "the guest after the revert",
                    lambda record: record["epoch"] > broken["epoch"])
    check(newest["boot_id"] == broken["boot_id"], "the guest was not reverted but started")
    _check_kept(context, broken, newest, "an internal snapshot")
    _check_paused(context, "reverted, then paused")


def _await_agent(guest):
    until = time.monotonic() + PATIENCE
    while guest.try_shell("true").code != 0:
        check(time.monotonic() < until, f"no guest agent within {PATIENCE} s")
        time.sleep(2)


def _is_boot_after(record, before):
    """Of a boot that knows whose it is: an initramfs does not."""
    return (record["kind"] == "boot" and record["machine_id"] and
            record["boot_id"] != before["boot_id"] and record["epoch"] > before["epoch"])


def _across_boot(context):
    """What a boot recorded that began after the snapshot is undone with it."""
    guest = context.guest
    first = _records(context)[0]
    guest.virsh("snapshot-create-as", guest.name, "before-boot")
    guest.virsh("reset", guest.name)
    _await(context, "the boot after the reset",
           lambda record: _is_boot_after(record, first))
    _await_agent(guest)
    guest.shell(BREAK)
    broken = _await(context, "what was broken after the reset",
                    lambda record: record["boot_id"] != first["boot_id"] and _says_broken(record))
    guest.virsh("snapshot-revert", guest.name, "before-boot")
    newest = _await(context, "the guest after the revert across a boot",
                    lambda record: record["epoch"] > broken["epoch"])
    check(newest["boot_id"] == first["boot_id"], "the guest was not reverted but started")
    _check_kept(context, broken, newest, "a revert across a boot")
    _check_paused(context, "reverted across a boot, then paused")


def _check_paused(context, state, newest_s=None):
    """Nothing undone is told of the guest, and of sudo what its recorder knew, of so many seconds
    ago at most."""
    guest = context.guest
    guest.virsh("suspend", guest.name)
    diagnosis = context.postern.diagnose(guest)
    context.states.add(state, diagnosis)
    check(BROKEN not in diagnosis.findings, f"{state}: what was undone is told as its state")
    sudo = next(answer for answer in diagnosis.answers if answer.probe == "sudo")
    check(sudo.via == "volume", f"{state}: of sudo it answers via {sudo.via}")
    check(newest_s is None or sudo.json["age_ms"] / 1000 < newest_s,
          f"{state}: it answers with what was recorded {sudo.json['age_ms'] / 1000} s ago")
    guest.virsh("resume", guest.name)


def _folder(guest):
    """Where its disk lies, and QEMU may write."""
    rows = [row.split() for row in guest.virsh("domblklist", guest.name).splitlines()]
    return next(Path(row[1]).parent for row in rows if row[:1] == ["vda"])


def _external(context):
    """The disk alone, then with memory; then the guest is started from the disk before both."""
    guest = context.guest
    folder = _folder(guest)
    before = guest.virsh("dumpxml", "--inactive", guest.name)
    for name, *words in (("disk", "--disk-only"),
                         ("memory", "--memspec", f"{folder}/memory,snapshot=external")):
        guest.virsh("snapshot-create-as", guest.name, name, "--atomic", *words, "--diskspec",
                    f"vda,snapshot=external,file={folder}/{name}.qcow2")
        guest.shell(f"touch /etc/sudoers.d/{name}")
        event = _await(context, f"a change after the snapshot {name}",
                       lambda record, name=name: _is_event(record, f"/etc/sudoers.d/{name}"))
        check(context.diagnose().via() == ["channel"], f"{name}: the channel does not answer")
    guest.virsh("destroy", guest.name)
    guest.virsh("define", "/dev/stdin", stdin=before)
    started = time.monotonic()
    guest.virsh("start", guest.name)
    newest = _await(context, "the boot from the old disk",
                    lambda record: _is_boot_after(record, event))
    _check_kept(context, event, newest, "an external snapshot")
    changes = context.ask("ls", "/etc/sudoers.d").report
    check(changes and "memory" not in json.dumps(changes), f"it was not reverted: {changes}")
    _await(context, "sudo after that boot", lambda record: record["kind"] == "report" and
           record["boot_id"] == newest["boot_id"] and record["body"]["probe"] == "sudo")
    _check_paused(context, "started from an older disk, then paused", time.monotonic() - started)


def run(context):
    """One after the other, in one guest."""
    context.guest.shell("mkdir -p /etc/postern")
    context.guest.shell(OFTEN)
    _await(context, "the last of the probes", lambda record: record["kind"] == "report" and
           record["body"]["probe"] == "containers")
    _paused(context)
    _paused_unread(context)
    _internal(context)
    _across_boot(context)
    _external(context)
