#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon of another host, by ssh: a real sshd on the loopback interface, and behind it posternd
over libvirt's own test driver. Usage: test-remote.py POSTERN POSTERND [TEST…]"""

import contextlib
import json
import os
import pathlib
import shlex
import signal
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import deadmount
from daemonlib import (FOLDER, ISOLATED, POSTERN, SOCKET, Caller, daemon, environment, main, postern)
from taplib import Skip, check

SSHD = "/usr/sbin/sshd"
PLACE = pathlib.Path(FOLDER) / "ssh"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_key(name):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", PLACE / name], check=True,
                   stdin=subprocess.DEVNULL)
    return (PLACE / f"{name}.pub").read_text(encoding="ascii").strip()


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def host(command):
    """A host called `far` whose key-holder may run COMMAND alone; yields sshd's process."""
    if os.geteuid() != 0 or not ISOLATED:
        raise Skip("needs root and a mount namespace of its own, for /run and ssh's configuration")
    for path in "/run", "/etc/ssh/ssh_config.d":
        check(deadmount.libc.mount(b"none", path.encode(), b"tmpfs", 0, None) == 0, path)
    os.mkdir("/run/sshd", 0o755)
    if not PLACE.exists():
        PLACE.mkdir(mode=0o700)
        make_key("host")
        make_key("user")
    port = free_port()
    public = (PLACE / "user.pub").read_text(encoding="ascii").strip()
    (PLACE / "authorized").write_text(f'restrict,command="{command}" {public}\n', encoding="ascii")
    (PLACE / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {PLACE}/host\nPidFile none\n"
        f"AuthorizedKeysFile {PLACE}/authorized\nStrictModes no\nUsePAM no\n"
        "PermitRootLogin prohibit-password\nPasswordAuthentication no\n", encoding="ascii")
    (PLACE / "known").write_text(
        f"far {(PLACE / 'host.pub').read_text(encoding='ascii')}", encoding="ascii")
    pathlib.Path("/etc/ssh/ssh_config.d/far.conf").write_text(
        f"Host far stranger\n HostName 127.0.0.1\n Port {port}\n User root\n HostKeyAlias far\n"
        f" UserKnownHostsFile {PLACE}/known\n IdentitiesOnly yes\n"
        f"Host far\n IdentityFile {PLACE}/user\n"
        f"Host stranger\n IdentityFile {PLACE}/host\n", encoding="ascii")
    with subprocess.Popen([SSHD, "-D", "-f", PLACE / "sshd_config"],
                          stdin=subprocess.DEVNULL) as process:
        try:
            until = time.monotonic() + 20
            while not answers(port):
                check(process.poll() is None and time.monotonic() < until, "sshd does not start")
                time.sleep(0.05)
            yield process
        finally:
            process.terminate()
            process.wait(20)


def proxy():
    return f"POSTERN_DIAGNOSE_SOCKET={SOCKET} {shlex.quote(os.path.abspath(POSTERN))} proxy"


def test_same():
    """What another host's daemon tells is what it tells there."""
    with host(proxy()), daemon():
        for words in (["list", "--json"], ["probe", "test", "host", "watch_ms=0"],
                      ["probe", "none", "system"], ["known-hosts", "test"]):
            far = postern("--host", "far", *words, POSTERN_DIAGNOSE_SOCKET="")
            here = postern(*words)
            check(far.returncode == here.returncode, words, far, here)
            check(far.stderr == here.stderr, words, far.stderr, here.stderr)
            check(bool(far.stdout) == bool(here.stdout), words, far.stdout)
        rows = json.loads(postern("--host", "far", "list", "--json").stdout)["domains"]
        check([row["name"] for row in rows] == ["test"], rows)
        # Nothing stays behind.
        with subprocess.Popen([POSTERN, "--host", "far", "list"], env=environment(),
                              stdout=subprocess.DEVNULL) as process:
            process.wait(30)
            check(not children_of(process.pid), "ssh is left")


def children_of(pid):
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return []


def test_refused():
    """Each failure is one line, with ssh's own reason, and none is answered by this host."""
    with host(proxy()), daemon():
        for name, reason in ("stranger", "Permission denied"), ("nowhere.invalid", "resolve"):
            done = postern("--host", name, "list")
            check(done.returncode == 69 and done.stdout == "", done)
            check(done.stderr.count("\n") == 1 and reason in done.stderr and name in done.stderr,
                  done.stderr)
    with host(proxy()):
        done = postern("--host", "far", "list")
        check(done.returncode == 69 and "no daemon answers at" in done.stderr, done)
    with host("/bin/echo hello"), daemon():
        done = postern("--host", "far", "probe", "test", "system")
        check(done.returncode == 69 and done.stderr.count("\n") == 1, done)
    with host("/bin/sleep 30"), daemon():
        begun = time.monotonic()
        done = postern("--host", "far", "probe", "test", "system", "--deadline", "3s")
        check(done.returncode == 69 and time.monotonic() - begun < 10, done)


