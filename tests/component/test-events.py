#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Events on the channel of the shim's own program. Usage: test-events.py POSTERN-SHIM [TEST…]"""

import os
import shutil
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
from shimlib import Shim, boottime_us, make_root
from taplib import check, run_all

CHANGED, EMERGENCY, STARTED = "control-plane-changed", "emergency-entered", "shim-started"
# How long something that must not come is waited for, in seconds.
QUIET = 1.0
# PST_LIMIT_EVENTS_WAITING, and how many of each kind are told at once.
WAITING, BURST, MODES = 32, 30, 10


class Watched(Shim):
    """A shim on a system of its own, greeted."""

    def __init__(self):
        self.root = make_root()
        for path in ("etc/sudoers.d", "run/systemd/units", "tmp"):
            os.makedirs(os.path.join(self.root, path))
        super().__init__(root=self.root)
        self.hello()

    def __exit__(self, *words):
        super().__exit__(*words)
        shutil.rmtree(self.root, ignore_errors=True)

    def put(self, name):
        """A rule of sudo's, which is one change: it is there as a whole."""
        source = os.path.join(self.root, "tmp", name)
        with open(source, "w", encoding="utf-8"):
            pass
        os.rename(source, os.path.join(self.root, "etc/sudoers.d", name))

    def enter(self, mode="emergency"):
        source = os.path.join(self.root, "tmp/link")
        os.symlink("0", source)
        os.rename(source,
                  os.path.join(self.root, f"run/systemd/units/invocation:{mode}.service"))

    def subscribe(self, *kinds):
        """The number of the request, and of the last event before it."""
        message_id = self.request("subscribe", {"kinds": list(kinds)})
        return message_id, self.answer(message_id)["result"]["seq"]

    def event(self, kind):
        message = self.receive()
        check(message is not None and message.get("method") == "event", message)
        check("id" not in message and message["params"]["body"]["event"] == kind, message)
        return message["params"]

    def quiet(self, why):
        check(self.receive(QUIET) is None, why)

    def listens(self):
        """Whether the kernel tells it of files."""
        folder = f"/proc/{self.process.pid}/fd"
        for name in os.listdir(folder):
            try:
                if "inotify" in os.readlink(os.path.join(folder, name)):
                    return True
            except OSError:
                pass
        return False


def test_an_event():
    with Watched() as shim:
        check(not shim.listens(), "nobody has subscribed")
        before = boottime_us(0)
        message_id, seq = shim.subscribe(CHANGED)
        check(seq == 0, seq)
        shim.put("harness")
        event = shim.event(CHANGED)
        check(event["id"] == message_id and event["seq"] == 1 and "lost" not in event, event)
        check(event["body"] == {"event": CHANGED, "message": "put there",
                                "path": "/etc/sudoers.d/harness"}, event)
        check(before <= event["boottime_us"] <= boottime_us(0), event)
        check(abs(event["realtime_us"] / 1e6 - time.time()) < 30, event)
        shim.put("other")
        check(shim.event(CHANGED)["seq"] == 2, "they count up")
        shim.ping()


def test_unsubscribed():
    with Watched() as shim:
        shim.put("before")
        shim.quiet("nobody has subscribed")
        shim.subscribe(CHANGED)
        shim.put("first")
        check(shim.event(CHANGED)["body"]["path"] == "/etc/sudoers.d/first", "none before it")
        check(shim.subscribe()[1] == 1, "what was told")
        check(not shim.listens(), "nobody listens any more")
        shim.put("second")
        shim.quiet("it is not subscribed any more")
        message_id, seq = shim.subscribe(CHANGED)
        check(seq == 1, seq)
        shim.put("third")
        event = shim.event(CHANGED)
        check(event["id"] == message_id and event["seq"] == 2, "numbers are the session's", event)
        check(event["body"]["path"] == "/etc/sudoers.d/third", event)


def test_a_kind_that_was_not_asked_for():
    with Watched() as shim:
        shim.subscribe(EMERGENCY)
        shim.put("harness")
        shim.quiet("it is of another kind")
        shim.enter()
        event = shim.event(EMERGENCY)
        check(event["seq"] == 1 and event["body"]["unit"] == "emergency.service", event)


