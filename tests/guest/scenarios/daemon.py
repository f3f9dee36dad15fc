# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon asks a guest for many at once: what ten ask at the same time is asked once, each of them
gets the answer, and the guest is told who asked."""

import tempfile
from concurrent.futures import ThreadPoolExecutor

from guestlib.errors import check
from guestlib.posternd import Posternd

CALLERS = 10
TRIES = 3
# A question that takes long enough for all of them to come, and leaves a line each time that it is
# asked.
SLOW_CHECK = """\
set -eu
install -d -m 0755 /etc/postern /opt/checks
# A check is run as nobody.
install -m 0666 /dev/null /run/asked
cat >/etc/postern/shim.conf <<'CONF'
[check slow]
description = how often this was asked
command = /opt/checks/slow
timeout = 20
CONF
cat >/opt/checks/slow <<'CHECK'
#!/bin/sh
# In one write: the ladder may ask by two ways at once.
echo "by $(tr '\\0' ' ' <"/proc/$PPID/cmdline")" >>/run/asked
sleep 5
echo OK
CHECK
chmod 0755 /opt/checks/slow
"""


def _times_asked(guest):
    """By the service. In a slow guest the agent may have been asked beside it: that is the ladder's
    doing, once a conversation."""
    lines = [line for line in guest.shell("cat /run/asked").splitlines() if line.strip()]
    by_agent = sum("--oneshot" in line for line in lines)
    by_service = len(lines) - by_agent
    check(by_agent <= by_service, f"the agent was asked {by_agent} times, the service {by_service}")
    return by_service


def _told(diagnosis):
    """Which probe was answered by which way, and how the guest is by that."""
    return [(answer["probe"], answer["via"], (answer.get("report") or {}).get("status"))
            for answer in diagnosis["answers"]]


def _check_recent(context, daemon):
    """Who takes an answer of a moment ago gets one, and never from before something happened."""
    guest = context.guest

    def take():
        answer = daemon.ask(context.postern.program, guest.name, "probe", "network",
                            "--max-age", "60s")
        check(answer["via"] == "channel" and answer.get("report"), f"no answer: {answer}")
        return answer

    # The first are asked: nobody hears yet what happens to guests.
    answers = [take()]
    while answers[-1]["age_ms"] == 0 and len(answers) < 10:
        answers.append(take())
    check(answers[-1]["age_ms"] > 0, f"{len(answers)} times it was asked anew")
    check(answers[-1]["report"] == answers[-2]["report"], "the recent answer is another one")
    context.log(f"answer {len(answers)} is {answers[-1]['age_ms']} ms old\n")
    fresh = daemon.ask(context.postern.program, guest.name, "probe", "network")
    check(fresh["age_ms"] == 0, "who takes no recent answer got one")
    guest.virsh("suspend", guest.name)
    guest.virsh("resume", guest.name)
    check(take()["age_ms"] == 0, "an answer from before a pause was told after it")
    check(take()["age_ms"] > 0, "after it none is kept any more")
    _check_heard(context, daemon)


def _check_heard(context, daemon):
    """Who hears of a pause and of its end knows when they were, though nobody passed by."""
    told = daemon.ask(context.postern.program, context.guest.name, "probe", "host", "watch_ms=0")
    last = told["report"]["data"]["lifecycle"][-2:]
    context.log(f"heard: {last}\n")
    check([(one["state"], one["reason"]) for one in last] ==
          [("paused", "by somebody"), ("running", "unpaused")], f"heard were {last}")
    check(all(one["before_us"] == one["seen_us"] for one in last), f"not told as exact: {last}")


def run(context):
    """Ten callers at once, then one after the other; then a diagnosis by both ways."""
    lab, guest = context.postern.lab, context.guest
    guest.shell(SLOW_CHECK)
    with tempfile.TemporaryDirectory() as folder, Posternd(lab, folder) as daemon:
        with ThreadPoolExecutor(CALLERS) as pool:
            answers = list(pool.map(lambda _: daemon.ask(context.postern.program, guest.name, "probe",
                                                         "checks"), range(CALLERS)))
        for answer in answers:
            check(answer.get("report"), f"a caller has no report: {answer.get('error')}")
            check(answer["via"] == "channel", f"a caller was answered via {answer['via']}")
        asked = _times_asked(guest)
        context.log(f"{CALLERS} callers at once: asked {asked} times\n")
        check(asked == 1, f"what {CALLERS} asked at once was asked {asked} times")
        daemon.ask(context.postern.program, guest.name, "probe", "checks")
        check(_times_asked(guest) == 2, "what is over was not asked again")

        _check_recent(context, daemon)

        daemon.ask(context.postern.program, guest.name, "read", "/etc/os-release")
        said = guest.shell("journalctl -o cat MESSAGE_ID=b3a1c5de7f2046a9a0c4d1f85e6b7c32")
        check("(postern)" in said and "process " in said,
              f"the guest was not told which process asked: {said[-300:]}")

        told = [[], None]
        for _ in range(TRIES):  # a slow guest may be late once
            told = [_told(daemon.ask(context.postern.program, guest.name, "diagnose", *words))
                    for words in ([], ["--no-daemon"])]
            if told[0] == told[1]:
                break
        check(told[0] == told[1], f"the daemon's diagnosis differs: {told[0]}, {told[1]}")
