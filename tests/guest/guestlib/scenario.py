# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a scenario is, what it is given, and where all of them are found."""

import importlib.util
import json
import re
import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from .errors import Failure, check
from .lab import HERE
from .postern import Postern

# What to look at when a scenario has failed and the guest still answers.
EVIDENCE = """\
systemctl --failed --no-legend --no-pager; systemctl list-jobs --no-legend --no-pager
systemctl status --no-pager -n 20 postern-shim
journalctl -b --no-pager -n 200
dmesg | tail -n 100
"""
TOO_SLOW = re.compile(r"\bsudo\.hangs\b|\bjournal\.partly-read\b|\b[a-z]+\.could-not-look\b")
TRIES = 4


@dataclass
class Scenario:
    """A test in a real guest: `run` is called with a Context."""

    name: str
    run: Callable
    own: list = None  # options of `lab up` for a guest of its own; None: a shared, clean one
    summary: str = ""
    options: tuple = ()  # options of `lab up` for the guest that it shares with its like
    check: bool = True  # a plain check runs it; the others are a campaign's
    long: bool = False  # it takes minutes, and is begun before its like: nothing waits for it last
    module: str = ""  # the file that it comes from


class Context:
    """What a scenario works with: a guest, postern, and a log that keeps what happened."""

    def __init__(self, lab, guest, folder, table, states):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder = folder
        self.name = folder.name
        self.table = table
        self.states = states
        self.slow = 0  # answers that had to be asked for again
        self.stopping = threading.Event()  # set once the run is to end: for what takes long
        self.lab = lab
        self.guest = guest
        self.postern = Postern(lab, self.log)
        guest.log = self.log

    def log(self, text):
        """Adds to the transcript."""
        with open(self.folder / "transcript", "a", encoding="utf-8") as transcript:
            transcript.write(text)

    def keep_evidence(self):
        """After a failure: what the guest and libvirt say."""
        for action in (lambda: self.guest.virsh("dumpxml", self.guest.name),
                       lambda: self.guest.shell(EVIDENCE, check=False)):
            try:
                action()
            except (Failure, OSError) as error:
                self.log(f"no evidence: {error}\n")

    def _patiently(self, ask):
        """Asks again, a few times, for as long as the answer is that something took too long.

        So an emulated guest on a busy machine may be slow once; what really hangs does so again.
        """
        answer = ask()
        for _ in range(TRIES - 1):
            if not TOO_SLOW.search(answer.text()):
                break
            self.log("--- too slow: asking again\n\n")
            self.slow += 1
            time.sleep(2)
            answer = ask()
        return answer

    def diagnose(self, *, name="diagnosis", **options):
        """A diagnosis of the guest, also kept in the log folder as it was, under that name."""
        diagnosis = self._patiently(lambda: self.postern.diagnose(self.guest, **options))
        text = json.dumps(diagnosis.json, indent=1, ensure_ascii=False)
        (self.folder / f"{name}.json").write_text(text, encoding="utf-8")
        return diagnosis

    def text(self, verb, *arguments):
        """What a verb prints for people about the guest, with the exit status 0."""
        done = self._patiently(lambda: self.postern.run(verb, self.guest.name, *arguments))
        check(done.code == 0, f"postern {verb} exits {done.code}: {done.line()}")
        return done.out

    def ask(self, verb, *arguments, **options):
        """One question to the guest."""
        return self._patiently(
            lambda: self.postern.ask(verb, self.guest, *arguments, **options))


def _of_module(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if hasattr(module, "scenarios"):
        yield from module.scenarios()
        return
    summary = module.__doc__.strip().splitlines()[0]
    yield Scenario(path.stem, module.run, getattr(module, "OWN", None), summary,
                   check=getattr(module, "CHECK", True))


def find_all():
    """Every scenario of tests/guest/scenarios: those with a guest of their own first, then those
    that share one, side by side with their like."""
    found = []
    for path in sorted(Path(HERE / "scenarios").glob("*.py")):
        for scenario in _of_module(path):
            scenario.module = path.stem
            found.append(scenario)
    return sorted(found, key=lambda scenario: (scenario.own is None, scenario.options,
                                               not scenario.long))
