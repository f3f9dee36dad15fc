#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon posternd over libvirt's own test driver, and the command with it and without.
Usage: test-daemon.py POSTERN POSTERND [TEST…]"""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
from daemonlib import (AUDITED, DAEMON, FOLDER, NOBODY, POSTERN, RECOVERD, SESSION, SOCKET, TEST,
                       Caller, admitted, as_user, ask, daemon, environment, file_text, main, postern,
                       records)
from taplib import Skip, check

# ---- the same with it and without

def steady(text):
    """Without what is a matter of time."""
    text = re.sub(r" \(after \d+ m?s\)", "", text)
    text = re.sub(r"\bvia host, \d+ ms:", "via host, T:", text)
    # Those of libvirt's test driver go with the clock.
    text = re.sub(r'\bused_ms("?:?) ?\d+', r"used_ms\1 T", text)
    text = re.sub(r'"(?:took_ms|age_ms|realtime_us|last_answer_us|seen_us|begun_us|last_us)":\d+',
                  '"T":0', text)
    text = re.sub(r"\b\d+\.\d+ ?s\b", "T s", text)
    return re.sub(r"\b\d+ (?:ms|s|min) ago", "N ago", text)


def sequence(text):
    """As they come, each answer a line: in the order of their texts."""
    return "\x1e".join(sorted(text.split("\x1e"))) if "\x1e" in text else text


LINES = [
    ["list"], ["list", "--json"], ["list", "--quiet"],
    ["probe", "test", "system"], ["probe", "1", "system"], ["probe", "test", "system", "--json"],
    ["probe", "none", "system"], ["probe", "test", "nonsense"], ["probe", "test", "journal", "lines=x"],
    ["probe", "test", "host", "watch_ms=0"], ["probe", "test", "host", "watch_ms=0", "--json"],
    ["probe", "test", "host", "watch_ms=10001"], ["probe", "none", "host"],
    ["probe", "test", "access"], ["probe", "test", "access", "user=somebody", "--json"],
    ["diagnose", "test"], ["diagnose", "1", "--json"], ["diagnose", "test", "--brief"],
    ["diagnose", "test", "--json-seq"], ["diagnose", "test", "--user", "somebody", "--passive"],
    ["diagnose", "none"], ["diagnose", "test", "--max-bytes", "1"], ["diagnose", ""],
    ["services", "test", "ssh"], ["services", "test", "u" * 60000], ["services", "test", "u" * 70000],
    ["journal", "test", "--since", "1h"], ["sudo", "test", "--user", "root"],
    ["read", "test", "/etc/passwd"], ["read", "none", "/etc/passwd"], ["ls", "1", "/etc", "--json"],
    ["known-hosts", "test"], ["known-hosts", "none"], ["describe"], ["describe", "sudo", "--json"],
    ["records", "test"], ["probe", "test", "system", "--deadline", "0s"],
    ["health"], ["health", "--all", "--json"], ["health", "--changes"], ["health", "--plugin"],
    ["health", "--quiet", "--changes"], ["health", "test"], ["health", "none"],
]


def test_same():
    """Output, exit code and error line are the same, whoever asks."""
    with daemon():
        for words in LINES:
            by_daemon, alone = postern(*words), postern(*words, "--no-daemon")
            check(words[1:3] != ["test", "host"] or "watch_ms=0" not in words or
                  alone.returncode == 0, words, alone)
            check(by_daemon.returncode == alone.returncode, words, by_daemon, alone)
            for a, b in ((by_daemon.stdout, alone.stdout), (by_daemon.stderr, alone.stderr)):
                a, b = sequence(steady(a)), sequence(steady(b))
                at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), 0)
                check(a == b, words, a[max(0, at - 200):at + 200], b[max(0, at - 200):at + 200])


def test_who_asks():
    """The daemon is asked where it serves the hypervisor that is meant, and nobody says otherwise:
    the audit tells which process it was."""
    records()  # is skipped where they can't be read
    with daemon():
        for asked, words, more in [
                (True, [], {}), (False, ["--no-daemon"], {}),
                (False, [], {"POSTERN_DIAGNOSE_SOCKET": ""}),
                (False, [], {"POSTERN_DIAGNOSE_SOCKET": FOLDER + "/none"}),
                (False, ["--connect", "test:///" + other_hypervisor()], {}),
                (True, ["--connect", TEST], {"LIBVIRT_DEFAULT_URI": "nonsense"})]:
            before = len(records())
            postern("probe", "test", "system", *words, **more)
            said = records()[before:]
            check(len(said) == 2, words, more, said)
            check(all(("process" in line["caller"]) == asked for line in said), words, more, said)


def test_who_sweeps():
    """The daemon, where it does as the command would: of all domains, by the host's expectations."""
    records()
    config = FOLDER + "/expect.conf"
    with open(config, "w", encoding="utf-8") as file:
        file.write("[expect x]\nguests=test\nsilent=1h\n")
    metrics = FOLDER + "/sweep.prom"
    with daemon():
        for asked, words, more in [
                (True, [], {}), (True, ["--all", "--metrics", metrics], {}),
                (False, ["--no-daemon"], {}), (False, ["test"], {}),
                (False, [], {"POSTERN_CONFIG": config}),
                (False, [], {"POSTERN_DIAGNOSE_SOCKET": ""}),
                (False, ["--connect", "test:///" + other_hypervisor()], {})]:
            before = len(records())
            done = postern("health", *words, **more)
            check(done.returncode == 3 and not done.stderr, words, done)
            said = records()[before:]
            check(said and all(("process" in line["caller"]) == asked for line in said), words, said)
    check("postern_health_last_sweep_timestamp_seconds" in file_text(metrics), "metrics")


