# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the programs that have scenarios of their own, beside the runner's guests."""

import os
import subprocess
import threading

from .lab import CALL_SECONDS, LAB
from .proc import run

OUTCOMES = ("ok", "FAIL", "skip")
MORE = "      "  # what begins so tells of a scenario, as a figure
LAB_NAME = "2"
PATIENCE = 60


class Programs:
    """Programs that speak in lines of `ok NAME …`, `FAIL NAME: …`, `skip NAME: …`.

    They run one by one, in a lab of their own: they may stop what all of its guests stand on. They
    wait more than they work, so their guests cost those of the runner little.
    """

    def __init__(self, lab, programs, runner):
        self.programs = programs
        self.runner = runner
        self.environment = dict(os.environ, POSTERN_LAB_NAME=LAB_NAME, POSTERN_BUILD=str(lab.build),
                                LC_ALL="C.UTF-8")
        self.ended = threading.Event()
        self.process = None
        self.thread = threading.Thread(target=self._work)

    def start(self):
        """Begins the first."""
        self.thread.start()

    def join(self):
        """Returns when the last has ended."""
        self.thread.join()

    def end(self):
        """Ends what still runs, which clears up after itself, and the lab that they had."""
        self.ended.set()
        process = self.process
        if process is not None and process.poll() is None:
            process.terminate()
        if self.thread.ident is not None:
            self.thread.join(PATIENCE)
        if self.programs:
            run([LAB, "stop"], timeout=CALL_SECONDS, detached=True,
                environment=self.environment)

    def _work(self):
        for program in self.programs:
            if self.ended.is_set():
                return
            self._one(program)

    def _one(self, program):
        name = f"guest/{program[0].name}"
        outcomes = []
        with subprocess.Popen(program, env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, errors="replace",
                              start_new_session=True) as self.process:
            for line in self.process.stdout:
                word, _, rest = line.rstrip().partition(" ")
                if word in OUTCOMES:
                    outcomes.append(word)
                    self.runner.tell(OUTCOMES.index(word), f"{word:5} {name}/{rest.strip()}")
                elif line.startswith(MORE):
                    print(line.rstrip(), flush=True)
        code = self.process.returncode
        if not self.ended.is_set() and (not outcomes or (code != 0 and "FAIL" not in outcomes)):
            self.runner.tell(1, f"FAIL  {name}: it ended early, with status {code}")
