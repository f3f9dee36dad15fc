# SPDX-License-Identifier: LGPL-2.1-or-later
"""A libvirtd of its own with the test driver, and `recover` on its guest; for the tests of it."""

import contextlib
import glob
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys

KILL_AT = os.path.abspath(sys.argv.pop(3))
# pylint: disable=wrong-import-position
from daemonlib import FOLDER, POSTERN, TEST, environment, file_text, records
from ownlibvirt import VIRSH, Libvirtd
from taplib import check

POLICY = FOLDER + "/policy.conf"
UNDO = FOLDER + "/undo.sh"
CONFIG = FOLDER + "/recover.conf"
GRANTS = FOLDER + "/grants.conf"
USER = pwd.getpwuid(os.geteuid()).pw_name
STATE = FOLDER + "/recover"
WITHOUT = "the disk is full"
STEPS = ["gate", "undo", "gate-after-undo", "forensics", "revert", "gate-after-revert", "halt"]

for _path, _text in ((POLICY, "[reachable]\nuser=harness\nroot=yes\n"), (UNDO, "true\n"),
                     (CONFIG, f"[power]\nbundles={FOLDER}/bundles\n"),
                     (GRANTS, f"[power]\nbundles={FOLDER}/bundles\n[grant harness]\nusers={USER}\n"
                              "domains=web\nmethods=exec;revert\n")):
    with open(_path, "w", encoding="utf-8") as _file:
        _file.write(_text)


def words(domain, *more, uri=TEST):
    """The command; nobody waits for a guest in which nobody is."""
    settle = () if "--settle" in more else ("--settle", "1ms")
    return [POSTERN, "-c", uri, "recover", domain, "--policy", POLICY, *settle, *more]


def recover(domain, *more, code=None, uri=TEST, **env):
    done = subprocess.run(words(domain, *more, uri=uri), stdin=subprocess.DEVNULL,
                          env=environment(POSTERN_CONFIG=CONFIG, **env), capture_output=True,
                          text=True, timeout=120, check=False)
    check(code is None or done.returncode == code, done)
    return done


def refused(code, says, domain, *more):
    done = recover(domain, *more, code=code)
    check(len(done.stderr.splitlines()) == 1 and says in done.stderr and not done.stdout, done)


def forget():
    shutil.rmtree(STATE, ignore_errors=True)


def kept():
    """The one file of a state."""
    path, = glob.glob(STATE + "/*.recover")
    return path


def collapse(lines):
    """Each record once: it may be there again where it was written before a kill."""
    seen = []
    for line in lines:
        row = (line["probe"], line["args"]["done"], line["args"].get("outcome"))
        if row not in seen:
            seen.append(row)
    return seen


class Guest:
    """One that runs, with a snapshot of when it was off."""

    def __init__(self, libvirt):
        self.libvirt, self.uri = libvirt, libvirt.uri
        self.make()

    def make(self):
        self.libvirt.define("web")
        self.libvirt.virsh("snapshot-create-as", "web", "off")

    def make_anew(self):
        """Another one, which runs."""
        self.libvirt.virsh("destroy", "web")
        self.libvirt.virsh("undefine", "web", "--snapshots-metadata")
        self.make()
        self.libvirt.virsh("start", "web")

    def fresh(self):
        """Runs, and was not reverted."""
        forget()
        self.libvirt.virsh("destroy", "web", code=None)
        self.libvirt.virsh("start", "web")

    def recover(self, code=None, **env):
        return recover("web", "--snapshot", "off", "--unchecked", "--settle", "1ms", "--deadline",
                       "20s", "--json", uri=self.uri, code=code, **env)

    def watch(self):
        # pylint: disable-next=consider-using-with
        return subprocess.Popen([VIRSH, "-q", "-c", self.uri, "event", "--domain", "web", "--event",
                                 "lifecycle", "--loop"], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, text=True)

    def end(self, before):
        """What it came to: outcomes, the audit, and the domain."""
        told = json.loads(file_text(kept()))
        audit = collapse(line for line in records()[before:]
                         if line.get("probe", "").startswith("recover-"))
        return ([(row["step"], row["outcome"]) for row in told["steps"]], told["end"], audit,
                self.libvirt.virsh("domstate", "web", "--reason").stdout.strip())


def is_under_way():
    """Also where it was killed before there was anything."""
    found = glob.glob(STATE + "/*.recover")
    return not found or json.loads(file_text(found[0]))["end"] == "under-way"


def reverts(watcher):
    watcher.send_signal(signal.SIGINT)
    return watcher.communicate(timeout=20)[0].count("Snapshot")


@contextlib.contextmanager
def own_guest():
    libvirt = Libvirtd(FOLDER)
    try:
        yield Guest(libvirt)
    finally:
        libvirt.end()
        shutil.rmtree(libvirt.folder)
