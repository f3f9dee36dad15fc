#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""posternd is killed again and again while many ask it. Usage: test-daemon-kills.py POSTERN
POSTERND [TEST…]; POSTERN_DAEMON_KILLS says how often."""

import os
import random
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import deadmount
from daemonlib import (DAEMON, FOLDER, ISOLATED, POSTERN, environment, leaks_of_its_own,
                       main)
from loadlib import (PATIENCE, Activated, Chain, Load, Peer, check_growth, check_told, heap_of,
                     question, show)
from taplib import Skip, check

KILLS = int(os.environ.get("POSTERN_DAEMON_KILLS", "20"))
SLIM = len(leaks_of_its_own(DAEMON)) == 1  # without a sanitizer
DOMAINS = 12
NAMES = [f"d{number}" for number in range(DOMAINS)]
NODE = FOLDER + "/node.xml"
CONFIG = FOLDER + "/kills.conf"
LOG = ("/var/log" if os.geteuid() == 0 else FOLDER + "/state") + "/postern/audit.jsonl"
DEADLINES = [150, 1000, 10000]


def write_world():
    """Domains of which each is told from the others by its processors."""
    with open(NODE, "w", encoding="utf-8") as file:
        file.write("<node>" + "".join(
            f"<domain type='test'><name>{name}</name>"
            f"<uuid>3a4f5d6e-1111-4222-8333-4444555500{number:02}</uuid><memory>8192</memory>"
            f"<vcpu>{number + 1}</vcpu><os><type>hvm</type></os></domain>"
            for number, name in enumerate(NAMES)) + "</node>")
    with open(CONFIG, "w", encoding="utf-8") as file:
        file.write(f"[store]\nfolder={FOLDER}/store\n")


# ---- callers whose answers tell the question

def is_late(parts, answer):
    """A busy libvirt may leave no time for the question: then there is none on record."""
    if "error" not in answer:
        return False
    check(answer["error"]["data"]["reason"] in ("no-hypervisor", "busy") and not parts, answer)
    return True


def distinct(load, peer, rand):
    """A question that nobody else asks, and of which the record has to be there."""
    word, name = f"u{rand.getrandbits(60)}", rand.choice(NAMES)
    deadline_ms = rand.choice(DEADLINES)
    parts, answer = peer.call("ask", question(name, "sudo", {"user": word}, deadline_ms))
    if deadline_ms != DEADLINES[-1] and is_late(parts, answer):
        return
    check_part(parts, answer, name, "sudo")
    load.note(word)


def shared(_load, peer, rand):
    """A question that others ask too."""
    name, probe = rand.choice(NAMES[:2]), rand.choice(["system", "network"])
    parts, answer = peer.call("ask", question(name, probe, None, 2000))
    if not is_late(parts, answer):
        check_part(parts, answer, name, probe)


def check_part(parts, answer, name, probe):
    check(answer.get("result", {}).get("guest") == name, "another guest's answer", name, answer)
    check(len(parts) == 1 and parts[0]["place"] == 0, "parts", parts)
    told = parts[0]["answer"]
    check((told["guest"], told["probe"]) == (name, probe), "another question's answer", name, probe,
          told)
    # None of them has a way in.
    check(told["error"]["reason"] in ("unavailable", "deadline"), told)


def several(_load, peer, rand):
    """Each place has the answer of its own question."""
    probes, name = rand.sample(["system", "network", "services", "ssh"], 3), rand.choice(NAMES)
    params = question(name, probes[0], None, 2000)
    params["questions"] = [{"probe": probe} for probe in probes]
    parts, _ = peer.call("ask", params)
    told = {part["place"]: part["answer"]["probe"] for part in parts}
    check(told == dict(enumerate(probes)), "places", probes, told)


def outside(_load, peer, rand):
    """What is seen of a domain from outside names it by its processors."""
    number = rand.randrange(DOMAINS)
    parts, answer = peer.call("ask", question(NAMES[number], "host", {"watch_ms": 0}))
    check(answer["result"]["guest"] == NAMES[number], answer)
    data = parts[0]["answer"]["report"]["data"]
    check(len(data["cpus"]) == number + 1, "another domain's processors", number, data)


def stranger(_load, peer, rand):
    """The error names what was asked for."""
    name = f"none-{rand.getrandbits(60)}"
    parts, answer = peer.call("ask", question(name, "system"))
    check(not parts and answer["error"]["message"].startswith(name + ":"), name, answer)


def lister(_load, peer, _rand):
    """All domains, each once."""
    parts, answer = peer.call("list", {"deadline_ms": 10000})
    check(answer["result"]["domains"] == DOMAINS, answer)
    check(sorted(part["domain"]["name"] for part in parts) == sorted(NAMES), parts)


def sweeper(_load, peer, _rand):
    """The same of a sweep, which writes down what it found."""
    parts, answer = peer.call("health", {"deadline_ms": 10000})
    check("result" in answer, answer)
    check(sorted(part["domain"]["name"] for part in parts) == sorted(NAMES), parts)


def leaver(_load, peer, rand):
    """Asks, and goes away before the answer is there."""
    peer.send("ask", question(rand.choice(NAMES), "journal", {"lines": rand.randrange(1, 99)}))
    time.sleep(rand.random() * 0.05)
    return False


def command(load, _peer, rand):
    """The command answers whatever becomes of the daemon: it does it itself then."""
    name = rand.choice(NAMES)
    done = subprocess.run([POSTERN, "probe", name, "system", "--json", "--deadline", "5s"],
                          env=surroundings(POSTERN_DIAGNOSE_SOCKET=load.path), check=False,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    check(done.returncode == 3 and f'"guest":"{name}"' in done.stdout and
          '"reason":"unavailable"' in done.stdout, done)
    return False


CALLERS = [(distinct, 8), (shared, 4), (several, 1), (outside, 2), (stranger, 2), (lister, 1),
           (sweeper, 1), (leaver, 1), (command, 2)]


# ---- the daemon

def surroundings(**more):
    return environment(LIBVIRT_DEFAULT_URI=f"test://{NODE}", POSTERN_CONFIG=CONFIG, **more)


def files():
    """What is on disk beside the log, but for what a keeper of the store had not finished, which the
    next one takes away."""
    found = []
    for top in ("/run/postern", FOLDER):
        for folder, _, names in os.walk(top):
            found += [os.path.join(folder, name) for name in names
                      if not name.startswith("audit.jsonl") and
                      not (name.startswith(".") and name.endswith(".new"))]
    return sorted(found)


def at_rest(daemon, load, chain):
    """Of a daemon that has just answered so many: its figures, and the files that are left."""
    daemon.start()
    load.hold()
    daemon.kill()
    daemon.start()
    rand = random.Random(1)
    with Peer(daemon.path) as peer:
        for function in (shared, outside, lister, sweeper, stranger) * 4:
            function(load, peer, rand)
    time.sleep(1)
    figures, left = daemon.figures(), files()
    if not SLIM:
        figures["KiB"] = heap_of(daemon.process)
    daemon.kill()
    chain.note()
    load.resume()
    return figures, left


def live_and_die(daemon, load, rand):
    """One of them: killed while it starts, or when it has answered somebody."""
    before = load.answered()
    daemon.start()
    if rand.random() < 0.125:
        time.sleep(rand.random() * 0.05)
    else:
        until = time.monotonic() + PATIENCE
        while load.answered() == before:
            load.check()
            daemon.running()
            check(time.monotonic() < until, "nobody is answered")
            time.sleep(0.002)
        # A sweep takes a while.
        time.sleep(rand.random() * (2 if rand.random() < 0.1 else 0.3))
    daemon.kill()


def test_kills():
    """No answer reaches another question, nobody is refused or hangs, nothing grows, and what was
    acknowledged is on record."""
    if not ISOLATED:
        raise Skip("it would write to the machine's own log")
    if os.geteuid() == 0:
        # The turns of these domains are none of the host's.
        check(deadmount.libc.mount(b"none", b"/run", b"tmpfs", 0, None) == 0, "no /run of its own")
    write_world()
    rand, chain = random.Random(0), Chain(LOG)
    daemon = Activated([DAEMON, "--connect", f"test://{NODE}"], FOLDER, surroundings())
    load = Load(daemon.path)
    begun = time.monotonic()
    try:
        for function, times in CALLERS:
            load.add(function, times)
        for _ in range(5):
            live_and_die(daemon, load, rand)
        first, left = at_rest(daemon, load, chain)
        own = len(os.listdir("/proc/self/fd"))
        for number in range(KILLS):
            live_and_die(daemon, load, rand)
            load.check()
            chain.note()
            if number % 20 == 10:
                chain.tear()
            if number % 100 == 99:
                show(f"{number + 1} kills, {load.answered()} calls")
        last, still_left = at_rest(daemon, load, chain)
        daemon.start()
        time.sleep(1)
        load.stop()
        check(len(os.listdir("/proc/self/fd")) <= own, "descriptors of the callers' own")
        daemon.end()
    finally:
        load.stopping.set()
        load.open.set()
        daemon.clear()
    load.tell()
    # What a sanitizer holds back of freed memory, hundreds of megabytes, differs from one to the next.
    check_growth(first, last, "of equal age", 2048 if SLIM else 16384)
    check(still_left == left, "files", [path for path in still_left if path not in left])
    check(not daemon.text(), "it complains", daemon.text())
    check_told(load.told, chain.verify(POSTERN, surroundings()))
    noted = len(load.told)
    check(noted >= KILLS // 4, "hardly anybody was answered", noted)
    show(f"{KILLS} kills in {time.monotonic() - begun:.0f} s; all of {noted} answers are on record")


if __name__ == "__main__":
    main(sys.modules[__name__])
