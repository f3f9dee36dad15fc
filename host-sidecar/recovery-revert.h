// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/options.h"
#include "host-sidecar/recovery-state.h"

/* The step of `recover` that reverts, once: where it was interrupted, what libvirt and the guest's
 * own time tell decides whether it was done, and where they don't, it is not done again. */

/* Notes how guest and snapshot are before. */
void pst_recovery_revert_prepare(const PstOptions *options, const char *domain,
                                 PstRecoveryState *state);

/* Of one that was begun before: fills in ROW, or tells *OPEN, where it is certain that it was not
 * done. FALSE with the error where that can't be found out yet. */
gboolean pst_recovery_revert_look(const PstOptions *options, const char *domain,
                                  const PstRecoveryState *state, PstRecoveryRow *row,
                                  gboolean *open, GError **error);

/* Does it, and waits until the guest is back; fills in ROW. FALSE with the error where what came of
 * it is not known yet, and can be found out later. */
gboolean pst_recovery_revert_run(const PstOptions *options, const char *domain,
                                 const PstRecoveryState *state, PstRecoveryRow *row,
                                 GError **error);
