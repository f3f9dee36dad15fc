# SPDX-License-Identifier: LGPL-2.1-or-later
"""A recorder that fell silent is healed by way of the recovery door, for a user who has no libvirt."""

import contextlib
import json
import os
import pathlib
import subprocess
import tempfile
import time

from guestlib import volume
from guestlib.errors import Skip

from .recorders import (RECORDED, Recorder, await_records, await_silence, has_all, is_silent,
                        read_records)
from .tools import BUILD, POSTERN, Answer, expect, scenario, virsh

ALLOWED, STRANGER = 61011, 61012
KILLS = 3
TRIES = 10
LOG = pathlib.Path("/var/log/postern/audit.jsonl")  # root's
DEADLINE = 40
START = 20


class Door:
    """postern-recoverd in the foreground, on the lab's libvirt, with a grant for one user."""

    def __init__(self, folder):
        self.socket = folder / "recover.sock"
        self.config = folder / "postern.conf"
        self.config.write_text(f"[grant healer]\nusers={ALLOWED}\ndomains={RECORDED.name}\n"
                               "methods=heal\n", encoding="utf-8")
        self.process = None

    def open(self):
        """Starts it, for whoever may connect."""
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [BUILD / "host-sidecar/postern-recoverd", "--socket", self.socket],
            env=dict(os.environ, POSTERN_CONFIG=str(self.config)), stdin=subprocess.DEVNULL)
        until = time.monotonic() + START
        while not self.socket.exists() or self.socket.stat().st_mode & 0o777 != 0o660:
            expect(self.process.poll() is None and time.monotonic() < until, "the door does not start")
            time.sleep(0.05)
        self.socket.chmod(0o666)

    def close(self, kill=False):
        """Ends it, in good order or not."""
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        self.process.wait(DEADLINE)
        self.socket.unlink(missing_ok=True)

    def begin(self, uid):
        """Begins `records --heal` by that user."""
        process = subprocess.Popen(
            [POSTERN, "records", RECORDED.name, "--heal", "--json", "--lines", "500", "--deadline",
             f"{DEADLINE}s"], user=uid, group=uid, extra_groups=[], text=True,
            env=dict(os.environ, POSTERN_RECOVER_SOCKET=str(self.socket), HOME="/nonexistent",
                     XDG_STATE_HOME="/nonexistent"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.start_time = time.monotonic()
        return process

    def heal(self, uid):
        """What it says to that user."""
        return _finish(self.begin(uid))


def _finish(process):
    text, error = process.communicate(timeout=DEADLINE + 20)
    return Answer(process, process.start_time, text, error)


def _audited():
    """What the door did, as the audit has it."""
    done = subprocess.run([POSTERN, "audit", "--guest", RECORDED.name, "--json", "--lines", "10000"],
                          check=True, capture_output=True, text=True)
    return [one for one in json.loads(done.stdout)["entries"] if one["method"] == "heal"]


def _device_is_there():
    return "org.postern.recorder.0" in virsh("dumpxml", RECORDED.name)


@contextlib.contextmanager
def _door():
    if os.geteuid() != 0:
        raise Skip("needs root for other users")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o711)
        door = Door(pathlib.Path(folder))
        door.open()
        try:
            yield door
        finally:
            if door.process.poll() is None:
                door.close()


def _check_refused(door):
    """Who was not granted it changes nothing, and that it was tried is known."""
    before = len(_audited())
    refused = door.heal(STRANGER)
    expect(refused.code == 77 and "no grant gives this caller 'heal'" in refused.error,
           "a stranger heals", refused)
    expect(is_silent(read_records()), "it was healed for a stranger")
    last = _audited()[before:]
    expect([one["result"] for one in last] == ["not-allowed"] and last[0]["uid"] == STRANGER,
           f"the refusal is recorded as {last}")


def _check_healed(door, recorder):
    """Who was is told what `records --heal` tells, and from then on records arrive."""
    before = len(_audited())
    known = recorder.known | {volume.identity(one) for one in read_records().json["records"]}
    healed = door.heal(ALLOWED)
    expect(healed.code == 0 and any("attached anew" in note for note in healed.json["notes"]),
           "not healed", healed)
    expect(known & {volume.identity(one) for one in healed.json["records"]},
           "nothing is told of what was there before", healed)
    await_records("reports after the healing", lambda records: has_all(
        [one for one in records if volume.identity(one) not in known]))
    expect(not is_silent(read_records()), "it is called silent after the healing")
    acts = _audited()[before:]
    expect([(one["result"], one["args"]["done"]) for one in acts[:1]] == [("asked", False)] and
           len(acts) == 2 and acts[1]["args"]["done"] is True, f"the audit has {acts}")
    expect(all(one["uid"] == ALLOWED and one["guest"] == RECORDED.name for one in acts),
           f"the audit has {acts}")


def _kill_in_the_act(door):
    """Kills it as soon as it is written down that it begins; whether that was before it was over."""
    before, size = len(_audited()), LOG.stat().st_size
    process = door.begin(ALLOWED)
    until = time.monotonic() + DEADLINE
    while LOG.stat().st_size == size:
        expect(time.monotonic() < until, "it does not begin")
    door.close(kill=True)
    lost = _finish(process)
    acts = _audited()[before:]
    expect(acts and acts[0]["result"] == "asked", f"the audit has {acts}")
    if lost.code == 0:
        return False
    expect(lost.code == 3 and "it was not asked for again" in lost.error, "killed in the act", lost)
    print(f"      killed in the act: the device is {'there' if _device_is_there() else 'gone'}",
          flush=True)
    return True


def _check_killed(door):
    """Killed in the act: the record is there whatever became of the device, the command does not do it
    again by itself, and the next one puts it right."""
    for _ in range(TRIES):
        killed = _kill_in_the_act(door)
        door.open()
        until = time.monotonic() + DEADLINE
        # A guest that was asked for its device may let go of it any moment.
        healed = door.heal(ALLOWED)
        while healed.code != 0 and time.monotonic() < until:
            healed = door.heal(ALLOWED)
        expect(healed.code == 0 and _device_is_there(), "not healed after that", healed)
        if killed:
            return
    raise AssertionError(f"{TRIES} times it was over before it could be killed")


@scenario(RECORDED, check=False)
def a_recorder_is_healed_by_the_recovery_door():
    """virtlogd is restarted while records are written; a user without libvirt heals it by the door, one
    without a grant does not, and a door that is killed in the act leaves its record and no harm."""
    before = await_records("first reports", has_all).json["records"]
    recorder = Recorder()
    recorder.learn(before)
    recorder.first = set(recorder.known)
    with _door() as door:
        recorder.restart_in_events()
        await_silence()
        _check_refused(door)
        _check_healed(door, recorder)
        for _ in range(KILLS):
            _check_killed(door)
    done = subprocess.run([POSTERN, "audit", "--verify"], check=False, capture_output=True, text=True)
    expect(done.returncode == 0, f"the audit log: {done.stdout}{done.stderr}")
