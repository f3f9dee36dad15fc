# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where the lab keeps its things, and as which user its daemons run.

As root: /var/lib/postern-lab and /run/postern-lab, daemons as the system user postern-lab. As any
other user: that user's XDG state and runtime folders. POSTERN_LAB_DIR puts everything below one
folder instead, which makes a second lab that knows nothing of the first. POSTERN_LAB_NAME makes one
beside the first that shares its images and keys alone: daemons, guests and locks are its own.
"""

import fcntl
import os
import pwd
import re
from contextlib import contextmanager
from pathlib import Path

from .errors import LabError
from .proc import run

LAB_USER = "postern-lab"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,19}\Z")
LAB_NAME = re.compile(r"[a-z0-9]{0,3}\Z")
SHARED_LOCKS = ("image", "peer")

# A Unix socket's path has at most 107 bytes (unix(7)). The longest that libvirt makes for a lab
# guest is CONFIG/libvirt/qemu/channel/target/domain-ID-NAME/PORT; this is what it needs below
# CONFIG with an id of three digits, a name of 20 and org.qemu.guest_agent.0.
SOCKET_PATH_MAX = 107
SOCKET_PATH_TAIL = len("/libvirt/qemu/channel/target/domain-999-") + 20 + \
    len("/org.qemu.guest_agent.0")


def _base_folders():
    override = os.environ.get("POSTERN_LAB_DIR")
    if override:
        base = Path(override).absolute()
        return base, base / "run"
    if os.geteuid() == 0:
        return Path("/var/lib/postern-lab"), Path("/run/postern-lab")
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if not runtime:
        raise LabError("XDG_RUNTIME_DIR is not set: log in through PAM or set POSTERN_LAB_DIR")
    return Path(state) / "postern-lab", Path(runtime) / "pst-lab"


def _own_folders():
    name = os.environ.get("POSTERN_LAB_NAME", "")
    if not LAB_NAME.match(name):
        raise LabError(f"POSTERN_LAB_NAME={name}: up to 3 small letters or digits, as the paths of "
                       "libvirt's sockets are short")
    return (STATE / "labs" / name, SHARED_RUN.parent / f"pst-{name}") if name else \
        (STATE, SHARED_RUN)


STATE, SHARED_RUN = _base_folders()
OWN, RUN = _own_folders()
IMAGES = STATE / "images"
KEYS = STATE / "keys"
GUESTS = OWN / "guests"
SAVED = OWN / "saved"
RECORDS = OWN / "records"
CACHE = OWN / "cache"
DATA = OWN / "data"
CONFIG = RUN / "c"
SOCKETS = RUN / "r"

LAB = Path(__file__).resolve().parent.parent
CHECKOUT = LAB.parent.parent


def check_name(name):
    """Refuses names that libvirt, a path or a socket's length could trip over."""
    if not NAME.match(name):
        raise LabError(f"{name!r} is no guest name: 1 to 20 letters, digits, '.', '_' or '-'")
    return name


def daemon_user():
    """The passwd entry of the user as which the lab's daemons and guests run."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    try:
        return pwd.getpwnam(LAB_USER)
    except KeyError:
        run(["/usr/sbin/useradd", "--system", "--user-group", "--home-dir", str(STATE),
             "--no-create-home", "--shell", "/usr/sbin/nologin", LAB_USER])
        return pwd.getpwnam(LAB_USER)


def prepare():
    """Makes the lab's folders; those that the daemons write to belong to the daemons' user."""
    if len(str(CONFIG)) + SOCKET_PATH_TAIL > SOCKET_PATH_MAX:
        raise LabError(f"{RUN} is too long for libvirt's sockets: set POSTERN_LAB_DIR to a "
                       "shorter path")
    user = daemon_user()
    for folder, mode in ((STATE, 0o755), (IMAGES, 0o755), (KEYS, 0o700), (SHARED_RUN, 0o711),
                         (OWN, 0o755), (RUN, 0o711)):
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
    for folder in (GUESTS, SAVED, RECORDS, CACHE, DATA, CONFIG, SOCKETS):
        if not folder.is_dir():
            folder.mkdir(mode=0o700)
            os.chown(folder, user.pw_uid, user.pw_gid)


@contextmanager
def lock(name, *, wait=True):
    """Holds the lab's lock NAME: one builder of an image, one change of a guest at a time.

    Yields True, or False where another holds it and there is to be no waiting.
    """
    prepare()
    folder = SHARED_RUN if name in SHARED_LOCKS else RUN
    with open(folder / f"{name}.lock", "w", encoding="ascii") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


def images_in_use():
    """The names of the images that a guest of this lab, or of one beside it, was made from."""
    return {line for notes in ("guests/*/images", "labs/*/guests/*/images")
            for note in STATE.glob(notes)
            for line in note.read_text(encoding="utf-8").splitlines()}
