# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real attempts to get in and to become root, held against what postern says of the ways."""

import time
from dataclasses import dataclass

from .errors import Failure

# As root, without a login, a PAM stack of ours or the network. Groups as /etc/group says. setpriv
# executes with root's capabilities still, and would get to a sudo that harness may not: so a shell
# between them. A sudo that waits for a daemon ignores SIGTERM.
SUDO = """\
exec /usr/bin/timeout -s KILL 20 /usr/bin/setpriv --reuid=harness --regid=harness --init-groups \
    /bin/sh -c 'exec sudo -k -n id -u'
"""
CANNOT_TRY = 125  # the lab itself failed
SSH_FAILED = 255  # the connection, not what was run over it
WAYS = ("ssh-key", "ssh-password", "sudo")
# An emulated guest on a busy machine can be slow to let somebody in.
TRIES = 2
PATIENCE = 20


@dataclass
class Way:
    """One way: what postern says of it, and whether a real attempt worked (None: not tried)."""

    name: str
    verdict: str  # open, shut, unknown; "-" where postern says nothing
    works: bool

    def agrees(self):
        """Whether what was said is what was seen; who says nothing, or unknown, is not wrong."""
        if self.works is None or self.verdict in ("-", "unknown"):
            return True
        return self.works == (self.verdict == "open")

    def text(self):
        """For the table: what was seen, and what was said of it."""
        seen = {True: "works", False: "fails", None: "untried"}[self.works]
        return f"{seen}/{self.verdict}"


def verdicts(diagnosis):
    """What the diagnosis says of each way, by its name."""
    for answer in diagnosis.answers:
        if answer.probe == "access" and answer.report:
            ways = (answer.report.get("data") or {}).get("ways", [])
            return {way["way"]: way.get("verdict", "unknown") for way in ways}
    return {}


def _ssh(guest, *, password, wanted):
    """A login from outside. One that was to work and was too slow is tried again."""
    for _ in range(TRIES):
        done = guest.ssh("true", password=password)
        if done.code == 0:
            return True
        if done.code is not None and "timed out" not in done.err:
            break
        if not wanted:
            break
        time.sleep(2)
    return False


def _is_root(done):
    """Of `id -u`: sudo can let somebody run it as another than root."""
    return done.code == 0 and done.out.strip() == "0"


def _sudo(guest):
    try:
        done = guest.try_shell(SUDO)
    except Failure:
        return None
    return None if done.code == CANNOT_TRY else _is_root(done)


def _sudo_in_session(guest):
    """sudo as whoever has just logged in by the key has it; None where that login itself fails."""
    done = guest.ssh("sudo", "-k", "-n", "id", "-u")
    return None if done.code in (None, SSH_FAILED) else _is_root(done)


def harness(guest):
    """What the harness itself can do: (log in from outside by its key, become root there). An
    emulated guest may be too slow once; where the next one takes long as well, it is no login that
    anybody waits for."""
    for n in range(TRIES):
        begun = time.monotonic()
        done = guest.ssh("sudo", "-n", "id", "-u")
        if done.code == 0 and n > 0 and time.monotonic() - begun > PATIENCE:
            return False, False
        if done.code == 0:
            return True, _is_root(done)
        if done.code is not None and "timed out" not in done.err:
            break
    return _ssh(guest, password=False, wanted=True), False


def attempt(guest, said, name):
    """Tries one way into the guest."""
    if name == "sudo":
        return _sudo(guest)
    return _ssh(guest, password=name == "ssh-password", wanted=said.get(name) == "open")


def compare(guest, diagnosis):
    """Every way, tried. A password only where something is said of it: it takes long."""
    said = verdicts(diagnosis)
    ways = [Way(name, said.get(name, "-"),
                attempt(guest, said, name) if name in said or name != "ssh-password" else None)
            for name in WAYS]
    # What works where no session is may be refused in one.
    if ways[0].works and ways[-1].works and _sudo_in_session(guest) is False:
        ways[-1].works = False
    return ways
