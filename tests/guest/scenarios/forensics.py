#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A bundle of evidence of a healthy guest, of one that panicked, and one that was interrupted."""

import hashlib
import json
import signal
import subprocess
import time
from html.parser import HTMLParser
from pathlib import Path

from guestlib.errors import check
from guestlib.scenario import TOO_SLOW, TRIES

OWN = ("--recorder",)
BREAK = "chmod 0666 /etc/sudoers.d/harness"


class Page(HTMLParser):
    """What a page would load, run or lead to; and what its style asks for."""

    def __init__(self, text):
        super().__init__()
        self.outside = []
        self._style = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self._style = tag == "style"
        if tag in ("script", "link", "iframe", "object", "embed", "form", "base"):
            self.outside.append(tag)
        for name, value in attrs:
            if (name in ("src", "href", "srcset", "style", "action") or name.startswith("on")) and \
                    not value.startswith(("data:image/png;base64,", "#")):
                self.outside.append(f"{tag} {name}={value}")

    def handle_endtag(self, tag):
        self._style = False

    def handle_data(self, data):
        if self._style and ("url(" in data or "@import" in data):
            self.outside.append("its style")


def _bundle(context, name, *more, deadline=20):
    """A new bundle in the scenario's folder: its path, what was printed, how long it took."""
    path = context.folder / name
    done = context.postern.run("forensics", context.guest.name, "--user", "harness", "-o",
                               str(path), "--json", *more, codes=[0], deadline=deadline)
    told = json.loads(done.out)
    context.log(f"{name}: {told['parts']} parts, {told['bytes']} bytes, {told['failed']} failed, "
                f"{done.seconds:.2f} s\n")
    return path, told, done.seconds


def _manifest(path):
    text = (path / "manifest.json").read_bytes()
    return json.loads(text), hashlib.sha256(text).hexdigest()


def _verify(context, path, code):
    done = context.postern.run("forensics", "--verify", str(path), codes=[code])
    return done.out


def _patiently(context):
    """A bundle in which nothing was too slow, as an emulated guest on a busy machine may be."""
    for number in range(TRIES):
        path, told, _ = _bundle(context, f"healthy-{number}", deadline=30)
        if not TOO_SLOW.search((path / "diagnosis.txt").read_text(encoding="utf-8")):
            break
    return path, told


def _healthy(context):
    path, told = _patiently(context)
    manifest, digest = _manifest(path)
    check(told["status"] == "ok" and told["failed"] == 0,
          f"of a sound guest it says {told['status']}: {told['summary']}; {told['failed']} failed")
    check(digest == told["sha256"], "the manifest's digest is not the one that was printed")
    there = {part["path"] for part in manifest["parts"] if "path" in part}
    wanted = {"index.html", "domain.xml", "screenshot.png", "records.json-seq", "diagnosis.json",
              "diagnosis.txt", "failed.json", "reports/sudo.json", "reports/ssh.json",
              "reports/host.json"}
    check(wanted <= there, f"there is no {sorted(wanted - there)}")
    check(all(part["via"] == "channel" for part in manifest["parts"]
              if part.get("path", "").startswith("reports/")
              and part["path"] != "reports/host.json"), "a report did not come via the channel")
    records = (path / "records.json-seq").read_text(encoding="utf-8").split("\x1e")
    check(records[0] == "" and len(records) > 10 and
          all(json.loads(record)["boot_id"] for record in records[1:-1]), "the records are not whole")
    check(json.loads(records[-1])["whole"] >= len(records) - 2, f"their sum is {records[-1]}")
    page = (path / "index.html").read_text(encoding="utf-8")
    check(not Page(page).outside, f"the page leads outside of itself: {Page(page).outside}")
    check("data:image/png;base64," in page, "the page has no screen")
    check("intact" in _verify(context, path, 0), "it is not intact")
    return path


