# SPDX-License-Identifier: LGPL-2.1-or-later
"""After a reset, a reboot, a revert and a start the waiting ends with the new state, never the old."""

import json
import time

from guestlib.errors import check

OWN = ("--no-snapshot",)
CHECK = False  # it boots three times: tests/campaigns/states
BOOT = 150


def _mark(context):
    return context.postern.run("mark", context.guest.name, codes=[0]).out.strip()


def _boot(place):
    return dict(part.split("=", 1) for part in place.split(",")[1:])["boot"]


def _wait(context, state, *words, codes=(0,), deadline=BOOT):
    done = context.postern.run("wait", context.guest.name, "--for", state, *words, "--json",
                               codes=list(codes), deadline=deadline)
    told = json.loads(done.out)
    context.log(f"{state}: {told['result']} after {told['waited_ms']} ms, asked {told['asked']} "
                f"times: {told['seen']}\n")
    return told


def _all_states(context, place):
    """Each is of another boot than the mark's, and holds when it is said."""
    guest = context.guest
    boot = None
    for state, words in (("shim", []), ("target", []), ("access", ["--user", "harness"])):
        told = _wait(context, state, *words, "--since", place)
        check(told["boot_id"] != _boot(place), f"{state}: it answers with the boot of the mark")
        check(boot in (None, told["boot_id"]), f"{state}: of yet another boot: {told}")
        boot = told["boot_id"]
        if state == "target":
            said = guest.try_shell("systemctl is-system-running").out.strip()
            check(said in ("running", "degraded"), f"the target is said to be reached while {said}")
    check(guest.ssh("sudo", "-n", "true").code == 0, "access is said to be open and is not")


def _entries(context, place):
    """Page by page, as far as the mark."""
    more = []
    while True:
        answer = context.ask("journal", "--since", place, "--priority", "info", "--lines", "1000",
                             *more)
        context.log(f"after the boot: {answer.json['report']['summary']}: {answer.text()}\n")
        data = answer.json["report"]["data"]
        yield answer, data["entries"]
        if "cursor" not in data:
            return
        more = ["--cursor", data["cursor"]]


def _journal(context, place, words):
    """What came after the mark is told across the boot, and nothing from before it."""
    lines = []
    for answer, entries in _entries(context, place):
        check(answer.status == "ok", f"it is {answer.status}: {answer.text()}")
        lines += [(entry["message"], entry.get("boot_id")) for entry in entries]
    check(any(not boot for _, boot in lines), "nothing of this boot is told")
    check("before-the-mark" not in [line for line, _ in lines], "what was before the mark is told")
    check(words is None or words in [line for line, boot in lines if boot == _boot(place)],
          "what the earlier boot logged after the mark is not told")


def _reset(context):
    """The guest is gone at once: what it logged last may be lost with it."""
    guest = context.guest
    place = _mark(context)
    # What journald had not written to the disk by then, a reset takes away.
    guest.shell("journalctl --sync")
    guest.virsh("reset", guest.name)
    _all_states(context, place)
    _journal(context, place, None)


def _reboot(context):
    """The old system goes on answering for a while, which is not what is waited for."""
    guest = context.guest
    guest.shell("logger -p user.err before-the-mark; journalctl --sync")
    place = _mark(context)
    guest.shell("logger -p user.err after-the-mark; journalctl --sync; "
                "systemd-run --on-active=1 systemctl reboot")
    _all_states(context, place)
    _journal(context, place, "after-the-mark")


def _revert(context):
    """The same boot, from before the mark, or from a boot before it."""
    guest = context.guest
    guest.virsh("snapshot-create-as", guest.name, "before")
    time.sleep(2)
    guest.shell("logger -p user.err this-is-undone; journalctl --sync")
    place = _mark(context)
    guest.virsh("snapshot-revert", guest.name, "before")
    told = _wait(context, "shim", "--since", place)
    check(told["boot_id"] == _boot(place), f"the guest was not reverted but started: {told}")
    # Once it is older than the mark was, its clock alone does not tell.
    time.sleep(15)
    told = _wait(context, "target", "--since", place, deadline=30)
    check(told["result"] == "reached", f"of a guest that was reverted it says {told}")
    done = context.postern.run("journal", guest.name, "--since", place, codes=[3])
    check("reverted" in done.err, f"of a mark that is undone the journal says {done.line()}")


def _off(context):
    """Who is off does not come by itself; who is started does."""
    guest = context.guest
    place = _mark(context)
    guest.virsh("destroy", guest.name)
    told = _wait(context, "shim", codes=[2])
    check(told["result"] == "gone" and 10000 <= told["waited_ms"] < 15000, f"it says {told}")
    guest.virsh("start", guest.name)
    _all_states(context, place)


def run(context):
    """One after the other, in one guest."""
    _wait(context, "target")
    _reset(context)
    _reboot(context)
    _revert(context)
    _off(context)
