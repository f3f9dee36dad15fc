// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* Virtio-serial ports by their names, without udev: /sys/class/virtio-ports/DEVICE/name. */

/* Loads the kernel's virtio_console where it is missing. Where it can't be loaded, the ports may
 * still appear. */
void pst_port_device_load_module(const PstSysroot *sysroot);

/* Opens the port called NAME, non-blocking, for reading and writing. -1 without an error where it
 * is not there (yet), with PST_ERROR_UNAVAILABLE where it is and can't be opened: a port has one
 * user at a time, and no uevent tells when another lets go of it. */
int pst_port_device_open(const PstSysroot *sysroot, const char *name, GError **error);
