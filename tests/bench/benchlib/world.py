# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lab's guests and the programs of the build folder, as the benchmarks use them."""

import json
import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
LAB = CHECKOUT / "tests/lab/lab"
FULL = "be-full"
WIDE = "be-wide"
WIDE_CPUS = 2
RECORDER = "be-recorder"
USER = "harness"
SECONDS = 300


class CannotMeasure(Exception):
    """Why a figure could not be measured, in a line."""


class World:
    """The guests of a run: made when they are first wanted, gone when the run ends. Without the LAB
    there are none, and only programs can be run."""

    def __init__(self, build, *, short, keep, lab=True):
        self.build = Path(build or os.environ.get("POSTERN_BUILD") or CHECKOUT / "build").absolute()
        self.short = short
        self._keep = keep
        self._has_lab = lab
        self.uri = None
        self._up = set()
        self._environment = os.environ | {"POSTERN_BUILD": str(self.build)}

    def __enter__(self):
        for program in ("host-sidecar/postern", "tests/bench/bench-ping", "tests/bench/bench-sweep"):
            if not (self.build / program).is_file():
                raise CannotMeasure(f"{self.build / program} is not there: build first, or name a "
                                    "build folder with --build")
        if not self._has_lab:
            return self
        self.uri = self._environment["LIBVIRT_DEFAULT_URI"] = self.lab("uri").strip()
        self._environment["POSTERN_CONFIG"] = self._configuration()
        self._environment["POSTERN_POLICIES"] = str(CHECKOUT / "host-sidecar/policies")
        self._up = self._left_over()
        if not self._keep:
            self._take_down()
        return self

    def __exit__(self, *_unused):
        if not self._keep:
            self._take_down()

    def _configuration(self):
        """A configuration of postern's whose store is below the build folder: what it sees of test
        guests is not for the machine's own."""
        path = self.build / "bench-store/postern.conf"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"[store]\nfolder={path.parent}\n", encoding="utf-8")
        return str(path)

    def _left_over(self):
        """The benchmarks' guests that an earlier run did not take down."""
        for attempt in range(5):
            try:
                listed = self.lab("list").splitlines()
                break
            except CannotMeasure:  # Another guest was taken down while the lab looked.
                if attempt == 4:
                    raise
        return {name for name in (line.split()[0] for line in listed) if name.startswith("be-")}

    def _take_down(self):
        for name in sorted(self._up):
            self.lab("down", name)
        self._up.clear()

    def rounds(self, normal, short):
        """How often, or how long, something is done in this run."""
        return short if self.short else normal

    def full(self, name=FULL, *options):
        """The name of a full guest that is up."""
        return self._full(name, *options)

    def wide(self):
        """The name of a full guest with a processor to spare."""
        return self._full(WIDE, "--cpus", str(WIDE_CPUS))

    def recorder(self):
        """The name of a full guest with a recorder."""
        return self._full(RECORDER, "--recorder")

    def _full(self, name, *options):
        if name not in self._up:
            self._up.add(name)
            self.lab("up", *options, name)
        return name

    def pocket(self, name, *peer):
        """The name of a pocket guest with that peer."""
        if name not in self._up:
            self._up.add(name)
            self.lab("pocket", name, *peer)
        return name

    def lab(self, *words, given=""):
        """Runs a verb of the lab; its output."""
        return self._run([str(LAB), *words], f"lab {' '.join(words)}", given)

    def script(self, guest, text):
        """Runs a shell script in a guest; its output."""
        return self.lab("run", guest, "-", given=text)

    def program(self, name, *words):
        """Runs one of the benchmarks' programs; the JSON that it prints."""
        path = self.build / "tests/bench" / name
        return json.loads(self._run([str(path), *map(str, words)], name))

    def hold(self, guest):
        """A process that holds the guest's channel open until its input is closed."""
        # Whoever gets it waits for it, or ends it.
        held = subprocess.Popen([str(self.build / "tests/bench/bench-hold"), guest],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                env=self._environment)
        if held.stdout.readline() != "open\n":
            held.communicate()
            raise CannotMeasure(f"the channel of {guest} could not be held open")
        return held

    def virsh(self, *words):
        """Runs a virsh command on the lab's libvirt; its output."""
        return self._run(["/usr/bin/virsh", "-q", *words], f"virsh {words[0]}")

    def postern(self, *words):
        """Runs postern; its output. A finding is no failure: its exit status is that of a report."""
        return self._run([str(self.build / "host-sidecar/postern"), *words],
                         f"postern {' '.join(words)}", codes=(0, 1, 2, 3))

    def _run(self, argv, label, given="", codes=(0,)):
        try:
            done = subprocess.run(argv, input=given, capture_output=True, text=True, check=False,
                                  timeout=SECONDS, env=self._environment)
        except subprocess.TimeoutExpired:
            raise CannotMeasure(f"{label} has not ended after {SECONDS} s") from None
        except OSError as error:
            raise CannotMeasure(f"{label}: {error.strerror}") from None
        if done.returncode not in codes:
            said = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
            raise CannotMeasure(f"{label} ended with {done.returncode}: {said[-1]}")
        return done.stdout
