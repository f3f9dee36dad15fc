// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest.h"
#include "protocol/report-host.h"

/* What only QEMU's monitor, or libvirt while it holds the domain, tells: tasks (task.h) that may
 * never end. Each takes a PstGuest. */

/* A PstHostData with disks, interfaces, memory, and of each processor how long it waited. */
gpointer pst_host_devices_read(gpointer guest, GError **error);
void pst_host_devices_free(gpointer data);

/* Moves them into DATA, where there may be processors already. */
void pst_host_devices_move(PstHostData *devices, PstHostData *data);

/* A PstHostJob, whose operation is NULL where there is none. */
gpointer pst_host_devices_job(gpointer guest, GError **error);
void pst_host_devices_free_job(gpointer job);
