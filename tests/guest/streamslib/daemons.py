# SPDX-License-Identifier: LGPL-2.1-or-later
"""posternd and its callers, while libvirtd is restarted or stopped and guests are reset, hang, or
lie."""

import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "component"))
# pylint: disable=wrong-import-position
from loadlib import (Activated, Chain, Load, Lost, Peer, check_growth, check_told, question)
from .tools import (BUILD, FULL, POSTERN, SOUND, Guest, Stopped, begin, expect, finish, lab, pocket,
                    scenario, virsh)

# How long the daemon may take to answer again by itself once what it needs is there.
BACK = 20
RESTARTS = int(os.environ.get("POSTERN_LIBVIRTD_RESTARTS", "3"))
RESETS = int(os.environ.get("POSTERN_GUEST_RESETS", "3"))
# What the daemon keeps of recent answers at most (recent.h).
RECENT_KIB = 8192
# What a flooding guest is asked.
FLOODS = 8
STOPPED_SECONDS = int(os.environ.get("POSTERN_LIBVIRTD_STOPPED", "10"))
# It waits for a root that never comes, with the shim of its initramfs.
KEPT = Guest("st-kept", options=("--no-wait", "--append", "root=/dev/vdz"))
# Why a caller may get nothing of a guest that others ask too, and of a libvirtd that comes and goes:
# just after its start it knows no domain for a moment.
REASONS = ("no-hypervisor", "busy", "no-domain")
SMALL_FILES = ["/etc/passwd", "/etc/fstab", "/proc/version", "/proc/uptime"]
PROBES = ["network", "system", "services"]


def figure(text):
    """A line that the run shows."""
    print(f"      {text}", flush=True)


class Daemon(Activated):
    """posternd on the lab's libvirt, by whatever URI, whose audit log is one of its own."""

    def __init__(self, folder, uri=None):
        self.folder = pathlib.Path(folder)
        self.uri = uri or os.environ["LIBVIRT_DEFAULT_URI"]
        self.environment_of_callers = dict(os.environ,
                                           POSTERN_DIAGNOSE_SOCKET=f"{folder}/activated.sock")
        prefix = ()
        self.log = self.folder / "state/postern/audit.jsonl"
        if os.geteuid() == 0:
            self.log = self.folder / "log/postern/audit.jsonl"
            (self.folder / "log").mkdir()
            prefix = ("unshare", "--mount", "/bin/sh", "-c",
                      'mount --bind "$0" /var/log && exec "$@"', str(self.folder / "log"))
        super().__init__([str(BUILD / "host-sidecar/posternd"), "--connect",
                          self.uri], folder,
                         dict(os.environ, XDG_STATE_HOME=f"{folder}/state"), prefix)


@contextlib.contextmanager
def under_load(*callers, uri=None):
    """A daemon, by that URI, with such callers, (function, times): yields both and the log's chain,
    and checks afterwards what has to hold of each run."""
    folder = tempfile.mkdtemp(prefix="pst-load-", dir="/tmp")
    daemon = Daemon(folder, uri)
    load, chain = Load(daemon.path), Chain(str(daemon.log))
    try:
        daemon.start()
        for function, times in callers:
            load.add(function, times)
        yield daemon, load, chain
        load.stop()
        chain.note()
        daemon.end()
        check_told(load.told, chain.verify(POSTERN, os.environ))
        expect(not daemon.text(), f"it complains: {daemon.text()[:500]}")
    finally:
        load.stopping.set()
        load.open.set()
        daemon.clear()
        shutil.rmtree(folder, ignore_errors=True)


# ---- callers

def told(parts, answer, name, probe):
    """The answer's part, which has to be this question's; None where the whole has an error."""
    if "error" in answer:
        expect(answer["error"]["data"]["reason"] in REASONS, f"an odd error: {answer}")
        return None
    expect(answer["result"]["guest"] == name, f"another guest's answer: {answer}")
    expect([part["place"] for part in parts] == [0], f"parts: {parts}")
    part = parts[0]["answer"]
    expect((part["guest"], part["probe"]) == (name, probe), f"another question's answer: {part}")
    if part.get("report"):
        expect(part["report"]["probe"] == probe, f"another question's report: {part}")
    return part


def prober(name, deadline_ms=5000, probes=None):
    """Asks the guest something of which the report tells what it was."""
    def ask_it(load, peer, rand):
        probe = rand.choice(probes or PROBES)
        part = told(*peer.call("ask", question(name, probe, None, deadline_ms)), name, probe)
        if part is not None and part.get("report"):
            load.reports += 1
    return ask_it


def reader(name, deadline_ms=5000):
    """Reads a file: the report names it."""
    def ask_it(load, peer, rand):
        path = rand.choice(SMALL_FILES)
        part = told(*peer.call("ask", question(name, "file", {"path": path}, deadline_ms)), name,
                    "file")
        if part is not None and part.get("report"):
            load.reports += 1
            said = part["report"].get("data") or {}
            expect(said.get("path", path) == path, f"another file: {path}, {said}")
    return ask_it


