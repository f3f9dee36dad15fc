# SPDX-License-Identifier: LGPL-2.1-or-later
"""The one error that ends a command with a line of text instead of a traceback."""


class LabError(Exception):
    """Something that the person at the keyboard can act upon, in one line."""
