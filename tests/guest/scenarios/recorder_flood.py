# SPDX-License-Identifier: LGPL-2.1-or-later
"""A hostile guest floods its recorder for ten minutes, within the bounds that operating.md names."""

import gzip
import json
import os
import re
import resource
import tempfile
import time
from pathlib import Path

from guestlib import volume
from guestlib.errors import check
from guestlib.lab import Guest, call
from guestlib.postern import Postern
from guestlib.scenario import Scenario

OWN = ("--recorder", "--no-snapshot")
SECONDS = int(os.environ.get("POSTERN_FLOOD_SECONDS", "600"))
PAUSE = 5
PORT = "/dev/virtio-ports/org.postern.recorder.0"
FLOOD = f"""\
systemctl stop postern-shim
systemd-run -q --unit=flood /bin/sh -c \\
    'timeout {SECONDS} dd if=/dev/zero of={PORT} bs=65536 status=none'
"""
FLOOD_OF_RECORDS = f"""\
systemctl stop postern-shim
zcat /root/records.gz >/root/records
systemd-run -q --unit=flood timeout {SECONDS} /bin/sh -c \
    'exec >{PORT}; while :; do cat /root/records; done'
"""
# Valid ones: as many as there can be, which take longest to read, and such as take most memory.
MAKERS = {"recorder_flood_of_records": volume.make_small, "recorder_flood_of_dear": volume.make_dear}
PATIENCE = 150
MIB = 1024 * 1024
MAX_DISK = 4 * 2 * MIB + MIB // 4
MAX_GROWTH = 64 * MIB
MAX_CORES = 1.1
MAX_READER = 256 * MIB
# Of the neighbour's changes; what comes more often than its bucket allows is counted together.
MIN_TOLD = 25
# Until that bucket holds something again: guest-shim/recorder-kinds.c.
REFILL = 25
LAST = "/etc/sudoers.d/last-touch"
# Of the processor, for `records`: two readings and a bit, on an emulated host's busy machine.
MAX_SECONDS = 20


class Process:
    """A process of the host: its time on the processors and its memory."""

    def __init__(self, pid):
        self.pid = pid
        self.begun = time.monotonic()
        self.seconds, self.memory = self._look()

    def _look(self):
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        ticks = int(fields[11]) + int(fields[12])
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        resident = int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024
        return ticks / os.sysconf("SC_CLK_TCK"), resident

    def cores(self):
        """How many processors it has used since the beginning."""
        return (self._look()[0] - self.seconds) / (time.monotonic() - self.begun)

    def growth(self):
        """By how many bytes it has grown."""
        return self._look()[1] - self.memory


def _virtlogd(uri):
    return int((Path(uri.partition("socket=")[2]).parent / "virtlogd.pid").read_text("ascii"))


def _records(context, guest):
    """All of them, which is too much for the transcript."""
    postern = Postern(context.lab, lambda text: None)
    done = postern.run("records", guest.name, "--json", "--lines", "100000", codes=[0],
                       deadline=30)
    return json.loads(done.out)


def _await_reports(context, guest):
    until = time.monotonic() + PATIENCE
    while not any(one["kind"] == "report" and one["body"]["probe"] == "containers"
                  for one in _records(context, guest)["records"]):
        check(time.monotonic() < until, f"no reports within {PATIENCE} s")
        time.sleep(2)


def _folder(guest):
    xml = guest.virsh("pool-dumpxml", "postern")
    return Path(re.search("<path>(.*)</path>", xml).group(1))


def _disk(folder, uuid):
    """What the domain's parts take, counted anew where virtlogd has just renamed one."""
    while True:
        try:
            return sum(path.stat().st_blocks * 512 for path in folder.glob(f"{uuid}.*"))
        except FileNotFoundError:
            pass


def _identities(told):
    return {(one["boot_id"], one["seq"], one["boottime_us"]) for one in told["records"]}


def _seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _push_records(guest, make):
    with tempfile.NamedTemporaryFile() as file:
        file.write(gzip.compress(make(MIB)))
        file.flush()
        guest.push(file.name, "/root/records.gz")


