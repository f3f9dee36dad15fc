#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The shim's own program, spoken to through pipes. Usage: test-shim-bytes.py POSTERN-SHIM [TEST…]"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
from shimlib import (FRAME_FROM_HOST, PROGRAM, ROOT, DeadRoot, Shim, greeted, make_root, prepare)
from taplib import check, run_all

# ---- bytes

def test_rubbish():
    with greeted() as shim:
        for rubbish in (b"stray\n\n{}", b"\x1e", b"\x1e\x1e\x1e", b"\x1e{\"a\":\n", b"\x1e[]\n",
                        b"\x1e{\"jsonrpc\":\"2.0\"\x00}\n", b"\x1e{\"a\":1,\"a\":2}\n",
                        b"\x1e{\"a\":\"\xff\"}\n", b"\x1e" + b"[" * 1000 + b"\n",
                        b"\x1e" + b"x" * (FRAME_FROM_HOST + 1) + b"\n", os.urandom(5000) + b"\n",
                        b"\x1e{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":\"" + b"0" * 32 + b"-1\"}\n"):
            shim.write(rubbish)
            shim.ping()


def test_not_a_message():
    with greeted() as shim:
        for text in (b"{}", b"{\"jsonrpc\":\"1.0\",\"method\":\"ping\"}",
                     b"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"ping\"}",
                     b"{\"jsonrpc\":\"2.0\",\"id\":\"x-1\",\"method\":\"ping\"}",
                     b"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}"):
            shim.write(b"\x1e" + text + b"\n")
            answer = shim.receive()
            check(answer["id"] is None and answer["error"]["code"] == -32600, answer)
        shim.ping()


def test_byte_by_byte():
    with greeted() as shim:
        frame = shim.frame("ping")
        for byte in frame:
            shim.write(bytes([byte]))
        check(shim.receive()["result"] == {}, "ping")


def test_largest_frame():
    with greeted() as shim:
        frame = shim.frame("ping", {"x": ""})
        for size, answered in ((FRAME_FROM_HOST, True), (FRAME_FROM_HOST + 1, False)):
            filled = frame.replace(b'""', b'"' + b"y" * (size - len(frame) + 2) + b'"')
            check(len(filled) == size + 2, len(filled))  # with RS and LF
            shim.write(filled)
            check((shim.receive(1.0) is not None) == answered, size)
        shim.ping()


def test_end_in_a_frame():
    for tail in (b"\x1e", b"\x1e{\"jsonrpc\":", b"rubbish"):
        with greeted() as shim:
            messages, err, status = shim.finish(tail)
            check((messages, err, status) == ([], "", 0), messages, err, status)


def test_end_with_work_left():
    """What was asked before the end of the input is answered."""
    with greeted() as shim:
        ids = {shim.probe() for _ in range(8)}
        messages, err, status = shim.finish()
        check({message["id"] for message in messages} == ids, messages)
        check((err, status) == ("", 0), err, status)


# ---- what it leaves behind

def open_files(shim):
    return sorted(os.listdir(f"/proc/{shim.process.pid}/fd"))


def test_nothing_is_left():
    """After hundreds of requests of every kind: one thread, the same descriptors, no child."""
    with greeted() as shim:
        shim.answer(shim.probe())
        shim.await_children(0)
        shim.ping()  # so that the turn of the loop that reaped the child has ended
        before = open_files(shim)
        for i in range(40):
            if i % 10 == 0:
                shim.hello()
            shim.answer(shim.probe())
            shim.refusal(shim.probe(seconds=-1), -32002)
            shim.answer(shim.request("describe"))
            shim.answer(shim.probe("no-such-probe"))
            shim.ping()
            shim.write(b"\x1erubbish\n")
        shim.await_children(0)
        shim.ping()
        check(open_files(shim) == before, open_files(shim), before)
        check(len(os.listdir(f"/proc/{shim.process.pid}/task")) == 1, "one thread")


