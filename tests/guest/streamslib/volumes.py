# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is read of a volume that was read before: no more than is needed, and never less."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as ElementTree

from .tools import POSTERN, ROOT, expect, scenario, virsh

NAME = "st-volume"
UUID = "5b0f2c1e-7d0a-4a54-9a67-3d1c6f2b8e90"
# Of no guest that runs: the test itself is what writes.
DOMAIN = f"""\
<domain type='qemu'><name>{NAME}</name><uuid>{UUID}</uuid><memory>65536</memory>
<os><type arch='x86_64' machine='pc'>hvm</type></os><devices><channel type='file'>
<source path='/nowhere' append='on'/><target type='virtio' name='org.postern.recorder.0'/>
</channel></devices></domain>
"""
STREAM = (ROOT / "tests/data/records/stream.records").read_bytes()
FRAMES = [b"\x1e" + frame for frame in STREAM.split(b"\x1e")[1:]]
# As volume-place.h has it: so much is looked at to know the newest part again.
HEAD_BYTES = 4096


class Volume:
    """The files of it, written as virtlogd would."""

    def __init__(self):
        pool = ElementTree.fromstring(virsh("pool-dumpxml", "postern"))
        self.folder = pathlib.Path(pool.findtext("target/path"))
        self.path = self.folder / f"{UUID}.records"

    def append(self, data):
        """Writes on."""
        with open(self.path, "ab") as file:
            file.write(data)
        owner = self.folder.stat()
        os.chown(self.path, owner.st_uid, owner.st_gid)

    def roll(self):
        """Gives each part its next name."""
        for number in (1, 0):
            part = pathlib.Path(f"{self.path}.{number}")
            if part.exists():
                part.rename(f"{self.path}.{number + 1}")
        self.path.rename(f"{self.path}.0")

    def replace(self, data):
        """Another file in its place."""
        self.path.unlink()
        self.append(data)

    def remove(self):
        """All parts."""
        for part in self.folder.glob(f"{UUID}.records*"):
            part.unlink()
        virsh("pool-refresh", "postern")


class Reader:
    """postern with a store in FOLDER."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.settings = self.folder / "postern.conf"
        self.settings.write_text(f"[store]\nfolder={folder}/store\n", encoding="utf-8")

    def read(self):
        """What `records` tells, how often the pool was refreshed, and from where on each part was
        read."""
        log = self.folder / "calls"
        log.unlink(missing_ok=True)
        done = subprocess.run([POSTERN, "records", NAME, "--json", "--lines", "1000"],
                              check=False, capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, POSTERN_CONFIG=str(self.settings),
                                       LIBVIRT_LOG_FILTERS="1:libvirt",
                                       LIBVIRT_LOG_OUTPUTS=f"1:file:{log}"))
        expect(done.returncode == 0, f"records: {done.stderr}")
        calls = log.read_text(encoding="utf-8", errors="replace")
        offsets = [int(offset) for offset in
                   re.findall(r" virStorageVolDownload:.*offset=(\d+)", calls)]
        return json.loads(done.stdout), calls.count(" virStoragePoolRefresh:"), offsets

    def forget_records(self):
        """Removes what the store keeps of them, and leaves the rest."""
        kept, = self.folder.glob("store/*/*.records")
        kept.unlink()


def _plain(told):
    """Without what depends on when it was told."""
    return dict(told, records=[{name: value for name, value in one.items() if name != "age_ms"}
                               for one in told["records"]])


def _as_anew(told):
    """The volume tells a reader who knows nothing the same."""
    folder = tempfile.mkdtemp(prefix="postern-volume-")
    try:
        anew, _, offsets = Reader(folder).read()
    finally:
        shutil.rmtree(folder)
    expect(set(offsets) == {0}, f"who knows nothing read {offsets}")
    expect(_plain(told) == _plain(anew), f"it tells {_plain(told)}, and anew {_plain(anew)}")


def _check(reader, count, *, begins=None):
    """COUNT whole records are told, as a new reader tells them. BEGINS: what is read again begins
    there, and nothing is refreshed; None: the volume is not known again."""
    told, refreshes, offsets = reader.read()
    expect(told["whole"] == count, f"{told['whole']} whole records, not {count}")
    if begins is None:
        expect(refreshes > 0, "the pool was not refreshed")
    else:
        expect(refreshes == 0, f"the pool was refreshed {refreshes} times")
        expect(offsets and set(offsets) == {0, begins}, f"from {begins} on, it read {offsets}")
    _as_anew(told)
    return told


def _grow(volume, reader):
    """It is written on: also in the middle of a record, and with what is none."""
    volume.append(b"".join(FRAMES[:3]))
    expect(len(b"".join(FRAMES[:3])) < HEAD_BYTES, "it does not begin with less than a head")
    _check(reader, 3)
    _check(reader, 3, begins=len(b"".join(FRAMES[:3])))
    volume.append(b"".join(FRAMES[3:5]) + FRAMES[5][:20])
    _check(reader, 5, begins=len(b"".join(FRAMES[:3])))
    whole = len(b"".join(FRAMES[:5]))
    volume.append(FRAMES[5][20:])
    _check(reader, 6, begins=whole)
    torn = b"rubbish\x1e{\"torn\n" + FRAMES[6]
    volume.append(torn)
    whole = len(b"".join(FRAMES[:6]))
    told = _check(reader, 7, begins=whole)
    expect(told["dropped"] == 1, f"{told['dropped']} were dropped")
    _check(reader, 7, begins=whole + len(torn))
    return whole + len(torn)


def _roll(volume, reader):
    """It is rolled, also in the middle of a record."""
    volume.append(FRAMES[7][:30])
    volume.roll()
    volume.append(FRAMES[7][30:])
    _check(reader, 8)
    begins = len(FRAMES[7][30:])
    volume.append(FRAMES[8])
    _check(reader, 9, begins=begins)
    volume.roll()
    volume.append(FRAMES[9])
    volume.roll()
    volume.append(FRAMES[10])
    _check(reader, 11)
    volume.append(FRAMES[11])
    _check(reader, 12, begins=len(FRAMES[10]))


@scenario()
def a_volume_that_grows_is_read_on():
    """It tells the same as one that is read anew each time, and nothing is read twice that need not
    be; whatever is not as it was is read from its start."""
    volume = Volume()
    folder = tempfile.mkdtemp(prefix="postern-volume-")
    try:
        reader = Reader(folder)
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
            file.write(DOMAIN)
            file.flush()
            virsh("define", file.name)
        end = _grow(volume, reader)
        reader.forget_records()
        told, refreshes, offsets = reader.read()
        expect(told["whole"] == 7 and len(told["records"]) == 7, "the store's loss loses records")
        expect(refreshes == 0 and set(offsets) == {0, end}, f"it read {offsets}")
        _as_anew(told)
        _roll(volume, reader)
        volume.replace(b"".join(FRAMES[12:]))
        told, _, offsets = reader.read()
        expect(set(offsets) == {0}, f"of another file it read {offsets}")
        expect(told["whole"] == 10 + len(FRAMES[12:]), f"of another file {told['whole']} are told")
        expect(len(told["records"]) == len(FRAMES), "what the file before it had is not told")
    finally:
        subprocess.run(["virsh", "-q", "undefine", NAME], check=False, capture_output=True)
        volume.remove()
        shutil.rmtree(folder)
