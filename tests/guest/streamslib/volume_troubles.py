# SPDX-License-Identifier: LGPL-2.1-or-later
"""Volumes that are too large, have too many parts, or whose domain has no recorder any more; and
what is said where they are not kept."""

import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from .tools import POSTERN, expect, scenario, virsh
from .volumes import DOMAIN, FRAMES, NAME, UUID, Reader, Volume

MIB = 1024 * 1024
# Without the recorder, off, as after `virsh detach-device`.
BARE = DOMAIN.partition("<channel")[0] + "</devices></domain>"


@contextlib.contextmanager
def _domain(xml):
    """The domain, its volume's files, and a reader with a store of its own."""
    volume = Volume()
    folder = tempfile.mkdtemp(prefix="postern-volume-")
    try:
        _define(xml)
        yield volume, Reader(folder)
    finally:
        subprocess.run(["virsh", "-q", "undefine", NAME], check=False, capture_output=True)
        volume.remove()
        shutil.rmtree(folder)


def _define(xml):
    with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
        file.write(xml)
        file.flush()
        virsh("define", file.name)


def _postern(reader, *words):
    """Runs it with the reader's store; exit code and what it printed as JSON."""
    done = subprocess.run([POSTERN, *words, "--json"], check=False, capture_output=True, text=True,
                          timeout=60, env=dict(os.environ, POSTERN_CONFIG=str(reader.settings)))
    expect(done.stdout, f"{words}: {done.stderr}")
    return done.returncode, json.loads(done.stdout)


def _row(reader):
    """What `list` tells of the domain."""
    _, told = _postern(reader, "list")
    return next(row for row in told["domains"] if row["name"] == NAME)


@scenario()
def of_a_part_that_is_too_large_the_tail_is_read():
    """Nobody rolls it; what is newest in it is told, and so are the other parts."""
    with _domain(DOMAIN) as (volume, reader):
        volume.append(b"".join(FRAMES[:3]))
        volume.roll()
        volume.append(FRAMES[3])
        os.truncate(volume.path, 65 * MIB)
        volume.append(b"\n" + b"".join(FRAMES[4:6]))
        told, _, offsets = reader.read()
        begins = 65 * MIB + 1 + len(FRAMES[4]) + len(FRAMES[5]) - 64 * MIB
        expect(told["whole"] == 5, f"{told['whole']} whole records")
        expect(begins in offsets, f"it read from {offsets}, not from {begins}")
        expect(any("the first 1.0" in note and "max_size" in note for note in told["notes"]),
               f"it says {told['notes']}")
        # What grows on is read on.
        volume.append(FRAMES[6])
        told, refreshes, offsets = reader.read()
        expect(told["whole"] == 6, f"{told['whole']} whole records of one that grew")
        expect(refreshes == 0 and set(offsets) == {0, begins + 64 * MIB},
               f"of one that grew it read {offsets}")


@scenario()
def all_parts_that_virtlogd_keeps_are_read():
    """However many it is told to; of very many the oldest are not, which is said."""
    with _domain(DOMAIN) as (volume, reader):
        for number, frame in enumerate(FRAMES[:7]):
            for part in range(number, 1, -1):
                pathlib.Path(f"{volume.path}.{part - 2}").rename(f"{volume.path}.{part - 1}")
            if number > 0:
                volume.path.rename(f"{volume.path}.0")
            volume.append(frame)
        told, _, _ = reader.read()
        expect(told["whole"] == 7 and told["parts"] == 7, f"it tells {told}")
        expect(not told["notes"], f"it says {told['notes']}")
        for part in range(6, 20):
            pathlib.Path(f"{volume.path}.{part}").write_bytes(FRAMES[8])
        virsh("pool-refresh", "postern")
        told, _, _ = reader.read()
        expect(told["parts"] == 16, f"of 21 parts it read {told['parts']}")
        expect(any("16 parts or more" in note for note in told["notes"]), f"it says {told['notes']}")


@scenario()
def a_recorder_that_was_taken_away_has_left_its_records():
    """They answer where nothing else does, and `list` says that there are some."""
    with _domain(DOMAIN) as (volume, reader):
        # Those that say whose they are are of another domain.
        volume.append(b"".join(frame for frame in FRAMES if b'"domain"' not in frame))
        expect(_row(reader)["volume"] == "open", "list does not find them")
        _define(BARE)
        row = _row(reader)
        expect(row["volume"] == "open" and row["last_record_us"], f"list tells {row}")
        _, told = _postern(reader, "probe", NAME, "system")
        expect(told["via"] == "volume", f"it tells {told}")
        # Also where nobody had read them before.
        shutil.rmtree(reader.folder / "store")
        _, told = _postern(reader, "probe", NAME, "system")
        expect(told["via"] == "volume", f"of the volume alone it tells {told}")


@scenario()
def a_harvest_that_fails_is_said():
    """By `list`, which is what a timer runs for it."""
    with _domain(DOMAIN) as (volume, reader):
        volume.append(b"".join(FRAMES[:3]))
        right = reader.settings.read_text(encoding="utf-8")
        for wrong, named in ("kep=3d", "keep"), ("keep=often", "keep"), ("total_size=1", "1"):
            reader.settings.write_text(f"{right}{wrong}\n", encoding="utf-8")
            problem = _row(reader)["volume_problem"]
            expect(problem and "not harvested" in problem and named in problem,
                   f"of {wrong} list says {problem}")
        reader.settings.write_text("[store]\nfolder=/dev/full\n", encoding="utf-8")
        problem = _row(reader)["volume_problem"]
        expect(problem and "/dev/full" in problem, f"of a bad folder list says {problem}")
        reader.settings.write_text(right, encoding="utf-8")
        row = _row(reader)
        expect(row["volume"] == "open" and not row.get("volume_problem"), f"list tells {row}")


@scenario()
def what_cannot_be_pruned_fails():
    """And what was, does not: its name is the one that libvirt had for it."""
    with _domain(DOMAIN) as (volume, reader):
        volume.append(b"".join(FRAMES[:3]))
        _row(reader)
        virsh("undefine", NAME)
        text = reader.settings.read_text(encoding="utf-8")
        reader.settings.write_text(f"{text}keep=0s\n", encoding="utf-8")
        kept, = reader.folder.glob("store/*/*.records")
        unfinished = kept.parent / f".{kept.name}.new"
        unfinished.write_bytes(b"killed")
        with open(kept, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            code, told = _postern(reader, "records", "--prune")
        item, = [item for item in told["leftovers"] if item["uuid"] == UUID]
        expect(code == 3, f"it ends with {code}")
        expect(not item["removed"] and "another process" in item["problem"], f"it tells {item}")
        expect(item["domain"] == NAME, f"it is called {item['domain']}")
        code, told = _postern(reader, "records", "--prune")
        item, = [item for item in told["leftovers"] if item["uuid"] == UUID]
        expect(code == 0 and item["removed"], f"then it ends with {code}, and tells {item}")
        expect(not unfinished.exists(), "what a killed harvest left is there still")
        virsh("pool-destroy", "postern")
        try:
            code, told = _postern(reader, "records", "--leftovers")
        finally:
            virsh("pool-start", "postern")
        expect(code == 3 and "problem" in told, f"without its pool it ends with {code}: {told}")
