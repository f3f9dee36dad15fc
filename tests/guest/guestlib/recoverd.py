# SPDX-License-Identifier: LGPL-2.1-or-later
"""postern-recoverd in the foreground, on the lab's libvirt, and commands by way of it."""

import json
import signal
import subprocess
import time
from pathlib import Path

from .errors import check

SECONDS = 180


class Recoverd:
    """One in the foreground; what is run with its environment goes by its door."""

    def __init__(self, lab, folder, config=None):
        self.lab = lab
        self.own = lab.environment if config is None else dict(lab.environment,
                                                               POSTERN_CONFIG=str(config))
        self.socket = Path(folder) / "recover.sock"
        self.environment = dict(lab.environment, POSTERN_RECOVER_SOCKET=str(self.socket))
        self.process = None

    def begin(self):
        self.socket.unlink(missing_ok=True)
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [self.lab.build / "host-sidecar/postern-recoverd", "--connect", self.lab.uri, "--socket",
             self.socket], env=self.own, stdin=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while not self.socket.exists():
            check(self.process.poll() is None and time.monotonic() < until,
                  "postern-recoverd does not start")
            time.sleep(0.05)

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(20)

    def __enter__(self):
        self.begin()
        return self

    def __exit__(self, *_):
        self.stop()


class Runner:
    """`postern exec` in a guest, by the door of an environment or without any."""

    def __init__(self, context, environment):
        self.context = context
        self.environment = environment

    def popen(self, *argv, words=(), **more):
        """The running command."""
        return subprocess.Popen([self.context.postern.program, "exec", self.context.guest.name,
                                 *words, "--", *argv], env=self.environment,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                **{"stdin": subprocess.DEVNULL, **more})

    def run(self, *argv, words=(), given=None):
        """Its exit status, and both streams as bytes."""
        with self.popen(*argv, words=words,
                        stdin=subprocess.DEVNULL if given is None else subprocess.PIPE) as process:
            try:
                out, err = process.communicate(given, timeout=SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        self.context.log(f"+ exec {words} {argv}\n= {process.returncode} {out[:500]} {err[:2000]}\n\n")
        return process.returncode, out, err

    def act(self, action, *words, given=None):
        """What is done with one that was started: its exit status, and both streams."""
        done = subprocess.run([self.context.postern.program, "exec", self.context.guest.name, action,
                               *words], env=self.environment, input=given, capture_output=True,
                              timeout=SECONDS, check=False)
        self.context.log(f"+ exec {action} {words}\n= {done.returncode} {done.stdout[:500]} "
                         f"{done.stderr[:2000]}\n\n")
        return done.returncode, done.stdout, done.stderr

    def json(self, *argv, words=(), given=None):
        """What it says as JSON."""
        _, out, err = self.run(*argv, words=("--json", *words), given=given)
        check(out, f"no JSON: {err}")
        return json.loads(out)
