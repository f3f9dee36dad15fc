// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Writes to DEVICE, of SIZE bytes, the path of the virtio port called NAME: /dev/vportNpM, found
 * through /sys/class/virtio-ports, which needs no udev. 0, or -1 where there is none yet. */
int pst_peer_port_find(const char *name, char *device, size_t size);

/* Opens DEVICE, waiting for as long as it does not exist or another process holds it (EBUSY). */
int pst_peer_port_open(const char *device);

/* As read(2), but waits while no host is connected; then a port reads 0 bytes at once. -1 with
 * errno ENODEV where the port has been unplugged. */
ssize_t pst_peer_port_read(int fd, void *data, size_t size);

/* Writes all of DATA; waits where the host does not read. -1 where the port is gone. */
int pst_peer_port_write(int fd, const void *data, size_t size);

/* The number in TEXT, with an optional k, m or g for powers of 1024; FALLBACK where TEXT is NULL.
 * Ends the program where TEXT is no number. */
uint64_t pst_peer_port_number(const char *text, uint64_t fallback);
