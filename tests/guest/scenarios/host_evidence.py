# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the host sees where the guest can't answer: told long before the deadline, with the last
record that there was, and afterwards the states that it was in."""

import json
import os
import signal
import time

from guestlib.errors import check

OWN = ("--recorder", "--console-log")
DEADLINE = 40
PATIENCE = 90


class States:
    """What is told of each state."""

    def __init__(self, context):
        self.context = context

    def expect(self, state, finding, sudo=("volume",)):
        """A diagnosis of the guest in that state begins with FINDING, and knows of sudo by one of
        these paths."""
        context = self.context
        diagnosis = context.postern.diagnose(context.guest, deadline=DEADLINE)
        took = diagnosis.seconds
        host = diagnosis.answers[0]
        check(host.probe == "host" and host.via == "host",
              f"{state}: what the host sees is not told first, but {host.probe}")
        check(finding in diagnosis.findings,
              f"{state}: {finding} is not among {diagnosis.text()}")
        check(diagnosis.first() in ("host.monitor-silent", finding),
              f"{state}: first comes {diagnosis.first()}")
        print(f"      {state}: {took:.1f} s", flush=True)
        check(took < DEADLINE / 2, f"{state}: it took {took:.1f} s")
        check(host.report["data"].get("last_record"), f"{state}: the last record is not told")
        context.states.add(state, diagnosis)
        context.log(f"{state}: {took:.1f} s: {host.report['summary']}\n")
        via = next(answer for answer in diagnosis.answers if answer.probe == "sudo").via
        check(via in sudo, f"{state}: of sudo nothing is told, via {via}")
        return host.report


def _lifecycle(context):
    """What was seen of the guest's states, as the report `host` tells it."""
    done = context.postern.run("probe", context.guest.name, "host", "watch_ms=0", "--json")
    return json.loads(done.out)["report"]["data"]["lifecycle"]


def _check_lifecycle(context, before):
    """What was done to the guest is told in order, each as exactly as it was looked for."""
    told = _lifecycle(context)[len(before) - 1:]
    states = [(one["state"], one.get("reason")) for one in told]
    context.log("\n".join(f"{one['age_ms'] / 1000:8.1f} s ago: {one}" for one in told))
    check(states[0] == ("running", before[-1].get("reason")), f"at first it was {states[0]}")
    check(states[1:] == [("paused", "by somebody"), ("running", "unpaused"), ("off", "destroyed")],
          f"the states that were seen are {states}")
    for earlier, later in zip(told, told[1:]):
        check(earlier["seen_us"] <= later["before_us"] <= later["seen_us"],
              f"out of order: {earlier}, {later}")
        check(earlier["age_ms"] >= later["age_ms"], f"out of order: {earlier}, {later}")
    text = context.postern.run("probe", context.guest.name, "host", "watch_ms=0").out
    line = next(line for line in text.splitlines() if line.startswith("lifecycle: "))
    context.log(line)
    check(line.startswith("lifecycle: off (destroyed) ") and "; paused (by somebody) " in line,
          f"in a line: {line}")
    # Nobody has to have seen it off: another run has another number.
    context.guest.virsh("start", context.guest.name)
    again = _lifecycle(context)[-1]
    check((again["state"], again.get("reason")) == ("running", "booted"), f"started: {again}")
    context.guest.virsh("destroy", context.guest.name)
    context.guest.virsh("start", context.guest.name)
    again = _lifecycle(context)[-1]
    check(again.get("restarted") and again["reason"] == "booted", f"started anew: {again}")
    context.guest.virsh("destroy", context.guest.name)


def _await(what, holds):
    until = time.monotonic() + PATIENCE
    while not holds():
        check(time.monotonic() < until, f"{what}: not within {PATIENCE} s")
        time.sleep(1)


def _is_recorded(context):
    done = context.postern.run("records", context.guest.name, "--lines", "500", codes=[0])
    return "containers" in done.out


def _answers(context):
    return context.diagnose().via() == ["channel"]


def _busy_seconds(guest):
    """What its processor had, and waited for."""
    told = guest.virsh("domstats", "--vcpu", guest.name)
    return sum(int(line.split("=")[1]) for line in told.splitlines()
               if line.strip().startswith(("vcpu.0.time=", "vcpu.0.delay="))) / 1e9


def _has_no_rest(guest):
    """Its processor is at work for more than nine tenths of three seconds."""
    before = _busy_seconds(guest)
    time.sleep(3)
    return _busy_seconds(guest) - before > 2.7


def run(context):
    """Paused, its QEMU stopped, its processor taken, panicked, and off."""
    guest, states = context.guest, States(context)
    _await("records of all probes", lambda: _is_recorded(context))
    before = _lifecycle(context)

    guest.virsh("suspend", guest.name)
    states.expect("paused", "host.paused")
    guest.virsh("resume", guest.name)

    qemu = guest.qemu_pid()
    os.kill(qemu, signal.SIGSTOP)
    report = states.expect("QEMU stopped", "host.stands-still")
    os.kill(qemu, signal.SIGCONT)
    check(report["data"]["cpus"][0]["progress_ms"] < 10, "a stopped processor made progress")
    _await("an answer after QEMU went on", lambda: _answers(context))

    guest.breakage("spin", detach=True)
    _await("a processor that has no rest", lambda: _has_no_rest(guest))
    report = states.expect("processor taken", "host.spins")
    check(report["data"]["cpus"][0]["busy_percent"] > 80, "a processor that spins is not busy")
    _await("an answer after the processor was given back", lambda: _answers(context))

    guest.shell("systemctl kill --signal=STOP postern-shim")
    guest.breakage("spin-held", detach=True)
    _await("a check that takes long",
           lambda: guest.try_shell("test -s /etc/postern/shim.conf").code == 0)
    states.expect("processor taken in mid-answer", "host.spins", ("agent", "volume"))
    _await("an answer after the processor was given back again", lambda: _answers(context))

    guest.breakage("panic", detach=True)
    time.sleep(4)
    report = states.expect("panicked", "host.panicked")
    check("sysrq triggered crash" in report["data"]["console"]["panic"],
          f"of the panic it quotes {report['data']['console'].get('panic')}")
    check("older than the console's last line" in report["summary"],
          f"it does not say how long before the panic the last record was: {report['summary']}")

    guest.virsh("destroy", guest.name)
    states.expect("off", "host.not-running")
    _check_lifecycle(context, before)
