#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A mixed load for a while, after which nothing has leaked. Usage: test-soak.py POSTERN POSTERND
[TEST…]; POSTERN_SOAK_SECONDS says how long."""

import os
import random
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import deadmount
from daemonlib import (DAEMON, FOLDER, ISOLATED, NOBODY, POSTERN, environment, leaks_of_its_own,
                       main)
from loadlib import Activated, Chain, Load, check_told, heap_of, question, show
from ownlibvirt import Libvirtd
from taplib import Skip, check

SECONDS = float(os.environ.get("POSTERN_SOAK_SECONDS", "15"))
LEAK = re.compile(r"(?:Direct|Indirect) leak of (\d+) byte\(s\) in (\d+) object")
OF_A_THREAD = 16 + 63 * 2 * 16
ENDING = 2
# Growth is told from here on: caches are full by then.
SETTLED = min(300.0, SECONDS / 3)
CONFIG = FOLDER + "/soak.conf"
LOG = ("/var/log" if os.geteuid() == 0 else FOLDER + "/state") + "/postern/audit.jsonl"
STEADY = [f"s{number}" for number in range(6)]
PROBES = ["system", "network", "services", "ssh", "sudo", "host"]
ASK = """
import sys
sys.path.insert(0, sys.argv[1])
from loadlib import Lost, Peer, question
try:
    answer = Peer(sys.argv[2]).call("ask", question(sys.argv[3], "system", None, 5000))[1]
    print(answer["error"]["data"]["reason"] if "error" in answer else "yes")
except (Lost, KeyError):  # of a hello that was refused
    print("lost")
"""
GRANTS = """
[grant some]
users={user}
domains=s0;s1
methods=list;ask
"""


def surroundings(**more):
    # What ASan keeps back of what was freed would be told as growth; GLib's own pools hide leaks,
    # and those of a thread that is about to end look like one. Of stacks, which ASan keeps for good,
    # and which are made up behind a library without frame pointers, two frames are enough.
    return environment(POSTERN_CONFIG=CONFIG, G_DEBUG="fatal-criticals", G_SLICE="always-malloc",
                       ASAN_OPTIONS="quarantine_size_mb=4:thread_local_quarantine_size_kb=16:"
                       "malloc_context_size=2:detect_leaks=1", **more)


def configure(text=""):
    with open(CONFIG + ".new", "w", encoding="utf-8") as file:
        file.write(f"[store]\nfolder={FOLDER}/store\n{text}")
    os.chmod(CONFIG + ".new", 0o644)
    os.rename(CONFIG + ".new", CONFIG)


# ---- callers; a new kind is a function, and a row in CALLERS

def asker(load, peer, rand):
    """Of domains that stay, and of some that were taken away a moment ago."""
    name, user = rand.choice(STEADY), f"u{rand.getrandbits(60)}"
    deadline_ms = rand.choice([200, 5000])
    parts, answer = peer.call("ask", question(name, "sudo", {"user": user}, deadline_ms))
    if deadline_ms == 200 and "error" in answer:
        check(answer["error"]["data"]["reason"] in ("no-hypervisor", "busy"), answer)
        return
    check(answer["result"]["guest"] == name and parts[0]["answer"]["probe"] == "sudo", answer)
    load.note(user)


def recent(_load, peer, rand):
    """Takes what was answered a moment ago: the daemon listens to libvirt's events for it."""
    name, probe = rand.choice(STEADY), rand.choice(PROBES)
    _, answer = peer.call("ask", question(name, probe, None, 5000, max_age_ms=60000))
    check(answer["result"]["guest"] == name, answer)


def restless(_load, peer, rand):
    """Of a domain that comes and goes."""
    name = f"t{rand.randrange(8)}"
    _, answer = peer.call("ask", question(name, "system", None, 5000))
    check("result" in answer or answer["error"]["data"]["reason"] in
          ("no-domain", "no-hypervisor"), answer)


def lister(_load, peer, _rand):
    parts, answer = peer.call("list", {"deadline_ms": 10000})
    check(set(STEADY) <= {part["domain"]["name"] for part in parts}, answer, parts)


def sweeper(_load, peer, _rand):
    parts, answer = peer.call("health", {"deadline_ms": 20000})
    check("result" in answer and
          set(STEADY) <= {part["domain"]["name"] for part in parts}, answer, parts)


