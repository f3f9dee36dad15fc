# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lab (tests/lab/lab) as the scenarios use it."""

import os
from pathlib import Path

from .errors import Failure
from .proc import run

HERE = Path(__file__).resolve().parent.parent
LAB = HERE.parent / "lab/lab"
BREAKAGES = HERE / "breakages"
UP_SECONDS = 900
CALL_SECONDS = 300
LONG_SECONDS = 1800


class Lab:
    """The lab itself: its address, and whether its daemons were there before."""

    def __init__(self, build):
        self.build = build
        self.was_up = run([LAB, "libvirtd-pid"], timeout=CALL_SECONDS).code == 0
        self.uri = call("uri").out.strip()
        self.environment = dict(os.environ, LIBVIRT_DEFAULT_URI=self.uri, LC_ALL="C.UTF-8",
                                POSTERN_CONFIG=str(self.configuration("postern.conf")))

    def configuration(self, name, *lines):
        """A configuration file of postern's with these lines in the group [store], whose folder is
        below the build folder: what test guests recorded is not for the machine's own store."""
        path = self.build / "guest-logs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "\n".join(["[store]", f"folder={path.parent}/store", *lines, "[power]",
                          f"bundles={path.parent}/bundles", ""])
        path.write_text(text, encoding="utf-8")
        return path

    def names(self):
        """The names of the lab's guests."""
        listed = run([LAB, "list"], timeout=CALL_SECONDS).out
        return [line.split()[0] for line in listed.splitlines()]

    def stop(self):
        """Ends the daemons if they were started for this run (and nobody else uses them)."""
        if not self.was_up:
            run([LAB, "stop"], timeout=CALL_SECONDS, detached=True)


def call(verb, *arguments, stdin="", timeout=CALL_SECONDS):
    """One command of the lab, which must succeed."""
    done = run([LAB, verb, *arguments], timeout=timeout, stdin=stdin)
    if done.code != 0:
        raise Failure(f"lab {verb}: {done.line()}")
    return done


class Guest:
    """A guest of the lab; `log` takes the transcript of what is done to it."""

    def __init__(self, lab, name):
        self.lab = lab
        self.name = name
        self.log = lambda text: None

    def up(self, *options):
        """Boots it, and takes its clean snapshot."""
        call("up", self.name, "--build", str(self.lab.build), *options, timeout=UP_SECONDS)

    def reset(self):
        """Takes it back to the clean snapshot."""
        call("reset", self.name)

    def down(self):
        """Takes it down, whatever state it is in."""
        run([LAB, "down", self.name], timeout=CALL_SECONDS, detached=True)

    def script(self, path, *, detach=False):
        """Runs a script file as root in it, which must succeed; returns what it printed."""
        options = ["--detach"] if detach else []
        done = run([LAB, "run", *options, self.name, str(path)], timeout=CALL_SECONDS)
        self.log(done.transcript())
        if done.code != 0:
            raise Failure(f"{Path(path).name} in the guest: {done.line()}")
        return done.out

    def script_text(self, text):
        """As `script`, for a script that is made here; the transcript keeps only what it printed."""
        done = run([LAB, "run", self.name, "-"], timeout=LONG_SECONDS, stdin=text)
        self.log(done.transcript())
        if done.code != 0:
            raise Failure(f"a script in the guest: {done.line()}")
        return done.out

    def push(self, path, place):
        """Copies a file into it."""
        call("push", self.name, str(path), place)

    def breakage(self, name, *, detach=False):
        """Breaks it by one of tests/guest/breakages."""
        return self.script(BREAKAGES / f"{name}.sh", detach=detach)

    def shell(self, text, *, check=True):
        """Runs a few lines of shell as root in it and returns what they printed."""
        done = self.try_shell(text)
        if check and done.code != 0:
            raise Failure(f"'{text.strip()}' in the guest: {done.line()}")
        return done.out

    def try_shell(self, text):
        """As `shell`, for what may fail: returns what became of it."""
        done = run([LAB, "run", self.name, "-"], timeout=CALL_SECONDS, stdin=text)
        self.log(f"{text.rstrip()}\n{done.transcript()}")
        return done

    def ssh(self, *command, password=False):
        """Logs in as harness, with the lab's key or with the password, and runs a command."""
        options = ["--password"] if password else []
        done = run([LAB, "ssh", *options, self.name, *command], timeout=60)
        self.log(done.transcript())
        return done

    def qemu_pid(self):
        """The process id of its QEMU."""
        return int(call("qemu-pid", self.name).out)

    def virsh(self, *arguments, stdin=""):
        """One virsh command, which must succeed."""
        done = run(["/usr/bin/virsh", "-q", "-c", self.lab.uri, *arguments], timeout=60,
                   stdin=stdin)
        self.log(done.transcript())
        if done.code != 0:
            raise Failure(f"virsh {arguments[0]}: {done.line()}")
        return done.out
