// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* The kernel's own news of devices (netlink(7), NETLINK_KOBJECT_UEVENT), which need no udev. */

/* A non-blocking socket that becomes readable when a device comes or goes; -1 with
 * PST_ERROR_UNAVAILABLE. */
int pst_uevent_open(GError **error);

/* Discards what is there: the news itself is not needed, only that there is some. */
void pst_uevent_drain(int fd);
