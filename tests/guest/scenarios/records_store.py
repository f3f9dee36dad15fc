# SPDX-License-Identifier: LGPL-2.1-or-later
"""What was recorded outlives a flood, a killed QEMU, and the domain itself, until it is pruned."""

import contextlib
import copy
import json
import os
import pathlib
import signal
import time
import xml.etree.ElementTree as ElementTree

from guestlib import volume, write_load
from guestlib.errors import check
from guestlib.lab import Guest
from guestlib.postern import Postern

OWN = ("--recorder", "--no-snapshot")
CHECK = False  # it takes minutes: tests/campaigns/states
PATIENCE = 150
FLOOD_SECONDS = int(os.environ.get("POSTERN_FLOOD_SECONDS", "6"))
TOUCH_SECONDS = 5
KILLS = int(os.environ.get("POSTERN_QEMU_KILLS", "1"))
# As virtlogd keeps it, and what it writes beyond before it rolls.
VOLUME_BYTES = 4 * 2 * 1024 * 1024 + 256 * 1024
STORE_BYTES = 2 * 1024 * 1024 + 64 * 1024
FLOOD = f"""\
systemctl stop postern-shim
systemd-run -q --unit=flood /bin/sh -c \\
    'timeout {FLOOD_SECONDS} dd if=/dev/zero of={write_load.PORT} bs=65536 status=none'
"""


def _records(context, guest, lines=100000):
    done = context.postern.run("records", guest.name, "--json", "--lines", str(lines), codes=[0])
    return json.loads(done.out)


def _await(context, guest, what, found):
    """The newest records, as soon as FOUND says so of them."""
    until = time.monotonic() + PATIENCE
    while True:
        told = _records(context, guest, lines=500)
        if found(told["records"]):
            return told
        check(time.monotonic() < until, f"no {what} within {PATIENCE} s")
        time.sleep(1)


def _identities(records):
    return {(one["boot_id"], one["seq"], one["boottime_us"]) for one in records}


def _has_last_probe(records):
    return any(one["kind"] == "report" and one["body"]["probe"] == "containers" for one in records)


def _boots(records):
    """Of those that know whose they are: an initramfs does not."""
    return {one["boot_id"] for one in records if one["kind"] == "boot" and one["machine_id"]}


def _uuid(guest):
    return guest.virsh("domuuid", guest.name).strip()


def _volume_bytes(guest, uuid):
    """Of all parts of the domain's volume, which are renamed while they are looked at."""
    pool = ElementTree.fromstring(guest.virsh("pool-dumpxml", "postern"))
    total = 0
    for part in pathlib.Path(pool.findtext("target/path")).glob(f"{uuid}.records*"):
        with contextlib.suppress(FileNotFoundError):
            total += part.stat().st_size
    return total


def _flood(context, neighbour):
    """Bytes that are no records wash the volume; the store and the neighbour have lost nothing."""
    guest, uuid = context.guest, _uuid(context.guest)
    before = _records(context, guest)["records"]
    guest.shell(FLOOD)
    begun = time.monotonic()
    touched = 0
    while time.monotonic() < begun + FLOOD_SECONDS:
        # What changes within three seconds is one event.
        if time.monotonic() >= begun + touched * TOUCH_SECONDS:
            neighbour.shell("touch /etc/sudoers.d/harness")
            touched += 1
        _records(context, guest)
        held = _volume_bytes(guest, uuid)
        check(held <= VOLUME_BYTES, f"the flood takes {held} bytes on the host")
    time.sleep(TOUCH_SECONDS)
    told = _records(context, guest)
    check(told["parts"] > 1, "the flood did not roll the volume")
    check(_identities(before) <= _identities(told["records"]),
          "what was there before the flood is not told any more")
    check(told["stored"] >= len(before), f"{told['stored']} come from the store")
    age = told["records"][0]["age_ms"] / 1000
    check(age >= time.monotonic() - begun - 1, f"what is older than the flood is said to be {age} s "
                                               "old")
    other = _records(context, neighbour)
    check(other["dropped"] == 0, f"of the neighbour {other['dropped']} records were dropped")
    check(other["missed"] == 0 and not other["notes"], f"the neighbour's notes: {other['notes']}")
    boot = other["records"][0]["boot_id"]
    numbers = sorted(one["seq"] for one in other["records"]
                     if one["boot_id"] == boot and one["machine_id"])
    check(numbers == list(range(numbers[0], numbers[0] + len(numbers))),
          f"the neighbour's numbers are {numbers}")
    check(sum(one["kind"] == "event" for one in other["records"]) >= min(touched, 25),
          f"{touched} changes are not all told")
    guest.shell("systemctl stop flood; systemctl start postern-shim")
    _await(context, guest, "new boot record", lambda records: any(
        one["kind"] == "boot" and one["age_ms"] < 60000 for one in records))


