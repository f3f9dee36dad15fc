// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/health-memory.h"

/* Where a sweep's memory is kept, and the lock that keeps sweeps of one hypervisor apart: two files
 * of the sidecar's own (store-file.h) in the folder `health` beside the store. The kernel gives the
 * lock back however its holder ends. */

typedef struct PstHealthFile PstHealthFile;

/* The folder, as the configuration says of the store. NULL with PST_ERROR_USAGE. */
char *pst_health_file_folder(GKeyFile *config, GError **error);

/* Takes the lock for the hypervisor that libvirt calls URI: PST_ERROR_BUSY where another sweep has
 * it, which is named where that is known; PST_ERROR_UNAVAILABLE where there is no place. */
PstHealthFile *pst_health_file_open(const char *folder, const char *uri, GError **error);
void pst_health_file_free(PstHealthFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstHealthFile, pst_health_file_free)

/* What the last sweep left; an empty one where that is nothing, or can't be understood. */
PstHealthMemory *pst_health_file_read(const PstHealthFile *file);

/* PST_ERROR_UNAVAILABLE. */
gboolean pst_health_file_write(const PstHealthFile *file, PstHealthMemory *memory, GError **error);