def refused(_load, peer, rand):
    """What can't be asked is said."""
    method, params = rand.choice([("exec", {}), ("ask", {}), ("list", {"deadline_ms": 0}),
                                  ("describe", {"name": "none"}),
                                  ("ask", question("none", "system"))])
    check("error" in peer.call(method, params)[1], method)
    check("probes" in peer.call("describe", {})[1]["result"], "describe")


def leaver(_load, peer, rand):
    """Goes away while it is answered, or takes its question back before it does."""
    message_id = peer.send("ask", question(rand.choice(STEADY), rand.choice(PROBES)))
    if rand.random() < 0.5:
        peer.send("cancel", {"id": message_id})
    time.sleep(rand.random() * 0.1)
    return False


def slow(_load, peer, rand):
    """Asks for much and does not read it for a while."""
    for _ in range(rand.randrange(4, 40)):
        peer.send("describe", {})
    time.sleep(rand.random() * 3)
    return False


def garbage(load, _peer, rand):
    """Sends what is none of the protocol's."""
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.settimeout(10)
        stranger.connect(load.path)
        try:
            for _ in range(rand.randrange(1, 6)):
                stranger.sendall(rand.choice([rand.randbytes(rand.randrange(1, 5000)),
                                              b"\x1e{\"a\":" * 500, b"\x1e" + b"[" * 2000 + b"\n",
                                              b"\x1e{}\n" * 80]))
            stranger.recv(100)
        except OSError:
            pass  # it was hung up on
    time.sleep(0.2)
    return False


def commands(load, _peer, rand):
    """The command itself, with marks and waiting."""
    words = rand.choice([["probe", "s0", "system"], ["mark", "s1"], ["diagnose", "s2"],
                         ["health", "--changes"], ["records", "s3"]])
    done = subprocess.run([POSTERN, *words, "--deadline", "5s"], check=False, timeout=90, text=True,
                          env=surroundings(POSTERN_DIAGNOSE_SOCKET=load.path,
                                           LIBVIRT_DEFAULT_URI=load.uri),
                          stdin=subprocess.DEVNULL, capture_output=True)
    check(0 <= done.returncode <= 78 and "Sanitizer" not in done.stderr, words, done)
    return False


def other_user(load, _peer, rand):
    """Somebody to whom not all is granted."""
    name = rand.choice(STEADY)
    options = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run(["/usr/bin/python3", "-Bc", ASK, os.path.dirname(os.path.abspath(__file__)),
                           load.path, name], check=False,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90,
                          **options)
    check(done.returncode == 0 and done.stdout.strip() in ("yes", "not-allowed", "lost", "busy"),
          done)
    return False


def watcher(_load, peer, rand):
    """Watches all, or some of which one is not there, for a while, and goes."""
    domains = rand.choice([None, ["s0", "t1", "none"]])
    message_id = peer.send("watch", {} if domains is None else {"domains": domains})
    until = time.monotonic() + rand.random() * 5
    while time.monotonic() < until:
        if b"\n" not in peer.rest and not select.select([peer.socket], [], [], 0.1)[0]:
            continue
        message = peer.read(time.monotonic() + 10)
        if "error" in message:
            check(message["error"]["data"]["reason"] in ("busy", "not-allowed"), message)
            return False
        event = message["params"]["event"]
        check(message["params"]["id"] == message_id and
              (domains is None or event.get("domain", "none") in domains), message)
    if rand.random() < 0.5:
        peer.send("cancel", {"id": message_id})
    return False


CALLERS = [(asker, 3), (watcher, 2), (recent, 2), (restless, 2), (lister, 1), (sweeper, 1),
           (refused, 1), (leaver, 2), (slow, 2), (garbage, 1), (commands, 1), (other_user, 1)]


# ---- what happens meanwhile

def churn(libvirtd, stopping, failures):
    """Domains are made, started, suspended, renamed, ended and forgotten."""
    rand = random.Random(7)
    known = set()
    try:
        while not stopping.is_set():
            name = f"t{rand.randrange(8)}"
            if name not in known:
                libvirtd.define(name)
                known.add(name)
            elif rand.random() < 0.3:
                libvirtd.virsh("undefine", name)
                known.remove(name)
            elif rand.random() < 0.3:
                other = f"t{rand.randrange(8)}"
                if other not in known:
                    libvirtd.virsh("domrename", name, other)
                    known.remove(name)
                    known.add(other)
            else:
                for word in ("start", "suspend", "resume", "destroy"):
                    libvirtd.virsh(word, name)
            one = rand.choice(STEADY)
            libvirtd.virsh("suspend", one)
            libvirtd.virsh("resume", one)
            stopping.wait(0.1)
    except Exception as error:  # pylint: disable=broad-except
        failures.append(f"churn: {error}")


