# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Debian packages of tests/packages, and how a guest is handed them."""

import base64
import gzip
import tempfile
from pathlib import Path

from .errors import Failure
from .lab import HERE
from .proc import run

BUILD = HERE.parent / "packages/build"
BUILD_SECONDS = 3600
APT = "DEBIAN_FRONTEND=noninteractive apt-get -y --no-install-recommends -o Dpkg::Use-Pty=0"
FETCH_SECONDS = 300
# What a guest writes while it runs, whatever is installed in it.
WRITTEN = ("/boot", "/dev", "/proc", "/run", "/sys", "/tmp", "/var/cache", "/var/lib/apt",
           "/var/lib/dpkg", "/var/lib/systemd/timers", "/var/log", "/var/tmp")
# An upgrade of these keeps the one before.
BACKUPS = {"/etc/group-", "/etc/gshadow-", "/etc/passwd-", "/etc/shadow-", "/etc/.pwd.lock",
           "/etc/subuid-", "/etc/subgid-"}


class Packages:
    """What tests/packages/build has made, or makes now."""

    def __init__(self, build):
        done = run([BUILD, build], timeout=BUILD_SECONDS)
        if done.code != 0:
            raise Failure(f"the packages can't be made: {done.line()}")
        self.folder = Path(done.out.split("\n", 1)[0])

    def deb(self, order, package):
        """The file of the first or the second version of a package."""
        found = list((self.folder / order).glob(f"{package}_*.deb"))
        if len(found) != 1:
            raise Failure(f"{self.folder / order} has {len(found)} packages {package}")
        return found[0]


def install(guest, *debs):
    """Hands package files to a guest and has its apt install them, which must have them all."""
    for number, deb in enumerate(debs):
        guest.push(deb, f"/var/tmp/{number}.deb")
    names = " ".join(f"/var/tmp/{number}.deb" for number in range(len(debs)))
    apt(guest, f"install {names}")
    guest.shell(f"rm -f {names}")


def apt(guest, words):
    """What a guest's apt-get is told to do, which must succeed; an initramfs that has to be made
    takes an emulated guest minutes."""
    return guest.script_text(f"umask 022\n{APT} {words} 2>&1\n")


def needed(guest, deb):
    """The files of those packages that the guest lacks for one, from this host's own mirrors."""
    status = gzip.decompress(base64.b64decode(guest.shell("gzip -c /var/lib/dpkg/status | base64")))
    folder = deb.parent.parent / "needed"
    (folder / "partial").mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(prefix="postern-status-") as known:
        known.write(status)
        known.flush()
        done = run(["/usr/bin/apt-get", "-qq", "-y", "--no-install-recommends", "--download-only",
                    "-o", f"Dir::State::status={known.name}", "-o", "Debug::NoLocking=1",
                    "-o", f"Dir::Cache::archives={folder}", "-o", "APT::Sandbox::User=root",
                    "install", str(deb)], timeout=FETCH_SECONDS)
    if done.code != 0:
        raise Failure(f"what {deb.name} needs can't be fetched: {done.line()}")
    return sorted(folder.glob("*.deb"))


def files_of(guest):
    """Every file and folder of a guest but what it writes by itself, and what /run and dpkg have of
    postern; a set."""
    prune = " -o ".join(f"-path {path}" for path in WRITTEN)
    told = guest.shell(f"{{ find / -xdev \\( {prune} \\) -prune -o -print\n"
                       "find /run /var/lib/dpkg/info -name '*postern*' ! -name 'lab-*'; } |"
                       " gzip | base64")
    lines = gzip.decompress(base64.b64decode(told)).decode("utf-8", "replace").splitlines()
    return set(lines) - BACKUPS
