# SPDX-License-Identifier: LGPL-2.1-or-later
"""A panic with libvirt's default on_crash, which ends the guest: what it was is still told."""

import json
import re
import time

from guestlib.errors import check

OWN = ("--panic-device", "--recorder")
CHECK = False  # it takes minutes: tests/campaigns/states
PATIENCE = 150
# Nobody heard libvirt's event: it lies between two looks.
BETWEEN = re.compile(r"; its last record: [^;]+, at most ([0-9.]+) s before that")


def _records(context):
    done = context.postern.run("records", context.guest.name, "--json", "--lines", "500", codes=[0])
    return json.loads(done.out)


def _await_reports(context):
    until = time.monotonic() + PATIENCE
    while not any(one["kind"] == "report" and one["body"]["probe"] == "containers"
                  for one in _records(context)["records"]):
        check(time.monotonic() < until, f"no records of all probes within {PATIENCE} s")
        time.sleep(2)


def _await_off(guest):
    until = time.monotonic() + 30
    while "shut off (crashed)" not in guest.virsh("domstate", "--reason", guest.name):
        check(time.monotonic() < until, "libvirt does not end it")
        time.sleep(0.5)


def _age_of_last(diagnosis):
    """Of the last record that there is, in seconds."""
    host = next(answer for answer in diagnosis.answers if answer.probe == "host")
    check(host.report and host.report["data"].get("last_record"), "the last record is not told")
    return host.report["data"]["last_record"]["age_ms"] / 1000


def run(context):
    """That it crashed comes first, what was recorded answers, and the records are all there."""
    guest = context.guest
    _await_reports(context)
    before = _records(context)
    guest.virsh("set-lifecycle-action", guest.name, "crash", "destroy", "--live")
    guest.breakage("panic", detach=True)
    _await_off(guest)
    ended = time.monotonic()
    diagnosis = context.postern.diagnose(guest, deadline=20)
    between = _age_of_last(diagnosis) - (time.monotonic() - ended)
    context.states.add(context.name, diagnosis, between)
    context.log(f"{diagnosis.seconds:.2f} s: {diagnosis.summary}\n")
    print(f"      {context.name}: {diagnosis.seconds:.2f} s, a record {between:.1f} s before",
          flush=True)
    check(diagnosis.first() == "host.crashed", f"first comes {diagnosis.first()}")
    between = BETWEEN.search(diagnosis.summary)
    check(between, f"the last record and the time between are not told: {diagnosis.summary}")
    print(f"      {context.name}: {diagnosis.seconds:.1f} s, a record at most {between.group(1)} s before",
          flush=True)
    check("volume" in diagnosis.via(), f"the answers came via {diagnosis.via()}")
    check(diagnosis.seconds < 10, f"it took {diagnosis.seconds:.1f} s")
    told = _records(context)
    check(told["whole"] >= before["whole"] and told["dropped"] == 0,
          f"{told['whole']} records, {told['dropped']} dropped; before {before['whole']}")
