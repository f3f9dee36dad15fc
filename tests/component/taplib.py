# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests in Python that speak TAP: functions called test_*, run in the order of their file."""

import inspect
import sys
import traceback


class Skip(Exception):
    """Raised by a test that can't be run here; its text says why."""


def run_all(module):
    """Runs every test_* function of MODULE; ends the process with 1 where one failed."""
    tests = [(name, value) for name, value in vars(module).items()
             if name.startswith("test_") and inspect.isfunction(value)]
    if len(sys.argv) > 2:
        tests = [(name, value) for name, value in tests if name in sys.argv[2:]]
    tests.sort(key=lambda item: item[1].__code__.co_firstlineno)
    failed = 0
    print(f"1..{len(tests)}", flush=True)
    for number, (name, function) in enumerate(tests, 1):
        title = name[len("test_"):].replace("_", "-")
        try:
            function()
        except Skip as reason:
            print(f"ok {number} {title} # SKIP {reason}", flush=True)
        except Exception:  # whatever went wrong, the other tests are still worth running
            failed += 1
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {number} {title}", flush=True)
        else:
            print(f"ok {number} {title}", flush=True)
    sys.exit(1 if failed else 0)


def check(condition, *what):
    """Like assert, but with what was seen, and never switched off."""
    if not condition:
        raise AssertionError(" ".join(repr(item)[:1500] for item in what))
