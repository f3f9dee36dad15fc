# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that are run, each with a limit to the time that it may take."""

import shlex
import subprocess
import time
from dataclasses import dataclass


@dataclass
class Done:
    """What a program that has ended, or was ended, left. `code` is None where it was ended."""

    argv: list
    code: int
    out: str
    err: str
    seconds: float

    def line(self):
        """Its last words, for a message."""
        said = (self.err.strip() or self.out.strip() or "it said nothing").splitlines()
        return said[-1]

    def text(self):
        """What it printed."""
        return self.out

    def transcript(self):
        """The whole of it, for whoever looks into a failure."""
        return (f"$ {shlex.join(self.argv)}\n{self.out}{self.err}"
                f"[exit status {self.code}, {self.seconds:.2f} s]\n\n")


def run(argv, *, timeout, stdin="", environment=None, detached=False, user=None):
    """Runs `argv`; it is killed after `timeout` seconds.

    With `detached` a Ctrl-C at the terminal does not reach it: for clearing up. With a `user`, a
    number, it is that user's and of no group but that of the same number.
    """
    other = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    begun = time.monotonic()
    # Through an object of its own, because what a killed program had said is of use.
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="replace", env=environment,
                          start_new_session=detached, **other) as process:
        try:
            out, err = process.communicate(stdin, timeout=timeout)
            code = process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            code = None
    return Done(list(map(str, argv)), code, out, err, time.monotonic() - begun)
