# SPDX-License-Identifier: LGPL-2.1-or-later
"""Does in a guest what a finding's `undo` says, as a program that mends guests would."""

import shlex

from .errors import Failure


def _put_back(undo):
    """The text that the file held."""
    if undo.get("text") is None:
        raise Failure(f"an undo of the kind file without the text of {undo.get('path')}")
    return f"printf %s {shlex.quote(undo['text'])} >{shlex.quote(undo['path'])}"


KINDS = {
    "mode": lambda undo: f"chmod {shlex.quote(undo['mode'])} {shlex.quote(undo['path'])}",
    "owner": lambda undo: f"chown -h {shlex.quote(undo['owner'])} {shlex.quote(undo['path'])}",
    "file": _put_back,
    "unit": lambda undo: f"systemctl {shlex.quote(undo['action'])} {shlex.quote(undo['unit'])}",
    "argv": lambda undo: shlex.join(undo["argv"]),
}


def script(undo):
    """Lines of shell that do what it says."""
    if undo["kind"] not in KINDS:
        raise Failure(f"an undo of the unknown kind {undo['kind']}")
    return KINDS[undo["kind"]](undo) + "\n"


def apply(guest, undo):
    """Does it, as root; it must succeed."""
    guest.shell(script(undo))
