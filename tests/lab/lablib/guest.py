# SPDX-License-Identifier: LGPL-2.1-or-later
"""The life of a full guest: up, down, reset."""

import os
import shutil
import sys
import time
import uuid

from . import agent, daemon, domain, image, paths, shim, virsh
from .errors import LabError
from .proc import run

SNAPSHOT = "clean"
BOOT_SECONDS = 600
APPEND = "root=/dev/vda rw console=ttyS0 quiet"


def overlay(name):
    """The guest's own disk."""
    return paths.GUESTS / name / "root.qcow2"


def clear(name):
    """Removes what an earlier guest of this name left; refuses a running or foreign one."""
    paths.check_name(name)
    if name in virsh.names():
        virsh.mark(name)
        if virsh.state(name) != "shut off":
            raise LabError(f"{name} is up already: 'lab reset {name}' or 'lab down {name}'")
        identity = virsh.call("domuuid", name).stdout.strip()
        virsh.call("undefine", name, "--snapshots-metadata", "--managed-save")
        for part in paths.RECORDS.glob(f"{identity}.*"):
            part.unlink()
    shutil.rmtree(paths.GUESTS / name, ignore_errors=True)


def sweep():
    """Removes what is left of guests that libvirt no longer knows, as after a reboot."""
    known = virsh.names()
    for path in paths.GUESTS.iterdir():
        if path.name not in known:
            with paths.lock(f"guest-{path.name}", wait=False) as free:
                if free and path.name not in virsh.names():
                    shutil.rmtree(path, ignore_errors=True)


def folder(name, used):
    """Makes the guest's folder, with a note of the images that it needs for as long as it is."""
    path = paths.GUESTS / name
    user = paths.daemon_user()
    path.mkdir(mode=0o700)
    os.chown(path, user.pw_uid, user.pw_gid)
    (path / "images").write_text("".join(f"{entry.name}\n" for entry in used), encoding="utf-8")
    return path


def start(guest):
    """Defines and starts a domain; on failure nothing of it is left."""
    definition = paths.GUESTS / guest.name / "domain.xml"
    definition.write_text(guest.xml(), encoding="utf-8")
    try:
        virsh.call("define", str(definition))
        virsh.call("start", guest.name)
    except LabError:
        virsh.call("undefine", guest.name, check=False)
        shutil.rmtree(paths.GUESTS / guest.name, ignore_errors=True)
        raise


def up(name, options):
    """Makes and boots a full guest, waits until it is at rest and takes the clean snapshot."""
    paths.check_name(name)
    begun = time.monotonic()
    chosen = image.base(options.release)
    if not options.no_shim:
        chosen = shim.with_shim(chosen, shim.build_folder(options.build))
    daemon.start()
    sweep()
    with paths.lock(f"guest-{name}"):
        clear(name)
        folder(name, [chosen.folder, chosen.root, chosen.initrd])
        _make_overlay(name, chosen.root)
        start(_describe(name, chosen, options))
        if options.no_wait:
            return
        wait_until_up(name, with_shim=not options.no_shim and not options.no_channel)
        booted = time.monotonic()
        if not options.no_snapshot:
            virsh.call("snapshot-create-as", name, SNAPSHOT)
    print(f"lab: {name} is up after {booted - begun:.1f} s", file=sys.stderr)


def _make_overlay(name, root):
    disk = overlay(name)
    run(["/usr/bin/qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(root),
         str(disk)])
    user = paths.daemon_user()
    os.chown(disk, user.pw_uid, user.pw_gid)


def _describe(name, chosen, options):
    identity = uuid.uuid4()
    port = domain.free_port()
    channels = [domain.AGENT_PORT, domain.ECHO_PORT]
    if not options.no_channel:
        channels.insert(1, domain.SHIM_PORT)
    append = f"{APPEND} systemd.machine_id={identity.hex} {options.append}".strip()
    mark = {"kind": "full", "ssh-port": port, "image": chosen.folder.name,
            "shim": "no" if options.no_shim else "yes"}
    return domain.Domain(name, chosen.kernel, chosen.initrd, append, options.memory, channels,
                         mark, disk=overlay(name), ssh_port=port, cpus=options.cpus,
                         panic_device=options.panic_device,
                         recorder=paths.RECORDS / f"{identity}.records" if options.recorder
                         else None,
                         console_log=paths.RECORDS / f"{identity}.console" if options.console_log
                         else None, identity=identity)


def wait_until_up(name, *, with_shim):
    """Returns when the agent answers, systemd has no job left and the shim holds its port."""
    deadline = time.monotonic() + BOOT_SECONDS
    _until(deadline, lambda: agent.answers(name), name, "its agent does not answer")
    code, out, _ = agent.execute(name, "/usr/bin/systemctl", ["is-system-running", "--wait"],
                                 timeout=BOOT_SECONDS)
    if code != 0:
        print(f"lab: systemd in {name} says: {out.decode(errors='replace').strip()}",
              file=sys.stderr)
    # systemd calls itself running while udev still renames interfaces.
    agent.execute(name, "/usr/bin/udevadm", ["settle"], timeout=BOOT_SECONDS)
    agent.execute(name, "/usr/bin/systemctl", ["is-system-running", "--wait"],
                  timeout=BOOT_SECONDS)
    if with_shim:
        wait_for_port(name, domain.SHIM_PORT, deadline)


def wait_for_port(name, port, deadline=None):
    """Returns when the guest holds one of its virtio ports open."""
    _until(deadline or time.monotonic() + BOOT_SECONDS,
           lambda: virsh.port_state(name, port) == "connected", name, f"it does not open {port}")


def _until(deadline, is_so, name, complaint):
    while not is_so():
        if virsh.state(name) != "running":
            raise LabError(f"{name} is {virsh.state(name)}: it should be booting")
        if time.monotonic() > deadline:
            raise LabError(f"{name} is not up after {BOOT_SECONDS} s: {complaint}; "
                           f"look with 'lab console {name}'")
        time.sleep(0.3)


def down(name):
    """Destroys a guest and all that is kept of it."""
    with paths.lock(f"guest-{name}"):
        virsh.mark(name)
        if virsh.state(name) != "shut off":
            virsh.call("destroy", name)
        clear(name)


def reset(name):
    """Reverts to the clean snapshot; then the guest's clock, which the snapshot stopped, is set."""
    with paths.lock(f"guest-{name}"):
        mark = virsh.mark(name)
        if mark["kind"] != "full":
            raise LabError(f"{name} is a pocket guest: it has no snapshot, make it anew")
        virsh.call("snapshot-revert", name, SNAPSHOT, "--running")
        deadline = time.monotonic() + BOOT_SECONDS
        _until(deadline, lambda: agent.answers(name), name, "its agent does not answer")
        agent.set_clock(name)
