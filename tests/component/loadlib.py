# SPDX-License-Identifier: LGPL-2.1-or-later
"""posternd under load: started as systemd would with a socket that outlives it, callers whose
answers have to tell their questions, and what the audit's chain has acknowledged. For tests over
libvirt's test driver and for those with real guests."""

import fcntl
import glob
import json
import os
import random
import secrets
import signal
import socket
import subprocess
import threading
import time

from taplib import check

# What an answer may come later than its deadline: the protocol's own grace, and a busy machine's.
GRACE = 0.15
MARGIN = 10.0
# A caller whose daemon was killed waits for the next one's start too.
PATIENCE = 30.0


class Lost(Exception):
    """Whoever was to answer has gone."""


class Peer:
    """A connection to the daemon whose every message has to belong to what it asked."""

    def __init__(self, path):
        self.session, self.number, self.rest = secrets.token_hex(16), -1, b""
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        # The listening socket stays: there is always somebody to connect to.
        self.socket.connect(path)
        try:
            self.hello = self.call("hello", {"session": self.session, "protocol": [1]})[1]["result"]
        except BaseException:
            self.close()
            raise

    def close(self):
        """Goes away, whatever was asked."""
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, method, params):
        """Asks, and returns the request's id."""
        self.number += 1
        message_id = f"{self.session}-{self.number}"
        text = json.dumps({"jsonrpc": "2.0", "id": message_id, "method": method, "params": params})
        try:
            self.socket.sendall(b"\x1e" + text.encode() + b"\n")
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Lost from error
        return message_id

    def read(self, until):
        """The next message, which has to be there by then."""
        while b"\n" not in self.rest:
            self.socket.settimeout(max(until - time.monotonic(), 0.001))
            try:
                more = self.socket.recv(1 << 20)
            except ConnectionResetError as error:
                raise Lost from error
            except TimeoutError:
                raise AssertionError(f"nothing came by its deadline: {self.rest[:200]}") from None
            if not more:
                raise Lost
            self.rest += more
        frame, self.rest = self.rest.split(b"\n", 1)
        check(frame.startswith(b"\x1e"), "no frame", frame)
        return json.loads(frame[1:])

    def call(self, method, params):
        """The parts of the answer, and the answer."""
        patience = params["deadline_ms"] / 1000 + GRACE + MARGIN if "deadline_ms" in params \
            else PATIENCE
        message_id = self.send(method, params)
        until = time.monotonic() + patience
        parts = []
        while True:
            message = self.read(until)
            if "method" not in message:
                check(message["id"] == message_id, "another question's answer", message_id, message)
                return parts, message
            check(message["params"]["id"] == message_id, "another's part", message_id, message)
            parts.append(message["params"])


def question(domain, probe, args=None, deadline_ms=10000, **more):
    """The parameters of `ask` with one question."""
    return {"domain": domain, "deadline_ms": deadline_ms,
            "questions": [{"probe": probe, "args": args or {}}], **more}