def test_sweep_refused():
    """What the daemon refuses is refused, as of any verb; one that knows no sweeps is passed over."""
    if os.geteuid() != 0:
        raise Skip("needs root for other users")
    config = FOLDER + "/sweep.conf"
    with open(config, "w", encoding="utf-8") as file:
        file.write(f"[grant one]\nusers={NOBODY}\ndomains=other\nmethods=list;ask\n")
    os.chmod(FOLDER, 0o711)
    with daemon(POSTERN_CONFIG=config):
        os.chown(SOCKET, 0, NOBODY)
        done = as_user(NOBODY, lambda: str(postern("health")))
        check("returncode=77" in done and "no grant lets this caller" in done, done)
    with daemon(program=RECOVERD):
        done = postern("health")
        check(done.returncode == 3 and "test" in done.stdout and not done.stderr, done)


def other_hypervisor():
    path = FOLDER + "/other.xml"
    with open(path, "w", encoding="utf-8") as file:
        file.write("<node><domain type='test'><name>test</name><memory>1024</memory>"
                   "<os><type>hvm</type></os></domain></node>")
    return path


def test_configured():
    """The configuration names the socket, and takes it away."""
    records()
    path = FOLDER + "/postern.conf"
    with daemon():
        for line, asked in ((f"socket={SOCKET}", True), ("socket=", False),
                            (f"socket={FOLDER}/none\n[daemon hv3]\nuri={TEST}\nsocket={SOCKET}", True),
                            (f"socket={SOCKET}\n[daemon hv3]\nuri={TEST}\nsocket=", False)):
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"[daemon]\n{line}\n")
            made = environment(POSTERN_CONFIG=path)
            del made["POSTERN_DIAGNOSE_SOCKET"]
            before = len(records())
            subprocess.run([POSTERN, "probe", "test", "system"], env=made, check=False, timeout=60,
                           stdin=subprocess.DEVNULL, capture_output=True)
            said = records()[before:]
            check(all(("process" in line["caller"]) == asked for line in said), line, said)


