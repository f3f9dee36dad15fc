# SPDX-License-Identifier: LGPL-2.1-or-later
"""`postern watch` tells what happens to and in a guest, by the daemon and alone, while others ask
the guest over the same channel, another process takes it, the shim is started anew and the guest is
reset; and what was not heard."""

import json
import select
import signal
import subprocess
import tempfile
import time

from guestlib.asleep import stays_asleep
from guestlib.errors import check
from guestlib.posternd import Posternd

PATIENCE = 90
WARNING = "echo 0 >/proc/self/oom_adj"


class _Watch:
    """A `postern watch --json`, and what it has told."""

    def __init__(self, context, environment, *words):
        self.context = context
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [context.postern.program, "watch", "--json", *words], env=environment, bufsize=0,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.events = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=20)

    def next(self, until):
        """The next event, or None."""
        if not select.select([self.process.stdout], [], [], max(0, until - time.monotonic()))[0]:
            return None
        line = self.process.stdout.readline()
        if not line:
            check(False, f"it ended: {self.process.stderr.read()}, after {self.events[-5:]}")
        self.events.append(json.loads(line))
        self.context.log(f"{line.decode()}")
        return self.events[-1]

    def await_event(self, name, **members):
        """The next of that name, with these members."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            event = self.next(until)
            if event and event["event"] == name and members.items() <= event.items():
                return event
        check(False, f"no {name} {members} within {PATIENCE} s: {self.events}")

    def drain(self, seconds=1.0):
        """What still comes."""
        until = time.monotonic() + seconds
        while self.next(until):
            pass


def _check_order(watch):
    """In the order of their times, but for those that say that they are late."""
    newest = 0
    for event in watch.events:
        check(event["time_us"] >= newest or event.get("late"),
              f"{event} is told after one of {newest}")
        newest = max(newest, event["time_us"])


def _what_happens(context, watch, ask):
    """Of a file, a unit and the kernel; others are answered over the same channel meanwhile."""
    guest = context.guest
    watch.await_event("listening", source="postern", domain=guest.name)
    guest.shell("touch /etc/sudoers.d/heard")
    heard = watch.await_event("control-plane-changed", source="guest", path="/etc/sudoers.d/heard")
    check(abs(heard["time_us"] / 1e6 - time.time()) < 60, f"{heard} was when?")
    for _ in range(5):
        answer = ask()
        check(answer["via"] == "channel" and answer.get("report"), f"no answer: {answer}")
    guest.breakage("unit-fails")
    watch.await_event("unit-failed", source="guest", unit="shop.service")
    guest.shell(WARNING)
    watch.await_event("kernel-warning", source="guest")
    names = [event["event"] for event in watch.events]
    check(names.count("listening") == 1 and "not-listening" not in names,
          f"the channel was opened anew: {names}")


def _ask_alone(context):
    done = subprocess.run([context.postern.program, "probe", context.guest.name, "network", "--json",
                           "--deadline", "20s"], env=context.postern.lab.environment,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                          check=False)
    check(done.stdout, done.stderr)
    return json.loads(done.stdout)


def _other_process(context, watch):
    """One that asks by itself does not wait for the watch, and the gap is told."""
    began = time.monotonic()
    answer = _ask_alone(context)
    took = time.monotonic() - began
    context.log(f"another process was answered in {took:.2f} s\n")
    check(answer["via"] == "channel", f"another process was answered via {answer['via']}")
    gap = watch.await_event("not-listening", domain=context.guest.name)
    back = watch.await_event("listening", domain=context.guest.name)
    check(back.get("since_us", 0) >= gap["time_us"] - 1000000, f"since when: {gap}, {back}")
    context.guest.shell("touch /etc/sudoers.d/again")
    watch.await_event("control-plane-changed", path="/etc/sudoers.d/again")


def _shim_anew(context, watch):
    context.guest.shell("systemctl restart postern-shim.service")
    watch.await_event("not-listening", domain=context.guest.name)
    watch.await_event("shim-started", source="guest")
    watch.await_event("listening", domain=context.guest.name)


def _reset(context, watch):
    context.guest.virsh("reset", context.guest.name)
    watch.await_event("reset", source="libvirt", domain=context.guest.name)
    watch.await_event("not-listening", domain=context.guest.name)
    watch.await_event("listening", domain=context.guest.name)
    context.guest.virsh("suspend", context.guest.name)
    watch.await_event("paused", source="libvirt", message="by somebody")
    context.guest.virsh("resume", context.guest.name)
    watch.await_event("resumed", source="libvirt")


def _what_happens_alone(context, watch):
    watch.await_event("listening", domain=context.guest.name)
    context.guest.shell("touch /etc/sudoers.d/alone")
    watch.await_event("control-plane-changed", path="/etc/sudoers.d/alone")
    _check_order(watch)


def run(context):
    """Alone first, then by the daemon."""
    lab, guest = context.postern.lab, context.guest
    with _Watch(context, lab.environment, guest.name) as alone:
        _what_happens_alone(context, alone)
    stays_asleep(guest, "after a watch has gone")
    with tempfile.TemporaryDirectory() as folder:
        with Posternd(lab, folder) as daemon, _Watch(context, daemon.environment, guest.name) as watch:
            _what_happens(context, watch, lambda: daemon.ask(
                context.postern.program, guest.name, "probe", "system"))
            _other_process(context, watch)
            _shim_anew(context, watch)
            _reset(context, watch)
            daemon.process.send_signal(signal.SIGKILL)
            daemon.process.wait(20)
            watch.await_event("daemon-lost", source="postern")
            with Posternd(lab, folder):
                watch.await_event("daemon-back", source="postern")
                watch.await_event("listening", domain=guest.name)
                watch.drain()
                _check_order(watch)