def reload(daemon, stopping):
    """The configuration is read again and again; some of them can't be."""
    rand = random.Random(8)
    user = NOBODY if os.geteuid() == 0 else os.getuid()
    while not stopping.wait(0.5 + rand.random()):
        configure(rand.choice(["", GRANTS.format(user=user), "[daemon]\ncallers_of_user=30\n",
                               "[daemon]\ncallers=none\n", "[grant x]\nusers=nobody-has-that\n"
                               "domains=*\nmethods=ask\n"]))
        daemon.process.send_signal(signal.SIGHUP)


def test_soak():
    """No leak, and no growth that does not end."""
    if not ISOLATED:
        raise Skip("it would write to the machine's own log")
    if os.geteuid() == 0:
        check(deadmount.libc.mount(b"none", b"/run", b"tmpfs", 0, None) == 0, "no /run of its own")
    configure()
    libvirtd = Libvirtd(FOLDER)
    for name in STEADY:
        libvirtd.define(name)
        libvirtd.virsh("start", name)
    daemon = Activated([*leaks_of_its_own(DAEMON), "--connect", libvirtd.uri], FOLDER, surroundings())
    if os.geteuid() == 0:
        os.chown(daemon.path, 0, NOBODY)
        os.chmod(daemon.path, 0o660)
    daemon.expected = ("callers=none: say a number", "nobody is called 'nobody-has-that'")
    load, chain = Load(daemon.path), Chain(LOG)
    load.uri = libvirtd.uri
    threads = [threading.Thread(target=churn, args=(libvirtd, load.stopping, load.failures)),
               threading.Thread(target=reload, args=(daemon, load.stopping))]
    try:
        daemon.start()
        for function, times in CALLERS:
            load.add(function, times)
        for thread in threads:
            thread.start()
        first, last = watch_growth(daemon, load, chain)
        load.stop()
        for thread in threads:
            thread.join(90)
        end_without_leaks(daemon)
    finally:
        load.stopping.set()
        load.open.set()
        daemon.clear()
        libvirtd.end()
    load.tell()
    show(f"{SECONDS:.0f} s: resident memory at rest after {SETTLED:.0f} s {first['KiB']} KiB, at the "
         f"end {last['KiB']} KiB, grown by {last['KiB'] - first['KiB']} KiB; descriptors "
         f"{first['descriptors']}, then {last['descriptors']}" +
         (f"; of the memory the program's heap: {first['heap']} KiB, then {last['heap']} KiB"
          if "heap" in first else ""))
    check(last["descriptors"] < 24, "descriptors that nobody needs", last)
    check_told(load.told, chain.verify(POSTERN, surroundings()))


def end_without_leaks(daemon):
    """GLib keeps 2,032 bytes for each thread, G_SLICE or not (thread_memory_from_self()); of one that is
    just ending they look lost."""
    daemon.process.send_signal(signal.SIGTERM)
    code, text = daemon.process.wait(120), daemon.text()
    told = LEAK.findall(text)
    of_threads = all(int(size) == int(n) * OF_A_THREAD for size, n in told)
    check((code == 0 and not text) or
          (told and of_threads and sum(int(n) for _, n in told) <= ENDING), "its end", code,
          text[:20000])
    if told:
        show(f"in ending threads: {told}")


def at_rest(daemon, load):
    """The figures while nobody calls: what differs with how many call just now is left out."""
    load.hold()
    time.sleep(2)
    figures = daemon.figures()
    if len(leaks_of_its_own(DAEMON)) > 1:
        figures["heap"] = heap_of(daemon.process)
    load.resume()
    return figures


def watch_growth(daemon, load, chain):
    """The figures at rest when caches are full, and at the end; six lines on the way."""
    begun, first, next_line = time.monotonic(), None, SETTLED
    while time.monotonic() - begun < SECONDS:
        time.sleep(0.5)
        load.check()
        daemon.running()
        chain.note()
        passed = time.monotonic() - begun
        if passed >= next_line:
            next_line += (SECONDS - SETTLED) / 6
            figures = at_rest(daemon, load)
            first = first or figures
            show(f"{passed:.0f} s: at rest {figures}, {load.answered()} calls")
    return first, at_rest(daemon, load)


if __name__ == "__main__":
    main(sys.modules[__name__])
