#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`recover`, killed whenever the disk has something new, goes on to the same end, and reverts once.
Usage: test-recover-killed.py POSTERN POSTERND KILL_AT [TEST…]"""

import os
import signal
import sys

# It takes its word from the command line before the others read that.
# pylint: disable=wrong-import-order
from recoverlib import KILL_AT, STEPS, is_under_way, own_guest, reverts
from daemonlib import main, records
from taplib import check

# At each so many-th point it is killed; tests/campaigns/recover-kills says 1.
EVERY = int(os.environ.get("POSTERN_KILL_EVERY", "5"))


def killed_at_each(guest, expected, path, step):
    """Each time that a file of that path is on the disk; how many times that was."""
    at, killed = 1 - step, True
    while killed:
        at += step
        guest.fresh()
        before, watcher = len(records()), guest.watch()
        done = guest.recover(LD_PRELOAD=KILL_AT, KILL_AT=str(at), KILL_PATH=path)
        killed = done.returncode == -signal.SIGKILL
        check(killed or done.returncode == 5, path, at, done)
        if killed and is_under_way():
            guest.recover(code=5)
        found, n = guest.end(before), reverts(watcher)
        check(found == expected, path, at, found, expected)
        check(n == 1, path, at, "reverted", n)
    return at


def test_killed():
    """At each point: the same end, the same records, and one revert. Of the undo, which needs a guest,
    tests/guest has the same."""
    with own_guest() as guest:
        guest.fresh()
        before, watcher = len(records()), guest.watch()
        guest.recover(code=5)
        expected, once = guest.end(before), reverts(watcher)
        check([step for step, _ in expected[0]] == [STEPS[0], *STEPS[3:]] and once == 1, expected,
              once)
        n = [killed_at_each(guest, expected, path, step)
             for path, step in (("/recover", EVERY), ("audit", EVERY), ("/bundles", 4 * EVERY))]
        print(f"# killed up to point {n[0]} of its state, {n[1]} of the audit, {n[2]} of the evidence")
        check(n[0] > 20 and n[1] > 10 and n[2] >= 4, n)


if __name__ == "__main__":
    main(sys.modules[__name__])
