# SPDX-License-Identifier: LGPL-2.1-or-later
"""A second reader of a recorder's volume, by docs/protocol.md alone: it shares nothing with
postern's, reads the files themselves and not through libvirt, and says what postern has to tell."""

import json
import os
import random
import re
from collections import Counter
from pathlib import Path

from .errors import check

MAX_BACKUPS = 8  # more than virtlogd keeps here
MAX_TEXT = 64 * 1024
HEAD = re.compile(rb'\{"crc32c":"([0-9a-f]{8})",')
CONTROL = re.compile(rb"[\x1e\n]")
MEMBERS = ("seq", "boot_id", "machine_id", "domain", "realtime_us", "boottime_us", "kind", "user",
           "lost", "body")
# Of a volume with more of them postern tells so much (host-sidecar/volume.h).
TOLD_BYTES = 2 * 1024 * 1024

MACHINE = "0123456789abcdef0123456789abcdef"
DOMAIN = "load"
EVENT = "oom-kill"


def _table():
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        yield crc


TABLE = tuple(_table())


def crc32c(data):
    """As RFC 3720 has it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def identity(record):
    """What a record is, by all that its writer put into it."""
    return json.dumps([record.get(name) for name in MEMBERS], sort_keys=True)


def _record(text):
    """The record in the text, or None where its checksum does not hold."""
    head = HEAD.match(text)
    if not head or len(text) > MAX_TEXT or crc32c(text[head.end():]) != int(head[1], 16):
        return None
    return json.loads(text)


class Volume:
    """What stands in the bytes of a volume, the oldest first."""

    def __init__(self, data):
        self.records = []
        self.bytes = 0  # of the records, with the frames around them
        self.dropped = 0
        self.stray_bytes = 0
        self.unfinished = 0  # bytes of a record that was begun, and is not at its end yet
        inside, after = False, 0
        for mark in CONTROL.finditer(data):
            text, ends = data[after:mark.start()], mark[0] == b"\n"
            after = mark.end()
            if inside:
                self._take(text if ends else None)
            else:
                self.stray_bytes += len(text)
            inside = not ends
        if inside:
            self.unfinished = len(data) - after
        else:
            self.stray_bytes += len(data) - after

    def _take(self, text):
        record = _record(text) if text is not None else None
        if record is None:
            self.dropped += 1
            return
        self.records.append(record)
        self.bytes += len(text) + 2

    def of(self, boot_id):
        """Its records of a boot."""
        return [record for record in self.records if record["boot_id"] == boot_id]


def parts(path):
    """The files of a volume that are there, the oldest first."""
    names = [f"{path}.{number}" for number in reversed(range(MAX_BACKUPS))] + [str(path)]
    return [Path(name) for name in names if os.path.exists(name)]


def sizes(path):
    """Of each of its files, by inode, which a roll leaves as it is."""
    found = {}
    for part in parts(path):
        try:
            status = part.stat()
        except FileNotFoundError:  # rolled meanwhile
            continue
        found[status.st_ino] = status.st_size
    return found


def content(path):
    """The bytes of all its parts; nobody may be writing to it."""
    return b"".join(part.read_bytes() for part in parts(path))


def read(path):
    """The volume; nobody may be writing to it."""
    return Volume(content(path))


def _is_load(record):
    return record["kind"] == "event" and record["body"]["event"] == EVENT


def _check_missing(volume, told, earlier):
    """What is left out of a volume with too many records is the oldest of the load's."""
    kept = sum(len(json.dumps(one, separators=(",", ":"))) for one in volume.records
               if identity(one) in told)
    check(volume.bytes > TOLD_BYTES, f"of {volume.bytes} bytes of records some are not told")
    check(kept > TOLD_BYTES * 3 // 4, f"only {kept} bytes of {volume.bytes} are told")
    load = [identity(one) for one in volume.records if _is_load(one)]
    lost = [one for one in volume.records if identity(one) not in told]
    check(all(_is_load(one) for one in lost), "records are left out that the flood is not of")
    last = load.index(identity(lost[-1]))
    odd = [one for one in load[:last] if one in told and one not in earlier]
    check(not odd, f"{len(odd)} records are told that are older than some that are not")


def hold(volume, told, earlier):
    """Fails unless what postern TOLD (all of `records --json`) is what stands in the volume, and
    what the store has kept, which is among the identities EARLIER."""
    for name, wanted in (("whole", len(volume.records)), ("dropped", volume.dropped),
                         ("stray_bytes", volume.stray_bytes)):
        check(told[name] == wanted, f"{name} is {told[name]}, and in the volume {wanted}")
    place = {identity(record): i for i, record in enumerate(volume.records)}
    check(len(place) == len(volume.records), "a record stands in the volume twice")
    said = [identity(record) for record in reversed(told["records"])]
    invented = [one for one in said if one not in place and one not in earlier]
    check(not invented, f"{len(invented)} are told that are not in the volume: {invented[:1]}")
    twice = [one for one, times in Counter(said).items() if times > 1]
    check(not twice, f"{len(twice)} are told twice")
    places = [place[one] for one in said if one in place]
    check(places == sorted(places), "they are not told in the order of their writing")
    if len(places) < len(place):
        _check_missing(volume, set(said), earlier)


def _frame(record):
    rest = json.dumps(record, separators=(",", ":")).encode()[1:]
    return b'\x1e{"crc32c":"%08x",%s\n' % (crc32c(rest), rest)


def make_small(total):
    """About TOTAL bytes of records, about as small as one can be."""
    out, number = bytearray(), 0
    while len(out) < total:
        number += 1
        out += _frame({"seq": number, "boot_id": "", "machine_id": "", "realtime_us": 0,
                       "boottime_us": 0, "kind": "event", "body": {"event": EVENT}})
    return bytes(out)


def make_dear(total):
    """About TOTAL bytes of records that take as much more in memory than as text as they can."""
    tokens = 9900
    out, number = bytearray(), 0
    while len(out) < total:
        number += 1
        out += _frame({"seq": number, "boot_id": "", "machine_id": "", "realtime_us": 0,
                       "boottime_us": 0, "kind": "event",
                       "body": {"event": EVENT, "a": [{}] * tokens}})
    return bytes(out)


def make_load(boot_id, total, maker=None):
    """A stream of about TOTAL bytes of records of a machine and a boot of their own, of random
    lengths: its bytes, and the records' identities."""
    maker = maker or random.Random()
    out, identities, number = bytearray(), [], 0
    while len(out) < total:
        number += 1
        record = {"seq": number, "boot_id": boot_id, "machine_id": MACHINE, "domain": DOMAIN,
                  "realtime_us": 1700000000000000 + number * 1000, "boottime_us": number * 1000,
                  "kind": "event",
                  "body": {"event": EVENT, "message": "x" * maker.randrange(2000)}}
        out += _frame(record)
        identities.append(identity(record))
    return bytes(out), identities
