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
import time

from .tools import POSTERN, expect, scenario, virsh
from .volumes import DOMAIN, FRAMES, NAME, UUID, Reader, Volume

MIB = 1024 * 1024
# Without the recorder, off, as after `virsh detach-device`.
SOUND = DOMAIN.replace("/nowhere", f"/nowhere/{UUID}.records")
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
    with _domain(SOUND) as (volume, reader):
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
    with _domain(SOUND) as (volume, reader):
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
    with _domain(SOUND) as (volume, reader):
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
    with _domain(SOUND) as (volume, reader):
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


@contextlib.contextmanager
def _no_pool():
    """The pool is switched off for a while."""
    virsh("pool-destroy", "postern")
    try:
        yield
    finally:
        virsh("pool-start", "postern")


@scenario()
def what_cannot_be_read_is_not_passed_off_as_the_last():
    """What was kept is told, and that there may be more; nobody says that it never was."""
    with _domain(SOUND) as (volume, reader):
        own = [frame for frame in FRAMES if b'"domain"' not in frame]
        volume.append(b"".join(own[:3]))
        _row(reader)
        volume.append(b"".join(own[3:]))
        with _no_pool():
            begun = time.monotonic()
            row = _row(reader)
            expect(time.monotonic() < begun + 2, "a pool that is switched off is waited for")
            expect(row["volume"] == "open" and "not active" in row["volume_problem"],
                   f"list tells {row}")
            _, told = _postern(reader, "probe", NAME, "system")
            newer = [one["reason"] for one in told["attempts"] if one["via"] == "volume"]
            expect(told["via"] == "volume" and "newer" in "".join(newer), f"system tells {told}")
            _, told = _postern(reader, "probe", NAME, "storage")
            reason, = [one["reason"] for one in told["attempts"] if one["via"] == "volume"]
            expect("newer" in reason and "never" not in reason, f"storage tells {told}")
            _, told = _postern(reader, "probe", NAME, "host")
            expect("newer records" in json.dumps(told["report"]["findings"]),
                   f"the host tells {told['report']['findings']}")
        _, told = _postern(reader, "probe", NAME, "storage")
        expect(told["via"] == "volume" and "newer" not in json.dumps(told["attempts"]),
               f"with its pool it tells {told}")


@scenario()
def a_head_that_switches_the_pool_off_is_named():
    """libvirt 9.0 can't refresh a pool with a qcow2 header that ends too early, and switches it off;
    what is kept is told, with the way out."""
    with _domain(SOUND) as (volume, reader):
        volume.append(b"QFI\xfb\0\0\0\3" + bytes(64))
        try:
            done = subprocess.run([POSTERN, "records", NAME], check=False, capture_output=True,
                                  text=True, timeout=60,
                                  env=dict(os.environ, POSTERN_CONFIG=str(reader.settings)))
            off = "inactive" in virsh("pool-list", "--all")
        finally:
            volume.path.unlink()
            if "inactive" in virsh("pool-list", "--all"):
                virsh("pool-start", "postern")
        # A later libvirt may read it; then there is nothing to be said.
        expect(off == ("switched" in done.stderr), f"it says {done.stderr}")
        expect(not off or ("100 bytes" in done.stderr and "pool-start" in done.stderr),
               f"it says {done.stderr}")


@scenario()
def of_a_volume_without_a_date_the_records_are_told():
    """By the guest's own clock, which is said; nothing of it is pruned."""
    with _domain(SOUND) as (volume, reader):
        volume.append(b"".join(FRAMES[:3]))
        ahead = time.time() + 7200
        os.utime(volume.path, (ahead, ahead))
        told, _, _ = reader.read()
        expect(len(told["records"]) == 3 and any("own clock" in note for note in told["notes"]),
               f"it tells {told}")
        row = _row(reader)
        expect(row["volume"] == "open" and row["last_record_us"], f"list tells {row}")
        virsh("undefine", NAME)
        text = reader.settings.read_text(encoding="utf-8")
        reader.settings.write_text(f"{text}keep=0s\n", encoding="utf-8")
        code, told = _postern(reader, "records", "--prune")
        item, = [item for item in told["leftovers"] if item["uuid"] == UUID]
        expect(code == 0 and not item["expired"] and not item["removed"], f"it tells {item}")


@scenario()
def what_will_be_lost_is_said_before_the_start():
    """Of a domain that is off, by its XML alone."""
    emptied = DOMAIN.replace(" append='on'", "").replace("/nowhere", f"/nowhere/{UUID}.records")
    for xml, finding in (emptied, "host.recorder-emptied"), (DOMAIN, "host.recorder-elsewhere"):
        with _domain(xml) as (volume, reader):
            volume.append(b"".join(FRAMES[:3]))
            _, told = _postern(reader, "probe", NAME, "host")
            found = [one["id"] for one in told["report"]["findings"]]
            expect(finding in found, f"the host tells {found}")
            expect(_row(reader)["volume_problem"], f"list does not tell {finding}")
            done = reader.read()[0]
            expect(any("append" in note or "UUID.records" in note for note in done["notes"]),
                   f"records tells {done['notes']}")


@scenario()
def what_cannot_be_pruned_fails():
    """And what was, does not: its name is the one that libvirt had for it."""
    with _domain(SOUND) as (volume, reader):
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
        _define(SOUND)
        volume.append(b"".join(FRAMES[:3]))
        _row(reader)
        virsh("undefine", NAME)
        with _no_pool():
            code, told = _postern(reader, "records", "--leftovers")
            pruned = _postern(reader, "records", "--prune")[1]
        item, = [item for item in pruned["leftovers"] if item["uuid"] == UUID]
        expect(not item["removed"], "what was kept is removed though its volume was not looked at")
        expect(code == 3 and "problem" in told, f"without its pool it ends with {code}: {told}")
