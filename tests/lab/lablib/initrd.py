# SPDX-License-Identifier: LGPL-2.1-or-later
"""An image's initramfs, made by the guest's own mkinitramfs with the hooks that are in the image."""

import os
import shutil
import tempfile

from . import image, paths
from .errors import LabError
from .proc import run

# What mkinitramfs runs, and what it reads and takes in.
TAKEN = ("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib64", "/usr/share/initramfs-tools", "/etc",
         "/boot")
MERGED = ("bin", "sbin", "lib", "lib64")
MADE = ("dev", "proc", "sys", "tmp", "var/tmp", "usr/share")
OUTPUT = "tmp/initrd"
SECONDS = 120


def make(root, target):
    """Writes the initramfs of the image file `root` to `target`."""
    place = paths.IMAGES if os.geteuid() == 0 else "/var/tmp"
    with tempfile.TemporaryDirectory(prefix="postern-lab-", dir=place,
                                     ignore_cleanup_errors=True) as work:
        os.chmod(work, 0o755)
        tree = f"{work}/tree"
        as_root = image.as_tree_root()
        try:
            run([*as_root, "/usr/bin/mkdir", "-p", *(f"{tree}/{folder}" for folder in MADE)])
            _take_out(as_root, root, tree)
            _run_in(as_root, tree)
            shutil.copyfile(f"{tree}/{OUTPUT}", target)
        finally:
            run([*as_root, "/usr/bin/rm", "-rf", tree], check=False)


def _take_out(as_root, root, tree):
    """debugfs(8) needs no mount, and takes one command a line, split at blanks: it is told to begin
    in the tree."""
    commands = "".join(f"rdump {path} .{os.path.dirname(path)}\n" for path in TAKEN)
    run([*as_root, "/usr/sbin/debugfs", "-f", "/dev/stdin", str(root)], stdin=commands, cwd=tree)
    for name in MERGED:
        run([*as_root, "/usr/bin/ln", "-s", f"usr/{name}", f"{tree}/{name}"])


def _run_in(as_root, tree):
    releases = os.listdir(f"{tree}/usr/lib/modules")
    if len(releases) != 1:
        raise LabError(f"the image has {len(releases)} kernels, not one")
    done = run([*as_root, "/usr/sbin/chroot", tree, "/usr/sbin/mkinitramfs", "-o", f"/{OUTPUT}",
                releases[0]], env={"PATH": "/usr/sbin:/usr/bin", "LC_ALL": "C"}, timeout=SECONDS,
               label="mkinitramfs")
    # It warns of what an image need not have, such as fsck.
    said = [line for line in done.stderr.splitlines() if line.startswith("E: ")]
    if said:
        raise LabError(f"mkinitramfs says: {said[0]}")
