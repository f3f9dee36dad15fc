#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What runs commands in a guest, as a process: every status and signal, any bytes, any amount, its
deadline, and at most once. Usage: test-exec.py POSTERN_EXEC [TEST…]"""

import base64
import concurrent.futures
import hashlib
import os
import secrets
import shlex
import signal
import socket
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import deadmount
import execlib
from execlib import alive, once, parent_of, refused, until
from taplib import Skip, check, run_all

PROGRAM = os.path.abspath(sys.argv[1])
SERVICE = execlib.Service(PROGRAM)
MEBI = 1 << 20


def root_only():
    if os.geteuid() != 0:
        raise Skip("only root can become somebody else")


def test_streams():
    page, out, err = SERVICE.run(["sh", "-c", "echo to out; echo to err >&2; exit 7"])
    check((page["state"], page["status"], out, err) == ("exited", 7, b"to out\n", b"to err\n"), page)
    check(page["pid"] > 1 and page["took_ms"] < 20000, page)
    page, out, err = SERVICE.run(["true"])
    check((page["status"], out, err) == (0, b"", b""), page)


def test_every_status():
    for status in range(256):
        page, _, _ = SERVICE.run(["sh", "-c", f"exit {status}"])
        check((page["state"], page["status"]) == ("exited", status), status, page)


def test_every_signal():
    for number in range(1, 32):
        if number in (signal.SIGCHLD, signal.SIGCONT, signal.SIGSTOP, signal.SIGTSTP,
                      signal.SIGTTIN, signal.SIGTTOU, signal.SIGURG, signal.SIGWINCH):
            continue  # they end nothing
        page, _, _ = SERVICE.run(["/usr/bin/python3", "-c",
                                  f"import os, resource; resource.setrlimit(resource.RLIMIT_CORE,"
                                  f"(0, 0)); import signal; signal.signal({number}, "
                                  f"signal.SIG_DFL) if {number} not in (9, 19) else 0; "
                                  f"os.kill(os.getpid(), {number})"])
        check((page["state"], page.get("signal")) == ("killed", number), number, page)
        check("why" not in page, page)


def test_argument_bytes():
    words = [bytes([value]) * 3 for value in range(1, 256)]
    _, out, _ = SERVICE.run([b"printf", b"%s\\0", *words])
    check(out == b"".join(word + b"\0" for word in words), out[:100])
    _, out, _ = SERVICE.run(["printf", "%s|", "", "a b", "$HOME", "é", "'\"\\"])
    check(out.decode() == "|a b|$HOME|é|'\"\\|", out)


def test_amounts():
    """From nothing to 100 MiB, by pages, with what is not asked for yet in the pipe."""
    for n in 0, 1, 65535, 65536, 65537, 128 * 1024, 3 * MEBI + 17, 100 * MEBI:
        made = hashlib.sha256()
        code = (f"import sys\nn={n}\nblock=bytes(range(256))*256\n"
                "while n>0:\n sys.stdout.buffer.write(block[:n]); n-=len(block)\n")
        block = bytes(range(256)) * 256
        for at in range(0, n, len(block)):
            made.update(block[:n - at])
        seen = hashlib.sha256()
        page, _, err = SERVICE.run(["/usr/bin/python3", "-c", code], sink=seen.update)
        check(page["state"] == "exited" and page["status"] == 0, page, err)
        check(seen.digest() == made.digest(), n)


def test_both_streams_in_full():
    code = ("import os\nfor i in range(64):\n os.write(1, b'o' * 65536)\n os.write(2, b'e' * 65536)\n")
    page, out, err = SERVICE.run(["/usr/bin/python3", "-c", code])
    check(page["status"] == 0 and out == b"o" * 64 * 65536 and err == b"e" * 64 * 65536, page)


def test_back_pressure():
    """Who does not ask gets no more than a page and a pipe: the command waits, and so does memory."""
    page = SERVICE.start(["sh", "-c", "head -c 104857600 /dev/zero; echo over >&2"], wait_ms=0)
    time.sleep(1)
    told = SERVICE.page(page["id"], wait_ms=0)
    check(told["state"] == "running" and not told["err"].get("b64"), "it did not wait")
    with open(f"/proc/{parent_of(told['pid'])}/status", encoding="ascii") as file:
        kib = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
    check(kib < 64 * 1024 if "asan" in PROGRAM else kib < 12 * 1024, kib)
    SERVICE.call("exec.signal", {"id": page["id"], "signal": 9})


def test_page_again():
    """A page whose answer was lost is given once more, byte by byte the same; one that arrived is
    not, and nothing is given out of order."""
    page = SERVICE.start(["sh", "-c", "echo one; sleep 60"], wait_ms=0)
    first = SERVICE.page(page["id"])
    again = SERVICE.page(page["id"])
    check(first["out"] == again["out"] == {"at": 0, "b64": base64.b64encode(b"one\n").decode()},
          first, again)
    told = SERVICE.page(page["id"], out=4, wait_ms=0)
    check(told["out"] == {"at": 4}, told)
    refused("invalid-params", SERVICE.page, page["id"], out=0)
    refused("invalid-params", SERVICE.page, page["id"], out=5)
    SERVICE.call("exec.signal", {"id": page["id"], "signal": 15})
    told = SERVICE.page(page["id"], out=4)
    check((told["state"], told["signal"]) == ("killed", 15), told)
    # Its end is told as often as it is asked for.
    check(SERVICE.page(page["id"], out=4)["signal"] == 15, told)


def test_join():
    """Whoever comes later has the rest when the caller is gone, and takes nothing from one that is
    there."""
    page = SERVICE.start(["sh", "-c", "echo one; sleep 26; echo two; sleep 60"], wait_ms=0)
    SERVICE.page(page["id"])
    SERVICE.page(page["id"], out=4, wait_ms=0)
    refused("busy", SERVICE.page, page["id"], join=True)
    time.sleep(27)
    told = SERVICE.page(page["id"], join=True)
    check(told["out"] == {"at": 4, "b64": base64.b64encode(b"two\n").decode()}, told)
    SERVICE.call("exec.signal", {"id": page["id"], "signal": 9})


def test_input():
    given = os.urandom(3 * MEBI + 5)
    page, out, _ = SERVICE.run(["sha256sum"], given=given, wait_ms=0)
    check(out.split()[0].decode() == hashlib.sha256(given).hexdigest(), page)
    page, out, _ = SERVICE.run(["cat"], given=given, wait_ms=0)
    check(out == given, len(out))
    page, out, _ = SERVICE.run(["cat"], given=b"", wait_ms=0)
    check((page["status"], out) == (0, b""), page)
    # It need not want it.
    page, out, _ = SERVICE.run(["true"], given=given, wait_ms=0)
    check(page["status"] == 0, page)
    # Without any it is empty, and not this process's.
    check(SERVICE.run(["cat"])[1] == b"", "it read something")


def test_input_pieces():
    """A piece that comes twice is taken once; one with a gap before it, not at all."""
    page = SERVICE.start(["cat"], given=b"abcdef", wait_ms=0)
    name = page["id"]
    check(SERVICE.feed(name, b"abc", end=False)["input"] == 3, "not taken")
    check(SERVICE.feed(name, b"abcd", end=False)["input"] == 4, "not taken")
    refused("invalid-params", SERVICE.feed, name, b"f", at=5)
    told = SERVICE.feed(name, b"ef", at=4)
    check(told["input"] == 6, told)
    out = b""
    while told["state"] == "running":
        told = SERVICE.page(name)
    out = base64.b64decode(told["out"]["b64"])
    check(out == b"abcdef", out)


def test_no_input():
    """What can't get there is not said to have."""
    page = SERVICE.start(["sleep", "60"], detach=True, wait_ms=0)
    check("without an input" in refused("invalid-params", SERVICE.feed, page["id"], b"x"), page)
    SERVICE.call("exec.signal", {"id": page["id"], "signal": 9})


