// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/recovery-state.h"

/* Where `recover` keeps how far it has come with a guest, and the lock that keeps two of them
 * apart: two files of the sidecar's own (store-file.h) in the folder `recover` beside the store.
 * The kernel gives the lock back however its holder ends. */

typedef struct PstRecoveryFile PstRecoveryFile;

/* Takes the lock for the domain UUID of the hypervisor that libvirt calls URI. CALLER is who does,
 * in words. PST_ERROR_BUSY where another recover of it is under way, which is told with whose it is
 * and since when; PST_ERROR_UNAVAILABLE where there is no place, PST_ERROR_USAGE. */
PstRecoveryFile *pst_recovery_file_open(GKeyFile *config, const char *uri, const char *uuid,
                                        const char *caller, GError **error);
/* The same for who only looks: takes no lock, makes nothing, and nothing can be written. */
PstRecoveryFile *pst_recovery_file_peek(GKeyFile *config, const char *uri, const char *uuid,
                                        GError **error);
void pst_recovery_file_free(PstRecoveryFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstRecoveryFile, pst_recovery_file_free)

/* What the last one left. FALSE with the error where it can't be read or understood: nothing may be
 * done then, since what was done is not known: PST_ERROR_USAGE, or PST_ERROR_NO_PERMISSION where it
 * is no file of the user's own. *STATE is NULL where there is none. */
gboolean pst_recovery_file_read(const PstRecoveryFile *file, PstRecoveryState **state,
                                GError **error);

/* On the disk when this returns. PST_ERROR_UNAVAILABLE. */
gboolean pst_recovery_file_write(const PstRecoveryFile *file, const PstRecoveryState *state,
                                 GError **error);
