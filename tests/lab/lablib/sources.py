# SPDX-License-Identifier: LGPL-2.1-or-later
"""The host's own Debian package sources, and only those: a guest is plain Debian."""

import re
import shlex
from pathlib import Path

from .proc import run

SUITE = "bookworm"
SUITES = {SUITE, f"{SUITE}-updates", f"{SUITE}-security", f"{SUITE}/updates"}
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# The releases that a guest can be of, and what each has beyond the list in image/packages.
RELEASES = {SUITE: [], "trixie": ["sudo-rs"]}
DEFAULT = ["http://deb.debian.org/debian bookworm main",
           "http://deb.debian.org/debian bookworm-updates main",
           "http://deb.debian.org/debian-security bookworm-security main"]
# How the host's apt fetches (proxy, certificates, a clock that is not to be believed) holds for
# the guest's packages too.
FETCHING = re.compile(r"Acquire::(https?::|Check-Valid-Until|Check-Date|Retries|ForceIPv)",
                      re.IGNORECASE)


def _is_debian(uri, suite, components, signed_by):
    """Other vendors use Debian's suite names too: their key ring or their path gives them away."""
    if suite not in SUITES or "main" not in components:
        return False
    if signed_by:
        return "debian-archive" in signed_by
    return re.search(r"/debian(-security)?/?$", uri) is not None


def _from_list(text):
    """Yields (uri, suite, components, signed-by) of each line of a .list file."""
    for line in text.splitlines():
        found = re.match(r"\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)", line)
        if found:
            options = dict(item.split("=", 1) for item in (found[1] or "").split() if "=" in item)
            yield found[2], found[3], found[4].split(), options.get("signed-by", "")


def _from_deb822(text):
    """Yields the same of each stanza of a .sources file, one for each URI and suite."""
    text = re.sub(r"(?m)^#.*\n?", "", text)
    for stanza in re.split(r"\n\s*\n", text):
        fields = {key.lower(): value.strip() for key, value in
                  re.findall(r"(?m)^([A-Za-z-]+):((?:.*)(?:\n[ \t].*)*)", stanza)}
        if "deb" not in fields.get("types", "").split() or \
                fields.get("enabled", "yes").lower() == "no":
            continue
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield uri, suite, fields.get("components", "").split(), \
                    fields.get("signed-by", "")


def lines(release=SUITE, etc=Path("/etc/apt")):
    """sources.list lines for the guest's release, from the mirrors that the host has its own
    packages from; Debian's public mirror if the host names none."""
    found = []
    lists = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*.list"))]
    for path in lists:
        if path.is_file():
            found += _from_list(path.read_text(encoding="utf-8", errors="replace"))
    for path in sorted((etc / "sources.list.d").glob("*.sources")):
        found += _from_deb822(path.read_text(encoding="utf-8", errors="replace"))
    kept = dict.fromkeys(f"{uri} {suite} main" for uri, suite, components, signed_by in found
                         if _is_debian(uri, suite, components, signed_by))
    return [f"deb [signed-by={KEYRING}] {line.replace(SUITE, release)}"
            for line in kept or DEFAULT]


def apt_options():
    """The host's settings about fetching, as apt.conf lines."""
    dump = run(["/usr/bin/apt-config", "dump", "--no-empty"]).stdout
    return [line for line in dump.splitlines() if FETCHING.match(line)]


def quoted(path):
    """A path for mmdebstrap's hooks, which split their arguments as a shell does."""
    return shlex.quote(str(path))
