# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the recorder wrote is there when nothing in the guest answers any more, with its age."""

import json
import time

from guestlib.errors import check

OWN = ("--recorder",)
PATIENCE = 90
USERS = """\
mkdir -p /etc/postern
printf '[recorder]\\nusers = harness\\n' >/etc/postern/shim.conf
systemctl restart postern-shim
"""
BREAK = "chmod 0666 /etc/sudoers.d/harness"


def _records(context):
    done = context.postern.run("records", context.guest.name, "--json", "--lines", "500", codes=[0])
    return json.loads(done.out)


def _await(context, what, found):
    """The records, as soon as FOUND says so of one of them."""
    until = time.monotonic() + PATIENCE
    while True:
        told = _records(context)
        hits = [record for record in told["records"] if found(record)]
        if hits:
            return told, hits[0]
        check(time.monotonic() < until, f"no record of {what} within {PATIENCE} s")
        time.sleep(1)


def _is_report(record, probe):
    return record["kind"] == "report" and record["body"]["probe"] == probe


def _told_by_volume(context, since, why):
    """Every probe that the recorder tells of is answered, with the age of what it says."""
    diagnosis = context.postern.diagnose(context.guest, deadline=20)
    check(diagnosis.via() and "volume" in diagnosis.via(), f"{why}: it came via {diagnosis.via()}")
    sudo = next(answer for answer in diagnosis.answers if answer.probe == "sudo")
    check(sudo.via == "volume" and "sudo.file-world-writable" in sudo.text(),
          f"{why}: of sudo it says: {sudo.text()} via {sudo.via}")
    # It was asked about this user, or it would be no more than information.
    check(diagnosis.findings["sudo.file-world-writable"]["severity"] == "critical",
          f"{why}: it is not told as what shuts harness out")
    account = next(answer for answer in diagnosis.answers if answer.probe == "account")
    check(account.via == "volume" and account.report["data"].get("user") == "harness",
          f"{why}: nothing is told of the user's account")
    age = sudo.json["age_ms"] / 1000
    passed = time.monotonic() - since
    check(abs(age - passed) < 10, f"{why}: what was seen {passed:.0f} s ago is said to be "
                                  f"{age:.0f} s old")
    check(any(attempt["via"] == "channel" for attempt in sudo.json["attempts"]),
          f"{why}: it does not say why the channel did not answer")


def _listed(context, since, why):
    """The list names the path that is left, and how old it is."""
    done = context.postern.run("list", "--json", codes=[0])
    row = next(row for row in json.loads(done.out)["domains"] if row["name"] == context.guest.name)
    check("shim" not in row and row["volume"] == "open", f"{why}: it is listed as {row}")
    age = time.time() - row["last_record_us"] / 1e6
    check(age <= time.monotonic() - since + 10, f"{why}: its last record is listed as {age:.0f} s old")
    line = next(line for line in context.postern.run("list", codes=[0]).out.splitlines()
                if line.startswith(context.guest.name + " "))
    check(line.split()[4] == "open", f"{why}: it is listed as {line}")


def _await_silence(context):
    """A slow guest takes its time to panic."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        done = context.postern.run("probe", context.guest.name, "system", "--json", deadline=4)
        if json.loads(done.out)["via"] != "channel":
            return
    check(False, "the guest does not panic")


def run(context):
    """At the boot, on a change, after a panic, and when the domain is off."""
    _await(context, "the last of the probes", lambda record: _is_report(record, "containers"))
    told = _records(context)
    probes = {record["body"]["probe"] for record in told["records"] if record["kind"] == "report"}
    check({"system", "sudo", "ssh", "services", "journal", "storage"} <= probes,
          f"there are records of {sorted(probes)} alone")
    check(told["records"][-1]["kind"] == "boot", "the first record is not that of the boot")
    check(told["dropped"] == 0, f"{told['dropped']} records were dropped")

    context.guest.shell(USERS)
    _await(context, "what is said of harness", lambda record: _is_report(record, "account") and
           record.get("user") == "harness")
    context.diagnose()
    context.guest.shell(BREAK)
    _, event = _await(context, "the change", lambda record: record["kind"] == "event" and
                      record["body"].get("path") == "/etc/sudoers.d/harness")
    check(event["domain"] == context.guest.name, "a record does not carry the domain's name")
    _await(context, "what it broke", lambda record: _is_report(record, "sudo") and
           record.get("user") == "harness" and
           any(one["id"] == "sudo.file-world-writable" for one in record["body"]["findings"]))
    since = time.monotonic()

    context.guest.breakage("panic", detach=True)
    _await_silence(context)
    _told_by_volume(context, since, "after a panic")
    _listed(context, since, "after a panic")
    context.guest.virsh("destroy", context.guest.name)
    _told_by_volume(context, since, "of a domain that is off")
    _listed(context, since, "of a domain that is off")
