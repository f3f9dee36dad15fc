# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host in miniature for what Polkit decides, in a mount and network namespace of its own: a system
bus, polkitd with the shipped rules, the accounts, and a libvirtd whose QEMU driver asks it."""

import contextlib
import grp
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import time

import deadmount
from taplib import Skip, check

CLONE_NEWNET, MS_BIND = 0x40000000, 0x1000
BUS, POLKITD, LIBVIRTD = "/usr/bin/dbus-daemon", "/usr/lib/polkit-1/polkitd", "/usr/sbin/libvirtd"
VIRSH = "/usr/bin/virsh"
URI = "qemu:///system"
RULES = "/usr/share/polkit-1/rules.d"
# Whatever else the machine has in these is none of the test's, and nothing of the test's stays there.
OWN = ["/run", "/etc/libvirt", "/etc/polkit-1/rules.d", RULES, "/var/cache/libvirt",
       "/var/lib/libvirt"]
POOL = "/var/lib/libvirt/postern"
BUS_CONFIG = """<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen>
<auth>EXTERNAL</auth><policy context="default"><allow user="*"/><allow own="*"/>
<allow send_type="method_call"/><allow send_type="signal"/><allow send_requested_reply="true"/>
<allow receive_type="method_call"/><allow receive_type="signal"/>
<allow receive_requested_reply="true"/></policy></busconfig>
"""
LIBVIRTD_CONFIG = """\
auth_unix_ro = "polkit"
auth_unix_rw = "polkit"
access_drivers = [ "polkit" ]
log_level = 3
log_outputs = "3:stderr"
"""
QEMU_CONFIG = """\
user = "root"
group = "root"
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
"""
# What libvirtd and its access driver write for who is refused.
DENIED = re.compile(r"denied|authentication|not authorized", re.IGNORECASE)


def _write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _until(what, holds):
    end = time.monotonic() + 60
    while not holds():
        check(time.monotonic() < end, what)
        time.sleep(0.1)


def run_as(user, *words, **more):
    """What Popen and run are told for a command of that user's, with its groups."""
    account = pwd.getpwnam(user)
    groups = os.getgrouplist(user, account.pw_gid)
    made = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", **more}
    return {"args": words, "user": account.pw_uid, "group": account.pw_gid, "extra_groups": groups,
            "env": made, "cwd": "/", "stdin": subprocess.DEVNULL}


class Host:
    """FOLDER has what is written down; SYSTEMD the rules and the accounts."""

    def __init__(self, folder, systemd):
        for program in BUS, POLKITD, LIBVIRTD:
            # Not skipped: nobody would see it.
            check(os.access(program, os.X_OK), program, "is not there: tests/lab/install-packages")
        self.folder, self.processes = folder, []
        self._enter()
        self._make_accounts(systemd)
        # As meson installs them.
        for door in "diagnose", "recover":
            shutil.copy(f"{systemd}/postern-{door}.rules", f"{RULES}/40-postern-{door}.rules")
            os.chmod(f"{RULES}/40-postern-{door}.rules", 0o644)
        self._start_polkit()
        self.said = folder + "/libvirtd.err"
        self._start_libvirtd()

    @staticmethod
    def _enter():
        # What the distribution ships stands beside ours.
        shipped = {path: path.read_bytes() for path in pathlib.Path(RULES).glob("*.rules")}
        if deadmount.libc.unshare(CLONE_NEWNET) != 0:
            raise Skip("no network namespace")
        for place in OWN:
            os.makedirs(place, exist_ok=True)
            check(deadmount.libc.mount(b"none", place.encode(), b"tmpfs", 0, b"mode=755") == 0, place)
        for path, text in shipped.items():
            path.write_bytes(text)

    def _make_accounts(self, systemd):
        etc = self.folder + "/root/etc"
        os.makedirs(etc)
        for name in "passwd", "group":
            shutil.copy(f"/etc/{name}", etc)
        subprocess.run(["systemd-sysusers", f"--root={self.folder}/root",
                        f"{systemd}/postern.sysusers.conf"], check=True, capture_output=True)
        for name in "passwd", "group":
            os.chmod(f"{etc}/{name}", 0o644)
            check(deadmount.libc.mount(f"{etc}/{name}".encode(), f"/etc/{name}".encode(), None,
                                       MS_BIND, None) == 0, "bind mount of", name)
        # libvirtd's, for a channel that is opened.
        os.makedirs("/run/lock")
        os.makedirs("/run/postern/turns")
        os.chown("/run/postern/turns", 0, grp.getgrnam("libvirt").gr_gid)
        os.chmod("/run/postern/turns", 0o2770)

    def _spawn(self, name, *words):
        with open(f"{self.folder}/{name}.err", "wb") as said:
            process = subprocess.Popen(  # pylint: disable=consider-using-with
                words, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd="/")
        self.processes.append(process)
        return process

    def _start_polkit(self):
        _write("/run/dbus/config.xml", BUS_CONFIG)
        self._spawn("bus", BUS, "--config-file=/run/dbus/config.xml", "--nofork", "--nopidfile",
                    "--nosyslog")
        _until("the bus does not start", lambda: os.path.exists("/run/dbus/system_bus_socket"))
        self._spawn("polkitd", POLKITD, "--no-debug")
        _until("polkitd does not start", lambda: subprocess.run(
            ["dbus-send", "--system", "--print-reply", "--dest=org.freedesktop.DBus", "/",
             "org.freedesktop.DBus.GetNameOwner", "string:org.freedesktop.PolicyKit1"],
            check=False, capture_output=True).returncode == 0)

    def _start_libvirtd(self):
        _write("/etc/libvirt/libvirtd.conf", LIBVIRTD_CONFIG)
        _write("/etc/libvirt/qemu.conf", QEMU_CONFIG)
        process = self._spawn("libvirtd", LIBVIRTD)
        _until("libvirtd does not start", lambda: process.poll() is None and
               self.virsh("root", "version", code=None).returncode == 0)

    def virsh(self, user, *words, code=0):
        """One command of that user's; with CODE, what it has to end with."""
        done = subprocess.run(**run_as(user, VIRSH, "-q", "-c", URI, *words), capture_output=True,
                              text=True, timeout=120, check=False)
        check(code is None or done.returncode == code, user, words, done)
        return done

    def refused(self):
        """What libvirtd wrote of refusals: for each a line of Polkit's and one that names the call. A
        process that has ended meanwhile can't be asked about and is not meant."""
        with open(self.said, encoding="utf-8", errors="replace") as file:
            return [line for line in file
                    if DENIED.search(line) and "virAccessManagerSanitizeError" not in line]

    def end(self):
        """Its end, the guests' first."""
        for path in pathlib.Path("/run/libvirt/qemu").glob("*.pid"):
            if path.name != "driver.pid":
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(path.read_text(encoding="ascii")), signal.SIGKILL)
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