def resident_kib(shim):
    with open(f"/proc/{shim.process.pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


def test_memory():
    """32 MiB without a line end, then of bad frames, do not make it grow."""
    with greeted() as shim:
        for piece in (b"x" * 65536, b"\x1e{\"a\":1,\"a\":2}\n" * 4096, b"\x1e" + b"x" * 65535):
            for i in range(512):
                shim.write(piece)
                if i == 32:
                    before = resident_kib(shim)
            shim.write(b"\n")
            shim.ping()
            check(resident_kib(shim) - before < 2048 or is_sanitized(), resident_kib(shim), before)


def is_sanitized():
    with open(PROGRAM, "rb") as file:
        return b"__asan_init" in file.read()


def test_killed():
    """When the shim is killed, its workers go with it."""
    with DeadRoot() as dead, greeted(root=dead.root) as shim:
        for _ in range(4):
            shim.probe(seconds=50.0)
        shim.await_children(4)
        workers = shim.children()
        shim.process.kill()
        shim.process.wait()
        end = time.monotonic() + 20
        while time.monotonic() < end and any(is_alive(worker) for worker in workers):
            time.sleep(0.01)
        check(not any(is_alive(worker) for worker in workers), workers)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_signals():
    for number in (signal.SIGTERM, signal.SIGINT):
        with greeted() as shim:
            shim.process.send_signal(number)
            check(shim.process.wait(20) == -number, shim.process.returncode)


# ---- output

def test_closed_output():
    reading, writing = os.pipe()
    with Shim(stdout=writing) as shim:
        os.close(writing)
        os.close(reading)
        shim.request("ping")
        check(shim.process.wait(30) == 1, shim.process.returncode)
        err = shim.process.stderr.read().decode()
        check(err == "postern-shim: standard output: Broken pipe\n", err)


def test_full_output():
    with open("/dev/full", "wb") as full, Shim(stdout=full) as shim:
        shim.request("ping")
        check(shim.process.wait(30) == 1, shim.process.returncode)
        err = shim.process.stderr.read().decode()
        check(err == "postern-shim: standard output: No space left on device\n", err)


def test_closed_descriptors():
    """Whatever of 0, 1 and 2 is closed: it ends, and nothing is written where it does not belong."""
    frame = Shim.frame(type("", (), {"session": "0" * 32, "number": 0})(), "ping")
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        script = f'exec "$0" --oneshot --sysroot "$1" {closed}'
        done = subprocess.run(["/bin/sh", "-c", script, PROGRAM, ROOT], input=frame, timeout=30,
                              capture_output=True, check=False)
        check(done.returncode == (0 if closed == "2>&-" else 1), closed, done)


# ---- one-shot calls

def one_shot(data, *options):
    with Shim(*options, mode="--oneshot") as shim:
        return shim.finish(data)


def one_shot_frames(*names):
    maker = type("", (), {"session": secrets.token_hex(16), "number": 0})()
    moment = int((time.time() + 30) * 1e6)
    return b"".join(Shim.frame(maker, "probe", {"name": name, "not_after_realtime_us": moment})
                    for name in names)


def test_one_shot():
    messages, err, status = one_shot(one_shot_frames("network", "network", "no-such"))
    check((err, status) == ("", 0), err, status)
    check([("result" in message) for message in messages].count(True) == 2, messages)
    check(sorted(message["id"].split("-")[1] for message in messages) == ["1", "2", "3"], messages)


def test_one_shot_other_sessions():
    """The first frame's session holds."""
    messages, _, status = one_shot(one_shot_frames("network") + one_shot_frames("network"))
    check(len(messages) == 1 and status == 0, messages, status)


def test_one_shot_without_a_request():
    for data in (b"", b"rubbish", b"\x1e{\"a\":", b"\x1e[]\n"):
        messages, err, status = one_shot(data)
        check(messages == [] and status == 1, data, messages, status)
        check(err.startswith("postern-shim: standard input held no request") and
              err.count("\n") == 1, err)


def test_output_limit():
    frames = one_shot_frames("network", "network", "network")
    free, _, _ = one_shot(frames)
    size = len(json.dumps(free[0], separators=(",", ":")))
    messages, err, status = one_shot(frames, "--output-limit", str(size + 8 * 512 + 100))
    check((err, status) == ("", 0), err, status)
    check(len(messages) == 3, messages)
    check([("result" in message) for message in messages].count(True) == 1, messages)
    for message in messages:
        if "error" in message:
            check(message["error"]["code"] == -32004, message)


# ---- the command line

def run(*words):
    return subprocess.run([PROGRAM, *words], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=30, check=False)


def test_usage():
    for words in (["--stdio", "--oneshot"], ["--colour"], ["word"], ["--sysroot"],
                  ["--oneshot", "--output-limit", "-1"], ["--oneshot", "--output-limit", "x"]):
        done = run(*words)
        check(done.returncode == 64 and done.stdout == "", words, done)
        check(done.stderr.startswith("postern-shim: ") and done.stderr.count("\n") == 1, done)
    check(run("--version").stdout.startswith("postern-shim "), "version")
    done = run("--help")
    check(done.returncode == 0 and "--oneshot" in done.stdout, done)
    done = run("--stdio", "--sysroot", "/nonexistent")
    check(done.returncode == 1 and "/nonexistent" in done.stderr, done)


def test_port_that_is_taken():
    """A port that is there and can't be opened is an error at once: nothing would tell later that it
    is free, and the service manager tries again."""
    root = make_root()
    name = os.path.join(root, "sys/class/virtio-ports/full/name")
    os.makedirs(os.path.dirname(name))
    with open(name, "w", encoding="utf-8") as file:
        file.write("org.postern.shim.0\n")
    done = run("--sysroot", root)
    shutil.rmtree(root)
    check(done.returncode == 1, done)
    check("the port org.postern.shim.0 can't be opened" in done.stderr, done)
    check(done.stderr.count("\n") == 1, done)


if __name__ == "__main__":
    prepare()
    run_all(sys.modules[__name__])
