# SPDX-License-Identifier: LGPL-2.1-or-later
"""A panic that libvirt is told of: its word is enough, and nobody is waited for."""

import time

from guestlib.errors import check

OWN = ("--panic-device",)
CHECK = False  # a panic that libvirt is told of is in streams too: tests/campaigns/states


def run(context):
    """The state is believed before any path is tried; no record and no console is needed."""
    context.guest.breakage("panic", detach=True)
    time.sleep(4)
    begun = time.monotonic()
    diagnosis = context.postern.diagnose(context.guest, deadline=40)
    took = time.monotonic() - begun
    context.states.add(context.name, diagnosis)
    check(diagnosis.first() == "host.panicked", f"first comes {diagnosis.first()}")
    check(diagnosis.findings["host.panicked"]["evidence"]["source"] == "libvirt",
          "it is not by libvirt's word")
    check(took < 20, f"it took {took:.1f} s")
    context.log(f"{took:.1f} s: {diagnosis.summary}")
