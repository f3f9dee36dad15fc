# SPDX-License-Identifier: LGPL-2.1-or-later
"""A sound guest: nothing above information, and each verb does its work."""

import json

from jsonschema import Draft202012Validator

from guestlib.errors import check
from guestlib.scenario import Scenario


def run(context):
    """Every verb on a guest that nobody has broken."""
    postern, guest = context.postern, context.guest
    diagnosis = context.diagnose()
    check(diagnosis.status == "ok", f"the diagnosis is {diagnosis.status}: {diagnosis.summary}")
    check(not diagnosis.serious(), f"accused: {', '.join(diagnosis.serious())}")
    check("channel" in diagnosis.via(), f"it came via {diagnosis.via()}")
    # What has to be told first which file is meant is no part of a diagnosis, nor is what the host
    # sees of a guest that answers, or what the doctor says.
    asked = {name for name, probe in postern.vocabulary.items()
             if name not in ("host", "doctor") and not probe["args"].get("required")}
    check({answer.probe for answer in diagnosis.answers} == asked, "not every probe answered")

    # Then an sshd of its own is asked what it would offer, in place of the one that runs.
    passive = context.diagnose(name="passive", more=["--passive"])
    check(not passive.serious(), f"accused with --passive: {', '.join(passive.serious())}")
    ssh = next(answer for answer in passive.answers if answer.probe == "ssh")
    check("OpenSSH" in ssh.report["data"].get("version", ""), "what sshd offers is not known")

    for name, probe in postern.vocabulary.items():
        Draft202012Validator.check_schema(probe["report"])
        if name == "doctor":
            continue
        arguments = ["user=harness"] if "user" in probe["args"].get("properties", {}) else []
        arguments += ["path=/etc/os-release"] if name == "file" else []
        arguments += ["path=/etc"] if name == "list" else []
        answer = context.ask("probe", name, *arguments)
        check(answer.probe == name and answer.status == "ok",
              f"probe {name} is {answer.status}: {answer.error}")

    check(context.ask("services", "--units", "ssh,nginx,cron").status == "ok", "services")
    check(context.ask("services", "--units", "no-such").status == "critical", "an absent unit")
    check(context.ask("journal", "--priority", "info", "--lines", "20").status == "ok", "journal")
    check(context.ask("sudo", "--user", "harness").status == "ok", "sudo")
    check(context.ask("sudo", "--user", "nobody").status == "critical", "sudo of one without a rule")

    text = context.text("diagnose")
    check(text.startswith(f"{guest.name}: ok, via "), f"the text begins: {text[:80]}")
    check(len(text.splitlines()) <= 24, "the text of a sound guest does not fit a screen")
    check(context.text("diagnose", "--quiet") == "", "--quiet speaks")

    rows = json.loads(postern.run("list", "--json", codes=[0]).out)
    row = [row for row in rows["domains"] if row["name"] == guest.name]
    check(len(row) == 1 and row[0]["channel"] == "open" and row[0].get("shim"),
          f"list says of it: {row}")
    check(guest.name in postern.run("list", codes=[0]).out, "list does not name it")
    for name in postern.vocabulary:
        check(name in postern.run("describe", name, codes=[0]).out, f"describe {name}")


def scenarios():
    """In a guest of Debian 12, and in one of Debian 13."""
    summary = __doc__.strip()
    yield Scenario("sound", run, summary=summary)
    yield Scenario("sound-trixie", run, summary=f"Debian 13: {summary}",
                   options=("--release", "trixie"))