def marked(name, deadline_ms=5000):
    """Asks what nobody else does, of which there has to be a record."""
    def ask_it(load, peer, rand):
        user = f"u{rand.getrandbits(48)}"
        parts, answer = peer.call("ask", question(name, "sudo", {"user": user}, deadline_ms))
        if told(parts, answer, name, "sudo") is not None:
            load.note(user)
    return ask_it


def outsider(name):
    """What is seen of it from outside; now and then, as that needs no guest."""
    def ask_it(_load, peer, _rand):
        time.sleep(0.2)
        told(*peer.call("ask", question(name, "host", {"watch_ms": 0}, 5000)), name, "host")
    return ask_it


def lister(_load, peer, _rand):
    """The list is whole, or there is an error."""
    time.sleep(0.2)
    parts, answer = peer.call("list", {"deadline_ms": 5000})
    if "result" in answer:
        expect(answer["result"]["domains"] == len(parts), f"parts: {answer}")


def leaver(name):
    """Asks and goes away."""
    def ask_it(_load, peer, rand):
        peer.send("ask", question(name, "journal", {"lines": rand.randrange(1, 99)}, 5000))
        time.sleep(rand.random() * 0.2)
        return False
    return ask_it


def until_answered(daemon, name, probe="network", seconds=BACK, deadline_ms=3000):
    """Asks until the guest answers over its channel; returns how long it took."""
    begun, seen = time.monotonic(), None
    while time.monotonic() - begun < seconds:
        try:
            with Peer(daemon.path) as peer:
                part = told(*peer.call("ask", question(name, probe, None, deadline_ms)),
                            name, probe)
                if part is not None and part["via"] == "channel" and part.get("report"):
                    return time.monotonic() - begun
                seen = part
        except Lost:
            daemon.running()
        time.sleep(0.1)
    raise AssertionError(f"{name} does not answer within {seconds} s: {json.dumps(seen)[:800]}")


def at_rest(daemon, load, seconds=7):
    """The daemon's figures while nobody asks, once what was asked has ended."""
    load.hold()
    time.sleep(seconds)
    figures = daemon.figures()
    load.resume()
    return figures


def summary(load, what, seconds):
    """The figures of a run."""
    figure(f"{what}: back after {sorted(seconds)[len(seconds) // 2]:.1f} s (median), "
           f"{max(seconds):.1f} s at most; {load.answered()} calls, {load.reports} of them "
           "reports of the guest")


# ---- the scenarios

@scenario(FULL)
def libvirtd_is_restarted_under_the_daemon():
    """Each time the daemon answers again by itself."""
    seconds = []
    with under_load((prober("st-full"), 3), (reader("st-full"), 1), (marked("st-full"), 1),
                    (outsider("st-full"), 1), (lister, 1), (leaver("st-full"), 1)) as \
            (daemon, load, chain):
        until_answered(daemon, "st-full", seconds=60)
        first = at_rest(daemon, load)
        for _ in range(RESTARTS):
            time.sleep(random.random() * 1.5)
            lab("restart-libvirtd")
            seconds.append(until_answered(daemon, "st-full"))
            daemon.running()
            load.check()
            chain.note()
        check_growth(first, at_rest(daemon, load), "daemon", 6144)
    summary(load, f"{RESTARTS} restarts of libvirtd", seconds)


@scenario(KEPT)
def a_guest_is_reset_in_mid_answer_under_the_daemon():
    """A reset ends what was asked; nothing of it is taken for an answer to what is asked next."""
    seconds = []
    with under_load((prober("st-kept", 2000, ["system", "network"]), 2),
                    (reader("st-kept", 2000), 1), (marked("st-kept", 2000), 1),
                    (outsider("st-kept"), 1), (leaver("st-kept"), 1)) as (daemon, load, chain):
        until_answered(daemon, "st-kept", "system", 120)
        first = at_rest(daemon, load)
        for _ in range(RESETS):
            reports = load.reports
            until_answered(daemon, "st-kept", "system", 60, 1500)
            until = time.monotonic() + 60
            while load.reports == reports:
                load.check()
                expect(time.monotonic() < until, "no caller is answered")
                time.sleep(0.01)
            time.sleep(random.random() * 0.5)
            virsh("reset", "st-kept")
            seconds.append(until_answered(daemon, "st-kept", "system", 60, 1500))
            chain.note()
        check_growth(first, at_rest(daemon, load), "daemon", 6144)
    summary(load, f"{RESETS} resets of the guest", seconds)


@scenario(pocket("st-endless", "endless", "1g", spoilt=True),
          pocket("st-rubbish", "garbage", "1g", spoilt=True))