def test_input_differs():
    """What was announced, and so recorded, is what it gets; else it does not get the end of it."""
    for fed in b"abcdeX", b"abcde", b"abcdefg":
        page = SERVICE.start(["sh", "-c", "cat; echo took it; sleep 60"], given=b"abcdef", wait_ms=0)
        SERVICE.feed(page["id"], fed, wait_ms=0)
        until("it goes on", lambda name=page["id"]: SERVICE.page(name)["state"] != "running")
        told = SERVICE.page(page["id"])
        check((told["state"], told["why"]) == ("killed", "input-differs"), fed, told)
        check("b64" not in told["out"], told)


def test_deadline():
    """With all that it started, whatever that did to get away."""
    mark = f"300.{secrets.randbelow(10 ** 9)}"
    script = (f"sleep {mark} & setsid sleep {mark} & "
              f"(setsid sh -c 'sleep {mark} & sleep {mark}' &) ; trap '' TERM INT HUP; sleep {mark}")
    began = time.monotonic()
    page, _, _ = SERVICE.run(["sh", "-c", script], timeout_ms=700)
    check((page["state"], page["signal"], page["why"]) == ("killed", 9, "deadline"), page)
    check(0.6 < time.monotonic() - began < 15, "late")
    check(700 <= page["took_ms"] < 15000, page)
    left = [pid for pid in filter(str.isdigit, os.listdir("/proc")) if is_called(pid, mark)]
    check(not left, left)


