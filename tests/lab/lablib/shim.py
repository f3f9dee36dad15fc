# SPDX-License-Identifier: LGPL-2.1-or-later
"""A copy of the base image with the shim in it, made without mounting anything."""

import os
import tempfile
from pathlib import Path

from . import image, initrd, paths
from .errors import LabError
from .proc import run

FORMAT = "3"  # Raise it when this file changes what an image is.
UNIT = "postern-shim.service"
UNIT_PATH = f"/usr/lib/systemd/system/{UNIT}"
PROGRAM_PATH = "/usr/sbin/postern-shim"
SOCKET = "postern-exec.socket"
# What runs commands: off until a scenario turns it on.
EXEC_UNITS = (SOCKET, "postern-exec.service")
EXEC_PATH = "/usr/sbin/postern-exec"
INITRAMFS = paths.CHECKOUT / "initramfs-tools"
INITRAMFS_PATH = "/usr/share/initramfs-tools"
WANTED_BY = ("sysinit", "rescue", "emergency")


def build_folder(given=None):
    """The meson build folder whose shim is taken: `given`, $POSTERN_BUILD, or CHECKOUT/build."""
    chosen = given or os.environ.get("POSTERN_BUILD")
    return Path(chosen).absolute() if chosen else paths.CHECKOUT / "build"


def with_shim(base, build):
    """The image `base` with the shim of the folder `build` installed, in its initramfs too."""
    program = build / "guest-shim/postern-shim"
    unit = _unit(build, UNIT)
    runner = build / "guest-shim/postern-exec"
    units = [_unit(build, name) for name in EXEC_UNITS]
    for path in (program, unit, runner, *units):
        if not path.is_file():
            raise LabError(f"{path} is not there: build first, say --build DIR, or use --no-shim")
    with paths.lock("image"):
        files = _files(program, unit, runner, units)
        digest = image.digest_files([FORMAT, base.folder.name, *(source for source, _, _ in files)])
        made = image.Image(paths.IMAGES / f"shim-{digest}.img", base.folder,
                           paths.IMAGES / f"initrd-{digest}.img")
        if not made.root.exists() or not made.initrd.exists():
            _build(base, made, files)
        for path in (made.root, made.initrd):
            os.utime(path)
        image.prune("shim-")
        image.prune("initrd-")
    return made


def _unit(build, name):
    built = build / "systemd" / name
    return built if built.is_file() else paths.CHECKOUT / "systemd" / name


def _files(program, unit, runner, units):
    """What is installed: source, path in the guest, mode."""
    return ((program, PROGRAM_PATH, "0755"), (unit, UNIT_PATH, "0644"),
            (runner, EXEC_PATH, "0755"),
            *((path, f"/usr/lib/systemd/system/{path.name}", "0644") for path in units),
            (INITRAMFS / "hook", f"{INITRAMFS_PATH}/hooks/postern-shim", "0755"),
            (INITRAMFS / "init-top", f"{INITRAMFS_PATH}/scripts/init-top/postern-shim", "0755"))


def _build(base, made, files):
    root, archive = made.root.with_suffix(".new"), made.initrd.with_suffix(".new")
    run(["/usr/bin/cp", "--sparse=always", "--reflink=auto", str(base.root), str(root)])
    try:
        _install(root, files)
        # debugfs ends with 0 whatever went wrong: the file system itself has to be asked.
        run(["/usr/sbin/e2fsck", "-fn", str(root)])
        initrd.make(root, archive)
        archive.rename(made.initrd)
        root.rename(made.root)
    finally:
        root.unlink(missing_ok=True)
        archive.unlink(missing_ok=True)


def _install(work, files):
    """debugfs(8) takes one command a line and splits it at blanks: the sources are linked to
    names without any."""
    with tempfile.TemporaryDirectory(prefix="postern-lab-") as folder:
        sources = Path(folder)
        commands = []
        for number, (source, path, mode) in enumerate(files):
            (sources / str(number)).symlink_to(source)
            commands += [f"write {sources}/{number} {path}",
                         f"set_inode_field {path} mode 010{mode}",
                         f"set_inode_field {path} uid 0", f"set_inode_field {path} gid 0"]
        for target in WANTED_BY:
            wants = f"/etc/systemd/system/{target}.target.wants"
            commands += [f"mkdir {wants}", f"symlink {wants}/{UNIT} {UNIT_PATH}",
                         f"symlink {wants}/{SOCKET} /usr/lib/systemd/system/{SOCKET}"]
        script = sources / "commands"
        script.write_text("\n".join(commands) + "\n", encoding="utf-8")
        done = run(["/usr/sbin/debugfs", "-w", "-f", str(script), str(work)])
    # Of a folder that is there already (sysinit.target.wants) it complains in vain.
    said = [line for line in done.stderr.splitlines()[1:]
            if line.strip() and "Ext2 directory already exists" not in line]
    if said:
        raise LabError(f"debugfs could not install the shim: {said[0]}")
