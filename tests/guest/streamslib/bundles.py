# SPDX-License-Identifier: LGPL-2.1-or-later
"""A bundle of evidence while something that it is gathered from hangs: it is there within its bound,
what hangs costs itself only, and the manifest says what could not be had and why."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from guestlib.errors import Skip

from .recorders import RECORDED, await_records, has_all
from .tools import (GRACE, POSTERN, ROOT, Stopped, ask, expect, expect_sound, lab, pocket,
                    scenario, virsh)
from .volumes import Volume

sys.path.append(str(ROOT / "tests/component"))
import deadmount  # noqa: E402  pylint: disable=wrong-import-position

# What `forensics` takes at most by itself.
SECONDS = 10
XML, SCREEN, RECORDS, HOST = ("the domain's XML", "the screen", "what the recorder wrote",
                              "what the host sees of it")
OWN = {"index.html", "diagnosis.txt", "diagnosis.json", "failed.json"}
LATE = "it did not come in time"
DEAD = "dead"
REVIVAL = 5


class Bundle:
    """The folder that postern makes of a domain, from the first moment on."""

    def __init__(self, folder, name):
        self.folder = pathlib.Path(folder)
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="bundle-", dir=folder))
        settings = self.folder / "postern.conf"
        settings.write_text(f"[store]\nfolder={folder}/store\n", encoding="utf-8")
        self.environment = dict(os.environ, POSTERN_CONFIG=str(settings))
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            [POSTERN, "forensics", name, "-o", str(self.path), "--json"], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment)
        self.seconds = 0
        self.had, self.failed = {}, {}  # of each part the manifest's row; why it is not there

    def await_part(self, path):
        """Returns when that one is written."""
        until = time.monotonic() + SECONDS
        while not (self.path / path).exists():
            expect(time.monotonic() < until and self.process.poll() is None, f"no {path} came")
            time.sleep(0.02)

    def end(self):
        """It has to be whole, sealed, and there within its bound."""
        try:
            out, error = self.process.communicate(timeout=SECONDS + 20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"hung {SECONDS + 20} s past its deadline") from None
        self.seconds = time.monotonic() - self.begun
        expect(self.process.returncode == 0, f"it ends with {self.process.returncode}: {error}")
        expect(self.seconds < SECONDS + GRACE, f"it took {self.seconds:.1f} s")
        manifest = json.loads((self.path / "manifest.json").read_text(encoding="utf-8"))
        expect(manifest["end"] == "complete", f"the manifest says {manifest['end']}")
        for part in manifest["parts"]:
            if "path" in part:
                self.had[part["what"]] = part
            else:
                self.failed[part["what"]] = part.get("error")
        told = json.loads(out)
        expect(told["failed"] == len(self.failed), f"it counts {told}, and failed: {self.failed}")
        expect(all(self.failed.values()), f"of some it is not said why: {self.failed}")
        there = {part["path"] for part in self.had.values()}
        expect(OWN <= there, f"there are only {sorted(there)}")
        page = (self.path / "index.html").read_text(encoding="utf-8")
        expect(("What could not be had, and why" in page) == bool(self.failed),
               f"the page says otherwise; failed: {self.failed}")

    def verify(self):
        """Nothing was changed since; asks nobody."""
        done = subprocess.run([POSTERN, "forensics", "--verify", self.path], check=False, text=True,
                              capture_output=True, timeout=20, env=self.environment)
        expect(done.returncode == 0 and "intact" in done.stdout, f"it is not intact: {done.stdout}")

    def reports(self):
        """By which way each report came, but the host's, of those that there are."""
        return {what: part["via"] for what, part in self.had.items() if what.startswith("report ")}

    def expect_failed(self, what, *words):
        """It could not be had, and the reason has one of these words in it."""
        why = self.failed.get(what)
        expect(why and any(word in why for word in words), f"of {what} it says {why}, not {words}")

    def expect_had(self, *parts):
        """These are there."""
        expect(set(parts) <= set(self.had), f"{set(parts) - set(self.had)} failed: {self.failed}")