def test_deadline_of_what_hides():
    """Also what neither holds its output nor is in its group, and whose parent is no child of its."""
    mark = f"300.{secrets.randbelow(10 ** 9)}"
    chain = f"sleep {mark}"
    for _ in range(5):
        chain = f"setsid sh -c {shlex.quote(chain + '; true')}"
    page, _, _ = SERVICE.run(["sh", "-c", f"{chain} >/dev/null 2>&1 & sleep {mark}"], timeout_ms=700)
    check((page["state"], page["signal"], page["why"]) == ("killed", 9, "deadline"), page)
    left = [pid for pid in filter(str.isdigit, os.listdir("/proc")) if is_called(pid, mark)]
    for pid in left:
        os.kill(int(pid), 9)
    check(not left, left)


def test_home_that_hangs():
    """On a file system whose server is gone: it is told that it runs, killed in time, and not started
    when it no longer may be."""
    deadmount.enter_namespace()
    with execlib.service(PROGRAM) as own:
        path = own.folder + "/home"
        os.mkdir(path)
        own.write("etc/passwd", f"root:x:0:0:root:{path}:/bin/sh\n")
        with deadmount.DeadMount(path) as mount:
            began = time.monotonic()
            page = own.start(["true"], timeout_ms=2500, wait_ms=0)
            check(page["state"] == "running" and time.monotonic() - began < 20, page)
            until("it hangs", lambda: own.page(page["id"])["state"] != "running")
            told = own.page(page["id"])
            check((told["state"], told["why"]) == ("killed", "deadline"), told)
            soon = int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1e6) + 1500000
            late = own.start(["touch", own.folder + "/late"], wait_ms=0, not_after_us=soon)
            lost = own.start(["true"], cwd=path + "/below", wait_ms=0)
            time.sleep(2)
            mount.abort()
        for page, why in (late, "it was not started: "), (lost, path + "/below: "):
            until("it hangs", lambda name=page["id"]: own.page(name)["state"] != "running")
            told = own.page(page["id"])
            check((told["state"], told["status"]) == ("failed", 125) and why in told["why"], told)
        check(not os.path.exists(own.folder + "/late"), "it was started late")


def is_called(pid, mark):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return mark.encode() in file.read()
    except OSError:
        return False


def test_left_behind():
    """As with ssh: what a command leaves behind with its output closed goes on, and does not hold it
    up; what holds its output is waited for."""
    page, out, _ = SERVICE.run(["sh", "-c", "sleep 60 >/dev/null 2>&1 & echo $!"])
    pid = int(out)
    check(page["status"] == 0 and alive(pid), "it was killed")
    os.kill(pid, 9)
    began = time.monotonic()
    page, out, _ = SERVICE.run(["sh", "-c", "(sleep 1; echo late) & echo early"])
    check(out == b"early\nlate\n" and time.monotonic() - began >= 1, out)


def test_failures():
    """127, 126 and 125, as a shell and env(1) have them, with the reason in words."""
    for argv, more, status, why in (
            (["nonesuch"], {}, 127, "nonesuch: no such program"),
            (["/nowhere/program"], {}, 127, "/nowhere/program: no such program"),
            (["./true"], {}, 127, "absolute path"),
            (["/etc/passwd"], {}, 126, "/etc/passwd: "),
            (["/etc"], {}, 126, "/etc: "),
            (["true"], {"user": "nobodyatall"}, 125, "no user nobodyatall in /etc/passwd"),
            (["true"], {"cwd": "/nowhere"}, 125, "/nowhere: ")):
        page, _, _ = SERVICE.run(argv, **more)
        check((page["state"], page["status"]) == ("failed", status), argv, page)
        check(why in page["why"], page)


