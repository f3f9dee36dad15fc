# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs scenarios in a few guests side by side and prints a line for each."""

import queue
import threading
import time
import traceback

from .errors import Failure, Skip
from .lab import Guest
from .scenario import Context
from .states import States
from .table import Table


class Runner:
    """Some scenarios on some guests; `counts` are passed, failed and skipped."""

    def __init__(self, lab, prefix, logs):
        self.lab = lab
        self.prefix = prefix
        self.logs = logs
        self.counts = [0, 0, 0]
        self.stopping = threading.Event()
        self.output = threading.Lock()
        self.table = Table()
        self.states = States()

    def run(self, scenarios, n_guests):
        """Runs them all; on an interrupt those that run are ended, and it goes on as such."""
        work = queue.SimpleQueue()
        for scenario in scenarios:
            work.put(scenario)
        workers = [threading.Thread(target=self._work, args=(work, number))
                   for number in range(min(n_guests, len(scenarios)))]
        for worker in workers:
            worker.start()
        try:
            for worker in workers:
                worker.join()
        except KeyboardInterrupt:
            self.stopping.set()
            for worker in workers:
                worker.join()
            raise

    def clear_up(self):
        """Takes down every guest of this run, and what a run that was killed had left."""
        for name in self.lab.names():
            if name.startswith(self.prefix):
                Guest(self.lab, name).down()

    def _work(self, work, number):
        shared = SharedGuest(self.lab, f"{self.prefix}{number}", ())
        while not self.stopping.is_set():
            try:
                scenario = work.get_nowait()
            except queue.Empty:
                return
            if scenario.own is None and scenario.options != shared.options:
                shared.guest.down()
                shared = SharedGuest(self.lab, shared.guest.name, scenario.options)
            self._one(scenario, shared, f"{self.prefix}own{number}")

    def _one(self, scenario, shared, own_name):
        begun = time.monotonic()
        outcome, why, slow = self._outcome(scenario, shared, own_name)
        if self.stopping.is_set():
            return
        seconds = time.monotonic() - begun
        again = f", asked {slow} times again: too slow" if slow else ""
        line = f"ok    guest/{scenario.name} ({seconds:.1f} s{again})"
        if outcome != 0:
            line = f"{('FAIL', 'skip')[outcome - 1]}  guest/{scenario.name}: {why}"
        self.tell(outcome, line)

    def tell(self, outcome, line):
        """Counts what became of one test, and prints its line."""
        with self.output:
            self.counts[outcome] += 1
            print(line, flush=True)

    def _outcome(self, scenario, shared, own_name):
        """(0 passed, 1 failed, 2 skipped; why; how often it was asked again)."""
        own = scenario.own is not None
        guest = Guest(self.lab, own_name) if own else shared.guest
        context = Context(self.lab, guest, self.logs / scenario.name, self.table, self.states)
        context.stopping = self.stopping
        try:
            if own:
                guest.up(*scenario.own)
            else:
                shared.make_clean()
            scenario.run(context)
        except Skip as skip:
            return 2, str(skip), 0
        except Failure as failure:
            self._look_into(context, str(failure))
            return 1, f"{failure} (see {context.folder})", context.slow
        except Exception as error:  # pylint: disable=broad-except  # a defect of the scenario
            self._look_into(context, traceback.format_exc())
            return 1, f"{type(error).__name__}: {error} (see {context.folder})", context.slow
        finally:
            if own:
                guest.down()
        return 0, "", context.slow

    def _look_into(self, context, why):
        context.log(f"FAILED: {why}\n\n")
        if not self.stopping.is_set():
            context.keep_evidence()


class SharedGuest:
    """A guest that scenario after scenario gets, clean each time; `options` are those of `lab up`."""

    def __init__(self, lab, name, options):
        self.guest = Guest(lab, name)
        self.options = options
        self.state = "absent"

    def make_clean(self):
        """Boots it the first time, or anew where the snapshot cannot be reached any more."""
        if self.state == "used":
            try:
                self.guest.reset()
                return
            except Failure:
                self.state = "lost"
        if self.state == "lost":
            self.guest.down()
        self.state = "lost"
        self.guest.up(*self.options)
        self.state = "used"
