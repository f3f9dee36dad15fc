// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/fields.h"

/* How far `recover` has come with a guest: what it was asked for, which steps it began, and what
 * came of them. It is what is kept in a file, so that another process can go on. Pure functions. */

/* In the order in which they are taken, each once at most. */
typedef enum {
    PST_RECOVERY_GATE,
    PST_RECOVERY_UNDO,
    PST_RECOVERY_GATE_AFTER_UNDO,
    PST_RECOVERY_FORENSICS,
    PST_RECOVERY_REVERT,
    PST_RECOVERY_GATE_AFTER_REVERT,
    PST_RECOVERY_HALT,
    PST_RECOVERY_N_STEPS,
} PstRecoveryStep;

extern const char *const pst_recovery_step_names[];

/* What came of a step: the first four of a gate, the others of what is done. */
typedef enum {
    PST_RECOVERY_PASS,
    PST_RECOVERY_FAIL,
    PST_RECOVERY_COULD_NOT_CHECK,
    PST_RECOVERY_NOT_CHECKABLE, /* off, paused, on its way elsewhere */
    PST_RECOVERY_DONE,
    PST_RECOVERY_NOT_DONE, /* nothing was changed */
    PST_RECOVERY_UNKNOWN,  /* whether it was done */
} PstRecoveryOutcome;

extern const char *const pst_recovery_outcome_names[];

typedef struct {
    int step;         /* PstRecoveryStep */
    gint64 begun_us;  /* the host's real time */
    gint64 ended_us;  /* PST_INT_UNKNOWN: it was begun, and no more is known */
    int outcome;      /* PstRecoveryOutcome, of one that ended */
    gint64 n_resumed; /* how often it was taken up again */
    char *detail;     /* the same in a line; NULL */
} PstRecoveryRow;

typedef enum {
    PST_RECOVERY_UNDER_WAY,
    PST_RECOVERY_RECOVERED, /* the gate passes */
    PST_RECOVERY_HALTED,    /* it does not, and nothing is left to be tried */
    PST_RECOVERY_AWAY,      /* the guest could not be checked at the first gate, and was let be */
} PstRecoveryEnd;

extern const char *const pst_recovery_end_names[];

typedef struct {
    char *run; /* 32 hexadecimal digits, by which the guest knows the undo, too */
    char *guest, *uuid;
    char *caller; /* who began it, in words */
    gint64 begun_us;
    int end; /* PstRecoveryEnd */
    /* What was asked for; each may be NULL. */
    char *policy, *baseline, *vantage;
    char *policy_sha256, *baseline_sha256; /* of what they held */
    char *undo;                            /* the script's path */
    char *undo_sha256;                     /* and the digest of what it held */
    char *snapshot;
    gint64 snapshot_us;      /* when that was made: another may be called so later */
    char *without_forensics; /* why no evidence is kept */
    PstTri unchecked;        /* a revert also where the gate could not check */
    char *halted;            /* the run of the same words that halted; of that and those before: */
    PstTri undo_spent;       /* the undo was done, or may have been: it is not done again */
    PstTri revert_spent;     /* the same of the revert */
    GPtrArray *steps;        /* of PstRecoveryRow */
    /* Of the undo, before it was begun: */
    char *undo_boot; /* the guest's boot id; NULL: it did not tell */
    /* Of the evidence: */
    char *bundle, *bundle_sha256;
    gint64 bundle_us; /* when it was sealed */
    /* Of the revert, before it was begun: */
    char *mark;          /* a point in the guest's time; NULL: it did not tell */
    char *state_before;  /* of the domain, in libvirt's words */
    PstTri was_current;  /* the snapshot was libvirt's current one */
    PstTri was_reverted; /* libvirt's state of it came from a revert already */
    gint64 run_before;   /* libvirt's number of it and its host's boot, as of PstLifecycleSight */
    gint64 host_boot;
    char **lost; /* what a revert loses */
} PstRecoveryState;

extern const PstFields pst_recovery_state_fields;

/* A new run, of which nothing is known but its id. */
PstRecoveryState *pst_recovery_state_new(void);
void pst_recovery_state_free(PstRecoveryState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstRecoveryState, pst_recovery_state_free)

/* The row of STEP, borrowed; NULL where it was not begun. */
PstRecoveryRow *pst_recovery_state_row(const PstRecoveryState *state, PstRecoveryStep step);

/* Whether that was begun and ended. */
gboolean pst_recovery_state_has_ended(const PstRecoveryState *state, PstRecoveryStep step);

/* Begins STEP, which was not. */
PstRecoveryRow *pst_recovery_state_begin(PstRecoveryState *state, PstRecoveryStep step,
                                         gint64 now_us);

/* Which of the words that were asked for are others in the two, as "--undo, --snapshot"; NULL for
 * none. Free with g_free(). */
char *pst_recovery_state_differs(const PstRecoveryState *one, const PstRecoveryState *other);

/* What is left for WANTED after LAST, which has ended. Where that halted and was asked for the
 * same, what was done or may have been is not done again; what was not done is tried again. */
void pst_recovery_state_follow(PstRecoveryState *wanted, const PstRecoveryState *last);

/* ---- as it is kept ---- */

#define PST_RECOVERY_STATE_MAX_BYTES (1024 * 1024)

/* NULL with PST_ERROR_INVALID_PARAMS where pst_recovery_state_to_text() could not have written it.
 */
PstRecoveryState *pst_recovery_state_parse(const char *text, gsize len, GError **error);

/* *len; free with g_free(). What is longer than what may be read again is cut. */
char *pst_recovery_state_to_text(const PstRecoveryState *state, gsize *len);
