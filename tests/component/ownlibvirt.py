# SPDX-License-Identifier: LGPL-2.1-or-later
"""A libvirtd of the tests' own, whose test driver all of its clients share: domains that one makes,
renames and ends are the others', and they hear of it."""

import os
import signal
import subprocess
import time

from taplib import Skip, check

LIBVIRTD = "/usr/sbin/libvirtd"
VIRSH = "/usr/bin/virsh"
NOBODY = 65534
DOMAIN = "<domain type='test'><name>{}</name><memory>8192</memory><os><type>hvm</type></os>" \
    "</domain>"


class Libvirtd:
    """In libvirt's session mode, in a folder of its own; as nobody where root runs it, whose
    libvirtd would be the system's."""

    def __init__(self, folder):
        if not os.access(LIBVIRTD, os.X_OK):
            raise Skip("there is no libvirtd")
        self.folder = folder + "/libvirt"
        os.mkdir(self.folder)
        places = ("RUNTIME_DIR", "CONFIG_HOME", "CACHE_HOME", "DATA_HOME", "STATE_HOME")
        self.made = made = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.folder, "LC_ALL": "C.UTF-8"}
        made.update({f"XDG_{place}": self.folder for place in places})
        if os.geteuid() == 0:
            os.chmod(folder, 0o711)
            os.chown(self.folder, NOBODY, NOBODY)
        self.said = open(folder + "/libvirtd.err", "wb")  # pylint: disable=consider-using-with
        self.socket = f"{self.folder}/libvirt/libvirt-sock"
        self.uri = f"test+unix:///default?socket={self.socket}"
        self.start()

    def start(self):
        """Its begin, and again after kill()."""
        other = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        self.process = subprocess.Popen([LIBVIRTD], env=self.made, cwd="/", umask=0o077,
                                        stdin=subprocess.DEVNULL, stdout=self.said,
                                        stderr=self.said, **other)
        until = time.monotonic() + 60
        while self.virsh("version", code=None).returncode != 0:
            check(self.process.poll() is None and time.monotonic() < until,
                  "libvirtd does not start")
            time.sleep(0.1)
        # The domains are there for as long as somebody is connected.
        self.holder = subprocess.Popen([VIRSH, "-q", "-c", self.uri], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)
        self.holder.stdin.write("list\necho held\n")
        self.holder.stdin.flush()
        while "held" not in (said := self.holder.stdout.readline()):
            check(said, "nobody stays connected")

    def kill(self):
        """It goes without a word, and all its domains with it."""
        self.process.kill()
        self.process.wait(30)
        self.holder.kill()
        self.holder.communicate()

    def virsh(self, *words, code=0):
        """One command; with CODE, what it has to end with."""
        done = subprocess.run([VIRSH, "-q", "-c", self.uri, *words], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False)
        check(code is None or done.returncode == code, words, done)
        return done

    def define(self, name):
        """A domain that does not run yet."""
        path = f"{self.folder}/{name}.xml"
        with open(path, "w", encoding="utf-8") as file:
            file.write(DOMAIN.format(name))
        self.virsh("define", path)
        os.unlink(path)

    def end(self):
        """Its end."""
        self.holder.kill()
        self.holder.communicate()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.said.close()
