# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lab's own libvirtd and virtlogd.

libvirtd run by a user other than root is a daemon of that user alone ("session mode"), which
keeps everything below the XDG folders that it is given. So the machine's own domains and daemons
are never seen, and a test may stop, kill or restart this one.
"""

import os
import signal
import time

from . import kvm, paths
from .errors import LabError
from .proc import run

LIBVIRTD = "/usr/sbin/libvirtd"
VIRTLOGD = "/usr/sbin/virtlogd"
RUNTIME = paths.SOCKETS / "libvirt"
SOCKET = RUNTIME / "libvirt-sock"
READY_SECONDS = 30
POOL = "postern"


def uri():
    """The URI under which root and the lab's user reach the lab's libvirt."""
    return f"qemu+unix:///session?socket={SOCKET}"


def pid_of(program):
    """The process id of one of the lab's daemons, or None."""
    try:
        pid = int((RUNTIME / f"{program}.pid").read_text(encoding="ascii"))
        name = os.path.basename(os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)"))
    except (OSError, ValueError):
        return None
    return pid if name == program else None


def start():
    """Starts what is not running yet, and returns when libvirt answers."""
    paths.prepare()
    with paths.lock("daemon"):
        _link_saved_states()
        if pid_of("virtlogd") is None:
            _spawn([VIRTLOGD, "-d"])
        if pid_of("libvirtd") is None:
            _spawn([LIBVIRTD, "-d"])
        _wait_until_ready()
        _define_pool()


def _define_pool():
    """The storage pool through which the recorders' files are read."""
    def call(*words):
        return run(["/usr/bin/virsh", "-q", "-c", uri(), *words], check=False,
                   timeout=READY_SECONDS)

    if call("pool-info", POOL).returncode != 0:
        call("pool-define-as", POOL, "dir", "--target", str(paths.RECORDS))
    if "running" not in call("pool-info", POOL).stdout:
        call("pool-start", POOL)


def stop(program):
    """Ends one daemon, also one that a test has stopped; it is killed if it will not end."""
    pid = pid_of(program)
    if pid is None:
        return
    for number in (signal.SIGCONT, signal.SIGTERM):
        os.kill(pid, number)
    deadline = time.monotonic() + 10
    while pid_of(program) == pid:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            deadline = time.monotonic() + 10
        time.sleep(0.05)


def restart(program="libvirtd"):
    """Restarts one of the daemons; guests and the other go on running.

    A recorder whose file virtlogd held is not heard any more then, until its device is attached anew.
    """
    with paths.lock("restart"):
        stop(program)
        start()


def _environment():
    keep = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(paths.STATE), "LC_ALL": "C.UTF-8"}
    return keep | {"XDG_CONFIG_HOME": str(paths.CONFIG), "XDG_RUNTIME_DIR": str(paths.SOCKETS),
                   "XDG_CACHE_HOME": str(paths.CACHE), "XDG_DATA_HOME": str(paths.DATA),
                   "XDG_STATE_HOME": str(paths.DATA)}


def _spawn(argv):
    """Runs a daemon that detaches itself, as the lab's user if root starts it."""
    run(argv, timeout=READY_SECONDS, env=_environment(), cwd="/", umask=0o077,
        **kvm.as_guests_do())


def _link_saved_states():
    """States of guests at rest are as large as their memory: not for a tmpfs below /run."""
    user = paths.daemon_user()
    library = paths.CONFIG / "libvirt/qemu"
    for folder in (paths.CONFIG / "libvirt", library):
        if not folder.is_dir():
            folder.mkdir(mode=0o700)
            os.chown(folder, user.pw_uid, user.pw_gid)
    for name in ("save", "dump"):
        if not (library / name).exists():
            (library / name).symlink_to(paths.SAVED)


def _wait_until_ready():
    deadline = time.monotonic() + READY_SECONDS
    argv = ["/usr/bin/virsh", "-q", "-c", uri(), "version"]
    while True:
        done = run(argv, check=False, timeout=READY_SECONDS)
        if done.returncode == 0:
            return
        if time.monotonic() > deadline:
            said = done.stderr.strip().splitlines() or ["no message"]
            raise LabError(f"the lab's libvirtd does not answer at {uri()}: {said[0]}")
        time.sleep(0.2)
