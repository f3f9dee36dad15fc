# SPDX-License-Identifier: LGPL-2.1-or-later
"""A recorder that falls silent, as it does when virtlogd is restarted, and how it is healed."""

import json
import os
import time

from .tools import Guest, begin, expect, finish, lab, scenario

RECORDED = Guest("st-rec", options=("--recorder", "--no-snapshot"))
ROUNDS = int(os.environ.get("POSTERN_VIRTLOGD_RESTARTS", "2"))
PATIENCE = 150
LOAD = """\
systemd-run -q --unit=load /bin/sh -c \
    'while :; do touch /etc/sudoers.d/harness; sleep 0.2; done'
"""
TOUCH = "touch /etc/sudoers.d/harness\n"
STOP_LOAD = f"systemctl stop load; {TOUCH}"


def _records(*words, deadline=20):
    """What `records` tells, the newest first."""
    answer = finish(begin("records", RECORDED.name, "--lines", "2000", *words, deadline=deadline),
                    deadline)
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
        last = max(_await_silence().json["records"], key=lambda one: one["realtime_us"])
        diagnosis = finish(begin("diagnose", RECORDED.name, deadline=40), 40)
        expect("host.recorder-silent" in json.dumps(diagnosis.json["causes"]),
               "diagnose does not say so", diagnosis)
        healed = _records("--heal", deadline=40)
        expect(any("attached anew" in note for note in healed.json["notes"]), "not healed", healed)

        def new(records, since=last["realtime_us"]):
            return [one for one in records if one["realtime_us"] > since]
        after = _await("reports after the healing", lambda records: _has_all(new(records)))
        expect(not _is_silent(_records()), "it is called silent after the healing")
        expect(after.json["dropped"] <= ROUNDS, "records were torn", after)
        kept = {(one["seq"], one["boottime_us"]) for one in after.json["records"]}
        expect({(one["seq"], one["boottime_us"]) for one in before} <= kept,
               "what was there before is not there any more")
        before = after.json["records"]
