# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the scenarios share: guests, questions with a deadline, processes that are held stopped."""

import json
import os
import pathlib
import signal
import subprocess
import time
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("POSTERN_BUILD", ROOT / "build"))
POSTERN = pathlib.Path(os.environ.get("POSTERN", BUILD / "host-sidecar/postern"))
LAB = str(ROOT / "tests/lab/lab")
# A loaded machine is slow to start a process; what hangs takes tens of seconds.
GRACE = 2.5
MAX_COMPLAINT = 2000


@dataclass(frozen=True)
class Guest:
    """A pocket guest with a PEER (a word for each argument), or a full one, without a peer.

    `spoilt`: the scenario leaves it as no other can use it.
    """

    name: str
    peer: tuple = ()
    options: tuple = ()
    spoilt: bool = False

    def up(self):
        """Boots it."""
        if self.peer:
            lab("pocket", *self.options, self.name, *self.peer)
        else:
            lab("up", self.name, *self.options)


def pocket(name, *peer, options=(), spoilt=False):
    """A guest whose only program is that peer."""
    return Guest(name, peer, options, spoilt)


SOUND = pocket("st-sound", "sound")
FULL = Guest("st-full")
SCENARIOS = []
NAMED_ONLY = set()


def scenario(*guests, check=True):
    """Registers a test that needs these guests; its name is the function's. Without `check` it is
    a campaign's, and runs where it is named."""
    def register(function):
        name = function.__name__.replace("_", "-")
        SCENARIOS.append((name, guests, function))
        if not check:
            NAMED_ONLY.add(name)
        return function
    return register


def lab(*words, text=None, check=True):
    """One command of the lab; returns what it printed."""
    result = subprocess.run([LAB, *words], input=text, capture_output=True, text=True,
                            timeout=300, check=False)
    if check and result.returncode != 0:
        raise AssertionError(f"lab {' '.join(words)}: {result.stderr.strip()}")
    return result.stdout.strip()


def virsh(*words):
    """One virsh command, which must succeed; returns what it printed."""
    done = subprocess.run(["virsh", "-q", "-c", os.environ["LIBVIRT_DEFAULT_URI"], *words],
                          check=False, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise AssertionError(f"virsh {words[0]}: {done.stderr.strip()}")
    return done.stdout


class Skip(Exception):
    """Why a scenario can't be run here."""


class Answer:
    """One run of postern: its exit code, time, and what it printed."""

    def __init__(self, process, begun, text, error):
        self.code = process.returncode
        self.seconds = time.monotonic() - begun
        self.error = error.strip()
        self.json = json.loads(text) if text.strip() else None

    @property
    def via(self):
        """The path that it came by, "none" without an answer."""
        return self.json.get("via") if self.json else None

    def attempt(self, via):
        """Why that path did not answer."""
        return next((a["reason"] for a in self.json["attempts"] if a["via"] == via), None)


def begin(*words, deadline):
    """Starts a command of postern's with that deadline, in seconds."""
    process = subprocess.Popen([POSTERN, *words, "--json", "--deadline",
                                f"{int(deadline * 1000)}ms"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.start_time = time.monotonic()
    return process


def start(guest, probe="network", deadline=4):
    """Starts a question."""
    return begin("probe", guest, probe, deadline=deadline)


def finish(process, deadline=4):
    """Waits for the answer, which has to come within the deadline, and whose error, where it has
    one, has to be one line."""
    try:
        text, error = process.communicate(timeout=deadline + 20)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"hung {deadline + 20} s past its deadline") from None
    answer = Answer(process, process.start_time, text, error)
    if answer.seconds > deadline + GRACE:
        raise AssertionError(f"took {answer.seconds:.1f} s with a deadline of {deadline} s")
    expect("\n" not in answer.error, "the error is of more than one line", answer)
    expect(answer.error or answer.json, "neither an answer nor an error", answer)
    return answer


def ask(guest, probe="network", deadline=4):
    """A question and its answer."""
    return finish(start(guest, probe, deadline), deadline)


def expect(condition, what, answer=None):
    """Fails the scenario unless the condition holds."""
    if not condition:
        seen = f": {answer.code} {answer.error} {answer.json}" if answer else ""
        raise AssertionError((what + seen)[:MAX_COMPLAINT])


def expect_sound(guest, deadline=8):
    """The guest answers over its channel."""
    answer = ask(guest, deadline=deadline)
    expect(answer.code == 0 and answer.via == "channel", f"{guest} should answer", answer)
    return answer


class Stopped:
    """Holds a process of the lab's stopped for a while."""

    def __init__(self, pid):
        self.pid = int(pid)

    def __enter__(self):
        os.kill(self.pid, signal.SIGSTOP)

    def __exit__(self, *_):
        try:
            os.kill(self.pid, signal.SIGCONT)
        except ProcessLookupError:
            pass