def test_misuse():
    for words in (["records", "test"], ["forensics", "test"], ["health", "test"], ["audit"], ["describe"],
                  ["list", "--no-daemon"], ["list", "-c", "test:///default"]):
        done = postern("--host", "far", *words)
        check(done.returncode == 64 and "--host" in done.stderr, words, done)
    for name in "", "-oProxyCommand=x", "a b", "a;b", "a$b", "x" * 300:
        done = postern("--host", name, "list")
        check(done.returncode == 64 and "say a host" in done.stderr, name, done)


def sweep(*words, **more):
    return postern("health", *words, POSTERN_DIAGNOSE_SOCKET="", **more)


def test_health():
    """A sweep by another host's daemon, and by those of a fleet: who can't be reached is told."""
    fleet = pathlib.Path(FOLDER) / "hypervisors"
    with host(proxy()), daemon():
        far = sweep("--host", "far", "--json")
        told = json.loads(far.stdout)
        here = json.loads(postern("health", "--json").stdout)
        check(far.returncode == 3 and told["uri"] == "test:///default", far)
        for name in ("status", "counts"):
            check(told[name] == here[name], told, here)
        check([row["name"] for row in told["domains"]] == ["test"], told)
        # What is new is another question for each user, and kept by that host.
        again = sweep("--host", "far", "--changes", "--quiet")
        check(again.returncode == 3 and again.stdout == "", again)

        fleet.write_text("far\nstranger # who has no key\n", encoding="ascii")
        done = sweep("--fleet", str(fleet), "--json")
        told = json.loads(done.stdout)
        check(done.returncode == 3 and told["status"] == "unknown", done)
        hosts = {row["host"]: row for row in told["hosts"]}
        check(hosts["far"]["health"]["counts"]["domains"] == 1, hosts)
        check("Permission denied" in hosts["stranger"]["error"]["message"], hosts)
        text = sweep("--fleet", str(fleet)).stdout
        check(text.startswith("2 hosts: 2 unknown; 1 domain: 1 unknown; "), text)
        check("\nfar: 1 domain: 1 unknown; " in text and "stranger: " in text, text)
        line = sweep("--fleet", str(fleet), "--plugin")
        check(line.returncode == 3 and line.stdout.startswith("POSTERN UNKNOWN - 2 hosts"), line)
    with host("/bin/sleep 30"), daemon():
        begun = time.monotonic()
        done = sweep("--fleet", str(fleet), "--deadline", "3s", "--json")
        told = json.loads(done.stdout)
        check(done.returncode == 3 and time.monotonic() - begun < 10, done)
        check(told["host_counts"]["unknown"] == 2, told)


def test_fleet_misuse():
    fleet = pathlib.Path(FOLDER) / "broken"
    fleet.write_text("hv1\nhv1\n", encoding="ascii")
    for words, reason in ((["--fleet", "/nonexistent"], "/nonexistent"),
                          (["--fleet", str(fleet)], "line 2: 'hv1': this host is named twice"),
                          (["--fleet", str(fleet), "test"], "name none"),
                          (["--fleet", str(fleet), "--metrics", "x"], "--metrics"),
                          (["--host", "far", "--metrics", "x"], "--metrics"),
                          (["--fleet", str(fleet), "--host", "far"], "--host")):
        done = sweep(*words)
        check(done.returncode == 64 and reason in done.stderr, words, done)


def test_proxy():
    """Any program may speak through it; whoever closes its end gets what was asked for."""
    with daemon():
        ours, theirs = socket.socketpair()
        with subprocess.Popen([POSTERN, "proxy"], env=environment(), stdin=theirs,
                              stdout=theirs) as process:
            theirs.close()
            caller = Caller.__new__(Caller)
            caller.socket, caller.rest, caller.number = ours, b"", 0
            ours.settimeout(20)
            caller.send("hello", {"session": "0123456789abcdef0123456789abcdef", "protocol": [1]},
                        number=0)
            check(caller.read()["result"]["uri"] == "test:///default", "hello")
            caller.send("list", {"deadline_ms": 10000})
            ours.shutdown(socket.SHUT_WR)
            said = []
            while (message := caller.read()) is not None:
                said.append(message)
            check(said[-1]["result"] == {"domains": 1}, said)
            check(process.wait(20) == 0, "its end")
    done = postern("proxy")
    check(done.returncode == 69 and "no daemon answers at" in done.stderr, done)


def test_proxy_bounds():
    """It reads no more than the daemon takes, and ends with it."""
    with daemon() as served:
        with subprocess.Popen([POSTERN, "proxy"], env=environment(), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as process:
            os.set_blocking(process.stdin.fileno(), False)
            written = 0
            with contextlib.suppress(BlockingIOError, BrokenPipeError):
                while written < 1 << 26:
                    written += os.write(process.stdin.fileno(), b"x" * 65536)
            check(written < 1 << 24, f"it took {written} bytes of what is no frame")
            served.send_signal(signal.SIGCONT)
            process.stdin.close()
            check(process.wait(20) in (0, 74), process.returncode)


if __name__ == "__main__":
    main(sys.modules[__name__])
