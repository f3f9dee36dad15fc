# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two domains whose recorders write to one file, as a copied one's does: both are read, none is taken
for the other's, and it is said."""

import json
import time
import xml.etree.ElementTree as ElementTree

from guestlib import volume, write_load
from guestlib.errors import Failure, check
from guestlib.lab import Guest
from guestlib.scenario import Scenario

OWN = ["--recorder", "--no-snapshot"]
PATIENCE = 150
RECORDER = "org.postern.recorder.0"
USERS = """\
mkdir -p /etc/postern
printf '[recorder]\\nusers = harness\\n' >/etc/postern/shim.conf
systemctl restart postern-shim
"""
# As a disk that was cloned has it.
SAME_MACHINE = """\
umount /etc/machine-id 2>/dev/null
echo 0123456789abcdef0123456789abcdef >/etc/machine-id
"""
BREAK = "chmod 0666 /etc/sudoers.d/harness"
FINDING = "sudo.file-world-writable"
ROUNDS = 3


def _records(context, guest):
    done = context.postern.run("records", guest.name, "--json", "--lines", "5000", codes=[0])
    return json.loads(done.out)


def _await(context, guest, what, found):
    """What is told of the guest, as soon as FOUND says so of its records."""
    until = time.monotonic() + PATIENCE
    while not found((told := _records(context, guest))["records"]):
        check(time.monotonic() < until, f"no {what} within {PATIENCE} s")
        time.sleep(1)
    return told


def _of(guest, records):
    return [record for record in records if record.get("domain") == guest.name]


def _has_reports(guest):
    """All probes', about its user."""
    def found(records):
        return any(record["kind"] == "report" and record["body"]["probe"] == "containers"
                   for record in _of(guest, records))
    return found


def _is_broken(guest):
    def found(records):
        return any(one["id"] == FINDING for record in _of(guest, records)
                   if record["kind"] == "report" for one in record["body"]["findings"])
    return found


def _path(guest):
    uuid = guest.virsh("domuuid", guest.name).strip()
    return guest.virsh("vol-path", "--pool", "postern", f"{uuid}.records").strip()


def _device(guest):
    tree = ElementTree.fromstring(guest.virsh("dumpxml", guest.name))
    return next(one for one in tree.iterfind("devices/channel")
                if one.find("target").get("name") == RECORDER)


def _attach(guest, device, path):
    device.find("source").set("path", path)
    for name in ("alias", "address"):
        for child in device.findall(name):
            device.remove(child)
    guest.virsh("attach-device", guest.name, "/dev/stdin", "--live",
                stdin=ElementTree.tostring(device, encoding="unicode"))


def _copy_path(context, guest, path):
    """GUEST's recorder gets the path of another's, which writes there meanwhile."""
    device = _device(guest)
    guest.virsh("detach-device", guest.name, "/dev/stdin", "--live",
                stdin=ElementTree.tostring(device, encoding="unicode"))
    time.sleep(2)
    try:
        _attach(guest, device, path)
        context.log("virtlogd takes one file twice\n")
    except Failure as refusal:
        # As long as both are spelled alike, and it is the same virtlogd.
        context.log(f"virtlogd does not take one file twice: {refusal}\n")
        folder, _, name = path.rpartition("/")
        _attach(guest, device, f"{folder}/./{name}")


def _write_in_turn(context, guests):
    """Each some events; all are told, and each with its writer's name."""
    for number in range(ROUNDS):
        for guest in guests:
            name = f"/etc/sudoers.d/{guest.name}.{number}"
            guest.shell(f"touch {name}")
            _await(context, guests[0], name, lambda records, name=name, guest=guest: any(
                record["body"].get("path") == name for record in _of(guest, records)))


def _check_read(context, guests, path, earlier):
    """Every whole record of both is told, and where one's follow on the other's."""
    there, told = write_load.hold(path, lambda: _records(context, guests[0]), earlier)
    context.log(write_load.words(there, told) + "\n")
    for guest in guests:
        number = len(_of(guest, told["records"]))
        check(number >= ROUNDS, f"of {guest.name} {number} records are told")
        machines = sorted({record["machine_id"] for record in _of(guest, told["records"])})
        context.log(f"{guest.name}: {number}, {' '.join(machines)}\n")
    for record in told["records"]:
        for guest in guests:
            check(not record["body"].get("path", "").startswith(f"/etc/sudoers.d/{guest.name}.") or
                  record.get("domain") == guest.name, f"{record} is told of another")
    check(told["mixed"], "that two write to it is not said")
    check(told["dropped"] == 0 and told["missed"] == 0,
          f"{told['dropped']} dropped, {told['missed']} missed")
    # Each but the first turn of the one begins with a border, and each of the other.
    borders = sum(bool(record.get("other_machine")) for record in told["records"])
    check(borders >= 2 * ROUNDS - 1, f"{borders} borders are marked")
    text = context.postern.run("records", guests[0].name, "--lines", "5000", codes=[0]).out
    check("note: two machines write to this volume" in text, "people are not told")


def _sudo(context, guest):
    """What is told of sudo, of a guest that is off."""
    diagnosis = context.postern.diagnose(guest)
    return diagnosis, next(answer for answer in diagnosis.answers if answer.probe == "sudo")


def _run(context, prepare):
    """The original, which is well, and a copy, which is not; both are prepared."""
    guest, other = context.guest, Guest(context.lab, f"{context.guest.name}c")
    other.log = context.log
    other.up(*OWN)
    guests = (guest, other)
    try:
        for one in guests:
            one.shell(prepare + USERS)
            # Who asks a shim tells it what its domain is called.
            context.postern.diagnose(one)
            _await(context, one, "first reports", lambda records: any(
                record["kind"] == "report" and record["body"]["probe"] == "containers"
                for record in records))
        path = _path(guest)
        earlier = {volume.identity(record) for record in _records(context, guest)["records"]}
        _copy_path(context, other, path)
        other.shell(BREAK)
        _await(context, guest, "reports of the copy", _has_reports(other))
        _await(context, guest, "what was broken in the copy", _is_broken(other))
        _write_in_turn(context, guests)
        _check_read(context, guests, path, earlier)
        host = context.ask("probe", "host").report
        context.log(f"{[one['id'] for one in host['findings']]}\n")
        done = context.postern.run("probe", other.name, "host", "watch_ms=0", "--json")
        found = [one["id"] for one in json.loads(done.out)["report"]["findings"]]
        check("host.recorder-elsewhere" in found, f"of the copy the host tells {found}")
        for one in guests:
            one.virsh("destroy", one.name)
        diagnosis, sudo = _sudo(context, guest)
        check(sudo.via == "volume" and sudo.report, f"of the original it is told via {sudo.via}")
        check(FINDING not in diagnosis.findings, "the original is told what ails the copy")
        diagnosis, _ = _sudo(context, other)
        check(FINDING not in diagnosis.findings, "of the copy is told what is in no volume of its own")
    finally:
        other.down()


def scenarios():
    """Campaigns, as each boots two guests: tests/campaigns/states."""
    yield Scenario("recorder_copied", lambda context: _run(context, ""), OWN,
                   "two domains' recorders write to one file", check=False)
    yield Scenario("recorder_cloned", lambda context: _run(context, SAME_MACHINE), OWN,
                   "the same, of a machine and its clone with the same id", check=False)
