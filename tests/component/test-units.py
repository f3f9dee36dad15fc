#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What systemd says of the doors' units and accounts, and libvirt's own list of what polkit is asked
for. Usage: test-units.py SYSTEMD_FOLDER POSTERND [TEST…]"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
from taplib import Skip, check, run_all

FOLDER, DAEMON = sys.argv[1], os.path.abspath(sys.argv[2])
del sys.argv[2]
LIBVIRT_ACTIONS = "/usr/share/polkit-1/actions/org.libvirt.api.policy"
# systemd-analyze's own figure, of 10.0; what is above is what the unit says that it can't do without.
MOST_EXPOSED = 2.0
DOORS = ["diagnose", "recover"]
PROGRAMS = {"/usr/sbin/posternd": DAEMON,
            "/usr/sbin/postern-recoverd": os.path.join(os.path.dirname(DAEMON), "postern-recoverd")}


def run(*argv):
    if shutil.which(argv[0]) is None:
        raise Skip(f"there is no {argv[0]}")
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, timeout=60, check=False)


def text(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


def units(door):
    return [f"postern-{door}.service", f"postern-{door}.socket"]


def setting(name, key):
    found = re.search(rf"^{key}=(.*)$", text(name), re.MULTILINE)
    check(found, name, "has no", key)
    return found[1]


def test_sandbox():
    for door in DOORS:
        done = run("systemd-analyze", "security", "--offline=true", "--no-pager",
                   os.path.join(FOLDER, units(door)[0]))
        found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
        check(found, done.stdout[-500:])
        print(f"# exposure of {door}: {found[1]}")
        check(float(found[1]) <= MOST_EXPOSED, found[0])


def test_units():
    """systemd understands every line, with the programs in their places."""
    names = units(DOORS[0]) + units(DOORS[1])
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            told = text(name)
            for place, program in PROGRAMS.items():
                told = told.replace(f"{place} ", f"{program} ")
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(told)
        done = run("systemd-analyze", "verify", "--man=no",
                   *(os.path.join(folder, name) for name in names))
    said = [line for line in done.stdout.splitlines() if "postern" in line]
    check(not said, said)


def test_accounts():
    """The accounts that the units and the sockets name are made."""
    with tempfile.TemporaryDirectory() as root:
        os.mkdir(root + "/etc")
        done = run("systemd-sysusers", f"--root={root}", os.path.join(FOLDER, "postern.sysusers.conf"))
        check(done.returncode == 0, done.stdout)
        with open(root + "/etc/passwd", encoding="utf-8") as file:
            users = file.read()
        with open(root + "/etc/group", encoding="utf-8") as file:
            groups = dict(line.split(":", 1) for line in file.read().splitlines())
    for door in DOORS:
        service, door_unit = units(door)
        user = setting(service, "User")
        check(f"\n{user}:" in "\n" + users, users)
        check(setting(service, "Group") in groups, groups)
        check(setting(door_unit, "SocketGroup") in groups, groups)
        check(user in groups["libvirt"], groups)


def test_apart():
    """Neither door's service has anything of the other's, nor can put a socket in its place."""
    for key in "User", "Group", "StateDirectory", "Environment", "ExecStart":
        values = [setting(units(door)[0], key) for door in DOORS]
        check(values[0] != values[1], key, values)
    for key in "ListenStream", "SocketGroup":
        values = [setting(units(door)[1], key) for door in DOORS]
        check(values[0] != values[1], key, values)
    check(setting("postern-diagnose.service", "User") not in setting("postern-recover.socket",
                                                                     "SocketGroup"), "the group")
    folder = os.path.dirname(setting("postern-recover.socket", "ListenStream"))
    made = [line.split() for line in text("postern.tmpfiles.conf").splitlines()
            if line.startswith("d ")]
    check([row[2:5] for row in made if row[1] == folder] == [["0755", "root", "root"]], folder, made)
    for door in DOORS:
        check(folder not in setting(units(door)[0], "ReadWritePaths"), "it may write there")


def allowed_by(door):
    rules = text(f"postern-{door}.rules")
    check(f'subject.user != "{setting(units(door)[0], "User")}"' in rules, rules)
    allowed = re.findall(r'^ +"(org\.libvirt\.[a-z.-]+)",$', rules, re.MULTILINE)
    check(len(allowed) > 10, allowed)
    return allowed


def test_permissions():
    """Each action that the rules allow is one of libvirt's, and none lets its holder do what the door
    has no method for, but for the one that the agent needs, and the recorder's device."""
    for door in DOORS:
        changing = [name for name in allowed_by(door) if re.search(
            r"\.(write|save|delete|create|start|stop|reset|data-write|core-dump|migrate|snapshot)$",
            name)]
        check(changing == ["org.libvirt.api.domain.write"], door, changing)
    if not os.path.exists(LIBVIRT_ACTIONS):
        raise Skip("libvirt's list of actions is not installed")
    with open(LIBVIRT_ACTIONS, encoding="utf-8") as file:
        known = set(re.findall(r'<action id="([^"]+)"', file.read())) | {"org.libvirt.unix.manage"}
    for door in DOORS:
        check(not set(allowed_by(door)) - known, door, set(allowed_by(door)) - known)


if __name__ == "__main__":
    run_all(sys.modules[__name__])
