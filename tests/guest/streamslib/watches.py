# SPDX-License-Identifier: LGPL-2.1-or-later
"""A watch over a libvirtd that ends, or stands still."""

import json
import os
import select
import signal
import subprocess
import time

from .tools import FULL, POSTERN, expect, lab, scenario

PATIENCE = 60


class _Watch:
    """A `postern watch` in a process of its own, and what it told."""

    def __init__(self, name):
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [POSTERN, "watch", "--no-daemon", "--json", name], bufsize=0, text=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.told = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=20)

    def await_event(self, name, **members):
        """The next of that name, with these members."""
        until = time.monotonic() + PATIENCE
        while select.select([self.process.stdout], [], [], max(0, until - time.monotonic()))[0]:
            line = self.process.stdout.readline()
            expect(line, f"the watch ended, after {self.told}")
            event = json.loads(line)
            self.told.append(event)
            if event["event"] == name and members.items() <= event.items():
                return event
        raise AssertionError(f"no {name} {members} within {PATIENCE} s: {self.told}")


def _expect_heard(watch, path):
    lab("run", FULL.name, "-", text=f"touch {path}\n")
    watch.await_event("control-plane-changed", source="guest", path=path)


@scenario(FULL)
def a_watch_over_a_restarted_libvirtd():
    """It says that libvirt was lost, comes back by itself, and hears the guest again."""
    with _Watch(FULL.name) as watch:
        watch.await_event("listening", domain=FULL.name)
        lab("restart-libvirtd")
        lost = watch.await_event("hypervisor-lost", source="postern")
        back = watch.await_event("hypervisor-back", source="postern")
        expect(abs(back["since_us"] - lost["time_us"]) < 2000000, f"since when: {lost}, {back}")
        again = watch.await_event("listening", domain=FULL.name)
        expect(again.get("since_us", 0) > 0, f"the gap is not said: {again}")
        _expect_heard(watch, "/etc/sudoers.d/after-libvirtd")


@scenario(FULL)
def a_watch_over_a_killed_libvirtd():
    with _Watch(FULL.name) as watch:
        watch.await_event("listening", domain=FULL.name)
        os.kill(int(lab("libvirtd-pid")), signal.SIGKILL)
        watch.await_event("hypervisor-lost", source="postern")
        time.sleep(3)
        lab("restart-libvirtd")
        watch.await_event("hypervisor-back", source="postern")
        watch.await_event("listening", domain=FULL.name)
        _expect_heard(watch, "/etc/sudoers.d/after-a-kill")
