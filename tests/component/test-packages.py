#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lists of debian/ and of postern.spec against what is installed: what needs no package to be
built. Usage: test-packages.py SOURCE BUILD [TEST…]"""

import functools
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
from taplib import check, run_all

SOURCE, BUILD = Path(sys.argv[1]), Path(sys.argv[2])
del sys.argv[2]
DEBIAN = SOURCE / "debian"
PACKAGES = ("postern", "postern-shim")
UNITS = "usr/lib/systemd/system"
# What pkg-config may not know of where the guest's package is made.
HOST_LIBRARIES = ("libvirt", "libxml", "libarchive", "libsystemd", "libpng")
# Of the shim: no library that a guest would need besides.
SHIM_LIBRARIES = {"libc.so.6", "libgio-2.0.so.0", "libglib-2.0.so.0", "libgobject-2.0.so.0",
                  "libjson-glib-1.0.so.0"}
SANITIZERS = re.compile(r"lib(asan|ubsan|clang_rt|m|gcc_s)\b")
# postern.spec's macros, as Fedora has them.
MACROS = {"_bindir": "usr/bin", "_sbindir": "usr/sbin", "_datadir": "usr/share",
          "_mandir": "usr/share/man", "_prefix": "usr", "_unitdir": UNITS,
          "_sysusersdir": "usr/lib/sysusers.d", "_tmpfilesdir": "usr/lib/tmpfiles.d",
          "_sysconfdir": "etc"}
# Where RPM's distributions have it otherwise, or not at all.
ELSEWHERE = {"usr/share/zsh/vendor-completions/_postern": "usr/share/zsh/site-functions/_postern"}
DEBIANS_OWN = "usr/share/initramfs-tools/"


def run(*argv, environment=None):
    done = subprocess.run([str(word) for word in argv], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
                          check=False, env=environment)
    check(done.returncode == 0, argv, done.stdout)
    return done.stdout


def listed(package):
    """The lines of debian/PACKAGE.install."""
    return (DEBIAN / f"{package}.install").read_text(encoding="ascii").split()


def covers(entry, path):
    return path == entry or path.startswith(f"{entry}/")


@functools.lru_cache(None)
def installed():
    """Every file that this build installs, with its mode."""
    with tempfile.TemporaryDirectory() as folder:
        run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", folder)
        return {str(path.relative_to(folder)): path.stat().st_mode & 0o7777
                for path in Path(folder).rglob("*") if not path.is_dir()}


def test_every_file_is_in_one_package():
    for path in installed():
        owners = [package for package in PACKAGES
                  if any(covers(entry, path) for entry in listed(package))]
        check(len(owners) == 1, path, "is in the packages", owners)
    for package in PACKAGES:
        for entry in listed(package):
            check(any(covers(entry, path) for path in installed()), package, "has", entry,
                  "which is not installed")


def test_modes():
    for path, mode in installed().items():
        program = re.match(r"usr/s?bin/|usr/share/initramfs-tools/", path) is not None
        check(mode == (0o755 if program else 0o644), path, oct(mode))


def test_the_shim_alone():
    """Configured without what the host's needs, it installs its package's files and no others."""
    known = run("pkg-config", "--variable", "pc_path", "pkg-config").strip()
    with tempfile.TemporaryDirectory() as folder:
        allowed = Path(folder) / "pkgconfig"
        allowed.mkdir()
        for place in reversed(known.split(":")):
            for path in Path(place).glob("*.pc"):
                if not path.name.startswith(HOST_LIBRARIES):
                    link = allowed / path.name
                    link.unlink(missing_ok=True)
                    link.symlink_to(path)
        environment = dict(os.environ, PKG_CONFIG_LIBDIR=str(allowed))
        environment.pop("PKG_CONFIG_PATH", None)
        run("meson", "setup", "-Dhost=false", "-Dtests=false", f"{folder}/build", SOURCE,
            environment=environment)
        plan = json.loads(run("meson", "introspect", "--installed", f"{folder}/build"))
    paths = sorted(path.lstrip("/") for path in plan.values())
    check(paths == sorted(listed("postern-shim")), paths)


def test_libraries_of_the_shim():
    told = run("readelf", "-d", BUILD / "guest-shim/postern-shim")
    needed = {name for name in re.findall(r"\(NEEDED\).*\[(.*)\]", told)
              if not SANITIZERS.match(name)}
    check(needed == SHIM_LIBRARIES, needed)


def test_exec_has_no_probes():
    """What runs commands is linked with what that needs: a call of a probe's file would bring all of
    them."""
    shim, own = (os.path.getsize(BUILD / f"guest-shim/{name}")
                 for name in ("postern-shim", "postern-exec"))
    check(own < shim / 3, own, shim)


def test_demo_builds_what_the_lab_needs():
    """It builds less than all, in a checkout in which nothing was built yet."""
    lab = (SOURCE / "tests/lab/lablib/shim.py").read_text(encoding="utf-8")
    needed = set(re.findall(r'build / "(guest-shim/[^"]+)"', lab))
    line = re.search(r"run/build\" release (.*?)\)", (SOURCE / "demo").read_text(), re.DOTALL)[1]
    check(needed and needed <= set(line.split()), needed, line)


def test_versions():
    meson = re.search(r"version: '([^']+)'", (SOURCE / "meson.build").read_text())[1]
    debian = re.match(r"postern \(([^)]+)\)", (DEBIAN / "changelog").read_text())[1]
    spec = re.search(r"^Version: +(\S+)", (SOURCE / "postern.spec").read_text(), re.MULTILINE)[1]
    check(debian == spec == meson, debian, spec, meson)


def has_install(name):
    text = (SOURCE / "systemd" / name).read_text(encoding="utf-8")
    return re.search(r"^\[Install\]$", text, re.MULTILINE) is not None


def test_units_are_handled():
    """A unit that debian/rules does not name would neither be stopped nor restarted."""
    rules = (DEBIAN / "rules").read_text(encoding="utf-8").replace("\\\n", " ")
    calls = re.findall(r"dh_installsystemd --package=postern (.*)", rules)
    named = {"enabled by hand": [], "started by its socket": []}
    for call in calls:
        words = call.split()
        check("--no-enable" in words, call)
        stays = "--no-restart-after-upgrade" in words
        kind = "enabled by hand" if stays else "started by its socket"
        named[kind] += [word for word in words if not word.startswith("--")]
    names = [entry.rsplit("/", 1)[1] for entry in listed("postern") if entry.startswith(UNITS)]
    plain = [name for name in names if "@" not in name and name != "postern-health.service"]
    check(sorted(named["enabled by hand"]) == sorted(filter(has_install, plain)), named)
    check(sorted(named["started by its socket"]) ==
          sorted(name for name in plain if not has_install(name)), named)
    # Those that debhelper can't name.
    prerm = (DEBIAN / "postern.prerm").read_text(encoding="utf-8")
    for name in set(names) - set(plain):
        word = name.replace("@.", "@*.")
        check(re.search(rf"(?:^| )'?{re.escape(word)}'?(?: |$)", prerm, re.MULTILINE), word)


def test_what_a_purge_removes():
    """Every folder that a unit or tmpfiles.d makes is taken away by the postrm."""
    postrm = (DEBIAN / "postern.postrm").read_text(encoding="utf-8").replace("\\\n", " ")
    removed = {word for line in re.findall(r"rm -rf (.*)", postrm) for word in line.split()}
    shared = set(re.findall(r"rmdir --ignore-fail-on-non-empty (\S+)", postrm))
    made = {"/var/lib/postern", "/var/log/postern"}  # Root's own.
    for path in (SOURCE / "systemd").glob("*.service"):
        text = path.read_text(encoding="utf-8")
        for key, root in (("StateDirectory", "/var/lib"), ("CacheDirectory", "/var/cache"),
                          ("LogsDirectory", "/var/log"), ("RuntimeDirectory", "/run")):
            for names in re.findall(rf"^{key}=(.*)$", text, re.MULTILINE):
                made |= {f"{root}/{name.split('/')[0]}" for name in names.split()}
    tmpfiles = (SOURCE / "systemd/postern.tmpfiles.conf").read_text(encoding="utf-8")
    for place in re.findall(r"^d (\S+)", tmpfiles, re.MULTILINE):
        top = "/".join(place.split("/")[:3] if place.startswith("/run/") else
                       place.split("/")[:4])
        made |= {top, place} if top in shared else {top}
    removed |= shared
    check(made <= removed, "not removed:", sorted(made - removed))


def test_a_removal_leaves_the_other_package_alone():
    """A host that is a guest too has the socket of postern-exec beside those of the doors."""
    script = (DEBIAN / "postern.postrm").read_text(encoding="utf-8")
    for others in ({"run/postern/exec.sock"}, set()):
        with tempfile.TemporaryDirectory() as folder:
            made = {"run/postern/turns/web", "run/postern/diagnose.sock",
                    "run/postern/diagnose@far.sock", "run/postern-recover/recover.sock"} | others
            for name in made:
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
            here = re.sub(r"(?<= )/(?=(?:run|etc|var)/)", f"{folder}/", script)
            run("sh", "-c", here, "postrm", "remove")
            left = {str(path.relative_to(folder)) for path in Path(folder).rglob("*")
                    if not path.is_dir()}
            check(left == others, left)
            check((Path(folder) / "run/postern").is_dir() == bool(others), others)


def scriptlet(name):
    text = (SOURCE / "postern.spec").read_text(encoding="utf-8")
    return re.search(rf"^%{name}\n(.*?)(?=^%(?:pre|post|files|endif|package|if)|^#|\Z)", text,
                     re.MULTILINE | re.DOTALL)[1]


def test_the_spec_handles_units():
    """What is installed is stopped at its removal, and what serves is started anew."""
    for package, section in (("postern", ""), ("postern-shim", " shim")):
        names = [entry.rsplit("/", 1)[1] for entry in listed(package) if entry.startswith(UNITS)]
        preun, postun = scriptlet(f"preun{section}"), scriptlet(f"postun{section}")
        for name in names:
            word = name.replace("@.", "@*.")
            check(re.search(rf"[ ']{re.escape(word)}(?:[' \n]|$)", preun), word, preun)
        for name in names:
            # A sweep that runs ends first; commands are handed on by their socket.
            if name.endswith(".service") and name not in ("postern-health.service",
                                                          "postern-exec.service"):
                word = name.replace("@.", "@*.")
                check(re.search(rf"[ ']{re.escape(word)}(?:[' \n]|$)", postun), word, postun)


def test_the_spec_enables_the_shim():
    """Also where an image is made and no systemd runs, in which it is only enabled."""
    body = scriptlet("post shim").replace("$1", "1")
    for runs in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            said = Path(folder) / "said"
            systemctl = Path(folder) / "systemctl"
            systemctl.write_text(f'#!/bin/sh\necho "$*" >>{said}\n', encoding="ascii")
            systemctl.chmod(0o755)
            if runs:
                (Path(folder) / "run/systemd/system").mkdir(parents=True)
            here = body.replace("/run/systemd/system", f"{folder}/run/systemd/system")
            run("sh", "-c", here,
                environment=dict(os.environ, PATH=f"{folder}:{os.environ['PATH']}"))
            words = said.read_text(encoding="ascii") if said.exists() else ""
            check("enable" in words and "postern-shim.service" in words, runs, words)
            check(("start" in words or "--now" in words) == runs, runs, words)


def spec_files(section):
    text = (SOURCE / "postern.spec").read_text(encoding="utf-8")
    body = re.search(rf"^%files{section}\n(.*?)(?=^%(?:files|changelog)|\Z)", text,
                     re.MULTILINE | re.DOTALL)[1]
    found = []
    for line in body.splitlines():
        if not line.startswith("%{"):
            continue
        found.append(re.sub(r"%\{(\w+)\}/?", lambda match: MACROS[match[1]] + "/", line)
                     .rstrip("*"))
    return found


def test_the_spec_has_the_same_files():
    for package, section in (("postern", ""), ("postern-shim", " shim")):
        entries = spec_files(section)
        paths = [path for path in installed() if not path.startswith(DEBIANS_OWN) and
                 any(covers(entry, path) for entry in listed(package))]
        for path in paths:
            path = ELSEWHERE.get(path, path)
            check(any(covers(entry, path) for entry in entries), "%files", section, "has no", path)
        for entry in entries:
            check(any(covers(entry, ELSEWHERE.get(path, path)) for path in paths), entry,
                  "is not installed")


run_all(sys.modules[__name__])