def _await_agent(guest):
    until = time.monotonic() + PATIENCE
    while guest.try_shell("true").code != 0:
        check(time.monotonic() < until, f"no guest agent within {PATIENCE} s")
        time.sleep(2)


def _kill(context, guest):
    """QEMU is killed while records are written: all that is whole in the volume is told, and
    nothing else; what was torn is counted."""
    before = _records(context, guest)
    path = guest.virsh("vol-path", "--pool", "postern", f"{_uuid(guest)}.records").strip()
    earlier = {volume.identity(record) for record in before["records"]}
    torn = 0
    for _ in range(KILLS):
        load = write_load.Load(guest, path)
        earlier |= {volume.identity(record) for record in _records(context, guest)["records"]}
        pid = guest.qemu_pid()
        load.begin(write_load.AT_ONCE)
        os.kill(pid, signal.SIGKILL)
        write_load.await_rest(path)
        there, told = write_load.hold(path, lambda: _records(context, guest), earlier)
        context.log(f"{load.check(there)}\n{write_load.words(there, told)}\n")
        check(_identities(before["records"]) <= _identities(told["records"]),
              "what was there before QEMU was killed is not told any more")
        torn += there.unfinished > 0
        guest.virsh("start", guest.name)
        told = _await(context, guest, "record of the next boot",
                      lambda records, known=_boots(told["records"]): _boots(records) - known)
        _await_agent(guest)
    check(told["dropped"] <= KILLS, f"{told['dropped']} records are torn after {KILLS} kills")
    context.log(f"{torn} of {KILLS} kills tore a record\n")
    # The load was another machine's.
    check(told["mixed"], "two machines' records are not told apart")
    check(any(one.get("other_machine") for one in told["records"]), "no border is marked")


def _leftovers(context, *words, keep=None):
    postern = context.postern
    if keep is not None:
        other = copy.copy(context.lab)
        other.environment = dict(context.lab.environment, POSTERN_CONFIG=str(
            context.lab.configuration("postern-prune.conf", f"keep={keep}")))
        postern = Postern(other, context.log)
    done = postern.run("records", *words, "--json", codes=[0])
    return {one["uuid"]: one for one in json.loads(done.out)["leftovers"]}


def _prune(context, neighbour):
    """A domain that is undefined leaves its volume and its file, until they are old enough."""
    uuid, own = _uuid(neighbour), _uuid(context.guest)
    check(uuid not in _leftovers(context, "--leftovers"), "a domain that exists is left over")
    neighbour.virsh("destroy", neighbour.name)
    check(uuid not in _leftovers(context, "--leftovers"), "a domain that is off is left over")
    neighbour.virsh("undefine", neighbour.name)
    item = _leftovers(context, "--leftovers").get(uuid)
    check(item, "an undefined domain's records are not listed")
    # The load's records are another machine's, of another domain.
    check(item["domain"] in (neighbour.name, volume.DOMAIN),
          f"it is said to be of {item.get('domain')}")
    check(item["volume_bytes"] > 0 and 0 < item["store_bytes"] <= STORE_BYTES, f"sizes: {item}")
    check(not item["expired"], "it is called old")
    check(not _leftovers(context, "--prune")[uuid]["removed"], "it was removed before its time")
    item = _leftovers(context, "--prune", "--dry-run", keep="0s")[uuid]
    check(item["expired"] and not item["removed"], f"--dry-run: {item}")
    check(_volume_bytes(context.guest, uuid) > 0, "--dry-run removed it")
    pruned = _leftovers(context, "--prune", keep="0s")
    check(pruned[uuid]["removed"], f"it was not removed: {pruned[uuid]}")
    check(own not in pruned, "a domain that exists was pruned")
    check(_volume_bytes(context.guest, uuid) == 0, "its volume is still there")
    check(uuid not in _leftovers(context, "--leftovers"), "it is still listed")
    check(_records(context, context.guest)["whole"] > 0, "the other domain's records are gone")


def run(context):
    """A guest and its neighbour."""
    neighbour = Guest(context.lab, f"{context.guest.name}n")
    neighbour.log = context.log
    neighbour.up(*OWN)
    try:
        for guest in (context.guest, neighbour):
            _await(context, guest, "first reports", _has_last_probe)
        context.postern.diagnose(neighbour)
        _flood(context, neighbour)
        _kill(context, neighbour)
        _prune(context, neighbour)
    finally:
        neighbour.down()
