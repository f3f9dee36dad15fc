# SPDX-License-Identifier: LGPL-2.1-or-later
"""How much the packages bring to a machine: without the lab, from the packages themselves."""

import subprocess

from . import figures
from .world import CHECKOUT, CannotMeasure

BUILD = CHECKOUT / "tests/packages/build"
AGENT = "qemu-guest-agent"
SECONDS = 3600


def packages(world):
    """The shim's package against that of the guest agent, and the host's."""
    folder = _told([BUILD, world.build]).split("\n", 1)[0]
    found = []
    for name, floor in (("postern-shim", AGENT), ("postern", None)):
        (deb,) = _told(["/usr/bin/find", f"{folder}/first", "-name", f"{name}_*.deb"]).split()
        size, needs = (_told(["dpkg-deb", "-f", deb, field]).strip()
                       for field in ("Installed-Size", "Depends"))
        found += [
            figures.plain(f"{name}: installed", "KiB", int(size),
                          int(_of_agent("Installed-Size")) if floor else None),
            figures.plain("  packages that it depends on", "packages", len(needs.split(", ")),
                          len(_of_agent("Depends").split(", ")) if floor else None, depends=needs),
            figures.plain("  with all that those need, on an empty machine", "packages",
                          _closure(deb), _closure(floor) if floor else None),
        ]
    return found


def _of_agent(field):
    for line in _told(["apt-cache", "show", "--no-all-versions", AGENT]).splitlines():
        if line.startswith(f"{field}: "):
            return line.split(": ", 1)[1]
    raise CannotMeasure(f"apt does not say the {field} of {AGENT}")


def _closure(package):
    """How many packages a machine without any would be given, the package itself aside."""
    told = _told(["apt-get", "-s", "--no-install-recommends", "-o", "Dir::State::status=/dev/null",
                  "-o", "Debug::NoLocking=1", "install", package])
    return sum(line.startswith("Inst ") for line in told.splitlines()) - 1


def _told(argv):
    done = subprocess.run([str(word) for word in argv], stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, check=False, timeout=SECONDS)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise CannotMeasure(f"{argv[0]} ended with {done.returncode}: {said[-1]}")
    return done.stdout