def _tampered(context, path):
    """Each way of changing it is found, and named."""
    report = path / "reports/sudo.json"
    sound = report.read_bytes()
    report.write_bytes(sound.replace(b"ok", b"OK", 1))
    check("changed  reports/sudo.json" in _verify(context, path, 1), "a changed report passes")
    report.unlink()
    check("missing  reports/sudo.json" in _verify(context, path, 1), "a missing report passes")
    report.write_bytes(sound)
    (path / "reports/more.json").write_bytes(b"{}")
    check("added    reports/more.json" in _verify(context, path, 1), "an added report passes")
    (path / "reports/more.json").unlink()
    text = (path / "manifest.json").read_text(encoding="utf-8")
    (path / "manifest.json").write_text(text.replace('"channel"', '"volume"'), encoding="utf-8")
    check("changed  manifest.json" in _verify(context, path, 1), "a changed manifest passes")
    (path / "manifest.json").write_text(text, encoding="utf-8")
    _verify(context, path, 0)


def _archive(context):
    path, told, _ = _bundle(context, "healthy.tar.zst", deadline=30)
    check(path.is_file() and not Path(f"{path}.partial").exists(), "the folder is left")
    check("intact" in _verify(context, path, 0), "the archive is not intact")
    context.postern.run("forensics", "--verify", str(path), "--digest", told["sha256"], codes=[0])


def _begun(context, name, number):
    """A bundle whose gathering gets a signal when the first parts are there: the process, ended."""
    path = context.folder / name
    words = [context.postern.program, "forensics", context.guest.name, "-o", str(path),
             "--deadline", "60s"]
    with subprocess.Popen(words, env=context.postern.lab.environment, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 10
        while not (path / "domain.xml").exists() and time.monotonic() < until:
            time.sleep(0.05)
        check(process.poll() is None, "it ended before it could be interrupted")
        since = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        seconds = time.monotonic() - since
    context.log(f"{name}: exit status {process.returncode}, {seconds:.2f} s after the signal\n"
                f"{out}{err}")
    return path, process.returncode, out, seconds


def _interrupted(context):
    """What was there by then is sealed and says so; what was killed says that it never was."""
    for number in (signal.SIGINT, signal.SIGTERM):
        path, code, out, seconds = _begun(context, f"interrupted-{number.name}", number)
        check(code == 3 and f"INTERRUPTED by {number.name}" in out, f"it exits {code}: {out}")
        check(seconds < 3, f"it took {seconds:.1f} s to end")
        manifest, _ = _manifest(path)
        check(manifest["end"] == "interrupted" and manifest["interrupted"] == number.name,
              f"the manifest says {manifest['end']}")
        page = (path / "index.html").read_text(encoding="utf-8")
        check("The gathering was interrupted" in page, "the page does not say so")
        check("after it was interrupted" in _verify(context, path, 0), "it is not intact")
    path, code, _, _ = _begun(context, "killed", signal.SIGKILL)
    check(code == -signal.SIGKILL, f"it exits {code}")
    check((path / "domain.xml").stat().st_size > 0, "what was gathered is gone")
    check("never sealed" in _verify(context, path, 1), "a killed gathering passes for sealed")


def _dead(context, name):
    """Records and host evidence of a guest in which nothing answers."""
    path, told, seconds = _bundle(context, name, deadline=10)
    check(seconds < 11, f"it took {seconds:.1f} s")
    manifest, _ = _manifest(path)
    there = {part.get("path"): part for part in manifest["parts"]}
    check({"records.json-seq", "domain.xml", "reports/host.json"} <= set(there),
          f"there are only {sorted(filter(None, there))}")
    check(there["records.json-seq"].get("age_ms", 0) > 0, "the records have no age")
    check(told["status"] == "critical", f"of a dead guest it says {told['status']}")
    page = (path / "index.html").read_text(encoding="utf-8")
    check("sudo.file-world-writable" in page, "the page does not tell the last thing that was known")
    check("intact" in _verify(context, path, 0), "it is not intact")
    return there, page


def run(context):
    """Healthy, changed by somebody, panicked, interrupted, killed, off."""
    context.diagnose()
    path = _healthy(context)
    _tampered(context, path)
    _archive(context)

    context.guest.shell(BREAK)
    time.sleep(20)
    context.guest.breakage("panic", detach=True)
    time.sleep(4)
    there, page = _dead(context, "panicked")
    check("screenshot.png" in there and "data:image/png" in page, "there is no last screen")
    _interrupted(context)
    context.guest.virsh("destroy", context.guest.name)
    there, _ = _dead(context, "off")
    check("not running" in str([part for part in there.values() if part["what"] == "the screen"]),
          "it does not say why there is no screen")
