# SPDX-License-Identifier: LGPL-2.1-or-later
"""A mount that does not answer: FUSE without anybody behind it."""

import ctypes
import os
import struct
import threading

from taplib import Skip

CLONE_NEWNS = 0x00020000
MS_REC, MS_PRIVATE = 1 << 14, 1 << 18
MNT_DETACH = 2
FUSE_INIT = 26

libc = ctypes.CDLL(None, use_errno=True)


def enter_namespace():
    """Mounts made after this are seen by this process and its children alone, and end with them."""
    if os.geteuid() != 0:
        raise Skip("needs root for a mount")
    if libc.unshare(CLONE_NEWNS) != 0 or \
            libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) != 0:
        raise Skip("no mount namespace: " + os.strerror(ctypes.get_errno()))


class DeadMount:
    """Whoever looks below PATH waits. With SWALLOW the request is taken and never answered: then not
    even SIGKILL ends the wait, as on a network file system whose server has gone. OTHERS: whoever it
    is; else those alone who run as the caller does."""

    def __init__(self, path, swallow=False, others=False):
        self.path = path
        try:
            self.fd = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise Skip(f"no FUSE: {error}") from error
        options = f"fd={self.fd},rootmode=40000,user_id=0,group_id=0" + \
            (",allow_other" if others else "")
        if libc.mount(b"dead", path.encode(), b"fuse", 0, options.encode()) != 0:
            error = os.strerror(ctypes.get_errno())
            os.close(self.fd)
            raise Skip(f"FUSE can't be mounted: {error}")
        self.taken = 0
        if swallow:
            threading.Thread(target=self._swallow, daemon=True).start()

    def _swallow(self):
        try:
            while True:
                request = os.read(self.fd, 65536 + 4096)
                _, opcode, unique = struct.unpack_from("<IIQ", request)
                if opcode == FUSE_INIT:
                    major, minor, readahead = struct.unpack_from("<III", request, 40)
                    answer = struct.pack("<IIIIHHIIHHI28x", major, min(minor, 31), readahead, 0, 16,
                                         12, 65536, 1, 1, 0, 0)
                    os.write(self.fd, struct.pack("<IiQ", 16 + len(answer), 0, unique) + answer)
                else:
                    self.taken += 1
        except OSError:
            pass  # the mount was ended

    def abort(self):
        """Fails whatever waits (https://docs.kernel.org/filesystems/fuse.html), and unmounts."""
        if self.fd < 0:
            return
        number = os.minor(os.stat("/").st_dev)
        with open("/proc/self/mountinfo", encoding="utf-8") as table:
            for line in table:
                words = line.split()
                if words[4] == self.path:
                    number = int(words[2].split(":")[1])
        if not os.path.exists("/sys/fs/fuse/connections/abort"):
            libc.mount(b"none", b"/sys/fs/fuse/connections", b"fusectl", 0, None)
        with open(f"/sys/fs/fuse/connections/{number}/abort", "w", encoding="utf-8") as file:
            file.write("1")
        libc.umount2(self.path.encode(), MNT_DETACH)
        os.close(self.fd)
        self.fd = -1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.abort()
