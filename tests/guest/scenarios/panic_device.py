# SPDX-License-Identifier: LGPL-2.1-or-later
"""A panic that libvirt is told of: its word is enough, and nobody is waited for."""

import json
import re
import time

from guestlib.errors import check
from guestlib.scenario import Scenario

PATIENCE = 150
BETWEEN = re.compile(r"; its last record is ([0-9.]+) s older than the console's last line")


def _panic(context):
    """A diagnosis of the guest that has just panicked."""
    context.guest.breakage("panic", detach=True)
    time.sleep(4)
    diagnosis = context.postern.diagnose(context.guest, deadline=40)
    between = BETWEEN.search(diagnosis.summary)
    context.states.add(context.name, diagnosis, float(between.group(1)) if between else None)
    context.log(f"{diagnosis.seconds:.2f} s: {diagnosis.summary}\n")
    print(f"      {context.name}: {diagnosis.seconds:.2f} s", flush=True)
    check(diagnosis.first() == "host.panicked", f"first comes {diagnosis.first()}")
    check(diagnosis.seconds < 20, f"it took {diagnosis.seconds:.1f} s")
    return diagnosis


def _alone(context):
    """The state is believed before any path is tried; no record and no console is needed."""
    diagnosis = _panic(context)
    check(diagnosis.findings["host.panicked"]["evidence"]["source"] == "libvirt",
          "it is not by libvirt's word")


def _is_recorded(context):
    done = context.postern.run("records", context.guest.name, "--json", "--lines", "500", codes=[0])
    return any(one["kind"] == "report" and one["body"]["probe"] == "containers"
               for one in json.loads(done.out)["records"])


def _recorded(context):
    """The last record before it is told, with the time between, and answers."""
    until = time.monotonic() + PATIENCE
    while not _is_recorded(context):
        check(time.monotonic() < until, f"no records of all probes within {PATIENCE} s")
        time.sleep(2)
    diagnosis = _panic(context)
    between = BETWEEN.search(diagnosis.summary)
    check(between, f"the last record and the time between are not told: {diagnosis.summary}")
    print(f"      {context.name}: a record {between.group(1)} s before", flush=True)
    host = next(answer for answer in diagnosis.answers if answer.probe == "host")
    record = host.report["data"]["last_record"]
    check(record["text"], "what the last record says is not told")
    check(0 <= float(between.group(1)) <= record["age_ms"] / 1000,
          f"{between.group(1)} s between, and the record is {record['age_ms'] / 1000} s old")
    check("volume" in diagnosis.via(), f"the answers came via {diagnosis.via()}")


def scenarios():
    """Without and with what tells more; campaigns, as a panic that libvirt is told of is in streams
    too: tests/campaigns/states."""
    summary = __doc__.splitlines()[0]
    return [Scenario("panic_device", _alone, ["--panic-device"], summary, check=False),
            Scenario("panic_device_recorded", _recorded,
                     ["--panic-device", "--recorder", "--console-log"], summary, check=False)]
