// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/mark.h"

/* What `wait` waits for, the questions that tell whether it is there, and the verdict on their
 * answers. Pure functions. */

typedef enum {
    PST_WAIT_SHIM,   /* a shim answers by the channel */
    PST_WAIT_ACCESS, /* a user can log in by SSH and become root */
    PST_WAIT_TARGET, /* the default target is reached and the start is over; or a unit is active */
} PstWaitState;

typedef struct {
    PstWaitState state;
    char *unit;          /* of target=NAME; NULL: the default target */
    JsonObject *vantage; /* whose access; NULL for the other states */
    gboolean passive;    /* nothing that leaves a trace in the guest */
    PstMark *since;      /* NULL: whatever the guest answers from now on counts */
} PstWaitGoal;

void pst_wait_goal_clear(PstWaitGoal *goal);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstWaitGoal, pst_wait_goal_clear)

/* Sets state and unit by the words shim, access, target and target=NAME; FALSE with
 * PST_ERROR_USAGE. */
gboolean pst_wait_parse(const char *text, PstWaitGoal *goal, GError **error);

/* WITH_JOURNAL: the guest's journal is asked too, whether it still holds the mark. *n questions;
 * the array and they are owned by the caller. */
PstAnswer **pst_wait_questions(const PstWaitGoal *goal, const char *guest, gboolean with_journal,
                               guint *n);

typedef struct {
    gboolean reached;
    gboolean other_machine; /* another guest is in the mark's place: it will not come */
    gboolean silent;        /* nobody answered: nothing is known of the guest */
    gboolean ask_journal;   /* only the journal can tell whether this is after the mark */
    gboolean by_agent;      /* not in one conversation with the shim */
    char *boot_id;          /* that it told; NULL where it did not */
    char *seen;             /* one line: what is there, or what is still missing */
} PstWaitVerdict;

void pst_wait_verdict_clear(PstWaitVerdict *verdict);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstWaitVerdict, pst_wait_verdict_clear)

/* CAME_BACK: the guest was seen to be reset, started or reverted after the mark and before it was
 * asked. What it answers from records, or the host sees, is of no account: nobody knows of which
 * run that is. */
PstWaitVerdict pst_wait_judge(const PstWaitGoal *goal, PstAnswer *const *answers, guint n,
                              gboolean came_back);

/* How the guest was asked. */
typedef struct {
    gboolean broken;         /* it was reset, started or reverted meanwhile */
    gboolean events;         /* libvirt would have told of that */
    gboolean asked_journal;  /* whether it holds the mark */
    const char *boot_before; /* that it told the time before; NULL for none */
} PstWaitTurn;

typedef enum {
    PST_WAIT_THERE,   /* the goal is reached */
    PST_WAIT_MISSING, /* not yet */
    PST_WAIT_REPEAT,  /* only asking once more, at once, can tell */
    PST_WAIT_FOREIGN, /* another guest is in the mark's place */
} PstWaitWeight;

/* What a verdict counts for. What was begun before a reset counts for nothing. By the agent the
 * answers are several runs of the shim's program, and by a daemon alone some may have been asked
 * for by others, sooner: a reset may lie between that nobody tells of. They count where the
 * conversation before them was of this boot already. */
PstWaitWeight pst_wait_weigh(const PstWaitVerdict *verdict, const PstWaitTurn *turn);
