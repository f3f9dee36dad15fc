# SPDX-License-Identifier: LGPL-2.1-or-later
"""A copy of the base image with the shim in it, made without mounting anything."""

import os
import tempfile
from pathlib import Path

from . import image, paths
from .errors import LabError
from .proc import run

FORMAT = "1"  # Raise it when this file changes what an image is.
UNIT = "postern-shim.service"
UNIT_PATH = f"/usr/lib/systemd/system/{UNIT}"
PROGRAM_PATH = "/usr/sbin/postern-shim"
WANTED_BY = ("sysinit", "rescue", "emergency")


def build_folder(given=None):
    """The meson build folder whose shim is taken: `given`, $POSTERN_BUILD, or CHECKOUT/build."""
    chosen = given or os.environ.get("POSTERN_BUILD")
    return Path(chosen).absolute() if chosen else paths.CHECKOUT / "build"


def with_shim(base, build):
    """The image `base` with the shim of the folder `build` installed."""
    program = build / "guest-shim/postern-shim"
    unit = build / "systemd" / UNIT
    if not unit.is_file():
        unit = paths.CHECKOUT / "systemd" / UNIT
    for path in (program, unit):
        if not path.is_file():
            raise LabError(f"{path} is not there: build first, say --build DIR, or use --no-shim")
    with paths.lock("image"):
        digest = image.digest_files([FORMAT, base.folder.name, program, unit])
        root = paths.IMAGES / f"shim-{digest}.img"
        if not root.exists():
            _build(base, root, program, unit)
        os.utime(root)
        image.prune("shim-")
    return image.Image(root, base.folder)


def _build(base, root, program, unit):
    work = root.with_suffix(".new")
    run(["/usr/bin/cp", "--sparse=always", "--reflink=auto", str(base.root), str(work)])
    try:
        _install(work, program, unit)
        # debugfs ends with 0 whatever went wrong: the file system itself has to be asked.
        run(["/usr/sbin/e2fsck", "-fn", str(work)])
        work.rename(root)
    finally:
        work.unlink(missing_ok=True)


def _install(work, program, unit):
    """debugfs(8) takes one command a line and splits it at blanks: the sources are linked to
    names without any."""
    with tempfile.TemporaryDirectory(prefix="postern-lab-") as folder:
        sources = Path(folder)
        (sources / "program").symlink_to(program)
        (sources / "unit").symlink_to(unit)
        commands = [f"write {sources}/program {PROGRAM_PATH}",
                    f"write {sources}/unit {UNIT_PATH}"]
        for path, mode in ((PROGRAM_PATH, "0100755"), (UNIT_PATH, "0100644")):
            commands += [f"set_inode_field {path} mode {mode}",
                         f"set_inode_field {path} uid 0", f"set_inode_field {path} gid 0"]
        for target in WANTED_BY:
            wants = f"/etc/systemd/system/{target}.target.wants"
            commands += [f"mkdir {wants}", f"symlink {wants}/{UNIT} {UNIT_PATH}"]
        script = sources / "commands"
        script.write_text("\n".join(commands) + "\n", encoding="utf-8")
        done = run(["/usr/sbin/debugfs", "-w", "-f", str(script), str(work)])
    # Of a folder that is there already (sysinit.target.wants) it complains in vain.
    said = [line for line in done.stderr.splitlines()[1:]
            if line.strip() and "Ext2 directory already exists" not in line]
    if said:
        raise LabError(f"debugfs could not install the shim: {said[0]}")
