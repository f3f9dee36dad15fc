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
SERVICES = ["postern-diagnose.service", "postern-diagnose@.service", "postern-health.service",
            "postern-recover.service"]
SOCKETS = ["postern-diagnose.socket", "postern-diagnose@.socket", "postern-recover.socket"]
# A service's user, and whether that is let in by libvirt on this host.
USERS = {"postern-diagnose": True, "postern-health": True, "postern-recover": True,
         "postern-remote": False}
# Whom the rules of each door's file are about.
RULES = {"diagnose": {"postern-diagnose", "postern-health"}, "recover": {"postern-recover"}}
TURNS = "/run/postern/turns"
BUILT = os.path.dirname(DAEMON)
# In the guest: no door, and without a sandbox.
GUEST_UNITS = ["postern-shim.service", "postern-exec.service", "postern-exec.socket"]
PROGRAMS = {"/usr/sbin/postern-shim": os.path.join(BUILT, "../guest-shim/postern-shim"),
            "/usr/sbin/postern-exec": os.path.join(BUILT, "../guest-shim/postern-exec"),
            "/usr/bin/postern": os.path.join(BUILT, "postern"), "/usr/sbin/posternd": DAEMON,
            "/usr/sbin/postern-recoverd": os.path.join(BUILT, "postern-recoverd")}


def run(*argv):
    if shutil.which(argv[0]) is None:
        raise Skip(f"there is no {argv[0]}")
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, timeout=60, check=False)


