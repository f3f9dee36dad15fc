// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* The kernel's first root, from which the real one is mounted. A shim that was started there serves
 * until it is left: a port can be held by one process only, and the next one is the real root's. */

/* Whether the root is an initramfs: one of systemd's or dracut's, by initrd-release(5), or of
 * initramfs-tools(7). */
gboolean pst_initramfs_is_root(const PstSysroot *sysroot);

typedef void (*PstInitramfsLeft)(gpointer user_data);

/* Calls LEFT once the initramfs is left: whoever leaves it deletes all that is in it, this program
 * among it. Nothing else on the way needs to know of the shim, so nothing can forget to end it. The
 * source is the main loop's; 0 with an error. */
guint pst_initramfs_watch_end(PstInitramfsLeft left, gpointer user_data, GError **error);
