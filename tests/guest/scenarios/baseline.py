# SPDX-License-Identifier: LGPL-2.1-or-later
"""Baselines of a guest differ in what was done to it, and in nothing else; whose and of when, too."""

import json
import time

from guestlib.errors import check
from guestlib.lab import Guest

OWN = ()
# What a baseline says where the guest had no time for an answer.
TOO_SLOW = ("could-not-look", "could-not-tell", "sudo.hangs")
APART = 30
BOOT = 150
DEADLINE = 60
TRIES = 4


def _was_slow(text):
    return any(word in text for word in TOO_SLOW)


class Baselines:
    """Files of baselines, and what differs between them."""

    def __init__(self, context):
        self.context = context
        self.n = 0

    def take(self, guest=None):
        """A new one, by its path. An emulated guest may be slow once."""
        self.n += 1
        path = self.context.folder / f"baseline-{self.n}.json"
        for _ in range(TRIES):
            done = self.context.postern.run("baseline", (guest or self.context.guest).name, "--user",
                                            "harness", "--user", "root", "-o", str(path),
                                            deadline=DEADLINE)
            if done.code == 0 and not _was_slow(path.read_text(encoding="utf-8")):
                return path
        check(False, f"baseline exits {done.code}: {done.line()}")
        return None

    def diff(self, old, new, code):
        """What `diff` says of two files, or of a file and the guest as it is."""
        words = [str(old), "--against", new] if isinstance(new, str) else [str(old), str(new)]
        for _ in range(TRIES if isinstance(new, str) else 1):
            text = self.context.postern.run("diff", *words, deadline=DEADLINE)
            done = self.context.postern.run("diff", *words, "--json", deadline=DEADLINE)
            if not _was_slow(text.out + done.out):
                break
        told = json.loads(done.out)
        check(done.code == code, f"diff exits {done.code}, not {code}: {text.out}")
        lines = text.out.splitlines()
        check(len(lines) <= 40, f"{len(lines)} lines are no screen")
        return told


def _notes(told):
    return [note["note"] for note in told["notes"]]


def _found(told, change):
    return {row.get("after", row.get("before"))["id"] for row in told["findings"]
            if row["change"] == change}


def _places(told):
    return {row["where"] for row in told["changes"]}


def _untouched(baselines):
    """Half a minute of a guest's life is no difference."""
    first = baselines.take()
    time.sleep(APART)
    second = baselines.take()
    for old, new in ((first, second), (first, first)):
        told = baselines.diff(old, new, 0)
        check(told["verdict"] == "same" and not told["notes"] and not told["findings"] and
              not told["changes"] and not told["unseen"], f"of an untouched guest it tells {told}")
        check(told["same_guest"] and told["same_boot"] and told["facts"] > 100, f"it says {told}")
    return second


def _file(context, baselines, before):
    """A line more in a file that nothing depends on."""
    context.guest.shell("echo more >>/etc/motd")
    after = baselines.take()
    told = baselines.diff(before, after, 0)
    check(_places(told) == {"changes.files[/etc/motd].digest"} and len(told["changes"]) == 1 and not told["findings"],
          f"of a changed file it tells {told['changes']} {told['findings']}")
    return after


def _unit(context, baselines, before):
    """A unit that is stopped, and started again."""
    context.guest.shell("systemctl stop cron")
    told = baselines.diff(before, baselines.take(), 0)
    check([(row["where"], row["before"]) for row in told["changes"]] ==
          [("services.running", "cron.service")] and not told["findings"],
          f"of a stopped unit it tells {told['changes']} {told['findings']}")
    context.guest.shell("systemctl start cron")
    told = baselines.diff(before, context.guest.name, 0)
    check(not told["changes"] and not told["findings"], f"started again it tells {told['changes']}")


def _breakage(context, baselines, before):
    """The finding, what it is about, and what it shuts: nothing of what it leaves alone."""
    context.guest.breakage("sudoers-0666")
    after = baselines.take()
    told = baselines.diff(before, after, 1)
    check("sudo.file-world-writable" in _found(told, "appeared"), f"it tells {told['findings']}")
    mode = [row for row in told["changes"]
            if row["where"] == "sudo.files[/etc/sudoers.d/harness].mode"]
    check(len(mode) == 1 and (mode[0]["before"], mode[0]["after"]) == ("0440", "0666") and
          mode[0]["severity"] == "critical", f"it tells {told['changes']}")
    others = {place.split(".")[0] for place in _places(told)} - {"sudo", "access", "changes"}
    check(not others, f"a mode of a drop-in is told of {others}: {told['changes']}")
    told = baselines.diff(after, before, 3)
    check("reversed" in _notes(told), f"the other way round it says {told['notes']}")
    return after


def _reverted(context, baselines, broken):
    """Back in the clean snapshot: that it was undone, and not that it was rebooted."""
    context.guest.reset()
    told = baselines.diff(broken, context.guest.name, 0)
    check("reverted" in _notes(told) and "rebooted" not in _notes(told),
          f"after a revert it says {told['notes']}")
    check("sudo.file-world-writable" in _found(told, "vanished"), f"it tells {told['findings']}")
    told = baselines.diff(broken, baselines.take(), 0)
    check("reverted" in _notes(told), f"of two files it says {told['notes']}")


def _rebooted(context, baselines):
    """Another boot, and nothing else of note."""
    before = baselines.take()
    place = context.postern.run("mark", context.guest.name, codes=[0]).out.strip()
    context.guest.try_shell("systemctl reboot")
    for state in ("target", "shim"):
        context.postern.run("wait", context.guest.name, "--for", state, "--since", place, codes=[0],
                            deadline=BOOT)
    told = baselines.diff(before, baselines.take(), 0)
    check(_notes(told) == ["rebooted"], f"after a reboot it says {told['notes']}")
    check(told["same_guest"] is True and told["same_boot"] is False, f"it says {told}")
    check(not told["findings"], f"after a reboot it tells {told['findings']}")
    return before


def _other(context, baselines, before):
    """Another guest, put in its place."""
    other = Guest(context.lab, f"{context.guest.name}-b")
    other.log = context.log
    try:
        other.up("--no-snapshot")
        told = baselines.diff(before, baselines.take(other), 3)
    finally:
        other.down()
    check("other-domain" in _notes(told) and
          {"other-machine", "other-keys"} & set(_notes(told)) and told.get("same_guest") is not True,
          f"of another guest it says {told['notes']}")


def run(context):
    """All of it in one guest, and at the end another."""
    baselines = Baselines(context)
    # What is older than a day is not among the changes; the image may be.
    context.guest.shell("touch /etc/motd")
    before = _untouched(baselines)
    before = _file(context, baselines, before)
    _unit(context, baselines, before)
    broken = _breakage(context, baselines, before)
    _reverted(context, baselines, broken)
    before = _rebooted(context, baselines)
    _other(context, baselines, before)
