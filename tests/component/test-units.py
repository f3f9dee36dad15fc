#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What systemd says of the daemon's units and accounts, and libvirt's own list of what polkit is
asked for. Usage: test-units.py SYSTEMD_FOLDER POSTERND [TEST…]"""

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
UNITS = ["postern-diagnose.service", "postern-diagnose.socket"]


def run(*argv):
    if shutil.which(argv[0]) is None:
        raise Skip(f"there is no {argv[0]}")
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, timeout=60, check=False)


def text(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


def test_sandbox():
    done = run("systemd-analyze", "security", "--offline=true", "--no-pager",
               os.path.join(FOLDER, UNITS[0]))
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    check(found, done.stdout[-500:])
    print(f"# exposure {found[1]}")
    check(float(found[1]) <= MOST_EXPOSED, found[0])


def test_units():
    """systemd understands every line, with the program in its place."""
    with tempfile.TemporaryDirectory() as folder:
        for name in UNITS:
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text(name).replace("/usr/sbin/posternd", DAEMON))
        done = run("systemd-analyze", "verify", "--man=no",
                   *(os.path.join(folder, name) for name in UNITS))
    said = [line for line in done.stdout.splitlines() if "postern" in line]
    check(not said, said)


def test_accounts():
    """The accounts that the unit and the socket name are made."""
    with tempfile.TemporaryDirectory() as root:
        os.mkdir(root + "/etc")
        done = run("systemd-sysusers", f"--root={root}", os.path.join(FOLDER, "postern.sysusers.conf"))
        check(done.returncode == 0, done.stdout)
        with open(root + "/etc/passwd", encoding="utf-8") as file:
            users = file.read()
        with open(root + "/etc/group", encoding="utf-8") as file:
            groups = dict(line.split(":", 1) for line in file.read().splitlines())
    service, door = (text(name) for name in UNITS)
    user = re.search(r"^User=(.*)$", service, re.MULTILINE)[1]
    check(f"\n{user}:" in "\n" + users, users)
    check(re.search(r"^Group=(.*)$", service, re.MULTILINE)[1] in groups, groups)
    check(re.search(r"^SocketGroup=(.*)$", door, re.MULTILINE)[1] in groups, groups)
    check(user in groups["libvirt"], groups)


def test_permissions():
    """Each action that the rules allow is one of libvirt's, and none lets its holder do what the door
    has no method for, but for the one that the agent needs."""
    rules = text("postern-diagnose.rules")
    allowed = re.findall(r'^ +"(org\.libvirt\.[a-z.-]+)",$', rules, re.MULTILINE)
    check(len(allowed) > 10, allowed)
    changing = [name for name in allowed if re.search(
        r"\.(write|save|delete|create|start|stop|reset|data-write|core-dump|migrate|snapshot)$", name)]
    check(changing == ["org.libvirt.api.domain.write"], changing)
    if not os.path.exists(LIBVIRT_ACTIONS):
        raise Skip("libvirt's list of actions is not installed")
    with open(LIBVIRT_ACTIONS, encoding="utf-8") as file:
        known = set(re.findall(r'<action id="([^"]+)"', file.read())) | {"org.libvirt.unix.manage"}
    check(not set(allowed) - known, set(allowed) - known)


if __name__ == "__main__":
    run_all(sys.modules[__name__])
