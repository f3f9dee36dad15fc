# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest that is shut down says so in its last record; a shim that is killed, and a QEMU, do not."""

import json
import os
import signal
import time

from guestlib.errors import check

OWN = ("--recorder", "--no-snapshot")
CHECK = False  # it takes more than a minute: tests/campaigns/states
PATIENCE = 150
KILL = "systemctl kill --signal=KILL postern-shim"


def _records(context):
    """All of them, the newest first."""
    done = context.postern.run("records", context.guest.name, "--json", "--lines", "5000", codes=[0])
    return json.loads(done.out)["records"]


def _of(kind, records):
    return [record for record in records if record["kind"] == kind]


def _await(context, what, found):
    """The records, as soon as FOUND says so of them."""
    until = time.monotonic() + PATIENCE
    while not found(records := _records(context)):
        check(time.monotonic() < until, f"no {what} within {PATIENCE} s")
        time.sleep(1)
    return records


def _await_boots(context, number):
    """The records, once there are so many of a boot, of this shim or another."""
    return _await(context, f"boot record {number}",
                  lambda records: len(_of("boot", records)) >= number)


def _has_reports(records):
    return any(record["body"]["probe"] == "containers" for record in _of("report", records))


def _await_state(guest, state):
    until = time.monotonic() + PATIENCE
    while state not in guest.virsh("domstate", guest.name):
        check(time.monotonic() < until, f"it is not {state} within {PATIENCE} s")
        time.sleep(1)


def _check_shutdown(context, before):
    """It is the newest of all, of the boot that ended, and told to people too."""
    records = _records(context)
    check(records[0]["kind"] == "shutdown", f"the last record is {records[0]}")
    check(len(_of("shutdown", records)) == len(_of("shutdown", before)) + 1,
          "there is not one more record of a shutdown")
    last = _of("boot", records)[0]
    check(records[0]["boot_id"] == last["boot_id"] and records[0]["seq"] > last["seq"],
          f"{records[0]} is not of the boot {last}")
    told = context.postern.run("records", context.guest.name, codes=[0]).out
    check("the shim was told to end" in told.splitlines()[0], f"people are told: {told}")


def run(context):
    """The shim is killed, then the guest shut down, started anew, and its QEMU killed."""
    guest = context.guest
    boots = len(_of("boot", _await(context, "first reports", _has_reports)))
    guest.shell(KILL)
    records = _await_boots(context, boots + 1)
    check(not _of("shutdown", records), "a shim that was killed leaves a record of a shutdown")

    guest.virsh("shutdown", guest.name)
    _await_state(guest, "shut off")
    _check_shutdown(context, records)
    # A shim that is told to end leaves one too: the guest goes on, and so do the records.
    guest.virsh("start", guest.name)
    records = _await_boots(context, boots + 2)
    check(_records(context)[0]["kind"] != "shutdown", "nothing comes after the shutdown")
    os.kill(guest.qemu_pid(), signal.SIGKILL)
    _await_state(guest, "shut off")
    after = _records(context)
    check(len(_of("shutdown", after)) == 1, "a QEMU that was killed leaves a record of a shutdown")
    check(len(_of("boot", after)) >= len(_of("boot", records)), "its records are gone")
