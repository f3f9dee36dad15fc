// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/mark.h"
#include "host-sidecar/recovery-state.h"

/* The ladder of `recover`: which step follows, and the way from one to the next, on which it may be
 * cut off anywhere. Who does the steps is the caller's. Pure. */

/* What is to be done now: a step, which was BEGUN before or was not; PST_RECOVERY_N_STEPS at its
 * end, which END tells. */
typedef struct {
    int step;
    gboolean begun;
    PstRecoveryEnd end;
} PstRecoveryNext;

PstRecoveryNext pst_recovery_ladder_next(const PstRecoveryState *state);

/* What a step would do with what STATE was asked for, from where it is, in a line; NULL where it
 * would not be taken, or not again, whatever happens. Free with g_free(). */
char *pst_recovery_ladder_plan(const PstRecoveryState *state, PstRecoveryStep step);

/* What is known of a revert that was begun, and of which nobody knows whether it was done. */
typedef enum {
    PST_RECOVERY_MARK_UNTOLD, /* the guest tells nothing, or what tells nothing */
    PST_RECOVERY_MARK_LATER,  /* its time went on from the mark of before */
    PST_RECOVERY_MARK_UNDONE, /* the mark is undone */
    PST_RECOVERY_MARK_OTHER,  /* another boot: it was started since, or reverted to it */
} PstRecoveryMark;

/* What a guest's answers tell of that. FOUND: whether its journal still holds the mark's entry;
 * where it does not, clocks alone don't tell that nothing was undone: the host's may have been set
 * back.
 */
PstRecoveryMark pst_recovery_ladder_mark(PstMarkRelation relation, PstTri found);

typedef struct {
    PstRecoveryMark mark;
    PstTri is_current;  /* the snapshot is libvirt's current one */
    PstTri is_reverted; /* libvirt's state of the domain comes from a revert */
    PstTri is_booted;   /* it comes from a start, with which libvirt's number of it changes */
    const char *state;  /* in libvirt's words */
    gint64 run;         /* libvirt's number of the domain, as of PstLifecycleSight */
    gint64 host_boot;   /* the same */
} PstRecoverySight;

/* Whether it was done, by what STATE has of before and what is so now. Only what proves it counts;
 * else PST_TRI_UNKNOWN. */
PstTri pst_recovery_ladder_was_reverted(const PstRecoveryState *state, const PstRecoverySight *now);

/* Whose hands do it. Where one returns FALSE with the error it ends there, and can be gone on with:
 * the state is as it was saved last. */
typedef struct {
    gint64 (*now)(gpointer user_data);
    /* Finds out what came of a step that was begun before: fills in outcome and detail; or tells
     * *OPEN, where it was not done and may be. */
    gboolean (*look)(PstRecoveryState *state, PstRecoveryRow *row, gboolean *open,
                     gpointer user_data, GError **error);
    /* Whether such a step, which turned out not to have been done, is still wanted: it is told anew
     * what it does. */
    gboolean (*agree)(const PstRecoveryState *state, PstRecoveryStep step, gpointer user_data,
                      GError **error);
    /* Looks, and fills in what STATE has of before a step. */
    void (*prepare)(PstRecoveryState *state, PstRecoveryStep step, gpointer user_data);
    /* On the disk when this returns. */
    gboolean (*save)(const PstRecoveryState *state, gpointer user_data, GError **error);
    /* Records that STEP begins, or what came of it (ROW ended). FALSE where it may not begin. */
    gboolean (*record)(const PstRecoveryState *state, const PstRecoveryRow *row, gpointer user_data,
                       GError **error);
    /* Does it; fills in outcome and detail. */
    gboolean (*act)(PstRecoveryState *state, PstRecoveryRow *row, gpointer user_data,
                    GError **error);
} PstRecoveryHands;

/* From where STATE is to the end. Nothing is done by what a gate said that another process asked:
 * it may be long ago, and is asked again before. */
gboolean pst_recovery_ladder_climb(PstRecoveryState *state, const PstRecoveryHands *hands,
                                   gpointer user_data, GError **error);