def text(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


def setting(name, key):
    """The last of it, as systemd has it."""
    found = re.findall(rf"^{re.escape(key)}=(.*)$", text(name), re.MULTILINE)
    check(found, name, "has no", key)
    return found[-1]


def test_sandbox():
    for name in SERVICES:
        done = run("systemd-analyze", "security", "--offline=true", "--no-pager",
                   os.path.join(FOLDER, name))
        found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
        check(found, done.stdout[-500:])
        print(f"# exposure of {name}: {found[1]}")
        check(float(found[1]) <= MOST_EXPOSED, found[0])


def test_stores():
    """Each service keeps what it keeps where it may write, and no two of them in one place."""
    folders = [setting(name, "StateDirectory") for name in SERVICES]
    check(len(set(folders)) == len(SERVICES), folders)
    for name, folder in zip(SERVICES, folders):
        check(setting(name, "ProtectSystem") == "strict", name)
        check(setting(name, "StateDirectoryMode") == "0700", name)
        check(setting(name, "Environment=XDG_STATE_HOME") == "/var/lib/" + folder, name)
        check(setting(name, "Environment=POSTERN_STORE") == f"/var/lib/{folder}/postern/records", name)
    metrics = re.search(r"--metrics (\S+)/postern\.prom$", text("postern-health.service"), re.MULTILINE)
    check(metrics[1] == "/var/cache/" + setting("postern-health.service", "CacheDirectory"), metrics[1])


def test_units():
    """systemd understands every line, with the programs in their places."""
    with tempfile.TemporaryDirectory() as folder:
        names = [*SERVICES, *SOCKETS, *GUEST_UNITS, "postern-health.timer"]
        for name in names:
            told = text(name)
            for place, program in PROGRAMS.items():
                told = re.sub(f"{place}(?=[ \\n])", program, told)
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(told)
        done = run("systemd-analyze", "verify", "--man=no",
                   *(os.path.join(folder, name) for name in names))
    said = [line for line in done.stdout.splitlines() if "postern" in line]
    check(not said, said)


def test_comes_back():
    """A service that fails over and over, which systemd would give up and its socket with it, is started
    again and again, and the socket is not triggered so often that it is given up by itself: 20 times in
    2 s where no other limit is said."""
    for name in SOCKETS:
        check("TriggerLimit" not in text(name), name)
        service = name.replace(".socket", ".service")
        unit, rest = text(service).split("[Service]\n")
        check("\nStartLimitIntervalSec=0\n" in unit, service)
        check("\nRestart=on-failure\n" in rest and "RestartPreventExitStatus" not in rest, service)
        pause = re.fullmatch(r"([0-9]+)s", setting(service, "RestartSec"))
        check(pause and 1 <= int(pause[1]) <= 5, service)


def test_accounts():
    """The accounts that the units name are made, and libvirt's group has those alone that are to be."""
    with tempfile.TemporaryDirectory() as root:
        os.mkdir(root + "/etc")
        done = run("systemd-sysusers", f"--root={root}", os.path.join(FOLDER, "postern.sysusers.conf"))
        check(done.returncode == 0, done.stdout)
        with open(root + "/etc/passwd", encoding="utf-8") as file:
            users = file.read()
        with open(root + "/etc/group", encoding="utf-8") as file:
            groups = dict(line.split(":", 1) for line in file.read().splitlines())
    check({setting(name, "User") for name in SERVICES} == set(USERS), SERVICES)
    for name in SERVICES:
        user = setting(name, "User")
        check(f"\n{user}:" in "\n" + users, users)
        check(setting(name, "Group") in groups, groups)
        check((user in groups["libvirt"]) == USERS[user], user, groups)
        check(("\nSupplementaryGroups=libvirt\n" in text(name)) == USERS[user], name)
    for name in SOCKETS:
        check(setting(name, "SocketGroup") in groups, groups)


def is_within(path, folder):
    return os.path.commonpath([path, folder]) == folder


def test_apart():
    """No service has anything of another's, nor can write where another's store or a socket is."""
    for key in "User", "Group", "StateDirectory", "Environment":
        values = [setting(name, key) for name in SERVICES]
        check(len(set(values)) == len(SERVICES), key, values)
    for key in "ListenStream", "SocketGroup":
        values = [setting(f"postern-{door}.socket", key) for door in RULES]
        check(values[0] != values[1], key, values)
    check(not {setting(name, "SocketGroup") for name in SOCKETS} & set(USERS) - {"postern-recover"},
          "a service's own group is let in at a socket")
    made = {row[1]: row[2:5] for row in map(str.split, text("postern.tmpfiles.conf").splitlines())
            if row[:1] == ["d"]}
    places = {os.path.dirname(setting(name, "ListenStream")) for name in SOCKETS}
    for place in places:
        check(made[place] == ["0755", "root", "root"], place, made)
    check(made[TURNS] == ["2770", "root", "libvirt"], made)
    places |= {"/var/lib/" + setting(name, "StateDirectory") for name in SERVICES}
    for name in SERVICES:
        # ProtectSystem=strict leaves /run as it is.
        check(setting(name, "ReadOnlyPaths") == "/run", name)
        own = re.findall(r"^ReadWritePaths=(.*)$", text(name), re.MULTILINE)
        check(own == (["-" + TURNS] if USERS[setting(name, "User")] else []), name, own)
        for path in (one.lstrip("-") for line in own for one in line.split()):
            check(not any(is_within(place, path) for place in places), name, path)


def allowed_by(door):
    rules = text(f"postern-{door}.rules")
    named = set(re.findall(r'"(postern-[a-z]+)"', rules))
    check(named == RULES[door] and "subject.user" in rules, door, named)
    allowed = re.findall(r'^ +"(org\.libvirt\.[a-z.-]+)",$', rules, re.MULTILINE)
    check(len(allowed) > 10, allowed)
    return allowed


def test_permissions():
    """Each action that the rules allow is one of libvirt's, and none lets its holder do what the door
    has no method for, but for the one that the agent needs, and the recorder's device. Whom libvirt
    lets in has rules."""
    acts = [f"org.libvirt.api.domain.{act}" for act in ("reset", "start", "stop", "snapshot")]
    check(set().union(*RULES.values()) == {user for user, local in USERS.items() if local}, RULES)
    for door in RULES:
        changing = [name for name in allowed_by(door) if re.search(
            r"\.(write|save|delete|create|start|stop|reset|data-write|core-dump|migrate|snapshot)$",
            name)]
        more = acts if door == "recover" else []
        check(changing == ["org.libvirt.api.domain.write", *more], door, changing)
    if not os.path.exists(LIBVIRT_ACTIONS):
        raise Skip("libvirt's list of actions is not installed")
    with open(LIBVIRT_ACTIONS, encoding="utf-8") as file:
        known = set(re.findall(r'<action id="([^"]+)"', file.read())) | {"org.libvirt.unix.manage"}
    for door in RULES:
        check(not set(allowed_by(door)) - known, door, set(allowed_by(door)) - known)


if __name__ == "__main__":
    run_all(sys.modules[__name__])
