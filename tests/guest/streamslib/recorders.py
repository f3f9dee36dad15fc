# SPDX-License-Identifier: LGPL-2.1-or-later
"""A recorder that falls silent, as it does when virtlogd is restarted, and how it is healed."""

import json
import os
import random
import time

from guestlib import lab as labs
from guestlib import volume, write_load

from .tools import Guest, begin, expect, finish, lab, scenario, virsh

RECORDED = Guest("st-rec", options=("--recorder", "--no-snapshot"))
ROUNDS = int(os.environ.get("POSTERN_VIRTLOGD_RESTARTS", "2"))
PATIENCE = 150
ALL = "100000"
# All that a shim writes by itself: its boot, each report, and each kind of event for as long as its
# bucket lasts, which a new shim has full.
EVENTS = """\
systemctl restart postern-shim
systemd-run -q --unit=load /bin/sh -c '
    for i in $(seq 200); do
        touch /etc/sudoers.d/load.$i
        systemd-run -q --unit=load-$i false
    done'
"""
MOST_EVENTS = 32 * 1024  # of that in the volume, when virtlogd is restarted
TOUCH = "touch /etc/sudoers.d/harness\n"
CLEAR = f"systemctl stop load; systemctl reset-failed 'load*'; rm -f /etc/sudoers.d/load.*; {TOUCH}"


def ask_records(*words, deadline=20):
    """One run of `records`, the newest first."""
    return finish(begin("records", RECORDED.name, "--lines", ALL, *words, deadline=deadline),
                  deadline)


def read_records(*words, deadline=20):
    """What it tells, which must be there."""
    answer = ask_records(*words, deadline=deadline)
    expect(answer.code == 0, "there are no records", answer)
    return answer


def is_silent(answer):
    """Whether it is said that what the guest writes does not arrive."""
    return any("fallen silent" in note for note in answer.json["notes"])


def await_records(what, found):
    """The records of RECORDED, as soon as FOUND says so of them."""
    until = time.monotonic() + PATIENCE
    while True:
        answer = read_records()
        if found(answer.json["records"]):
            return answer
        expect(time.monotonic() < until, f"no {what} within {PATIENCE} s", answer)
        time.sleep(1)


def await_silence():
    """Until what the shim has written since is missed; a busy guest takes a while to write anything."""
    until = time.monotonic() + PATIENCE
    while True:
        silent = read_records()
        if is_silent(silent):
            return
        expect(time.monotonic() < until, f"a silent recorder is not noticed within {PATIENCE} s",
               silent)
        lab("run", RECORDED.name, "-", text=TOUCH)
        time.sleep(1)


def has_all(records):
    """A boot record, and behind it the report of the last of the probes."""
    kinds = [(one["kind"], one["body"].get("probe")) for one in reversed(records)]
    return ("boot", None) in kinds and \
        any(probe in ("checks", "containers") for _, probe in kinds[kinds.index(("boot", None)):])


def _new(records, known):
    return [one for one in records if volume.identity(one) not in known]


class Recorder:
    """The guest's, and the file that its records go to."""

    def __init__(self):
        self.guest = labs.Guest(None, RECORDED.name)
        uuid = virsh("domuuid", RECORDED.name).strip()
        self.path = virsh("vol-path", "--pool", "postern", f"{uuid}.records").strip()
        self.known = set()  # each that was ever told
        self.first = None  # those of before all loads

    def learn(self, records):
        """These are told."""
        self.known |= {volume.identity(one) for one in records}

    def restart_in_bulk(self):
        """virtlogd, while so much is written as the port takes."""
        load = write_load.Load(self.guest, self.path)
        load.begin(write_load.IN_PIECES)
        lab("restart-virtlogd")
        write_load.await_rest(self.path)
        there, told = self.hold()
        print(f"      {load.check(there)}; {write_load.words(there, told)}", flush=True)
        self.guest.shell(write_load.STOP)

    def restart_in_events(self):
        """virtlogd, while the shim writes as much as it lets itself."""
        before = volume.sizes(self.path)
        lab("run", RECORDED.name, "-", text=EVENTS)
        write_load.await_growth(self.path, before, random.randrange(MOST_EVENTS))
        lab("restart-virtlogd")
        write_load.await_rest(self.path)
        there, told = self.hold()
        print(f"      {write_load.words(there, told)}", flush=True)
        self.guest.shell(CLEAR)

    def hold(self):
        """All that stands in the volume is told, what is torn is counted, and nothing else is."""
        there, told = write_load.hold(self.path, lambda: read_records().json, self.known)
        self.learn(told["records"])
        expect(not self.first - {volume.identity(one) for one in told["records"]},
               "what was there before all loads is not told any more")
        return there, told

    def heal(self):
        """It is noticed, healed on demand, and from then on records arrive."""
        await_silence()
        expect_diagnosed()
        self.known = heal(self.known)


def expect_diagnosed():
    """`diagnose` says that the recorder is silent."""
    diagnosis = finish(begin("diagnose", RECORDED.name, deadline=40), 40)
    expect("host.recorder-silent" in json.dumps(diagnosis.json["causes"]),
           "diagnose does not say so", diagnosis)


def heal(known):
    """Heals it, and waits for all reports; returns what was KNOWN and what was told before it."""
    known = known | {volume.identity(one) for one in read_records().json["records"]}
    healed = read_records("--heal", deadline=40)
    expect(any("attached anew" in note for note in healed.json["notes"]), "not healed", healed)
    await_records("reports after the healing", lambda records: has_all(_new(records, known)))
    expect(not is_silent(read_records()), "it is called silent after the healing")
    return known


@scenario(RECORDED, check=False)
def a_recorder_that_fell_silent_is_healed():
    """virtlogd is restarted while records are written, in bulk and as a shim writes them: all that
    is whole in the volume is told, and what was torn is counted; that it is silent is noticed, it is
    healed on demand, and what is written from then on is there, with what was there before."""
    before = await_records("first reports", has_all).json["records"]
    expect(not is_silent(read_records()), "a sound recorder is called silent")
    recorder = Recorder()
    recorder.learn(before)
    recorder.first = set(recorder.known)
    for number in range(ROUNDS):
        recorder.learn(read_records().json["records"])
        if number % 2 == 0:
            recorder.restart_in_bulk()
        else:
            recorder.restart_in_events()
        recorder.heal()
        recorder.hold()
