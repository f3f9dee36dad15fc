# SPDX-License-Identifier: LGPL-2.1-or-later
"""Records that a guest writes through the recorder's port while something is done to what keeps them,
and what has to be in the volume of them afterwards."""

import gzip
import random
import tempfile
import time
import uuid

from . import volume
from .errors import check

PORT = "/dev/virtio-ports/org.postern.recorder.0"
BYTES = 4 * 1024 * 1024
# Of it in the volume at least, and at most, when its writing is ended: more than half is still to be
# written then.
LEAST, MOST = 16 * 1024, BYTES // 2
SECONDS = 150
# Begun when nobody waits for the guest's agent any more. At once, as much as the port takes:
AT_ONCE = "exec cat"
# In pieces, so that it lasts some seconds, for what can't be done within the moment.
IN_PIECES = f"for _ in $(seq {BYTES // 8192 + 1}); do head -c 8192; done"
SCRIPT = """\
systemctl stop postern-shim
zcat /root/load.gz >/root/load
systemd-run -q --unit=load /bin/sh -c 'sleep 5; exec </root/load >{port}; {how}'
"""
STOP = "systemctl stop load; systemctl reset-failed load; systemctl start postern-shim"


class Load:
    """Records that no other load has."""

    def __init__(self, guest, path):
        self.guest = guest
        self.path = path  # of the guest's volume
        self.boot_id = str(uuid.uuid4())
        stream, self.identities = volume.make_load(self.boot_id, BYTES)
        with tempfile.NamedTemporaryFile() as file:
            file.write(gzip.compress(stream))
            file.flush()
            guest.push(file.name, "/root/load.gz")

    def begin(self, how):
        """Returns when a random part of it is in the volume, and more is being written."""
        before = volume.sizes(self.path)
        self.guest.shell(SCRIPT.format(port=PORT, how=how))
        await_growth(self.path, before, random.randrange(LEAST, MOST))

    def check(self, there):
        """What is in the volume THERE of it is its beginning without a gap; returns how much."""
        found = [volume.identity(record) for record in there.of(self.boot_id)]
        check(found, "nothing was written under load")
        check(len(found) < len(self.identities), "all was written before it was ended")
        check(found == self.identities[:len(found)],
              "records of the load are missing before its end")
        return f"{len(found)} of {len(self.identities)} records of the load were written"


def await_growth(path, before, wanted):
    """Until so many bytes more are in the volume than BEFORE (volume.sizes())."""
    seen = before
    until = time.monotonic() + SECONDS
    while sum(seen.values()) - sum(before.values()) < wanted:
        check(time.monotonic() < until, f"no {wanted} bytes of load within {SECONDS} s")
        time.sleep(0.001)
        seen = seen | volume.sizes(path)


def await_rest(path):
    """Until nothing is written to the volume any more."""
    until = time.monotonic() + SECONDS
    while True:
        rest = volume.sizes(path)
        time.sleep(1)
        if volume.sizes(path) == rest:
            return
        check(time.monotonic() < until, f"the volume does not come to rest within {SECONDS} s")


def hold(path, tell, earlier):
    """What TELL() tells (all of `records --json`) is what stands in the volume, as volume.hold() has
    it; asked again where something was written meanwhile. Returns both."""
    until = time.monotonic() + SECONDS
    while True:
        before = volume.content(path)
        told = tell()
        if volume.content(path) == before:
            break
        check(time.monotonic() < until, f"the volume does not come to rest within {SECONDS} s")
    there = volume.Volume(before)
    volume.hold(there, told, earlier)
    return there, told


def words(there, told):
    """Both in a line."""
    return f"{len(there.records)} whole, {there.dropped} dropped, {there.unfinished} bytes of a " \
           f"record at the end, {len(told['records'])} told"