def test_passed_over():
    """Of what is called so, the first that can be executed is the program."""
    deadmount.enter_namespace()
    deadmount.libc.mount(b"none", b"/usr/local/sbin", b"tmpfs", 0, None)
    os.mkdir("/usr/local/sbin/true")
    for name in "false", "pst-no-mode":
        with open("/usr/local/sbin/" + name, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\n")
    os.symlink("env", "/usr/local/sbin/env")
    with execlib.service(PROGRAM) as own:
        check(own.run(["true"])[0].get("status") == 0, "it took a folder")
        check(own.run(["false"])[0]["status"] == 1, "it took what has no mode for it")
        check(own.run(["env", "echo", "well"])[1] == b"well\n", "it took a link to itself")
        page, _, _ = own.run(["pst-no-mode"])
        check((page["state"], page["status"]) == ("failed", 126), page)


def test_user():
    root_only()
    code = "import os; print(os.getresuid(), os.getresgid(), os.getgroups(), os.getcwd(), " \
        "os.environ['HOME'], os.environ['USER'])"
    for name in "nobody", "65534":
        _, out, err = SERVICE.run(["/usr/bin/python3", "-c", code], user=name)
        check(out.decode().strip() == "(65534, 65534, 65534) (65534, 65534, 65534) [7777, 65534] / "
              "/nonexistent nobody", out, err)
    _, out, _ = SERVICE.run(["/usr/bin/python3", "-c", code], cwd="/tmp")
    check(out.decode().startswith("(0, 0, 0) (0, 0, 0) [0] /tmp /root root"), out)


def test_environment():
    _, out, _ = SERVICE.run(["env"], env=["A=b=c", "PATH=/nowhere", "EMPTY="])
    names = dict(line.split("=", 1) for line in out.decode().splitlines())
    check(set(names) == {"A", "PATH", "EMPTY", "HOME", "USER", "LOGNAME", "SHELL"}, names)
    check((names["A"], names["PATH"], names["EMPTY"]) == ("b=c", "/nowhere", ""), names)
    code = "import os, signal; print(sorted(map(int, os.listdir('/proc/self/fd')))[:4], " \
        "signal.pthread_sigmask(0, []), signal.getsignal(signal.SIGINT))"
    _, out, _ = SERVICE.run(["/usr/bin/python3", "-c", code])
    check(out.decode().startswith("[0, 1, 2, 3] set()"), out)


def test_once():
    """Whoever asks for the same start again, and however many at once, starts nothing more."""
    path = SERVICE.folder + "/once"
    params = {"id": secrets.token_hex(16), "argv": ["sh", "-c", f"echo x >>{path}; sleep 0.3"],
              "timeout_ms": 20000, "wait_ms": 0}
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        told = list(pool.map(lambda _: SERVICE.call("exec.start", params), range(64)))
    check(all(page["id"] == params["id"] for page in told), told)
    until("it does not end", lambda: SERVICE.page(params["id"])["state"] == "exited")
    until("its end is not known", lambda: SERVICE.call("exec.start", params)["state"] == "exited")
    with open(path, encoding="ascii") as file:
        check(file.read() == "x\n", "it was started more than once")


def test_not_started():
    """In another boot, too late, or where a word is wrong: nothing is."""
    path = SERVICE.folder + "/never"
    argv = ["touch", path]
    refused("unavailable", SERVICE.start, argv, boot_id="another")
    refused("deadline", SERVICE.start, argv, not_after_us=1)
    refused("deadline", SERVICE.start, argv, not_after_realtime_us=int(time.time() * 1e6) - 1)
    refused("deadline", once, SERVICE, "exec.start", {"id": secrets.token_hex(16), "argv": argv, "timeout_ms": 1000,
                                             "not_after_realtime_us": int(time.time() * 1e6) - 1})
    SERVICE.start(["true"], not_after_realtime_us=int(time.time() * 1e6) + 5000000)
    SERVICE.start(["true"], boot_id="00000000-0000-4000-8000-000000000001",
                  not_after_us=int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1e6) + 5000000)
    for wrong in ({"argv": []}, {"argv": [""]}, {"argv": "touch"}, {"argv": [1]},
                  {"argv": argv, "argv_b64": ["dG91Y2g="]}, {"id": "x"}, {"id": "A" * 32}, {"timeout_ms": 0},
                  {"env": ["x"]}, {"env": ["=x"]}, {"cwd": "tmp"}, {"wait_ms": 5001},
                  {"input_b64": "YQ=="}, {"input": True, "input_at": 1}, {"input_sha256": "x"},
                  {"argv": ["a" * 24577]}, {"argv": ["a"] * 1025}, {"user": ""}):
        refused("invalid-params", SERVICE.start, argv, more=wrong)
    for words in (["dG91Y2g"], ["dG91Y2g=="], ["d G9"], ["AA=="], ["===="]):
        params = {"id": secrets.token_hex(16), "argv_b64": words, "timeout_ms": 1000}
        refused("invalid-params", SERVICE.call, "exec.start", params)
    refused("unknown-method", SERVICE.call, "exec.other", {"id": "0" * 32})
    check(not os.path.exists(path), "it was started")
    told = SERVICE.page("0" * 32)
    check(told["state"] == "unknown", told)