class Activated:
    """A daemon with a listening socket that its parent holds, started as often as it is ended."""

    def __init__(self, words, folder, environment, prefix=()):
        self.words, self.prefix, self.environment = words, prefix, environment
        self.path, self.said = f"{folder}/activated.sock", f"{folder}/posternd.err"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(512)
        self.process = None
        self.expected = ()  # words of complaints that are in order
        with open(self.said, "wb"):
            pass

    def start(self):
        """Begins one, and returns without waiting for it."""
        number = self.listener.fileno()
        script = f'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@" 3<&{number}' + \
            (f" {number}<&-" if number != 3 else "")
        with open(self.said, "ab") as said:
            self.process = subprocess.Popen(
                [*self.prefix, "/bin/bash", "-c", script, *self.words], env=self.environment,
                pass_fds=[number], stdin=subprocess.DEVNULL, stdout=said, stderr=said)

    def running(self):
        """Fails where it has ended by itself."""
        ended = self.process.poll()
        check(ended is None, "it ended by itself", ended, self.text())

    def kill(self):
        """kill -9, and waits for its end."""
        self.running()
        self.process.kill()
        self.process.wait()

    def end(self, patience=30):
        """As systemctl stop."""
        self.running()
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(patience) != 0:
            raise AssertionError(f"it ends with {self.process.returncode}: {self.text()[:20000]}")

    def clear(self):
        """Whatever happened, nothing of it is left."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.listener.close()

    def text(self):
        """What all of them said on standard error and should not have."""
        with open(self.said, encoding="utf-8", errors="replace") as file:
            return "\n".join(line.rstrip() for line in file if line.strip() and
                             not any(words in line for words in self.expected))

    def figures(self):
        """What the one that runs has: descriptors, threads, KiB of resident memory."""
        folder = f"/proc/{self.process.pid}"
        with open(f"{folder}/status", encoding="ascii") as file:
            status = dict(line.split(":", 1) for line in file)
        return {"descriptors": len(os.listdir(f"{folder}/fd")),
                "threads": int(status["Threads"]), "KiB": int(status["VmRSS"].split()[0])}


def heap_of(process):
    """KiB of the sanitizer's heap that are resident: what the program has, without what the sanitizer
    keeps for itself, of each thread that has ended for one."""
    heap, kib = False, 0
    with open(f"/proc/{process.pid}/smaps", encoding="utf-8", errors="replace") as file:
        for line in file:
            words = line.split()
            if not words[0].endswith(":"):
                heap = 0x600000000000 <= int(words[0].split("-")[0], 16) < 0x640000000000
            elif heap and words[0] == "Rss:":
                kib += int(words[1])
    return kib


def show(text):
    """A figure, beside what the tests print."""
    print(f"# {text}", flush=True)


def check_growth(first, last, what, slack_kib, slack=2):
    """Neither descriptors nor memory have grown from one to the other."""
    show(f"{what}: {first}, then {last}")
    check(last["descriptors"] <= first["descriptors"] + slack, what, "descriptors", first, last)
    check(last["KiB"] <= first["KiB"] + slack_kib, what, "memory", first, last)


# ---- what the audit's log has acknowledged

class Chain:
    """An audit log from outside. What its head tells of is acknowledged (decisions/0025): it is to
    be there for good, however its writer ends right after that."""

    def __init__(self, log):
        self.log = log
        self.acknowledged = {}  # number of a line: its digest
        self.torn = 0

    def note(self):
        """Remembers what the head acknowledges just now."""
        for _ in range(100):
            try:
                with open(self.log + ".head", encoding="ascii") as file:
                    head = json.loads(file.read())
            except (FileNotFoundError, ValueError):
                time.sleep(0.01)  # there is none yet, or somebody writes it
                continue
            if head["seq"] > 0:
                self.acknowledged[head["seq"]] = head["sha256"]
            return

    def tear(self):
        """Leaves the beginning of a line, as a writer that is killed in the middle of it does."""
        with open(self.log + ".head", "rb") as turn, open(self.log, "ab") as log:
            fcntl.flock(turn, fcntl.LOCK_EX)
            log.write(b'{"realtime_us":17957787')
        self.torn += 1

    def lines(self):
        """All lines that are kept, in order."""
        kept = []
        for path in sorted(glob.glob(glob.escape(self.log) + "-[0-9]*")) + [self.log]:
            with open(path, encoding="utf-8") as file:
                kept += [json.loads(line) for line in file if line.endswith('"}\n')]
        return kept

    def verify(self, postern, environment):
        """The chain is whole, and holds all that was acknowledged; returns its lines."""
        done = subprocess.run([postern, "audit", "--verify", "--file", self.log], check=False,
                              env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=300)
        check(done.returncode == 0, "the chain does not verify", done.stdout, done.stderr)
        lines = self.lines()
        before = {line["seq"] - 1: line["prev"] for line in lines}
        last = max(line["seq"] for line in lines)
        for number, digest in self.acknowledged.items():
            check(number <= last, "an acknowledged record is not there", number, last)
            check(number == last or before[number] == digest, "it is another one", number)
        torn = sum(line.get("event") == "torn" for line in lines)
        check(torn >= self.torn, "what was torn was not sealed", torn, self.torn)
        show(f"{done.stdout.splitlines()[0]}; {len(self.acknowledged)} heads seen, {torn} torn "
             "lines sealed")
        return lines


def check_told(told, lines):
    """TOLD has the words of answers: each is on record, however what gave it ended, for none leaves
    before its record is written."""
    asked = {line["args"].get("user") for line in lines if line.get("result") == "asked"}
    kept = {line["args"].get("user") for line in lines
            if "args" in line and line.get("result") != "asked"}
    for word in told:
        check(word in kept and word in asked, "an answer that is not on record", word)


# ---- callers

class Load:
    """Callers in threads of their own, each of which asks again and again until it is stopped.

    A caller is a function of (load, peer, rand) that asks something, and fails where the answer is
    not its question's; more of them, as of those who watch, are more functions.
    """

    def __init__(self, path):
        self.path = path
        self.counts, self.lost, self.failures = {}, 0, []
        self.reports = 0  # for callers that tell those of a guest from errors
        self.told = []  # see note()
        self.lock = threading.Lock()
        self.stopping, self.open = threading.Event(), threading.Event()
        self.open.set()
        self.inside = 0
        self.threads = []

    def add(self, function, times=1):
        """So many callers of one kind."""
        for _ in range(times):
            number = len(self.threads)
            thread = threading.Thread(target=self._run, args=(function, random.Random(number)))
            self.threads.append(thread)
            thread.start()

    def answered(self):
        """How many answers there were so far."""
        with self.lock:
            return sum(self.counts.values())

    def hold(self):
        """Has everybody hang up; returns when they have."""
        self.open.clear()
        until = time.monotonic() + PATIENCE + 70
        while self.inside > 0:
            self.check()
            check(time.monotonic() < until, "callers hang", self.inside)
            time.sleep(0.01)

    def resume(self):
        """And come back."""
        self.open.set()

    def check(self):
        """Fails with the first failure of a caller."""
        if self.failures:
            raise AssertionError(self.failures[0])

    def stop(self):
        """Ends all callers; none hangs."""
        self.stopping.set()
        self.open.set()
        until = time.monotonic() + PATIENCE + 70
        for thread in self.threads:
            thread.join(max(until - time.monotonic(), 0))
            check(not thread.is_alive(), "a caller hangs", thread)
        self.check()

    def note(self, word):
        """An answer that has to be on record."""
        with self.lock:
            self.told.append(word)

    def _run(self, function, rand):
        peer = None
        while not self.stopping.is_set():
            if not self.open.is_set():
                if peer is not None:
                    peer.close()
                    peer = None
                self.open.wait(0.1)
                continue
            with self.lock:
                self.inside += 1
            try:
                peer = self._once(function, peer, rand)
            except Exception as error:  # pylint: disable=broad-except
                self.failures.append(f"{function.__name__}: {type(error).__name__}: {error}")
                return
            finally:
                with self.lock:
                    self.inside -= 1
        if peer is not None:
            peer.close()

    def _once(self, function, peer, rand):
        try:
            if peer is None:
                peer = Peer(self.path)
            again = function(self, peer, rand)
        except Lost:
            with self.lock:
                self.lost += 1
            if peer is not None:
                peer.close()
            return None
        with self.lock:
            self.counts[function.__name__] = self.counts.get(function.__name__, 0) + 1
        if again is False:
            peer.close()
            return None
        return peer

    def tell(self):
        """In a line, what there was."""
        counts = ", ".join(f"{count} {name}" for name, count in sorted(self.counts.items()))
        show(f"calls: {counts}; {self.lost} callers were hung up on")