def _flood(context, neighbour, flood):
    guest = context.guest
    uuid = guest.virsh("domuuid", guest.name).strip()
    folder, before = _folder(guest), _records(context, guest)
    guest.shell(flood)
    processes = {"QEMU": Process(int(call("qemu-pid", guest.name).out)),
                 "virtlogd": Process(_virtlogd(context.lab.uri))}
    largest, slowest, touched, until = 0, 0, 0, time.monotonic() + SECONDS
    while time.monotonic() < until:
        largest = max(largest, _disk(folder, uuid))
        neighbour.shell("touch /etc/sudoers.d/harness")
        touched += 1
        begun = _seconds()
        told = _records(context, guest)
        slowest = max(slowest, _seconds() - begun)
        check(_identities(before) <= _identities(told),
              "what was there before the flood is not told any more")
        time.sleep(PAUSE)
    reader = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    lines = [f"disk {largest / MIB:.1f} MiB, largest child {reader / MIB:.0f} MiB, "
             f"dearest reading {slowest:.1f} s"]
    lines += [f"{name}: {process.cores():.2f} cores, grown by {process.growth() / MIB:.1f} MiB"
              for name, process in processes.items()]
    context.log("\n".join(lines) + "\n")
    print("\n".join(f"      {line}" for line in lines), flush=True)
    check(largest <= MAX_DISK, f"the flood takes {largest} bytes on the host's disk")
    check(slowest <= MAX_SECONDS, f"reading it takes {slowest:.1f} s of the processor")
    check(reader <= MAX_READER, f"reading it takes {reader} bytes of memory")
    for name, process in processes.items():
        check(process.growth() <= MAX_GROWTH, f"{name} grew by {process.growth()} bytes")
        check(process.cores() <= MAX_CORES, f"{name} took {process.cores():.2f} cores")
    return touched


def _is_change(record, path):
    return (record["kind"] == "event" and record["body"]["event"] == "control-plane-changed" and
            record["body"].get("path") == path)


def _await_last(context, neighbour):
    """Its recorder has not fallen silent meanwhile: what is changed now is told. All its records."""
    time.sleep(REFILL)
    neighbour.shell(f"touch {LAST}")
    until = time.monotonic() + PATIENCE
    while True:
        told = _records(context, neighbour)
        if any(_is_change(record, LAST) for record in told["records"]):
            return told
        check(time.monotonic() < until, f"the neighbour's last change is not told: {told['notes']}")
        time.sleep(2)


def _check_neighbour(context, neighbour, touched):
    """It has lost nothing, and nothing is said of it."""
    told = _await_last(context, neighbour)
    check(told["dropped"] == 0 and told["missed"] == 0, "the neighbour has lost records")
    check(not told["notes"] and told["lost"] == 0,
          f"the neighbour's notes: {told['notes']}, {told['lost']} lost")
    numbers = sorted(one["seq"] for one in told["records"] if one["machine_id"])
    check(numbers == list(range(numbers[0], numbers[0] + len(numbers))),
          f"the neighbour's numbers: {numbers}")
    changes = sum(_is_change(one, "/etc/sudoers.d/harness") for one in told["records"])
    check(changes >= min(touched, MIN_TOLD), f"of {touched} changes {changes} are told")


def _run(context, make):
    """A guest that floods, with the records that MAKE gives or with rubbish, and its neighbour."""
    neighbour = Guest(context.lab, f"{context.guest.name}n")
    neighbour.log = context.log
    neighbour.up(*OWN)
    try:
        for guest in (context.guest, neighbour):
            _await_reports(context, guest)
        if make is not None:
            _push_records(context.guest, make)
        touched = _flood(context, neighbour, FLOOD if make is None else FLOOD_OF_RECORDS)
        _check_neighbour(context, neighbour, touched)
    finally:
        neighbour.down()


def scenarios():
    """With rubbish and with records; all take too long for every check."""
    return [Scenario(name, lambda context, make=make: _run(context, make), list(OWN),
                     __doc__.splitlines()[0], check=False)
            for name, make in {"recorder_flood": None, **MAKERS}.items()]