def _await_recorded():
    """The guest has recorded all that it does, and answers."""
    await_records("first reports", has_all)
    expect_sound(RECORDED.name, deadline=20)


@scenario(RECORDED, check=False)
def a_bundle_of_a_stopped_qemu():
    """What libvirt, the volume and the kernel know is there; what QEMU alone knows is not."""
    _await_recorded()
    with tempfile.TemporaryDirectory(prefix="postern-bundle-") as folder:
        with Stopped(lab("qemu-pid", RECORDED.name)):
            bundle = Bundle(folder, RECORDED.name)
            bundle.end()
        bundle.expect_had(XML, RECORDS, HOST)
        bundle.expect_failed(SCREEN, LATE, "has not answered libvirt")
        vias = bundle.reports()
        expect("report system" in vias and set(vias.values()) == {"volume"},
               f"by {vias}; failed: {bundle.failed}")
        host = json.loads((bundle.path / "reports/host.json").read_text(encoding="utf-8"))
        found = {one["id"] for one in host["findings"]}
        expect(found & {"host.monitor-silent", "host.stands-still"}, f"the host tells {found}")
        bundle.verify()
    expect_sound(RECORDED.name, deadline=20)


@scenario(pocket("st-late", "late", "3000"), check=False)
def a_bundle_whose_libvirtd_is_stopped_in_the_middle():
    """What was there by then is kept, and all that was not says so."""
    with tempfile.TemporaryDirectory(prefix="postern-bundle-") as folder:
        bundle = Bundle(folder, "st-late")
        bundle.await_part("domain.xml")
        with Stopped(lab("libvirtd-pid")):
            bundle.end()
            bundle.verify()
        bundle.expect_had(XML)
        expect(not bundle.reports(), f"{bundle.reports()} came of a libvirtd that is stopped")
        # It may have been looked at once by then.
        if HOST not in bundle.had:
            bundle.expect_failed(HOST, "in time")
        for what in "report sudo", "report system":
            bundle.expect_failed(what, "in time", "nothing more")
    expect_sound("st-late", deadline=20)


def _revive_pool():
    """libvirt switches a pool off that it could not refresh, as soon as it comes to know that."""
    until = time.monotonic() + REVIVAL
    while time.monotonic() < until:
        if "inactive" in virsh("pool-list", "--all"):
            virsh("pool-start", "postern")
            return
        time.sleep(0.2)


@contextlib.contextmanager
def _dead_pool():
    """Whoever looks at what is in the pool's folder waits, as on a server of NFS that is gone."""
    if os.geteuid() != 0:
        raise Skip("needs root for a mount")
    folder = Volume().folder / DEAD
    folder.mkdir()
    try:
        with deadmount.DeadMount(str(folder), others=True):
            yield
    except deadmount.Skip as reason:
        raise Skip(str(reason)) from reason
    finally:
        folder.rmdir()
        _revive_pool()


@scenario(RECORDED, check=False)
def a_bundle_while_the_pool_does_not_answer():
    """The records are what is missing, and nothing else."""
    _await_recorded()
    with tempfile.TemporaryDirectory(prefix="postern-bundle-") as folder:
        with _dead_pool():
            bundle = Bundle(folder, RECORDED.name)
            bundle.end()
            bundle.verify()
            host = ask(RECORDED.name, "host", deadline=4)
        expect(host.via == "host" and host.json["report"]["data"].get("watched_ms"),
               "what the host sees waits for the pool", host)
        bundle.expect_had(XML, SCREEN, HOST)
        bundle.expect_failed(RECORDS, LATE)
        vias = bundle.reports()
        expect({"report system", "report sudo", "report storage"} <= set(vias),
               f"there are {vias}; failed: {bundle.failed}")
        expect(set(vias.values()) == {"channel"}, f"they came by {vias}")
        # With its pool again nothing is missing.
        again = Bundle(folder, RECORDED.name)
        again.end()
        again.expect_had(RECORDS)
    expect_sound(RECORDED.name, deadline=20)
