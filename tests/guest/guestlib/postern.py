# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command postern, as a program that reads JSON would use it."""

import json
from functools import cached_property

from jsonschema import Draft202012Validator

from .errors import Failure, check
from .proc import run

# On top of its deadline: starting a process on a busy machine. More is a command that hangs.
SLACK_SECONDS = 5
CODES = {"ok": 0, "warning": 1, "critical": 2, "unknown": 3}


class Answer:
    """One answer as --json prints it."""

    def __init__(self, answer):
        self.json = answer
        self.probe = answer["probe"]
        self.via = answer.get("via")
        self.report = answer.get("report")
        self.status = self.report["status"] if self.report else "unknown"
        self.findings = self.report["findings"] if self.report else []
        self.error = answer.get("error")

    def text(self):
        """The ids of its findings, in a line."""
        return " ".join(finding["id"] for finding in self.findings)


class Diagnosis:
    """The answers of one `postern diagnose`."""

    def __init__(self, diagnosis, seconds):
        self.json = diagnosis
        self.seconds = seconds  # that it took
        self.status = diagnosis["status"]
        self.summary = diagnosis["summary"]
        self.causes = diagnosis.get("causes", [])
        self.answers = [Answer(answer) for answer in diagnosis["answers"]]
        self.findings = {}  # the worst one of each id
        self.said = {}  # of each id, all that were said under it
        for answer in self.answers:
            for finding in answer.findings:
                self.findings.setdefault(finding["id"], finding)
                self.said.setdefault(finding["id"], []).append(finding)

    def serious(self):
        """The ids of the findings above information, and probes that gave no report."""
        ids = {name for name, finding in self.findings.items()
               if finding["severity"] != "information"}
        return ids | {f"no {answer.probe}" for answer in self.answers if not answer.report}

    def first(self):
        """The id of the finding that is told first, the thing to mend; None if there is none."""
        return self.causes[0]["finding"]["id"] if self.causes else None

    def text(self):
        """The ids of all findings, in a line."""
        return " ".join(self.findings)

    def via(self):
        """The ways by which the answers came."""
        return sorted({answer.via for answer in self.answers})


class Postern:
    """postern of a build folder, on the lab's libvirt; with a `user`, run by that one."""

    def __init__(self, lab, log, user=None):
        self.user = user
        self.program = lab.build / "host-sidecar/postern"
        self.lab = lab
        self.log = log
        self.environment = lab.environment

    def run(self, verb, *arguments, codes=None, deadline=20):
        """Runs a verb that must end within its deadline, with one of `codes` if any are given."""
        words = [verb, *arguments]
        if verb != "describe":
            words += ["--deadline", f"{deadline}s"]
        done = run([self.program, *words], timeout=deadline + SLACK_SECONDS,
                   environment=self.environment, user=self.user)
        self.log(done.transcript())
        check(done.code is not None, f"postern {verb} hung: it was killed {SLACK_SECONDS} s past "
                                     f"its deadline of {deadline} s")
        check(done.code >= 0, f"postern {verb} crashed: signal {-done.code}")
        check(len(done.err.splitlines()) <= 1,
              f"postern {verb} says more than a line on standard error: {done.err}")
        check(codes is None or done.code in codes,
              f"postern {verb} exits {done.code}, not {codes}: {done.line()}")
        return done

    @cached_property
    def vocabulary(self):
        """What `describe --json` says of each probe."""
        described = json.loads(self.run("describe", "--json", codes=[0]).out)
        return {probe["name"]: probe for probe in described["probes"]}

    def _hold_to_schema(self, answer):
        probe = self.vocabulary[answer.probe]
        errors = list(Draft202012Validator(probe["report"]).iter_errors(answer.report))
        check(not errors, errors and f"the report of {answer.probe} breaks its schema: "
                                     f"{errors[0].json_path}: {errors[0].message}")
        for finding in answer.findings:
            check(finding["id"] in probe["findings"], f"{finding['id']} is not among the findings "
                                                      f"that {answer.probe} says it can report")

    def _parse(self, done):
        try:
            return json.loads(done.out)
        except ValueError:
            raise Failure(f"no JSON on standard output, but: {done.line()}") from None

    def diagnose(self, guest, *, user="harness", more=(), deadline=20):
        """A diagnosis, every report of it held against its schema, the exit code to the status."""
        done = self.run("diagnose", guest.name, "--user", user, *more, "--json",
                        deadline=deadline)
        diagnosis = Diagnosis(self._parse(done), done.seconds)
        check(done.code == CODES[diagnosis.status],
              f"diagnose exits {done.code} with the status {diagnosis.status}")
        for answer in diagnosis.answers:
            if answer.report:
                self._hold_to_schema(answer)
        return diagnosis

    def ask(self, verb, guest, *arguments, deadline=20):
        """One of the verbs with one report: probe, services, journal, sudo."""
        done = self.run(verb, guest.name, *arguments, "--json", deadline=deadline)
        answer = Answer(self._parse(done))
        check(done.code == CODES[answer.status],
              f"{verb} exits {done.code} with the status {answer.status}")
        if answer.report:
            self._hold_to_schema(answer)
        return answer
