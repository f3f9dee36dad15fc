# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether guests can run under KVM here: found by starting one that does nothing.

A /dev/kvm proves little. It may be closed to the user who runs the guests, and in nested or
para-virtualised hosts it was seen to open, to name the right version and to make machines, and then
to refuse a register that QEMU must set.
"""

import functools
import os

from . import paths
from .errors import LabError
from .proc import run

DEVICE = "/dev/kvm"
QEMU = "/usr/bin/qemu-system-x86_64"
TRY_SECONDS = 20
# A machine with one virtual processor that is made, set up, never run, and ended.
ARGV = [QEMU, "-nodefaults", "-no-user-config", "-machine", "pc,accel=kvm", "-cpu", "host",
        "-m", "32", "-display", "none", "-S", "-qmp", "stdio"]
END = '{"execute":"qmp_capabilities"}{"execute":"quit"}'


def as_guests_do():
    """The options with which run() starts a program as the user who runs the lab's guests."""
    if os.geteuid() != 0:
        return {}
    user = paths.daemon_user()
    groups = [os.stat(DEVICE).st_gid] if os.path.exists(DEVICE) else []
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": groups}


@functools.cache
def works():
    """True if the lab's guests can run under KVM."""
    if not os.path.exists(DEVICE):
        return False
    try:
        return run(ARGV, stdin=END, timeout=TRY_SECONDS, check=False, cwd="/",
                   **as_guests_do()).returncode == 0
    except LabError:
        return False


def accelerator():
    """What runs the guests' processors: "kvm" or "tcg"."""
    return "kvm" if works() else "tcg"
