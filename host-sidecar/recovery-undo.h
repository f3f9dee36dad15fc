// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/options.h"
#include "host-sidecar/recovery-state.h"

/* The step of `recover` that undoes: a script, fed to a shell in the guest as a detached command
 * whose id is the run's. So it goes on where this process is killed, and whoever takes the run up
 * again finds it by its id. */

/* Reads the script at PATH, which is not empty and has at most PST_RECOVERY_UNDO_MAX bytes, so that
 * it is started with all of it or not at all. NULL with PST_ERROR_USAGE or PST_ERROR_ABSENT. */
#define PST_RECOVERY_UNDO_MAX (16 * 1024)
GBytes *pst_recovery_undo_load(const char *path, GError **error);

/* Notes the guest's boot, in which the id will be known. */
void pst_recovery_undo_prepare(const PstOptions *options, const char *domain,
                               PstRecoveryState *state);

/* Of one that may have been started before: waits for its end, also where the guest is out of reach
 * for up to TIMEOUT_US, and fills in ROW; or tells *OPEN,
 * where it was never started: the guest, which can't have forgotten it, does not know it. FALSE
 * with PST_ERROR_NO_HYPERVISOR where nobody can be asked. */
gboolean pst_recovery_undo_look(const PstOptions *options, const char *domain,
                                const PstRecoveryState *state, gint64 timeout_us,
                                PstRecoveryRow *row, gboolean *open, GError **error);

/* Runs it to its end, for TIMEOUT_US at most, and fills in ROW. FALSE with PST_ERROR_NO_HYPERVISOR
 * where nobody can be asked, and where this process was told to end while it was being started. */
gboolean pst_recovery_undo_run(const PstOptions *options, const char *domain,
                               const PstRecoveryState *state, GBytes *script, gint64 timeout_us,
                               PstRecoveryRow *row, GError **error);
