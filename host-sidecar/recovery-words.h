// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

#include "host-sidecar/recovery-state.h"

/* What `recover` prints, and its exit status. Pure functions. */

/* The ladder, and what a revert would lose; LOST (as pst_snapshot_words_lost()) may be NULL. All
 * free with g_free(). */
char *pst_recovery_words_plan(const PstRecoveryState *state, const char *lost);
JsonObject *pst_recovery_words_plan_json(const PstRecoveryState *state);

/* The question of whoever is there to be asked, on one line. */
char *pst_recovery_words_question(const PstRecoveryState *state, const char *lost);

/* A step that begins, or has ended, on one line. */
char *pst_recovery_words_step(const PstRecoveryRow *row);

/* All of a run that has ended. */
char *pst_recovery_words_text(const PstRecoveryState *state);
JsonObject *pst_recovery_words_json(const PstRecoveryState *state);

/* PST_EXIT_OK where the gate passes, PST_EXIT_HALTED, PST_EXIT_NOT_CHECKABLE; PST_EXIT_UNKNOWN of a
 * run that has not ended. */
int pst_recovery_words_exit_code(const PstRecoveryState *state);

/* Of one that halts: what was done, and what was not. Free with g_free(). */
char *pst_recovery_words_halt(const PstRecoveryState *state);
