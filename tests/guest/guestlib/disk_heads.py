# SPDX-License-Identifier: LGPL-2.1-or-later
"""How images of disks begin, for files that are none: what libvirt sees in a pool is by that."""

import struct

# https://gitlab.com/qemu-project/qemu/-/blob/master/docs/interop/qcow2.txt
HEADER_BYTES = 104
CLUSTER_BITS = 16
NO_MORE_EXTENSIONS = struct.pack(">II", 0, 0)


def qcow2(backing, size=1 << 40):
    """The first cluster of a qcow2 image of SIZE bytes over the file BACKING, whose format it does
    not tell: whoever wants to know has to look into that."""
    name = backing.encode()
    header = b"QFI\xfb" + struct.pack(
        ">IQIIQIIQQIIQQQQII", 3, HEADER_BYTES + len(NO_MORE_EXTENSIONS), len(name), CLUSTER_BITS,
        size, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, HEADER_BYTES)
    return (header + NO_MORE_EXTENSIONS + name).ljust(1 << CLUSTER_BITS, b"\0")


def ploop():
    """As of a ploop image, which libvirt reads with a program of that name."""
    return b"WithouFreSpacExt".ljust(1 << CLUSTER_BITS, b"\0")