def test_rubbish():
    """What is no request is hung up on, and hurts nobody."""
    for data in b"", b"\x1e{}\n", b"x" * 100000, b"\x1e" + b"[" * 70000, b"\x1e{\"a\":1", b"\n\n\x1e\n":
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(SERVICE.socket)
            connection.settimeout(10)
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                check(connection.recv(100) == b"", data[:20])
            except (BrokenPipeError, ConnectionResetError):
                pass
    check(SERVICE.run(["echo", "well"])[1] == b"well\n", "it does not serve any more")


def test_policy():
    root_only()
    path = SERVICE.folder + "/guest/etc/postern/shim.conf"
    cases = (
        ("", ["true"], {}, "unavailable", "turns it on"),
        ("[exec]\nallow=no\n", ["true"], {}, "not-allowed", "forbidden"),
        ("[exec]\nallow=maybe\n", ["true"], {}, "not-allowed", "neither yes nor no"),
        ("[exec]\nallow=yes\nuser=root\n", ["true"], {}, "not-allowed", "unknown key 'user'"),
        ("[exec]\nallow=yes\nusers=nobody\n", ["true"], {}, "not-allowed", "commands as root"),
        ("[exec]\nallow=yes\nusers=nobody\n", ["true"], {"user": "65534"}, None, None),
        ("[exec]\nallow=yes\nprograms=/usr/bin/true\n", ["true"], {}, None, None),
        ("[exec]\nallow=yes\nprograms=/usr/bin/true\n", ["/bin/true"], {}, None, None),
        ("[exec]\nallow=yes\nprograms=/usr/bin/true\n", ["false"], {}, "not-allowed",
         "the program /usr/bin/false"),
        ("[exec]\nallow=yes\nfolders=/usr/sbin\n", ["true"], {}, "not-allowed", "/usr/bin/true"),
        ("[exec]\nallow=yes\nfolders=/usr/bin\n", ["true"], {}, None, None),
        ("[exec]\nallow=yes\nfolders=/usr/bin\n", ["true"], {"env": ["LD_PRELOAD=/x"]},
         "not-allowed", "the variable LD_PRELOAD"),
        ("[exec]\nallow=yes\nfolders=/usr/bin\n", ["true"], {"env": ["LC_ALL=C"]}, None, None),
        ("[exec]\nallow=yes\nenvironment=A\n", ["true"], {"env": ["AB=1"]}, "not-allowed", "AB"),
        (f"[exec]\nallow=yes\nfolders={SERVICE.folder}\n", [SERVICE.folder + "/program"], {},
         "not-allowed", "others than root can change"),
        ("[exec]\nallow=yes\nfolders=true\n", ["true"], {}, "not-allowed", "not an absolute path"),
    )
    with open(SERVICE.folder + "/program", "w", encoding="ascii") as file:
        file.write("#!/bin/sh\n")
    os.chmod(SERVICE.folder + "/program", 0o777)
    try:
        for text, argv, more, reason, words in cases:
            SERVICE.configure(text)
            if reason is None:
                check(SERVICE.run(argv, **more)[0]["status"] == 0, text)
            else:
                check(words in refused(reason, SERVICE.start, argv, **more), text, words)
        os.chmod(path, 0o666)
        check("others than root" in refused("not-allowed", SERVICE.start, ["true"]), "taken")
    finally:
        os.chmod(path, 0o644)
        SERVICE.configure("[exec]\nallow = yes\n")