def a_flooding_guest_does_not_fill_the_daemon():
    """What libvirt's client library has queued of each conversation goes with it."""
    with under_load() as (daemon, load, _):
        with Peer(daemon.path) as peer:
            for turn in range(2 + FLOODS):
                for name in "st-endless", "st-rubbish":
                    part = told(*peer.call("ask", question(name, "network", None, 5000)), name,
                                "network")
                    expect(part and any("rubbish" in one["reason"] for one in part["attempts"]),
                           f"the rubbish should be named: {part}")
                if turn == 1:
                    first = at_rest(daemon, load, 2)
        check_growth(first, at_rest(daemon, load, 2), "daemon", 2048)


# ---- a whole hypervisor

HUNG, AGENT = pocket("st-hung", "sound"), \
    pocket("st-agent", "--port-name", "org.qemu.guest_agent.0", "silent")
HOSTILE = pocket("st-hostile", "badframes")
REBOOTS = Guest("st-reboots",
                options=("--no-wait", "--append", "root=/dev/vdz rootdelay=4 panic=1"))
# What `postern health` says of each of them; the one that reboots answers now and then.
CONDITIONS = {"st-hung": "silent", "st-agent": "silent", "st-hostile": "silent",
              "st-sound": "answers"}


def call(daemon, *words, deadline):
    """The command through the daemon, in time."""
    ours = {"POSTERN_DIAGNOSE_SOCKET": daemon.path, "LIBVIRT_DEFAULT_URI": daemon.uri}
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        return finish(begin(*words, deadline=deadline), deadline)
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def check_sweep(daemon, conditions):
    """Each guest is told as what it is, within the deadline."""
    answer = call(daemon, "health", deadline=30)
    expect(answer.json and "domains" in answer.json, "there is no sweep", answer)
    rows = {row["name"]: row for row in answer.json["domains"]}
    for name, condition in conditions.items():
        expect(rows[name]["condition"] == condition, f"{name} is told as {rows[name]}")
    return rows, answer.seconds


def check_gone(daemon, name, number):
    """libvirtd does not answer: that is said, in time, with the code for it."""
    # A question that others ask too may have been begun while libvirtd still answered.
    for words in (("probe", name, "journal", f"lines={number}"), ("list",), ("health",)):
        answer = call(daemon, *words, deadline=3)
        expect(answer.code == 69 and "libvirt did not answer" in answer.error,
               f"{words[0]} should say so", answer)


def stop_libvirtd(daemon, sound, load, seconds):
    """For so long; every caller is told so in time. How long it took until all was back."""
    with Stopped(lab("libvirtd-pid")):
        until, number = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            number += 1
            check_gone(daemon, sound, number)
            load.check()
    return until_answered(daemon, sound)


def whole_hypervisor(sound, hung, names, conditions):
    """One guest is hung, the others as they are: the sound one is served. Then libvirtd is stopped,
    and is there again."""
    callers = [(prober(name, 3000, ["network", "system"]), 1) for name in names]
    with under_load(*callers, (prober(sound, 3000, ["network", "system"]), 2), (outsider(sound), 1),
                    (lister, 1), (leaver(names[0]), 1)) as (daemon, load, chain):
        until_answered(daemon, sound, seconds=60)
        with Stopped(lab("qemu-pid", hung)):
            time.sleep(3)
            _, took = check_sweep(daemon, conditions)
            alone = [until_answered(daemon, sound) for _ in range(5)]
            figure(f"sweep {took:.1f} s; the sound guest {max(alone):.1f} s at most")
            # As many threads as wait for a libvirt that is gone, and sweeps, take their room once.
            stop_libvirtd(daemon, sound, load, 5)
            first = at_rest(daemon, load)
            back = stop_libvirtd(daemon, sound, load, STOPPED_SECONDS)
            chain.note()
            check_sweep(daemon, conditions)
        healed = until_answered(daemon, hung, seconds=60)
        # Every journal that was asked for in another way is another answer to be kept.
        last = at_rest(daemon, load)
        check_growth(first, last, "daemon", RECENT_KIB + 2048)
    figure(f"libvirtd stopped for {STOPPED_SECONDS} s: back after {back:.1f} s; the hung guest "
           f"after {healed:.1f} s; {load.answered()} calls, {load.reports} reports; at rest "
           f"{first['KiB']} KiB before and {last['KiB']} KiB after")


@scenario(HUNG, AGENT, HOSTILE, REBOOTS, SOUND)
def a_hypervisor_of_bad_guests():
    """Small ones: their agents and shims are scripts."""
    whole_hypervisor("st-sound", "st-hung", list(CONDITIONS) + ["st-reboots"], CONDITIONS)


FULL_HUNG, FULL_AGENT = Guest("st-fhung"), Guest("st-fagent", options=("--no-channel",))


@scenario(FULL_HUNG, FULL_AGENT, HOSTILE, REBOOTS, FULL, check=False)
def a_hypervisor_of_real_guests():
    """Debian in three of them."""
    lab("run", "--detach", "st-fagent", "-", text="kill -STOP $(pidof qemu-ga)")
    conditions = {"st-fhung": "silent", "st-fagent": "silent", "st-hostile": "silent",
                  "st-full": "answers"}
    whole_hypervisor("st-full", "st-fhung", list(conditions) + ["st-reboots"], conditions)
