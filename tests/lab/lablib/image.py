# SPDX-License-Identifier: LGPL-2.1-or-later
"""The base image of a guest: built once, found again by a digest of all that goes into it."""

import hashlib
import os
import secrets
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from . import paths, sources
from .errors import LabError
from .proc import run

FORMAT = "1"  # Raise it when this file changes what an image is.
SIZE = "3G"
MMDEBSTRAP = "/usr/bin/mmdebstrap"
BUILD_SECONDS = 1800
RECIPE = paths.LAB / "image"
# What a pocket guest loads, beside what these need in their turn.
POCKET_MODULES = ("virtio_pci", "virtio_console", "pvpanic-mmio")
KEPT = 2


@dataclass(frozen=True)
class Image:
    """One bootable image: raw root file system, kernel and initramfs."""

    root: Path
    folder: Path
    own_initrd: Path = None  # instead of the one that the base image was made with

    @property
    def kernel(self):
        return self.folder / "vmlinuz"

    @property
    def initrd(self):
        return self.own_initrd or self.folder / "initrd.img"

    @property
    def modules(self):
        return self.folder / "modules"

    @property
    def known_hosts(self):
        return self.folder / "known_hosts"


def digest_files(parts):
    """SHA-256 over texts and over each file below each folder, name and mode and content."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            total.update(f"text {len(part)}\n{part}\n".encode())
            continue
        files = sorted(p for p in part.rglob("*") if p.is_file()) if part.is_dir() else [part]
        for path in files:
            name = path.relative_to(part) if part.is_dir() else path.name
            content = path.read_bytes()
            executable = os.access(path, os.X_OK)
            total.update(f"file {name} {executable} {len(content)}\n".encode() + content)
    return total.hexdigest()[:16]


def public_key():
    """The public half of the key pair with which `harness` logs in, made at first use."""
    key = paths.KEYS / "id_ed25519"
    if not key.exists():
        run(["/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "harness", "-f",
             str(key)])
    return key.with_suffix(".pub").read_text(encoding="ascii").strip()


def password():
    """The password of `harness`, made at first use: the console asks for it."""
    path = paths.KEYS / "password"
    if not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as out:
            out.write(secrets.token_hex(8) + "\n")
    return path.read_text(encoding="ascii").strip()


def base(release=sources.SUITE):
    """The base image of a Debian release, built if it is not in the cache."""
    with paths.lock("image"):
        key = public_key()
        prefix = "base-" if release == sources.SUITE else f"{release}-"
        folder = paths.IMAGES / (prefix + digest_files([FORMAT, SIZE, key, *POCKET_MODULES, RECIPE,
                                                        *sources.RELEASES[release]]))
        if not folder.is_dir():
            _build(folder, key, release)
        os.utime(folder)
        prune(prefix)
        return Image(folder / "root.img", folder)


def prune(prefix):
    """Removes the images of one kind but for the newest and those that a guest was made from."""
    used = paths.images_in_use()
    found = sorted(paths.IMAGES.glob(prefix + "*"), key=lambda p: p.stat().st_mtime)
    for old in found[:-KEPT]:
        if old.name in used:
            continue
        if old.is_dir():
            shutil.rmtree(old)
        else:
            old.unlink()


def packages(release):
    """The package names of the recipe."""
    text = (RECIPE / "packages").read_text(encoding="ascii")
    return [line for line in text.split("\n") if line and not line.startswith("#")] + \
        sources.RELEASES[release]


def _build(folder, key, release):
    """Builds in a folder of its own and moves the result into place when it is complete."""
    begun = time.monotonic()
    print("lab: building the guest image, two minutes or so", file=sys.stderr)
    for old in paths.IMAGES.glob("building-*"):
        shutil.rmtree(old)
    # An ordinary user's subordinate ids, as which mmdebstrap then works, cannot enter his home.
    place = paths.IMAGES if os.geteuid() == 0 else "/var/tmp"
    work = Path(tempfile.mkdtemp(prefix="postern-lab-", dir=place))
    finished = paths.IMAGES / f"building-{folder.name}"
    try:
        os.chmod(work, 0o755)
        _bootstrap(work / "tree", key, release)
        finished.mkdir()
        _take_out(work / "tree", finished)
        _make_file_system(work / "tree", work / "root.img")
        run(["/usr/bin/cp", "--sparse=always", "--reflink=auto", str(work / "root.img"),
             str(finished / "root.img")])
        finished.rename(folder)
    finally:
        run([*as_tree_root(), "/usr/bin/rm", "-rf", str(work / "tree")], check=False)
        shutil.rmtree(work, ignore_errors=True)
        shutil.rmtree(finished, ignore_errors=True)
    print(f"lab: image built in {time.monotonic() - begun:.0f} s", file=sys.stderr)


def as_tree_root():
    """What an ordinary user puts before a command to be root in a user namespace."""
    return [] if os.geteuid() == 0 else [MMDEBSTRAP, "--unshare-helper"]


def _bootstrap(tree, key, release):
    options = [f"--aptopt={line}" for line in sources.apt_options()]
    environment = dict(os.environ, LAB_KEY=key, LAB_PASSWORD=password())
    done = run([MMDEBSTRAP, "--mode=" + ("root" if os.geteuid() == 0 else "unshare"),
                "--variant=minbase", "--dpkgopt=force-unsafe-io", "--skip=cleanup/reproducible",
                "--include=" + ",".join(packages(release)), *options,
                f"--essential-hook=sync-in {sources.quoted(RECIPE / 'early')} /",
                f"--customize-hook=sync-in {sources.quoted(RECIPE / 'rootfs')} /",
                f"--customize-hook=copy-in {sources.quoted(RECIPE / 'customise')} /tmp",
                "--customize-hook=chroot \"$1\" /bin/sh /tmp/customise",
                release, str(tree), *sources.lines(release)],
               check=False, env=environment, timeout=BUILD_SECONDS)
    if done.returncode != 0:
        log = paths.STATE / "mmdebstrap.log"
        log.write_text(done.stderr, encoding="utf-8")
        said = [line for line in done.stderr.splitlines() if line.startswith("E: ")]
        raise LabError(f"mmdebstrap failed: {said[0] if said else 'no message'} (more in {log})")


def _make_file_system(tree, target):
    """An ext4 file system of the tree, without a loop mount, by whoever the tree belongs to."""
    target.touch()
    os.chmod(target, 0o666)
    run([*as_tree_root(), "/usr/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-L", "guest", "-d",
         str(tree), str(target), SIZE])


def _take_out(tree, work):
    """Kernel, initramfs, host keys and the pocket guests' modules, as files beside the image."""
    release = _one(tree / "lib/modules", "*").name
    for name, pattern in (("vmlinuz", "vmlinuz-*"), ("initrd.img", "initrd.img-*")):
        shutil.copyfile(_one(tree / "boot", pattern), work / name)
    with open(work / "known_hosts", "w", encoding="ascii") as out:
        for public in sorted((tree / "etc/ssh").glob("ssh_host_*_key.pub")):
            kind, data = public.read_text(encoding="ascii").split()[:2]
            out.write(f"postern-lab-guest {kind} {data}\n")
    (work / "modules").mkdir()
    library = tree / "lib/modules" / release
    for number, module in enumerate(_load_order(library)):
        shutil.copyfile(library / module, work / "modules" / f"{number:02}-{Path(module).name}")


def _one(folder, pattern):
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise LabError(f"{len(found)} files match {folder}/{pattern} in the new image, not one")
    return found[0]


def _load_order(library):
    """Paths of the pocket guests' modules, each after those it needs (modules.dep(5))."""
    needs = {}
    for line in (library / "modules.dep").read_text(encoding="ascii").splitlines():
        module, wanted = line.split(":")
        needs[module] = wanted.split()
    order = []

    def add(module):
        for wanted in needs[module]:
            add(wanted)
        if module not in order:
            order.append(module)

    for module in needs:
        if Path(module).name.split(".")[0] in POCKET_MODULES:
            add(module)
    return order
