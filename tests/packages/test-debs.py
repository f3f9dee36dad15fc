#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the built packages are like. Usage: test-debs.py FOLDER [TEST…], FOLDER being what
tests/packages/build prints."""

import re
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/component"))
# pylint: disable=wrong-import-position
from taplib import check, run_all

FOLDER = Path(sys.argv[1])
# What every Debian guest with the agent has, but for json-glib.
SHIM_NEEDS = {"libc6", "libglib2.0-0", "libjson-glib-1.0-0"}
SHIM_KIB = 1536
SCRIPTS = ("preinst", "postinst", "prerm", "postrm")


def run(*argv):
    return subprocess.run([str(word) for word in argv], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
                          check=False)


def told(*argv):
    done = run(*argv)
    check(done.returncode == 0, argv, done.stdout)
    return done.stdout


def deb(package, order="first"):
    found = list((FOLDER / order).glob(f"{package}_*.deb"))
    check(len(found) == 1, FOLDER / order, package, found)
    return found[0]


def script(package, name):
    """A maintainer's script; empty where there is none."""
    done = run("dpkg-deb", "--info", deb(package), name)
    return done.stdout if done.returncode == 0 else ""


def test_lintian():
    done = run("lintian", "--fail-on", "error,warning", "--tag-display-limit", "0", "--allow-root",
               deb("postern"), deb("postern-shim"))
    check(done.returncode == 0, done.stdout)


def test_overrides_say_why():
    for path in (SOURCE / "debian").rglob("*lintian-overrides"):
        lines = path.read_text(encoding="utf-8").splitlines()
        for before, line in zip(["", *lines], lines):
            # Two of one tag may share a reason.
            tag = line.split()[1]
            check(line.startswith("#") or before.startswith("#") or tag in before.split(),
                  path.name, line)


def test_two_versions():
    for package in ("postern", "postern-shim"):
        first, second = (told("dpkg-deb", "-f", deb(package, order), "Version").strip()
                         for order in ("first", "second"))
        told("dpkg", "--compare-versions", first, "lt", second)


def test_shim_is_small():
    needs = told("dpkg-deb", "-f", deb("postern-shim"), "Depends")
    names = {re.match(r"\S+", part)[0] for part in needs.strip().split(", ")}
    check(names == SHIM_NEEDS, needs)
    size = int(told("dpkg-deb", "-f", deb("postern-shim"), "Installed-Size"))
    check(size <= SHIM_KIB, size, "KiB installed")


def test_no_file_is_in_both():
    both = set.intersection(*({line.split()[-1] for line in
                               told("dpkg-deb", "-c", deb(package)).splitlines()
                               if not line.startswith("d")}
                              for package in ("postern", "postern-shim")))
    check(not both, both)


def test_scripts():
    for package in ("postern", "postern-shim"):
        for name in SCRIPTS:
            text = script(package, name)
            done = subprocess.run(["/bin/sh", "-n"], input=text, text=True, timeout=10,
                                  capture_output=True, check=False)
            check(done.returncode == 0, package, name, done.stderr)


def test_order_of_the_postinst():
    """Users before folders that are theirs, both before a service is started."""
    text = script("postern", "postinst")
    steps = [text.find(word) for word in ("systemd-sysusers", "systemd-tmpfiles",
                                          "deb-systemd-invoke", "postern-diagnose@*.service")]
    check(-1 not in steps and steps == sorted(steps), steps)


def test_initramfs_is_made_anew():
    triggers = run("dpkg-deb", "--info", deb("postern-shim"), "triggers").stdout
    check("activate-noawait update-initramfs" in triggers, triggers)


def test_the_spec_can_be_read():
    for options, names in (((), ["postern", "postern-shim"]),
                           (("--without", "host"), ["postern-shim"])):
        done = told("rpmspec", "-q", "--builtrpms", "--qf", "%{name}\\n", *options,
                    SOURCE / "postern.spec")
        check(sorted(done.split()) == names, done)


run_all(sys.modules[__name__])
