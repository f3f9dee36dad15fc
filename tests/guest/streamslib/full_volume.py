# SPDX-License-Identifier: LGPL-2.1-or-later
"""A recorder that falls silent because virtlogd's file system was full once, and how it is healed."""

import contextlib
import errno
import os
import pathlib
import subprocess
import time
import xml.etree.ElementTree as ElementTree

from guestlib import volume
from guestlib.errors import Skip

from .recorders import (RECORDED, TOUCH, ask_records, await_records, await_silence,
                        expect_diagnosed, has_all, heal, is_silent, read_records)
from .tools import expect, lab, scenario, virsh

# More than the first reports are, and less than what virtlogd rolls.
SMALL_BYTES = 1024 * 1024
SETTLE = 10
LOAD = """\
systemd-run -q --unit=load /bin/sh -c \
    'while :; do touch /etc/sudoers.d/harness; sleep 0.2; done'
"""
STOP_LOAD = f"systemctl stop load; {TOUCH}"


@contextlib.contextmanager
def _small_file_system():
    """The pool's folder is for a while a file system of its own, with room for a few records."""
    if os.geteuid() != 0:
        raise Skip("only root can mount a file system")
    pool = ElementTree.fromstring(virsh("pool-dumpxml", "postern"))
    folder = pathlib.Path(pool.findtext("target/path"))
    owner = folder.stat()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL_BYTES},mode=0700,"
                    f"uid={owner.st_uid},gid={owner.st_gid}", "postern-small", str(folder)],
                   check=True)
    try:
        yield folder
    finally:
        # virtlogd holds the volume until the guest is down.
        lab("down", RECORDED.name, check=False)
        subprocess.run(["umount", str(folder)], check=True)


def _fill(folder):
    """To the last byte; returns what fills it."""
    filler = folder / "filler"
    with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
        while True:
            file.write(bytes(1024))
    try:
        (folder / "more").write_bytes(b"x")
    except OSError as error:
        expect(error.errno == errno.ENOSPC, f"it is not full: {error}")
    else:
        raise AssertionError("it is not full")
    (folder / "more").unlink()
    return filler


@scenario(check=False)
def a_recorder_whose_file_system_was_full_is_healed():
    """One write of virtlogd's fails: also when there is room again nothing arrives, which is told; to
    heal it is of no use before, and enough then. What was there is there, and at most the record
    that did not fit is torn."""
    with _small_file_system() as folder:
        RECORDED.up()
        before = await_records("first reports", has_all).json["records"]
        known = {volume.identity(one) for one in before}
        expect(not is_silent(read_records()), "a sound recorder is called silent")
        filler = _fill(folder)
        lab("run", RECORDED.name, "-", text=LOAD)
        await_silence()
        expect_diagnosed()
        vain = ask_records("--heal", deadline=40)
        expect(vain.code != 0 and "silent" in vain.error, "healed without room", vain)
        filler.unlink()
        size = {part.name: part.stat().st_size for part in folder.iterdir()}
        time.sleep(SETTLE)
        lab("run", RECORDED.name, "-", text=STOP_LOAD)
        await_silence()
        expect_diagnosed()
        expect(size == {part.name: part.stat().st_size for part in folder.iterdir()},
               "with room again it writes again")
        heal(known)
        told = read_records()
        expect(told.json["dropped"] <= 2, "more than what did not fit is torn", told)
        expect(known <= {volume.identity(one) for one in told.json["records"]},
               "what was there before is not there any more")
