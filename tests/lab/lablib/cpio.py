# SPDX-License-Identifier: LGPL-2.1-or-later
"""An initramfs as the kernel takes it: a cpio archive in the format `newc`.

https://docs.kernel.org/driver-api/early-userspace/buffer-format.html
"""

import os
import stat


class Archive:
    """Collects entries; `data()` is the archive."""

    def __init__(self):
        self._parts = []
        self._inode = 0

    def add(self, name, mode, content=b"", device=(0, 0)):
        """Adds one entry, owned by root; folders must come before what is in them."""
        encoded = name.encode("utf-8") + b"\0"
        self._inode += 1
        fields = (self._inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(encoded), 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields)
        self._parts += [_padded(header + encoded), _padded(content)]

    def add_folder(self, name):
        """Adds an empty folder."""
        self.add(name, stat.S_IFDIR | 0o755)

    def add_program(self, name, path):
        """Adds a copy of the file `path`, executable."""
        self.add(name, stat.S_IFREG | 0o755, path.read_bytes())

    def add_character_device(self, name, major, minor):
        """Adds a character device."""
        self.add(name, stat.S_IFCHR | 0o600, device=(major, minor))

    def write(self, path):
        """Writes the archive to `path`, which appears only when it is complete."""
        self.add("TRAILER!!!", 0)
        work = path.with_suffix(".new")
        work.write_bytes(b"".join(self._parts))
        os.chmod(work, 0o644)
        work.rename(path)


def _padded(data):
    return data + b"\0" * (-len(data) % 4)
