// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A run of `recover` of a guest called web, and short names for what may be seen of one. */

#include <string.h>

#include "host-sidecar/recovery-ladder.h"

#define NOW_US (G_GINT64_CONSTANT(1700000000) * G_USEC_PER_SEC)

static inline PstRecoveryState *
make(const char *undo, const char *snapshot)
{
    PstRecoveryState *state = pst_recovery_state_new();

    state->guest = g_strdup("web");
    state->uuid = g_strdup("3a4f5d6e-1111-4222-8333-444455556677");
    state->policy = g_strdup("reachable");
    state->begun_us = NOW_US;
    state->undo = g_strdup(undo);
    state->undo_sha256 = undo != NULL ? g_strdup("e3b0") : NULL;
    state->snapshot = g_strdup(snapshot);
    return state;
}

/* Each step that was taken as STEP=OUTCOME, "-" of one that was only begun. */
static inline int
find(const char *const *names, const char *name)
{
    int i = 0;

    while (names[i] != NULL && !g_str_equal(names[i], name))
        i++;
    g_assert_nonnull(names[i]);
    return i;
}

static inline void
take(PstRecoveryState *state, const char *taken)
{
    g_auto(GStrv) words = g_strsplit(taken, " ", -1);

    for (char **word = words; *word != NULL; word++) {
        char *outcome = strchr(*word, '=');

        *outcome++ = '\0';
        PstRecoveryRow *row = pst_recovery_state_begin(
            state, (PstRecoveryStep)find(pst_recovery_step_names, *word), NOW_US);
        if (g_str_equal(outcome, "-"))
            continue;
        row->outcome = find(pst_recovery_outcome_names, outcome);
        row->ended_us = NOW_US + 1;
    }
}

#define UNTOLD PST_RECOVERY_MARK_UNTOLD
#define LATER PST_RECOVERY_MARK_LATER
#define UNDONE PST_RECOVERY_MARK_UNDONE
#define YES PST_TRI_YES
#define NO PST_TRI_NO
#define DUNNO PST_TRI_UNKNOWN
#define BOOTED "running (booted)"
#define RESUMED "running (unpaused)"
#define FROM "running (from snapshot)"