def test_many_at_once():
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        told = list(pool.map(lambda n: SERVICE.run(["sh", "-c", f"sleep 0.2; echo {n}"]), range(64)))
    check([int(out) for _, out, _ in told] == list(range(64)), told)


def test_list():
    page = SERVICE.start(["sleep", "60"], wait_ms=0, caller="a test")
    rows = SERVICE.call("exec.list", {})["commands"]
    row = next(row for row in rows if row["id"] == page["id"])
    check((row["command"], row["user"], row["caller"], row["state"]) ==
          ("sleep 60", "root", "a test", "running"), row)
    check(SERVICE.call("exec.signal", {"id": page["id"], "signal": 9})["sent"], "not sent")
    until("it lives", lambda: SERVICE.page(page["id"])["state"] == "killed")
    check(not SERVICE.call("exec.signal", {"id": page["id"], "signal": 9})["sent"], "sent to nobody")
    # What it left behind holds its output: that is killed as well.
    left = SERVICE.start(["sh", "-c", "sleep 60 & exit 3"], wait_ms=500)
    check(left["state"] == "running", left)
    check(SERVICE.call("exec.signal", {"id": left["id"], "signal": 9})["sent"], "not sent")
    until("it goes on", lambda: SERVICE.page(left["id"])["state"] == "exited")
    row = next(row for row in SERVICE.call("exec.list", {})["commands"] if row["id"] == page["id"])
    check((row["state"], row["signal"]) == ("killed", 9), row)


def is_running(name):
    return any((row["id"], row["state"]) == (name, "running")
               for row in SERVICE.call("exec.list", {})["commands"])


def test_listed():
    """It is in a list before whoever started it has an answer, and once that is told its end."""
    name = secrets.token_hex(16)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        page = pool.submit(SERVICE.start, ["sleep", "60"], more={"id": name}, wait_ms=5000)
        until("it is not listed", lambda: is_running(name))
        check(not page.done(), "its caller waits no longer")
        check(SERVICE.call("exec.signal", {"id": name, "signal": 9})["sent"], "not sent")
        check(page.result()["state"] == "killed", page.result())
    quick = SERVICE.start(["true"])
    check(quick["state"] == "exited", quick)
    until("it is forgotten", lambda: quick["id"] in
          [row["id"] for row in SERVICE.call("exec.list", {})["commands"]])
    # One that never was started takes its place among those that are kept, too.
    failed = SERVICE.start(["/no/such/program"])
    check(failed["state"] == "failed", failed)
    row, = [row for row in SERVICE.call("exec.list", {})["commands"] if row["id"] == failed["id"]]
    check((row["state"], row["status"], row["took_ms"]) == ("failed", 127, 0), row)


def test_detached():
    """It needs nobody who asks, however much it writes; what came last is kept, also for two readers,
    and after its end."""
    page = SERVICE.start(["sh", "-c", "head -c 3000000 /dev/zero; echo end; read line; echo $line; exit 9"],
                         detach=True, input=True, wait_ms=0)
    name = page["id"]
    until("it waits for a reader", lambda: b"end\n" in everything(name))
    kept = everything(name)
    check(512 * 1024 <= len(kept) <= 1024 * 1024 + 65536 + 4, len(kept))
    check(everything(name) == kept, "the second reader sees something else")
    first = SERVICE.page(name, wait_ms=0)["out"]["at"]
    check(first + len(kept) == 3000004, first, len(kept))
    check(SERVICE.feed(name, b"a line\n", out=3000004)["input"] == 7, "not fed")
    until("it does not end", lambda: SERVICE.page(name)["state"] == "exited")
    told = SERVICE.page(name)
    check(told["status"] == 9, told)
    kept = everything(name)
    check(len(kept) == 512 * 1024 and kept.endswith(b"end\na line\n"), len(kept), kept[-20:])
    row = next(row for row in SERVICE.call("exec.list", {})["commands"] if row["id"] == name)
    check((row["detached"], row["status"]) == (True, 9), row)


def everything(name):
    """What is kept of its output, or so much of that as there is."""
    page = SERVICE.page(name, wait_ms=0)
    out, at = b"", page["out"]["at"]
    while page["out"].get("b64"):
        out += base64.b64decode(page["out"]["b64"])
        page = SERVICE.page(name, out=at + len(out), wait_ms=0)
    return out


def main():
    try:
        run_all(sys.modules[__name__])
    finally:
        SERVICE.end()


if __name__ == "__main__":
    main()
