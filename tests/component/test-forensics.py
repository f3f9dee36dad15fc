#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""postern forensics without a hypervisor: libvirt's own test driver, whose domain `test` has a
screen and nothing that answers. Usage: test-forensics.py POSTERN [TEST…]"""

import hashlib
import json
import os
import re
import resource
import shutil
import stat
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import deadmount
from taplib import Skip, check, run_all

PROGRAM = os.path.abspath(sys.argv[1])
FOLDER = tempfile.mkdtemp(prefix="postern-forensics-")
# One who has no processes.
OTHER_USER = 61183
PARTS = {"domain.xml", "screenshot.png", "diagnosis.txt", "diagnosis.json", "failed.json",
         "index.html"}


def configuration():
    """The path of a configuration of postern's whose store is not the machine's own."""
    path = os.path.join(FOLDER, "postern.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"[store]\nfolder={FOLDER}/store\n")
    return path


def run(*words, umask=0o022, uri="test:///default"):
    environment = dict(os.environ, LIBVIRT_DEFAULT_URI=uri, HOME=FOLDER,
                       XDG_STATE_HOME=FOLDER + "/state", XDG_RUNTIME_DIR=FOLDER,
                       POSTERN_CONFIG=configuration())
    return subprocess.run([PROGRAM, "forensics", *words], stdin=subprocess.DEVNULL, cwd=FOLDER,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
                          timeout=60, check=False, text=True, umask=umask)


def refused(code, says, *words):
    done = run(*words)
    check(done.returncode == code and not done.stdout, words, done)
    check(says in done.stderr and done.stderr.count("\n") == 1, words, says, done.stderr)


def made(name, *more, **options):
    """The path of a new bundle, and what was printed as JSON."""
    path = os.path.join(FOLDER, name)
    done = run("test", "-o", path, "--json", *more, **options)
    check(done.returncode == 0 and not done.stderr, done)
    return path, json.loads(done.stdout)


def verified(code, path, *words):
    done = run("--verify", path, "--json", *words)
    check(done.returncode == code, code, done)
    return json.loads(done.stdout)


def manifest_of(path):
    with open(os.path.join(path, "manifest.json"), "rb") as file:
        text = file.read()
    return json.loads(text), hashlib.sha256(text).hexdigest()


def test_folder():
    """Every part is there, for its owner alone whatever the umask, and as the manifest has it."""
    for name, umask in (("folder", 0o022), ("open", 0)):
        path, told = made(name, umask=umask)
        manifest, digest = manifest_of(path)
        check(told["sha256"] == digest and told["bundle"] == manifest["bundle"], told)
        check(told["end"] == "complete" and told["status"] == "unknown", told)
        there = {part["path"]: part for part in manifest["parts"] if "path" in part}
        check(set(there) >= PARTS, set(there))
        found = set()
        for folder, folders, names in os.walk(path):
            for one in [folder, *(os.path.join(folder, each) for each in folders)]:
                check(stat.S_IMODE(os.lstat(one).st_mode) == 0o700, one)
            for one in names:
                full = os.path.join(folder, one)
                check(stat.S_IMODE(os.lstat(full).st_mode) == 0o600, full)
                found.add(os.path.relpath(full, path))
        check(found == set(there) | {"manifest.json"}, found)
        for part in there.values():
            with open(os.path.join(path, part["path"]), "rb") as file:
                text = file.read()
            check(hashlib.sha256(text).hexdigest() == part["sha256"], part)
            check(len(text) == part["bytes"], part)


def test_what_failed():
    """Each question that nobody answered is named, with the reason."""
    path, told = made("failed")
    manifest, _ = manifest_of(path)
    failed = {part["what"]: part["error"] for part in manifest["parts"] if "error" in part}
    check(told["failed"] == len(failed), told, failed)
    check("org.postern.shim.0" in failed["report sudo"], failed)
    check("pool postern" in failed["what the recorder wrote"], failed)
    with open(os.path.join(path, "failed.json"), encoding="utf-8") as file:
        questions = json.load(file)["questions"]
    check({f"report {one['probe']}" for one in questions if one["probe"] != "access"} <=
          set(failed), questions)
    check(all(one["error"]["message"] for one in questions), questions)
    with open(os.path.join(path, "index.html"), encoding="utf-8") as file:
        page = file.read()
    check("What could not be had, and why" in page, "the page does not say what failed")
    check("data:image/png;base64," in page, "the page has no screen")
    with open(os.path.join(path, "screenshot.png"), "rb") as file:
        check(file.read(8) == b"\x89PNG\r\n\x1a\n", "the screenshot is no PNG")


def test_text():
    done = run("test", "-o", FOLDER + "/text", "--user", "harness")
    check(done.returncode == 0, done)
    for words in ("test: unknown: ", "bundle    ", "could not be had", "manifest  SHA-256 "):
        check(words in done.stdout, words, done.stdout)
    done = run("test", "-o", FOLDER + "/quiet", "--quiet")
    check(done.returncode == 0 and not done.stdout + done.stderr, done)


def node_with(name, state):
    """The URI of a hypervisor of libvirt's test driver that has a domain of this NAME, in a STATE
    of virDomainState."""
    path = os.path.join(FOLDER, f"node-{state}.xml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"""<node><domain type='test'
            xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
            <name>{name}</name><uuid>0d42a4d8-6a54-4f6d-9b1d-3c1d2f5e6a70</uuid>
            <memory>8192</memory><os><type>hvm</type></os>
            <test:runstate>{state}</test:runstate></domain></node>""")
    return "test://" + path


def test_default_path():
    """By domain and time; several of the same second, and one whose name is long, have theirs."""
    made_at = {}
    for name in ("test", "test", "test", "web-\u20ac" + "x" * 235):
        uri = "test:///default" if name == "test" else node_with(name, 1)
        done = run(name, "--json", uri=uri)
        check(done.returncode == 0, done)
        path = json.loads(done.stdout)["path"]
        made_at.setdefault(name, set()).add(path)
        check(path.startswith("postern-" + ("test-2" if name == "test" else "web-___xxx")), path)
        check(len(path) < 255 and re.search(r"-[0-9]{8}T[0-9]{6}Z(-[0-9]+)?$", path), path)
        check(os.path.isdir(os.path.join(FOLDER, path)), path)
    check(len(made_at["test"]) == 3, made_at)


def test_archive():
    path, told = made("b.tar.zst")
    check(stat.S_IMODE(os.lstat(path).st_mode) == 0o600, "its mode")
    check(not os.path.exists(path + ".partial"), "the folder is left")
    check(verified(0, path)["verdict"] == "intact", "it is not intact")
    check(verified(0, path, "--digest", told["sha256"])["files"] == told["parts"], told)
    with open(path, "r+b") as file:
        file.truncate(os.path.getsize(path) // 2)
    check("Truncated" in verified(1, path)["fault"], "it is not told to be cut")


def test_verify():
    path, told = made("verify")
    done = run("--verify", path)
    check(done.returncode == 0 and "intact: " in done.stdout, done)
    check(not run("--verify", path, "--quiet").stdout, "it is not quiet")
    check(verified(0, path, "--digest", told["sha256"].upper())["verdict"] == "intact", "digest")
    check(verified(1, path, "--digest", "0" * 64)["verdict"] == "changed", "another digest")

    with open(os.path.join(path, "domain.xml"), "r+", encoding="utf-8") as file:
        file.write("<Domain")
    with open(os.path.join(path, "more"), "w", encoding="utf-8"):
        pass
    os.unlink(os.path.join(path, "failed.json"))
    changes = {(one["change"], one["path"]) for one in verified(1, path)["changes"]}
    check(changes == {("changed", "domain.xml"), ("added", "more"), ("missing", "failed.json")},
          changes)
    done = run("--verify", path)
    check(done.returncode == 1 and "changed  domain.xml" in done.stdout, done)


def test_verify_manifest():
    """A manifest that was made to fit what was changed is not the one that was sealed."""
    path, told = made("forged")
    manifest, _ = manifest_of(path)
    manifest["summary"] = "nothing is wrong"
    with open(os.path.join(path, "manifest.json"), "w", encoding="utf-8") as file:
        json.dump(manifest, file)
    outcome = verified(1, path)
    check(outcome["sealed_sha256"] == told["sha256"] and not outcome["changes"], outcome)
    manifest["bundle"] = "0" * 32
    with open(os.path.join(path, "manifest.json"), "w", encoding="utf-8") as file:
        json.dump(manifest, file)
    forged = verified(1, path)
    check(forged["verdict"] == "changed" and forged["path_bundle"], "another was sealed at this path")
    away = path + "-away"
    os.rename(path, away)
    check(verified(3, away)["verdict"] == "unvouched", "nobody vouches for it")
    os.rename(away, path)
    check(verified(1, path, "--digest", told["sha256"])["verdict"] == "changed", "the digest does")


def test_verify_unsealed():
    path, _ = made("unsealed")
    os.unlink(os.path.join(path, "manifest.json"))
    done = run("--verify", path)
    check(done.returncode == 1 and "never sealed" in done.stdout, done)


def test_refused():
    path, _ = made("there")
    refused(74, "is not empty", "test", "-o", path)
    os.symlink(FOLDER, FOLDER + "/link")
    refused(74, "link: ", "test", "-o", FOLDER + "/link")
    refused(74, "none/x: No such file", "test", "-o", FOLDER + "/none/x")
    refused(68, "none", "none", "-o", FOLDER + "/never")
    check(not os.path.exists(FOLDER + "/never"), "a bundle of no domain was begun")
    archive, _ = made("there.tar.zst")
    refused(74, "is there already", "test", "-o", archive)
    os.mkdir(FOLDER + "/left.tar.zst.partial")
    refused(74, "begun there and not ended", "test", "-o", FOLDER + "/left.tar.zst")
    refused(3, "No such file", "--verify", FOLDER + "/never")
    done = run("--verify", PROGRAM)
    check(done.returncode == 1 and "broken: this is no bundle" in done.stdout, done)


def test_misuse():
    refused(64, "usage: postern forensics DOMAIN")
    refused(64, "usage: postern forensics DOMAIN", "a", "b")
    refused(64, "--verify PATH", "test", "--verify", FOLDER)
    refused(64, "--verify PATH", "--verify", FOLDER, "-o", "x")
    refused(64, "goes with --verify", "test", "--digest", "0" * 64)
    refused(64, "64 hexadecimal digits", "--verify", FOLDER, "--digest", "0" * 63)
    refused(64, "64 hexadecimal digits", "--verify", FOLDER, "--digest", "g" * 64)


def test_no_such_archive():
    """A folder is made of no name that means an archive, or standard output."""
    for name in ("x.tar.gz", "x.TGZ", "x.tar", "x.zip", "x.zst", "x.TAR.ZST", ".xz"):
        refused(64, ".tar.zst", "test", "-o", FOLDER + "/" + name)
        check(not os.path.lexists(FOLDER + "/" + name), name)
    refused(64, "standard output", "test", "-o", "-")
    check(not os.path.lexists(FOLDER + "/-"), "-")
    for name in ("./-", "tar", "x.tar.gz.d"):
        path, _ = made(name)
        check(os.path.isdir(path), path)


def test_off():
    """Counters that can't move are not watched."""
    for state, watched in ((5, False), (1, True)):
        path = os.path.join(FOLDER, f"state-{state}")
        done = run("web", "-o", path, uri=node_with("web", state))
        check(done.returncode == 0, done)
        with open(path + "/reports/host.json", encoding="utf-8") as file:
            data = json.load(file)["data"]
        check(data["state"] == ("running" if watched else "off"), data)
        check(("watched_ms" in data) == watched, data)


