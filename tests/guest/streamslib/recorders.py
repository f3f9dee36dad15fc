# SPDX-License-Identifier: LGPL-2.1-or-later
"""A recorder that falls silent, as it does when virtlogd is restarted or its file system was full, and
how it is healed."""

import contextlib
import errno
import json
import os
import pathlib
import subprocess
import time
import xml.etree.ElementTree as ElementTree

from .tools import Guest, Skip, begin, expect, finish, lab, scenario, virsh

RECORDED = Guest("st-rec", options=("--recorder", "--no-snapshot"))
ROUNDS = int(os.environ.get("POSTERN_VIRTLOGD_RESTARTS", "2"))
PATIENCE = 150
# More than the first reports are, and less than what virtlogd rolls.
SMALL_BYTES = 1024 * 1024
SETTLE = 10
LOAD = """\
systemd-run -q --unit=load /bin/sh -c \
    'while :; do touch /etc/sudoers.d/harness; sleep 0.2; done'
"""
TOUCH = "touch /etc/sudoers.d/harness\n"
STOP_LOAD = f"systemctl stop load; {TOUCH}"


def _ask(*words, deadline=20):
    """One run of `records`, the newest first."""
    return finish(begin("records", RECORDED.name, "--lines", "2000", *words, deadline=deadline),
                  deadline)


def _records(*words, deadline=20):
    """What it tells, which must be there."""
    answer = _ask(*words, deadline=deadline)
    expect(answer.code == 0, "there are no records", answer)
    return answer


def _is_silent(answer):
    return any("fallen silent" in note for note in answer.json["notes"])


def _await(what, found):
    """The records, as soon as FOUND says so of them."""
    until = time.monotonic() + PATIENCE
    while True:
        answer = _records()
        if found(answer.json["records"]):
            return answer
        expect(time.monotonic() < until, f"no {what} within {PATIENCE} s", answer)
        time.sleep(1)


def _await_silence():
    """The records, once what the shim has written since is missed; a busy guest takes a while to
    write anything."""
    until = time.monotonic() + PATIENCE
    while True:
        silent = _records()
        if _is_silent(silent):
            return silent
        expect(time.monotonic() < until, f"a silent recorder is not noticed within {PATIENCE} s",
               silent)
        lab("run", RECORDED.name, "-", text=TOUCH)
        time.sleep(1)


def _has_all(records):
    """A boot record, and behind it the report of the last of the probes."""
    kinds = [(one["kind"], one["body"].get("probe")) for one in reversed(records)]
    return ("boot", None) in kinds and \
        any(probe in ("checks", "containers") for _, probe in kinds[kinds.index(("boot", None)):])


def _healed():
    """Heals it, and returns the records once what is recorded then is there."""
    last = max(_records().json["records"], key=lambda one: one["realtime_us"])["realtime_us"]
    healed = _records("--heal", deadline=40)
    expect(any("attached anew" in note for note in healed.json["notes"]), "not healed", healed)
    after = _await("reports after the healing", lambda records: _has_all(
        [one for one in records if one["realtime_us"] > last]))
    expect(not _is_silent(_records()), "it is called silent after the healing")
    return after


def _expect_kept(before, after):
    kept = {(one["seq"], one["boottime_us"]) for one in after}
    expect({(one["seq"], one["boottime_us"]) for one in before} <= kept,
           "what was there before is not there any more")


def _expect_diagnosed():
    diagnosis = finish(begin("diagnose", RECORDED.name, deadline=40), 40)
    expect("host.recorder-silent" in json.dumps(diagnosis.json["causes"]),
           "diagnose does not say so", diagnosis)


@scenario(RECORDED, check=False)
def a_recorder_that_fell_silent_is_healed():
    """virtlogd is restarted while the recorder writes; it is noticed, healed on demand, and what is
    written from then on is there; what was there before is too."""
    before = _await("first reports", _has_all).json["records"]
    expect(not _is_silent(_records()), "a sound recorder is called silent")
    for _ in range(ROUNDS):
        lab("run", RECORDED.name, "-", text=LOAD)
        time.sleep(3)
        lab("restart-virtlogd")
        time.sleep(3)
        lab("run", RECORDED.name, "-", text=STOP_LOAD)
        _await_silence()
        _expect_diagnosed()
        after = _healed()
        expect(after.json["dropped"] <= ROUNDS, "records were torn", after)
        _expect_kept(before, after.json["records"])
        before = after.json["records"]


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
        before = _await("first reports", _has_all).json["records"]
        expect(not _is_silent(_records()), "a sound recorder is called silent")
        filler = _fill(folder)
        lab("run", RECORDED.name, "-", text=LOAD)
        _await_silence()
        _expect_diagnosed()
        vain = _ask("--heal", deadline=40)
        expect(vain.code != 0 and "silent" in vain.error, "healed without room", vain)
        filler.unlink()
        size = {part.name: part.stat().st_size for part in folder.iterdir()}
        time.sleep(SETTLE)
        lab("run", RECORDED.name, "-", text=STOP_LOAD)
        _await_silence()
        _expect_diagnosed()
        expect(size == {part.name: part.stat().st_size for part in folder.iterdir()},
               "with room again it writes again")
        after = _healed()
        expect(after.json["dropped"] <= 2, "more than what did not fit is torn", after)
        _expect_kept(before, after.json["records"])
