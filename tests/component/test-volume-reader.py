#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The second reader that the scenarios hold postern's records against (tests/guest/guestlib): it
finds what a shim wrote, and it refuses each kind of wrong telling."""

import copy
import pathlib
import random
import sys

sys.dont_write_bytecode = True
TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "guest")]

from guestlib import volume  # noqa: E402
from guestlib.errors import Failure  # noqa: E402
from taplib import check, run_all  # noqa: E402

REAL = (TESTS / "data/records/stream.records").read_bytes()
LOAD, IDENTITIES = volume.make_load("11111111-2222-3333-4444-555555555555", 100000,
                                    random.Random(1))


def _told(held):
    """As a postern that is right tells it."""
    return {"whole": len(held.records), "dropped": held.dropped, "stray_bytes": held.stray_bytes,
            "records": [dict(one, age_ms=1, epoch=0) for one in reversed(held.records)]}


def _is_refused(held, told, earlier=frozenset()):
    try:
        volume.hold(held, told, earlier)
    except Failure:
        return True
    return False


def test_checksum():
    """The example of RFC 3720, B.4, and what the shim reckoned."""
    check(volume.crc32c(bytes(32)) == 0x8A9136AA)
    held = volume.Volume(REAL)
    check(len(held.records) == REAL.count(b"\x1e") > 10, len(held.records))
    check((held.dropped, held.stray_bytes, held.unfinished) == (0, 0, 0))


def test_load():
    held = volume.Volume(LOAD)
    check([volume.identity(one) for one in held.records] == IDENTITIES)
    check(held.bytes == len(LOAD))


def test_small():
    data = volume.make_small(10000)
    held = volume.Volume(data)
    check(len(held.records) == data.count(b"\n") > 60 and held.dropped == 0, len(held.records))


def test_torn():
    """Cut anywhere and written on: one is dropped, and no other is lost."""
    for cut in range(1, len(REAL), 211):
        held = volume.Volume(REAL[:cut])
        whole = REAL[:cut].count(b"\n")
        check(len(held.records) == whole and held.dropped == 0, cut)
        torn = REAL[:cut][-1:] != b"\n"
        check((REAL[:cut].count(b"\x1e") > whole) == torn, cut)
        held = volume.Volume(REAL[:cut] + LOAD)
        check(len(held.records) == whole + len(IDENTITIES) and held.dropped == torn, cut)
        held = volume.Volume(REAL[cut:])
        check(len(held.records) == REAL[cut:].count(b"\x1e") and held.dropped == 0, cut)


def test_flipped():
    data = bytearray(REAL)
    data[REAL.index(b"realtime_us") + 15] ^= 1
    held = volume.Volume(bytes(data))
    check(held.dropped == 1 and len(held.records) == REAL.count(b"\x1e") - 1)


def test_right_is_accepted():
    held = volume.Volume(REAL[:-100] + LOAD)
    check(held.dropped == 1)
    check(not _is_refused(held, _told(held)))
    # What was rolled away, and the store has kept.
    told = _told(held)
    rolled = volume.Volume((REAL[:-100] + LOAD)[5000:])
    told.update({name: _told(rolled)[name] for name in ("whole", "dropped", "stray_bytes")})
    check(not _is_refused(rolled, told, {volume.identity(one) for one in held.records}))


def _wrong_tellings(held):
    for name in ("whole", "dropped", "stray_bytes"):
        for step in (-1, 1):
            told = _told(held)
            told[name] += step
            yield f"{name} {step}", told
    middle = len(held.records) // 2
    for at in (0, middle, len(held.records) - 1):
        told = _told(held)
        del told["records"][at]
        yield f"lost {at}", told
        told = _told(held)
        told["records"].insert(at, copy.deepcopy(told["records"][at]))
        yield f"twice {at}", told
        told = _told(held)
        told["records"][at]["body"] = {"event": "made up"}
        yield f"another body {at}", told
        told = _told(held)
        told["records"].insert(at, dict(told["records"][at], seq=999999))
        yield f"invented {at}", told
    told = _told(held)
    told["records"][2:4] = reversed(told["records"][2:4])
    yield "another order", told


def test_wrong_is_refused():
    held = volume.Volume(REAL[:-100] + LOAD)
    for what, told in _wrong_tellings(held):
        check(_is_refused(held, told), what)


def test_bound():
    """Of a volume with more than is told, the oldest of the load may be left out, and no other."""
    load, _ = volume.make_load("11111111-2222-3333-4444-555555555555", volume.TOLD_BYTES,
                               random.Random(2))
    held = volume.Volume(REAL + load)
    own = REAL.count(b"\x1e")
    told = _told(held)
    del told["records"][-own - 40:-own]
    check(not _is_refused(held, told))
    kept = set(map(volume.identity, held.records[own + 20:own + 30]))
    check(not _is_refused(held, dict(told, records=_told(held)["records"][:-own - 30] +
                                     _told(held)["records"][-own - 30:-own - 20] +
                                     _told(held)["records"][-own:]), kept))
    for first, last in ((-own - 45, -own - 5), (-40, None), (0, 10), (10, -own)):
        told = _told(held)
        del told["records"][first:last]
        check(_is_refused(held, told), first, last)


run_all(sys.modules[__name__])