def bundle_with_threads(folder, most):
    """What a bundle says of its parts, made by a user who may have so many threads; None where
    there was none to look for the domain."""
    done = subprocess.run(
        [PROGRAM, "forensics", "test", "-o", f"{folder}/{most}", "--deadline", "3s"], check=False,
        env=dict(os.environ, LIBVIRT_DEFAULT_URI="test:///default", HOME=folder,
                 XDG_STATE_HOME=folder, XDG_RUNTIME_DIR=folder, XDG_CACHE_HOME=folder,
                 POSTERN_CONFIG=folder + "/postern.conf"),
        stdin=subprocess.DEVNULL, capture_output=True, user=OTHER_USER, timeout=60, cwd=folder,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (most, most)))
    if done.returncode != 0:
        return None
    manifest, _ = manifest_of(f"{folder}/{most}")
    return {part["what"]: part.get("error") for part in manifest["parts"]}


def test_no_thread():
    """Where there is no thread to ask in, that is said, and not that nothing came in time."""
    if os.geteuid() != 0:
        raise Skip("needs root to be another user")
    with tempfile.TemporaryDirectory(prefix="postern-threads-") as folder:
        with open(folder + "/postern.conf", "w", encoding="utf-8") as file:
            file.write(f"[store]\nfolder={folder}/store\n")
        os.chmod(folder + "/postern.conf", 0o644)
        os.chown(folder, OTHER_USER, -1)
        said = []
        for most in range(2, 12):
            try:
                parts = bundle_with_threads(folder, most)
            except PermissionError as error:
                raise Skip(f"another user can't run it: {error}") from error
            said.append((most, parts and parts["report sudo"]))
        # How many threads there are besides is libvirt's affair: which of ours finds none differs.
        whys = [why for _, why in said if why is not None]
        check(any("no thread left for" in why for why in whys), said)
        check(not any("in time" in why for why in whys), said)
        check("org.postern.shim.0" in (said[-1][1] or ""), said)


