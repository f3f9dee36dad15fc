# SPDX-License-Identifier: LGPL-2.1-or-later
"""A libvirt that is reached by ssh (qemu+ssh://): a real sshd on the loopback interface, behind which
is the lab's libvirtd."""

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from guestlib.errors import Skip

from .daemons import call, check_gone, figure, prober, under_load, until_answered
from .tools import FULL, POSTERN, SOUND, Stopped, expect, lab, scenario

SSHD = "/usr/sbin/sshd"
RUN_SSHD = "/run/sshd"
# Each of libvirt's connections is a login.
DEADLINE_MS = 8000
# virt-ssh-helper looks for libvirt's socket where a system's libvirtd has it, which is not where the
# lab's is; so what libvirt runs there instead is what it runs where there is no helper.
RELAY = pathlib.Path(__file__).with_name("unix-relay")


def _key(path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True,
                   stdin=subprocess.DEVNULL)
    return pathlib.Path(f"{path}.pub").read_text(encoding="ascii")


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _furnish(place, port):
    """What both ends of ssh read, and the program by which libvirt is to call it."""
    host = _key(place / "host")
    (place / "authorized").write_text(f"restrict {_key(place / 'user')}", encoding="ascii")
    (place / "known").write_text(f"far {host}", encoding="ascii")
    (place / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {place}/host\nPidFile none\n"
        f"AuthorizedKeysFile {place}/authorized\nStrictModes no\nUsePAM no\n"
        "PermitRootLogin prohibit-password\nPasswordAuthentication no\n", encoding="ascii")
    (place / "ssh_config").write_text(
        f"Host far\n HostName 127.0.0.1\n Port {port}\n User root\n HostKeyAlias far\n"
        f" UserKnownHostsFile {place}/known\n IdentityFile {place}/user\n IdentitiesOnly yes\n"
        " BatchMode yes\n", encoding="ascii")
    (place / "ssh").write_text(f'#!/bin/sh\nexec /usr/bin/ssh -F {place}/ssh_config "$@"\n',
                               encoding="ascii")
    (place / "ssh").chmod(0o755)


def _await(port, process):
    until = time.monotonic() + 20
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        expect(process.poll() is None and time.monotonic() < until, "sshd does not start")
        time.sleep(0.05)


@contextlib.contextmanager
def _libvirt():
    """Yields the URI, and the listening sshd's process."""
    there = os.path.isdir(RUN_SSHD)
    os.makedirs(RUN_SSHD, mode=0o755, exist_ok=True)
    place, port = pathlib.Path(tempfile.mkdtemp(prefix="pst-ssh-", dir="/tmp")), _free_port()
    _furnish(place, port)
    path = os.environ["LIBVIRT_DEFAULT_URI"].partition("socket=")[2]
    try:
        with subprocess.Popen([SSHD, "-D", "-e", "-f", place / "sshd_config"],
                              stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                _await(port, process)
                yield (f"qemu+ssh://far/session?socket={path}&command={place}/ssh&proxy=netcat"
                       f"&netcat={RELAY}&no_tty=1", process)
            finally:
                process.terminate()
    finally:
        shutil.rmtree(place)
        if not there:
            os.rmdir(RUN_SSHD)


def _sessions(listener):
    """The sshd of each connection."""
    with open(f"/proc/{listener.pid}/task/{listener.pid}/children", encoding="ascii") as file:
        return [int(pid) for pid in file.read().split()]


def _check_cut(daemon, listener):
    """Every connection is cut; the daemon makes its own anew."""
    sessions = _sessions(listener)
    expect(sessions, "the daemon has no connection by ssh")
    for pid in sessions:
        os.kill(pid, 9)
    return until_answered(daemon, "st-sound", seconds=60, deadline_ms=DEADLINE_MS)


def _check_silent(daemon, listener, load):
    """The way there takes everything and gives nothing back, as a network does that drops packets."""
    with contextlib.ExitStack() as stopped:
        for pid in [listener.pid, *_sessions(listener)]:
            stopped.enter_context(Stopped(pid))
        for number in range(2):
            check_gone(daemon, "st-sound", number + 1)
            load.check()
    return until_answered(daemon, "st-sound", seconds=60, deadline_ms=DEADLINE_MS)


@scenario(SOUND, FULL)
def a_libvirt_over_ssh():
    """The command and the daemon by it; then the connection is cut, and is silent."""
    if os.geteuid() != 0:
        raise Skip("needs root, for sshd")
    with _libvirt() as (uri, listener):
        for name in "st-sound", "st-full":
            begun = time.monotonic()
            done = subprocess.run([POSTERN, "-c", uri, "--no-daemon", "probe", name, "network"],
                                  capture_output=True, text=True, timeout=60, check=False)
            expect(done.returncode == 0 and not done.stderr, f"{name}: {done.stderr}{done.stdout}")
            figure(f"{name} by ssh: {time.monotonic() - begun:.1f} s")
        with under_load((prober("st-full", DEADLINE_MS), 1), (prober("st-sound", DEADLINE_MS), 1),
                        uri=uri) as (daemon, load, _):
            first = until_answered(daemon, "st-full", seconds=60, deadline_ms=DEADLINE_MS)
            until_answered(daemon, "st-sound", seconds=60, deadline_ms=DEADLINE_MS)
            listed = call(daemon, "list", deadline=20).json["domains"]
            expect({"st-sound", "st-full"} <= {row["name"] for row in listed}, f"listed: {listed}")
            cut = _check_cut(daemon, listener)
            silent = _check_silent(daemon, listener, load)
            until_answered(daemon, "st-full", seconds=60, deadline_ms=DEADLINE_MS)
        figure(f"by ssh: answered after {first:.1f} s, {cut:.1f} s after a cut, {silent:.1f} s after "
               f"a silence; {load.answered()} calls, {load.reports} reports")
