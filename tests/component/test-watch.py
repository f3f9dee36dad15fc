#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verb watch over libvirt's own test driver, alone and by the daemon; what happens to domains is
tried in real guests. Usage: test-watch.py POSTERN POSTERND [TEST…]"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
from daemonlib import (AUDITED, DAEMON, FOLDER, NOBODY, POSTERN, SOCKET, Caller, as_user, daemon,
                       environment, main, postern, records)
from ownlibvirt import Libvirtd
from taplib import Skip, check

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}  (\S+)  (\S+)  (.+)")


@contextlib.contextmanager
def watching(*words, **more):
    """A `postern watch --json`."""
    with subprocess.Popen([POSTERN, "watch", "--json", *words], env=environment(**more),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def refused(code, says, *words, **more):
    done = postern("watch", *words, **more)
    check((done.returncode, done.stdout) == (code, ""), words, done)
    check(says in done.stderr and done.stderr.count("\n") == 1, words, says, done)


def test_misuse():
    refused(64, "--count: say how many, 1 or more", "--count", "-1")
    refused(64, "redirect its standard output", "-o", FOLDER + "/x")
    refused(64, "is not a span of time", "--deadline", "soon")
    refused(69, "libvirt", "--connect", "qemu+unix:///system?socket=/nonexistent/s")


def test_standing():
    """How each stands is the first that is told, the same by both ways."""
    told = []
    with daemon():
        for words in (["--no-daemon"], []):
            done = postern("watch", "--count", "1", "--json", *words)
            check((done.returncode, done.stderr) == (0, ""), done)
            event = json.loads(done.stdout)
            check(abs(event.pop("time_us") / 1e6 - time.time()) < 60, event)
            told.append(event)
    check(told[0] == told[1], told)
    check(told[0] == {"source": "postern", "domain": "test", "event": "not-listening",
                      "uuid": "6695eb01-f6a4-8304-79aa-97f2502e193f",
                      "message": "the domain has no channel org.postern.shim.0"}, told)


def test_text():
    done = postern("watch", "--no-daemon", "--deadline", "3s", "test", "tset")
    check((done.returncode, done.stderr) == (0, ""), done)
    rows = sorted(LINE.fullmatch(line).groups() for line in done.stdout.splitlines())
    check(rows == [("test", "not-listening", "the domain has no channel org.postern.shim.0"),
                   ("tset", "not-listening",
                    "there is no such domain now, by its name or UUID")], rows)


def test_deadline():
    began = time.monotonic()
    with daemon():
        for words in ([], ["--no-daemon"]):
            done = postern("watch", "--deadline", "1s", *words)
            check((done.returncode, done.stderr) == (0, ""), done)
    check(2 <= time.monotonic() - began < 15, time.monotonic() - began)


def test_daemon_back():
    """A daemon that is killed is waited for, and the gap is said."""
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(daemon_to_kill())
        watch = stack.enter_context(watching())
        told = [json.loads(watch.stdout.readline())]
        first.kill()
        first.wait(20)
        told.append(json.loads(watch.stdout.readline()))
        with daemon():
            told += [json.loads(watch.stdout.readline()) for _ in range(2)]
        check(watch.poll() is None, "it ended")
    check([event["event"] for event in told] ==
          ["not-listening", "daemon-lost", "daemon-back", "not-listening"], told)
    check(told[2]["since_us"] == told[1]["time_us"] or
          abs(told[2]["since_us"] - told[1]["time_us"]) < 1000000, told)


@contextlib.contextmanager
def daemon_to_kill():
    """One whose end is none of its own."""
    with subprocess.Popen([DAEMON, "--connect", "test:///default", "--socket", SOCKET],
                          env=environment(), stdin=subprocess.DEVNULL) as process:
        until = time.monotonic() + 20
        while not os.path.exists(SOCKET):
            check(time.monotonic() < until, "it does not start")
            time.sleep(0.02)
        yield process


def test_gone_meanwhile():
    """What went while libvirt told nothing is told when it is back, as late as that is."""
    server = Libvirtd(FOLDER)
    path = server.folder + "/domains.xml"
    play(path, stays=1, stops=1, goes=1)
    told = []
    try:
        with watching("--no-daemon", "--deadline", "60s", "--connect",
                      f"test+unix://{path}?socket={server.socket}") as watch:
            while len(told) < 3:
                told.append(json.loads(watch.stdout.readline()))
            server.kill()
            play(path, stays=1, stops=5)
            server.start()
            while sum(event["event"] in ("stopped", "undefined") for event in told) < 3:
                told.append(json.loads(watch.stdout.readline()))
    finally:
        server.end()
    lost = [event for event in told if event["event"] == "hypervisor-lost"]
    back = [event["event"] for event in told].index("hypervisor-back")
    gone = [event for event in told if event["source"] == "libvirt"]
    check(len(lost) == 1 and told.index(gone[0]) > back, told)
    check(sorted((event["domain"], event["event"]) for event in gone) ==
          [("goes", "stopped"), ("goes", "undefined"), ("stops", "stopped")], told)
    check(all(event["late"] and event["since_us"] >= lost[0]["time_us"] - 1000000
              for event in gone), gone)


def play(path, **domains):
    """What libvirt's test driver plays from then on: domains in these states."""
    rows = [f"<domain type='test'><name>{name}</name>"
            f"<uuid>{uuid.uuid5(uuid.NAMESPACE_DNS, name)}</uuid><memory>8192</memory>"
            f"<os><type>hvm</type></os><test:runstate>{state}</test:runstate></domain>"
            for name, state in domains.items()]
    with open(path, "w", encoding="utf-8") as file:
        file.write("<node xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
                   f"{''.join(rows)}</node>")
    os.chmod(path, 0o644)


def test_full_pipe():
    """Nobody reads any more: it ends, and does not wait for ever."""
    reading, writing = os.pipe()
    with daemon():
        with subprocess.Popen([POSTERN, "watch"], env=environment(), stdin=subprocess.DEVNULL,
                              stdout=writing, stderr=subprocess.PIPE, text=True) as process:
            os.close(reading)
            os.close(writing)
            check(process.wait(20) == 74, process.returncode)
            check("standard output" in process.stderr.read(), "why")


def test_granted():
    """Who may ask one domain may watch that one, and nobody else's."""
    if os.geteuid() != 0:
        raise Skip("needs root, to be somebody else")
    config = FOLDER + "/granted.conf"
    with open(config, "w", encoding="utf-8") as file:
        file.write(f"[grant one]\nusers={NOBODY}\ndomains=other\nmethods=ask\n")

    def watch():
        said = []
        caller = Caller()
        for params in ({"domains": ["test"]}, {"domains": ["other", "test"]}):
            said.append(caller.call("watch", params)[1]["error"]["data"]["reason"])
        caller.send("watch", {"domains": ["other"]})
        said.append(caller.read()["params"]["event"]["event"])
        caller.send("watch", {})  # all that it may know of: nothing here
        caller.send("ping", {})
        said.append("result" in caller.read())
        return json.dumps(said)

    with daemon(POSTERN_CONFIG=config):
        os.chmod(SOCKET, 0o666)
        os.chmod(FOLDER, 0o755)
        said = json.loads(as_user(NOBODY, watch))
    check(said == ["not-allowed", "not-allowed", "not-listening", True], said)
    if AUDITED:
        told = [(line["guest"], line["result"]) for line in records() if line["method"] == "watch"]
        check(("test", "not-allowed") in told and ("other", "asked") in told, told)


def test_ended_by_signal():
    with watching("--no-daemon") as process:
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        check(process.wait(20) == -signal.SIGTERM, process.returncode)


main(sys.modules[__name__])