def mount_small(name, size):
    """A new small file system below FOLDER."""
    if not ISOLATED:
        raise Skip("no mount namespace for a small file system")
    path = os.path.join(FOLDER, name)
    os.mkdir(path)
    if deadmount.libc.mount(b"none", path.encode(), b"tmpfs", 0, f"size={size}".encode()) != 0:
        raise Skip("no small file system can be mounted")
    return path


def test_small_disk():
    """The page and the diagnosis are there whatever else is not; what was had and could not be
    written is told apart from what was not had, and is no success."""
    for size, lost in (("64k", True), ("100k", True), ("160k", None), ("256k", False)):
        path = mount_small("small" + size, size) + "/b"
        done = run("test", "-o", path, "--json")
        told = json.loads(done.stdout)
        manifest, _ = manifest_of(path)
        parts = manifest["parts"]
        unwritten = {part["what"]: part for part in parts if part.get("unwritten")}
        check(lost is None or lost == bool(unwritten), size, told)
        check(done.returncode == (74 if unwritten else 0), size, done)
        check(told["unwritten"] == len(unwritten) and not told["not_whole"], size, told)
        check(told["failed"] == sum("path" not in part and not part.get("unwritten")
                                    for part in parts), size, told)
        check(all("No space left" in part["error"] and "path" not in part
                  for part in unwritten.values()), unwritten)
        there = set(os.listdir(path))
        check(there >= {"index.html", "diagnosis.txt", "diagnosis.json"}, size, there)
        with open(path + "/index.html", encoding="utf-8") as file:
            page = file.read()
        check(page.endswith("</html>\n") and ("No space left" in page) == bool(unwritten), size)
        outcome = verified(0, path)
        check(outcome["verdict"] == "intact" and outcome["unwritten"] == len(unwritten), outcome)


def test_full_disk():
    """What could not be written has a line of its own, also where nothing else is printed; where
    there is no room for a manifest, nothing is begun."""
    small = mount_small("full", "64k")
    done = run("test", "-o", small + "/b", "--quiet")
    check(done.returncode == 74, done)
    lines = [line for line in done.stdout.splitlines() if line.startswith("LOST ")]
    check(len(lines) == 1 and "the screen" in lines[0] and "No space left" in lines[0], done)
    said = run("--verify", small + "/b").stdout
    check("it is not all that there was" in said and "the screen" in said, said)
    shutil.rmtree(small + "/b")
    with open(small + "/fill", "wb") as file:
        try:
            file.write(b"x" * 200000)
        except OSError:
            pass
    refused(74, "full/none: No space left", "test", "-o", small + "/none")
    check(not os.path.exists(small + "/none"), "a folder is left")


def isolate():
    """The audit records of these tests do not belong into the machine's own log."""
    try:
        deadmount.enter_namespace()
    except Skip:
        return False
    return deadmount.libc.mount(b"none", b"/var/log", b"tmpfs", 0, None) == 0


if __name__ == "__main__":
    ISOLATED = isolate()
    try:
        run_all(sys.modules[__name__])
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
