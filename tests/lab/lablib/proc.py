# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs programs: fixed argument vectors, never a shell."""

import subprocess

from .errors import LabError


def run(argv, *, stdin=None, timeout=None, check=True, label=None, **popen):
    """Runs `argv` and returns its CompletedProcess with text output.

    `stdin` is text for the program, `label` what to call it in an error. With `check`, a program
    that is missing, does not end within `timeout` seconds or fails raises a LabError that quotes
    the last line of what it said.
    """
    label = label or argv[0]
    feed = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              errors="replace", timeout=timeout, **feed, **popen)
    except FileNotFoundError:
        raise LabError(f"{argv[0]} is not installed: run tests/lab/install-packages") from None
    except subprocess.TimeoutExpired:
        raise LabError(f"{label} did not end within {timeout} s") from None
    if check and done.returncode != 0:
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        last = said[-1].removeprefix("error: ") if said else "no message"
        raise LabError(f"{label} failed: {last}")
    return done