def test_a_new_hello():
    with Watched() as shim:
        shim.subscribe(CHANGED)
        shim.put("first")
        shim.event(CHANGED)
        shim.hello()
        check(not shim.listens(), "nobody of this session has subscribed")
        shim.put("second")
        shim.quiet("the session is over")
        check(shim.subscribe(CHANGED)[1] == 0, "numbers begin anew")
        shim.put("third")
        check(shim.event(CHANGED)["seq"] == 1, "numbers begin anew")


def test_what_is_refused():
    with Watched() as shim:
        for params, words in [
                ({"kinds": [CHANGED, "unit-faild"]}, ("'unit-faild'", "did you mean 'unit-failed'?")),
                ({"kinds": "unit-failed"}, ("kinds",)), ({"kinds": [7]}, ("kinds",)),
                ({"kinds": ["x" * 1000]}, ("x" * 64, "known: ", "oom-kill")),
                ({}, ("kinds",)), (None, ("params",))]:
            shim.refusal(shim.request("subscribe", params), -32602, *words)
        shim.refusal(shim.request("subscrib", {"kinds": []}), -32601, "did you mean 'subscribe'?")
        check(not shim.listens(), "all were refused")
        shim.subscribe(CHANGED)
        shim.refusal(shim.request("subscribe", {"kinds": ["x"]}), -32602)
        shim.put("harness")
        check(shim.event(CHANGED)["seq"] == 1, "what was refused changes nothing")
    with Shim(mode="--oneshot") as shim:
        messages, _, _ = shim.finish(shim.frame("subscribe", {"kinds": [CHANGED]}))
        check([one["error"]["code"] for one in messages] == [-32005], messages)


def test_the_start():
    """Of a shim that was started anew its host learns by the clock of the boot."""
    with Watched() as shim:
        started = []
        for _ in range(2):
            shim.subscribe(STARTED, CHANGED)
            started.append(shim.event(STARTED))
            shim.hello()
        check(started[0]["boottime_us"] == started[1]["boottime_us"] <= boottime_us(0), started)
        shim.subscribe(STARTED)
        shim.event(STARTED)
        shim.subscribe(STARTED, CHANGED)
        shim.quiet("it has been told of the start")


def test_a_look_beside_it():
    """Without a recorder's port the probes that have news are asked all the same, and end."""
    with Watched() as shim:
        shim.subscribe(CHANGED)
        shim.await_children(0)
        shim.hello()
        shim.await_children(0)
        shim.ping()


def test_a_reader_that_stalls():
    """Events are dropped, the oldest first, and counted; answers are not, and come before them."""
    with Watched() as shim:
        shim.subscribe(CHANGED, EMERGENCY)
        asked = []
        # More than a pipe holds: nothing can be told before the reader goes on.
        size = len(str(shim.answer(shim.request("describe"))))
        for _ in range(2 + 131072 // size):
            asked.append(shim.request("describe"))
        time.sleep(0.5)
        for number in range(BURST):
            shim.put(f"rule-{number}")
        # The kernel makes one of two that follow each other and are the same.
        for number in range(MODES):
            shim.enter(("emergency", "rescue")[number % 2])
        time.sleep(QUIET)
        asked.append(shim.request("ping"))
        time.sleep(0.5)
        for message_id in asked:
            shim.answer(message_id)
        lost = BURST + MODES - WAITING
        event = shim.event(CHANGED)
        check(event.get("lost") == lost and event["seq"] == lost + 1, event)
        check(event["body"]["path"] == f"/etc/sudoers.d/rule-{lost}", event)
        for number in range(lost + 1, BURST):
            event = shim.event(CHANGED)
            check("lost" not in event and event["seq"] == number + 1, event)
        for number in range(MODES):
            check(shim.event(EMERGENCY)["seq"] == BURST + number + 1, "in order")
        shim.ping()
        check(shim.finish()[2] == 0, "in good order")


def test_an_end_while_it_waits():
    """The input ends while a reader stalls: what it was to be told is not cut off."""
    with Watched() as shim:
        asked = [shim.request("describe") for _ in range(12)]
        time.sleep(0.3)
        messages, _, status = shim.finish()
        check([one["id"] for one in messages] == asked and status == 0, len(messages), status)


if __name__ == "__main__":
    run_all(sys.modules[__name__])