def test_daemon_that_is_lost():
    """Killed, silent, talking nonsense: the command does it itself, and says the same."""
    alone = postern("probe", "test", "system", "--no-daemon")
    for behaviour in (lambda peer: None, lambda peer: peer.close(),
                      lambda peer: peer.sendall(b"\x1e{}\n"), lambda peer: peer.sendall(b"no\n" * 9),
                      lambda peer: peer.sendall(b"\x1e" + b"x" * 1000000)):
        path = tempfile.mktemp(dir=FOLDER)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            begun = time.monotonic()
            with subprocess.Popen([POSTERN, "probe", "test", "system"], stdin=subprocess.DEVNULL,
                                  env=environment(POSTERN_DIAGNOSE_SOCKET=path), text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                peer, _ = listener.accept()
                with contextlib.suppress(OSError):
                    behaviour(peer)
                out, err = process.communicate(timeout=60)
                peer.close()
        check((process.returncode, out, err) == (alone.returncode, alone.stdout, alone.stderr),
              out, err)
        check(time.monotonic() - begun < 8, "it waited for no daemon")


# ---- the protocol

UUID = "6695eb01-f6a4-8304-79aa-97f2502e193f"  # of the test driver's domain

def test_methods():
    with daemon():
        caller = Caller()
        check(caller.hello["uri"] == TEST and caller.hello["protocol"] == 1, caller.hello)
        check(caller.hello["capabilities"] == ["ping", "describe", "list", "health", "ask", "watch",
                                               "cancel"], caller.hello)
        check(caller.call("ping", {})[1]["result"] == {}, "ping")
        told = caller.call("describe", {})[1]["result"]
        check(told == json.loads(postern("describe", "--json").stdout), "describe")
        parts, answer = caller.call("list", {"deadline_ms": 5000})
        check([part["params"]["domain"]["name"] for part in parts] == ["test"], parts)
        check(answer["result"] == {"domains": 1}, answer)
        parts, answer = caller.call("ask", ask("system", "network"))
        check(sorted(part["params"]["place"] for part in parts) == [0, 1], parts)
        check({part["params"]["answer"]["probe"] for part in parts} == {"system", "network"}, parts)
        check(answer["result"] == {"guest": "test", "uuid": UUID}, answer)
        parts, answer = caller.call("ask", ask("system", host=True))
        check(answer["result"]["host"]["probe"] == "host", answer)
        parts, answer = caller.call("health", {"deadline_ms": 10000})
        row, = (part["params"]["domain"] for part in parts)
        check((row["name"], row["condition"], row["status"]) == ("test", "silent", "unknown"), row)
        check(answer["result"]["status"] == "unknown" and "domains" not in answer["result"], answer)
        check("last_us" in caller.call("health", {"deadline_ms": 10000})[1]["result"], "a second")


def test_documented():
    """The conversation in docs/protocol.md is what the daemon says."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/protocol.md")
    with open(path, encoding="utf-8") as file:
        said = re.findall(r"^([<>]) (\{.*\})$", file.read(), re.MULTILINE)
    check(len(said) > 8, said)
    with daemon():
        caller = Caller(hello=False)
        for who, text in said:
            if who == ">":
                caller.socket.sendall(b"\x1e" + text.encode() + b"\n")
                continue
            answer = json.dumps(caller.read(), separators=(",", ":"))
            check(steady(answer) == steady(text), answer, text)


def test_errors():
    """What is refused is said, and is in the audit."""
    with daemon():
        caller = Caller()
        for method, params, code, reason in [
                ("ask", {}, -32602, "invalid-params"),
                ("ask", ask("access"), -32602, "invalid-params"),
                ("ask", dict(ask("system"), domain="none"), -32006, "no-domain"),
                ("list", {"deadline_ms": 0}, -32602, "invalid-params"),
                ("exec", {}, -32601, "unknown-method"), ("probe", {}, -32601, "unknown-method"),
                ("describe", {"name": "none"}, -32602, "invalid-params")]:
            _, answer = caller.call(method, params)
            check(answer["error"]["code"] == code, method, params, answer)
            check(answer["error"]["data"]["reason"] == reason, method, params, answer)
            if AUDITED:
                check(records()[-1]["result"] == reason, method, records()[-1])


def test_hostile_bytes():
    """Whatever one sends, the others are served."""
    sent = [b"", b"\x00" * 1000, b"\xff" * 200000, b"\x1e" * 1000, b"\x1e{" * 70000, b"GET / HTTP/1.0\r\n\r\n",
            b"\x1e" + b"[" * 100000 + b"\n", b"\x1e{\"a\":" * 50000, b"\x1e" + b"x" * 300000 + b"\n",
            b"\x1e{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"hello\"}\n",
            b"\x1e{\"jsonrpc\":\"2.0\",\"id\":\"" + SESSION.encode() + b"-1\",\"result\":{}}\n"]
    with daemon():
        good = Caller()
        bad = []
        for data in sent:
            peer = socket.socket(socket.AF_UNIX)
            peer.settimeout(5)
            peer.connect(SOCKET)
            with contextlib.suppress(OSError):
                peer.sendall(data)
            bad.append(peer)
            check(good.call("ping", {})[1]["result"] == {}, data[:20])
        check(len(good.call("ask", ask("system"))[0]) == 1, "a question beside them")
        for peer in bad:
            peer.close()
        check(good.call("ping", {})[1]["result"] == {}, "after them")


def test_limits_and_reload():
    """So many connections a user, as the configuration says; a broken one changes nothing."""
    path = FOLDER + "/limits.conf"

    def configure(text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    configure("[daemon]\ncallers_of_user=2\n")
    with daemon(POSTERN_CONFIG=path) as process:
        held = [admitted(), admitted()]
        refused = Caller(hello=False)
        check(refused.read()["error"]["data"]["reason"] == "busy", "the third")
        check(refused.read() is None, "and it is hung up on")
        if AUDITED:
            said = [line for line in records() if line["method"] == "connect"][-1]
            check(said["result"] == "busy" and said["args"]["times"] >= 1 and
                  f"uid {os.getuid()}, process {os.getpid()}" == said["caller"], said)
        done = postern("probe", "test", "system")
        check(done.returncode == 3 and "no path to the guest answered" in done.stderr, done)

        configure("[daemon]\ncallers_of_user=none\n")
        process.send_signal(signal.SIGHUP)
        check("callers_of_user=none: say a number" in process.stderr.readline(), "it is said")
        refused = Caller(hello=False)
        check(refused.read()["error"]["data"]["reason"] == "busy", "still the third")

        configure("[daemon]\ncallers_of_user=3\n")
        process.send_signal(signal.SIGHUP)
        admitted()
        check(all("result" in caller.call("ping", {})[1] for caller in held), "the others stay")


def test_not_idle_for_nothing():
    """Nobody asks: it does not run."""
    with daemon() as process:
        caller = Caller()
        caller.call("ask", ask("system"))
        caller.socket.close()
        time.sleep(1.5)
        before = switches(process.pid)
        time.sleep(3)
        check(switches(process.pid) == before, "it woke up", before, switches(process.pid))


def switches(pid):
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as file:
            total += sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)
    return total


# ---- who may, and who it was

def test_callers():
    """Whom the socket's mode lets in is in the audit by the kernel's word; others get no further
    than the socket."""
    if os.geteuid() != 0:
        raise Skip("needs root for other users")
    os.chmod(FOLDER, 0o711)

    def try_it():
        try:
            parts, answer = Caller().call("ask", ask("system", verb="probe"))
            return f"{len(parts)} {answer['result']['guest']} {os.getpid()}"
        except OSError as error:
            return error.__class__.__name__

    with daemon():
        check(as_user(NOBODY, try_it) == "PermissionError", "a user who may not")
        os.chown(SOCKET, 0, NOBODY)
        before = len(records())
        said = as_user(NOBODY, try_it).split()
        check(said[:2] == ["1", "test"], "a user of the group", said)
        lines = records()[before:]
        check([line["result"] for line in lines] == ["asked", "unavailable"], lines)
        for line in lines:
            check(f"(uid {NOBODY})" in line["caller"], line)
            check(f"process {said[2]} (" in line["caller"], line)
            check(line["method"] == "probe" and line["guest"] == "test", line)
            check((line["uid"], line["gid"], line["pid"]) == (NOBODY, NOBODY, int(said[2])), line)
            check(line["exe"] == os.readlink("/proc/self/exe"), line)
        check("uuid" not in lines[0] and len(lines[1]["uuid"]) == 36, lines)
        _, answer = Caller().call("ask", dict(ask("system"), domain="none"))
        check(answer["error"]["data"]["reason"] == "no-domain", answer)
        check([line["result"] for line in records()[-2:]] == ["asked", "no-domain"], records()[-2:])


def test_libvirt_refuses():
    """Whom the kernel keeps from libvirt's socket is told so, and what to do about it."""
    if os.geteuid() != 0:
        raise Skip("needs root for other users")
    path = FOLDER + "/shut.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        os.chmod(FOLDER, 0o711)
        os.chmod(path, 0o600)
        for words in (["records", "test"], ["forensics", "test", "-o", "/dev/null"], ["list"],
                      ["health"], ["probe", "test", "system"]):
            words += ["--connect", f"test+unix:///default?socket={path}"]
            said = as_user(NOBODY, lambda words=words: json.dumps(
                [(done := postern(*words)).returncode, done.stdout, done.stderr]))
            code, out, error = json.loads(said)
            check((code, out) == (77, "") and "the group libvirt" in error, words, said)


# ---- its life

def test_misuse():
    for says, *words in [("systemd hands no socket over: say --socket PATH",),
                         ("it takes no arguments", "--socket", SOCKET, "x"),
                         ("Unknown option --colour", "--colour"),
                         ("No such file or directory", "--socket", FOLDER + "/none/s"),
                         ("too long for a socket", "--socket", FOLDER + "/" + "s" * 200)]:
        done = subprocess.run([DAEMON, *words], env=environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=60, check=False, text=True)
        check(done.returncode == 64 and says in done.stderr, words, done)
        check(done.stderr.startswith("posternd: ") and done.stderr.count("\n") == 1, done)
    with daemon():
        done = subprocess.run([DAEMON, "--socket", SOCKET], env=environment(), check=False, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        check(done.returncode != 0 and "somebody listens on it" in done.stderr, done)
        check("result" in Caller().call("ping", {})[1], "the first serves on")


def test_killed():
    """What a killed one has left does not keep the next from starting."""
    with contextlib.suppress(AssertionError), daemon(end=signal.SIGKILL):
        pass
    check(os.path.exists(SOCKET), "the socket of the killed one")
    check(postern("probe", "test", "system").returncode == 3, "the command does it itself")
    with daemon(end=signal.SIGINT):
        check("result" in Caller().call("ping", {})[1], "the next one serves")


def test_end_waits():
    """Who asked for a list or a sweep before the end has it; who watches is hung up on."""
    for method in ("list", "health"):
        with daemon() as process:
            caller, watcher = Caller(), Caller()
            watcher.send("watch", {})
            check(watcher.read()["method"] == "event", "how the domain stands")
            caller.send(method, {"deadline_ms": 10000})
            caller.send("ping", {})
            # The second only to know that the first one was read.
            said, ended = {}, set()
            while said is not None and ended != {f"{SESSION}-1", f"{SESSION}-2"}:
                said = caller.read()
                if said is not None and "result" in said:
                    ended.add(said["id"])
                if said is not None and said.get("id") == f"{SESSION}-2":
                    process.send_signal(signal.SIGTERM)
            check(said is not None, method, "hung up", ended)
            while watcher.read() is not None:
                continue
            check(process.wait(20) == 0, "its end", process.returncode)


def test_activated():
    """systemd's protocol: the socket is handed over, readiness and the watchdog are told."""
    notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notices.bind(FOLDER + "/notify")
    notices.settimeout(20)
    path = FOLDER + "/activated.sock"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    made = environment(NOTIFY_SOCKET=FOLDER + "/notify", WATCHDOG_USEC="400000", LISTEN_FDS="1")

    child = os.fork()
    if child == 0:
        os.dup2(listener.fileno(), 3)
        made["LISTEN_PID"] = str(os.getpid())
        os.execve(DAEMON, [DAEMON], made)
    seen = []
    while seen.count("WATCHDOG=1") < 2:
        seen += notices.recv(4096).decode().split("\n")
    check(seen[0] == "READY=1", seen)
    check("result" in Caller(path).call("ping", {})[1], "it serves")
    os.kill(child, signal.SIGHUP)
    while seen.count("READY=1") < 2:
        seen += notices.recv(4096).decode().split("\n")
    check("RELOADING=1" in seen, seen)
    os.kill(child, signal.SIGTERM)
    while "STOPPING=1" not in seen:
        seen += notices.recv(4096).decode().split("\n")
    check(os.waitpid(child, 0)[1] == 0, "its end")
    check(os.path.exists(path), "systemd's socket is systemd's to remove")
    listener.close()
    notices.close()


if __name__ == "__main__":
    main(sys.modules[__name__])
