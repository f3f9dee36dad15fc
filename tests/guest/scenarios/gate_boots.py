# SPDX-License-Identifier: LGPL-2.1-or-later
"""Across a start of the guest, and in a guest that was reverted, the gate says what it compares."""

from guestlib.errors import check
from guestlib.gating import baseline, broken, gate, mark, policy

OWN = ()
CHECK = False  # it boots twice: tests/campaigns/states
RECENT = "[journal]\npriority=err\nsince=15min\nexcept=kernel: *\n"
BACK_SECONDS = 150


def _back(context, *since):
    """All that starts with the guest is there, and the agent that the lab works by."""
    for goal in ("target", "target=qemu-guest-agent"):
        context.postern.run("wait", context.guest.name, "--for", goal, *since, codes=[0],
                            deadline=BACK_SECONDS)
    context.guest.shell("journalctl --sync")


def _notes(told):
    return " | ".join(str(note) for note in told["notes"])


def _volatile(context):
    """A journal that a start of the guest empties shows nothing, and that is no proof of nothing."""
    guest = context.guest
    guest.shell("mkdir -p /etc/systemd/journald.conf.d\n"
                "printf '[Journal]\\nStorage=volatile\\n' >/etc/systemd/journald.conf.d/v.conf\n"
                "rm -r /var/log/journal; systemctl restart systemd-journald; journalctl --sync")
    before, place = baseline(context, "volatile"), mark(context)
    guest.try_shell("systemctl reboot")
    _back(context, "--since", place)
    told = gate(context, "could-not-check", "--baseline", before, policy="baseline")
    unchecked = [row["expectation"] for row in told["unchecked"]]
    check(unchecked == ["journal.priority"] and not told["broken"],
          f"of a journal that is gone with the boot it says {told['unchecked']} {told['broken']}")


def run(context):
    """An error before a reboot, a hard reset, and then a revert to before both; a volatile journal."""
    guest = context.guest
    recent = policy(context, "recent", RECENT)
    first = baseline(context, "first")
    guest.shell("logger -p user.err before-the-start; journalctl --sync; sync")
    place = mark(context)
    guest.virsh("reset", guest.name)
    _back(context, "--since", place)
    told = gate(context, "fail", policy=recent)
    check("before-the-start" in str(broken(told, "journal.priority")), f"it says {told}")
    told = gate(context, "fail", "--baseline", first, policy="baseline")
    check("rebooted" in _notes(told), f"of a hard reset it notes {_notes(told)}")
    check("before-the-start" in str(broken(told, "journal.priority")), f"it says {told}")
    second = baseline(context, "second")
    guest.reset()
    _back(context)
    told = gate(context, "could-not-check", "--baseline", second, policy="baseline")
    check("reverted" in _notes(told), f"of a revert into an older boot it notes {_notes(told)}")
    held = [row["expectation"] for row in told["held"]]
    check("reachable.login" in held and "reachable.root" in held, f"what holds: {held}")
    _volatile(context)
