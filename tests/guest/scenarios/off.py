# SPDX-License-Identifier: LGPL-2.1-or-later
"""Domains that cannot answer: absent, switched off, paused."""

from guestlib.errors import check


def run(context):
    """Each has a clear line and the right exit code, and none takes its whole deadline."""
    postern, guest = context.postern, context.guest
    done = postern.run("diagnose", "no-such-domain", codes=[68])
    check(len(done.err.splitlines()) == 1 and "no-such-domain" in done.err, f"it says {done.err}")
    check(done.out == "", "it prints a diagnosis of a domain that there is not")

    guest.virsh("suspend", guest.name)
    done = postern.run("diagnose", guest.name, codes=[3])
    check("paused" in done.out + done.err, f"of a paused guest it says: {done.line()}")
    check(done.seconds < 5, f"a paused guest took {done.seconds:.1f} s")
    guest.virsh("resume", guest.name)
    check(context.diagnose().status == "ok", "a guest that was paused is not sound afterwards")

    guest.virsh("destroy", guest.name)
    done = postern.run("diagnose", guest.name, codes=[3])
    check("off" in done.out + done.err, f"of a guest that is off it says: {done.line()}")
    check(done.seconds < 5, f"a guest that is off took {done.seconds:.1f} s")
