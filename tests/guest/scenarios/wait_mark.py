# SPDX-License-Identifier: LGPL-2.1-or-later
"""A mark is a point in the guest's time, and waiting ends when the state is there, no sooner."""

import json
import time

from guestlib.errors import check

# An emulated guest's timers are late on a busy host.
LATE = 8.0
STOP_FOR = 4


def mark(context, *words):
    """A line that a script would keep."""
    done = context.postern.run("mark", context.guest.name, *words, codes=[0])
    check(not done.err and done.out.count("\n") == 1, f"mark prints {done.out}{done.err}")
    return done.out.strip()


def wait(context, state, *words, code=0, deadline=20):
    """What `wait` says, as JSON."""
    done = context.postern.run("wait", context.guest.name, "--for", state, *words, "--json",
                               codes=[code], deadline=deadline)
    told = json.loads(done.out)
    context.log(f"{state}: {told['result']} after {told['waited_ms']} ms, asked {told['asked']} "
                f"times: {told['seen']}\n")
    check(told["guest"] == context.guest.name and told["for"] == state, f"it says {told}")
    return told


def _journal(context):
    """What came after the mark, and nothing before it."""
    context.guest.shell("logger -p user.err before-the-mark; journalctl --sync")
    place = mark(context)
    told = json.loads(mark(context, "--json"))
    check(told["mark"].startswith("mark1,") and told["cursor"] in told["mark"], f"it says {told}")
    check(abs(told["offset_ms"]) < 5000, f"the guest's clock is {told['offset_ms']} ms off")
    context.guest.shell("logger -p user.err after-the-mark; journalctl --sync")
    answer = context.ask("journal", "--since", place).json["report"]
    lines = [entry["message"] for entry in answer["data"]["entries"]]
    check("after-the-mark" in lines and "before-the-mark" not in lines, f"it tells {lines}")
    check(answer["data"]["after_found"] is True, "the mark is not found in the journal")
    return place


def _other_machine(context, place):
    head, _, tail = place.partition(",machine=")
    foreign = f"{head},machine={'0' * 32}{tail[32:]}"
    done = context.postern.run("journal", context.guest.name, "--since", foreign, codes=[3])
    check("another machine" in done.err, f"of another guest's mark it says {done.line()}")
    told = wait(context, "shim", "--since", foreign, code=2)
    check("another machine" in told["seen"], f"of another guest's mark it says {told}")


def _states(context):
    """Of a sound guest each of them is there at once."""
    for state, words in (("shim", []), ("target", []), ("target=ssh", []),
                         ("access", ["--user", "harness"])):
        told = wait(context, state, *words)
        check(told["result"] == "reached" and told["asked"] <= 2, f"{state}: {told}")
    told = wait(context, "target=no-such.service", code=3, deadline=3)
    check("no-such.service" in told["seen"], f"it says {told}")


def _still_there(context, place):
    """What answers in the boot of the mark has not come back, also after a pause."""
    guest = context.guest
    guest.virsh("suspend", guest.name)
    time.sleep(1)
    guest.virsh("resume", guest.name)
    told = wait(context, "shim", "--since", place, code=3, deadline=6)
    check("still in the boot of the mark" in told["seen"], f"it says {told}")


def _comes(context):
    """The service is stopped and started again: the waiting ends with it."""
    guest, begun = context.guest, time.monotonic()
    guest.shell(f"systemctl stop postern-shim; systemd-run --on-active={STOP_FOR} --timer-property="
                "AccuracySec=10ms systemctl start postern-shim")
    waited = wait(context, "shim")
    started = float(guest.shell("systemctl show -P ExecMainStartTimestampMonotonic postern-shim"))
    now = float(guest.shell("cut -d' ' -f1 /proc/uptime"))
    context.log(f"waited {waited['waited_ms']} ms, of {time.monotonic() - begun:.1f} s; "
                f"the shim was started {now - started / 1e6:.1f} s before it was looked at\n")
    check(waited["events"] is True, "libvirt's events are not heard")
    check(waited["waited_ms"] < 1000 * (STOP_FOR + LATE), f"it took {waited}")
    check(waited["asked"] <= 2, f"a guest whose port is shut was asked {waited['asked']} times")


def run(context):
    """All of it in one guest that is not restarted."""
    place = _journal(context)
    _other_machine(context, place)
    _states(context)
    _still_there(context, place)
    _comes(context)
