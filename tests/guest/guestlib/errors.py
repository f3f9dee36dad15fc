# SPDX-License-Identifier: LGPL-2.1-or-later
"""The two ways in which a scenario ends early."""


class Failure(Exception):
    """What was expected did not happen: one line that says what did."""


class Skip(Exception):
    """The scenario cannot run here: one line that says why."""


def check(condition, why):
    """Fails the scenario with the line `why` unless `condition` holds."""
    if not condition:
        raise Failure(why)
