// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/recovery-ladder.h"

static PstRecoveryNext
take(const PstRecoveryState *state, PstRecoveryStep step)
{
    return (PstRecoveryNext){(int)step, pst_recovery_state_row(state, step) != NULL,
                             PST_RECOVERY_UNDER_WAY};
}

static PstRecoveryNext
end(PstRecoveryEnd how)
{
    return (PstRecoveryNext){PST_RECOVERY_N_STEPS, FALSE, how};
}

static gboolean
has_come_to(const PstRecoveryState *state, PstRecoveryStep step, PstRecoveryOutcome outcome)
{
    return pst_recovery_state_has_ended(state, step) &&
           pst_recovery_state_row(state, step)->outcome == (int)outcome;
}

static PstRecoveryNext
halt(const PstRecoveryState *state)
{
    return pst_recovery_state_has_ended(state, PST_RECOVERY_HALT) ? end(PST_RECOVERY_HALTED)
                                                                  : take(state, PST_RECOVERY_HALT);
}

static gboolean
has_undo(const PstRecoveryState *state)
{
    return state->undo != NULL && state->undo_spent != PST_TRI_YES;
}

static gboolean
has_revert(const PstRecoveryState *state)
{
    return state->snapshot != NULL && state->revert_spent != PST_TRI_YES;
}

/* What is not known to be broken is not destroyed, unless the caller says so. */
static gboolean
wants_revert(const PstRecoveryState *state)
{
    PstRecoveryStep last = pst_recovery_state_row(state, PST_RECOVERY_GATE_AFTER_UNDO) != NULL
                               ? PST_RECOVERY_GATE_AFTER_UNDO
                               : PST_RECOVERY_GATE;

    return has_revert(state) &&
           (has_come_to(state, last, PST_RECOVERY_FAIL) || state->unchecked == PST_TRI_YES);
}

/* A revert of which nobody knows whether it was done is followed by the gate, and by no other. Of a
 * guest that halted before there is evidence: more is for a revert only. */
static PstRecoveryNext
after_undo(const PstRecoveryState *state)
{
    if (state->halted != NULL && !wants_revert(state))
        return halt(state);
    if (!pst_recovery_state_has_ended(state, PST_RECOVERY_FORENSICS))
        return take(state, PST_RECOVERY_FORENSICS);
    if (!wants_revert(state) || !has_come_to(state, PST_RECOVERY_FORENSICS, PST_RECOVERY_DONE))
        return halt(state);
    if (!pst_recovery_state_has_ended(state, PST_RECOVERY_REVERT))
        return take(state, PST_RECOVERY_REVERT);
    if (has_come_to(state, PST_RECOVERY_REVERT, PST_RECOVERY_NOT_DONE))
        return halt(state);
    if (!pst_recovery_state_has_ended(state, PST_RECOVERY_GATE_AFTER_REVERT))
        return take(state, PST_RECOVERY_GATE_AFTER_REVERT);
    return has_come_to(state, PST_RECOVERY_GATE_AFTER_REVERT, PST_RECOVERY_PASS)
               ? end(PST_RECOVERY_RECOVERED)
               : halt(state);
}

PstRecoveryNext
pst_recovery_ladder_next(const PstRecoveryState *state)
{
    if (!pst_recovery_state_has_ended(state, PST_RECOVERY_GATE))
        return take(state, PST_RECOVERY_GATE);
    if (has_come_to(state, PST_RECOVERY_GATE, PST_RECOVERY_PASS))
        return end(PST_RECOVERY_RECOVERED);
    if (state->halted != NULL && !has_undo(state) && !has_revert(state))
        return halt(state);
    if (has_come_to(state, PST_RECOVERY_GATE, PST_RECOVERY_NOT_CHECKABLE))
        return end(PST_RECOVERY_AWAY);
    if (!has_undo(state))
        return after_undo(state);
    if (!pst_recovery_state_has_ended(state, PST_RECOVERY_UNDO))
        return take(state, PST_RECOVERY_UNDO);
    if (!pst_recovery_state_has_ended(state, PST_RECOVERY_GATE_AFTER_UNDO))
        return take(state, PST_RECOVERY_GATE_AFTER_UNDO);
    if (has_come_to(state, PST_RECOVERY_GATE_AFTER_UNDO, PST_RECOVERY_PASS))
        return end(PST_RECOVERY_RECOVERED);
    return after_undo(state);
}

/* ---- what is left of it ---- */

static gboolean
is_gate(int step)
{
    return step == PST_RECOVERY_GATE || step == PST_RECOVERY_GATE_AFTER_UNDO ||
           step == PST_RECOVERY_GATE_AFTER_REVERT;
}

/* The row of the gate that was asked last; NULL. */
static PstRecoveryRow *
last_gate(const PstRecoveryState *state)
{
    static const PstRecoveryStep gates[] = {PST_RECOVERY_GATE_AFTER_REVERT,
                                            PST_RECOVERY_GATE_AFTER_UNDO, PST_RECOVERY_GATE};

    for (guint i = 0; i < G_N_ELEMENTS(gates); i++)
        if (pst_recovery_state_has_ended(state, gates[i]))
            return pst_recovery_state_row(state, gates[i]);
    return NULL;
}

/* Of a step that was begun, and of which no more is known. */
static char *
plan_begun(const PstRecoveryState *state, PstRecoveryStep step)
{
    switch (step) {
    case PST_RECOVERY_UNDO:
        return g_strdup_printf("find out whether %s was started; where it was not, and the gate "
                               "still does not pass, start it",
                               state->undo);
    case PST_RECOVERY_REVERT:
        return g_strdup_printf("find out whether it was reverted; where it was not, and the gate "
                               "still fails, revert it to %s",
                               state->snapshot);
    default:
        return NULL;
    }
}

char *
pst_recovery_ladder_plan(const PstRecoveryState *state, PstRecoveryStep step)
{
    const char *worse = state->unchecked == PST_TRI_YES ? "does not pass" : "fails";
    PstRecoveryNext next = pst_recovery_ladder_next(state);
    const PstRecoveryRow *row = pst_recovery_state_row(state, step);

    if (pst_recovery_state_has_ended(state, step))
        return row == last_gate(state)
                   ? g_strdup("ask again, for it is not known how it is now; where it holds, that "
                              "was it")
                   : NULL;
    if ((int)step < next.step)
        return NULL;
    char *begun = row != NULL ? plan_begun(state, step) : NULL;
    if (begun != NULL)
        return begun;
    switch (step) {
    case PST_RECOVERY_GATE:
        return g_strdup_printf("ask whether %s holds; where it does, nothing is changed",
                               state->policy);
    case PST_RECOVERY_UNDO:
        return has_undo(state)
                   ? g_strdup_printf("else feed %s to sh -s in the guest, once", state->undo)
                   : NULL;
    case PST_RECOVERY_GATE_AFTER_UNDO:
        return has_undo(state) ? g_strdup("ask again; where it holds, that was it") : NULL;
    case PST_RECOVERY_FORENSICS:
        if (state->halted != NULL && !has_revert(state))
            return NULL;
        return state->without_forensics != NULL
                   ? g_strdup_printf("else keep no evidence, because: %s", state->without_forensics)
                   : g_strdup("else seal a bundle of evidence and verify it; go on with that only");
    case PST_RECOVERY_REVERT:
        return has_revert(state) ? g_strdup_printf("where the gate %s, revert it to %s, once",
                                                   worse, state->snapshot)
                                 : NULL;
    case PST_RECOVERY_GATE_AFTER_REVERT:
        return has_revert(state) ? g_strdup("ask again; where it holds, that was it") : NULL;
    case PST_RECOVERY_HALT:
    case PST_RECOVERY_N_STEPS:
        break;
    }
    return g_strdup("else stop, and say so with exit status 5: somebody has to look");
}

/* ---- whether it was reverted ---- */

PstRecoveryMark
pst_recovery_ladder_mark(PstMarkRelation relation, PstTri found)
{
    switch (relation) {
    case PST_MARK_UNDONE:
        return PST_RECOVERY_MARK_UNDONE;
    case PST_MARK_SAME_BOOT:
        return found == PST_TRI_NO ? PST_RECOVERY_MARK_UNTOLD : PST_RECOVERY_MARK_LATER;
    case PST_MARK_OTHER_BOOT:
        return PST_RECOVERY_MARK_OTHER;
    default:
        return PST_RECOVERY_MARK_UNTOLD;
    }
}

/* It is the same run of the guest, and the state in which that began: a revert leaves another one,
 * and a start that makes it this again has another number. Where the state is of a resume, or the
 * run another, it may have been reverted in between. */
static gboolean
is_untouched(const PstRecoveryState *state, const PstRecoverySight *now)
{
    return now->is_booted == PST_TRI_YES && state->run_before != PST_INT_UNKNOWN &&
           state->run_before == now->run && state->host_boot == now->host_boot &&
           state->state_before != NULL && g_strcmp0(state->state_before, now->state) == 0;
}

/* By libvirt. That another snapshot is current proves nothing: it may be newer. */
static PstTri
says_libvirt(const PstRecoveryState *state, const PstRecoverySight *now)
{
    if ((state->was_current == PST_TRI_NO && now->is_current == PST_TRI_YES) ||
        (state->was_reverted == PST_TRI_NO && now->is_reverted == PST_TRI_YES))
        return PST_TRI_YES;
    return is_untouched(state, now) ? PST_TRI_NO : PST_TRI_UNKNOWN;
}

PstTri
pst_recovery_ladder_was_reverted(const PstRecoveryState *state, const PstRecoverySight *now)
{
    PstTri told = says_libvirt(state, now);

    if (now->mark == PST_RECOVERY_MARK_UNDONE)
        return PST_TRI_YES;
    if (now->mark == PST_RECOVERY_MARK_LATER)
        return told == PST_TRI_YES ? PST_TRI_UNKNOWN : PST_TRI_NO;
    /* What has another boot than before was touched, whatever its run and state are. */
    if (now->mark == PST_RECOVERY_MARK_OTHER && told == PST_TRI_NO)
        return PST_TRI_UNKNOWN;
    return told;
}

/* ---- from step to step ---- */

typedef struct {
    PstRecoveryState *state;
    const PstRecoveryHands *hands;
    gpointer user_data;
    gboolean asked; /* the last gate, by this process */
} Climb;

static void
count_again(PstRecoveryRow *row)
{
    row->n_resumed = row->n_resumed == PST_INT_UNKNOWN ? 1 : row->n_resumed + 1;
}

static gboolean
conclude(Climb *climb, PstRecoveryRow *row, GError **error)
{
    row->ended_us = climb->hands->now(climb->user_data);
    /* A record may be there twice; without one, nobody would know. */
    return climb->hands->record(climb->state, row, climb->user_data, error) &&
           climb->hands->save(climb->state, climb->user_data, error);
}

/* Where this is cut off, what it said before is still on the disk, and is asked again. */
static gboolean
ask_again(Climb *climb, PstRecoveryRow *row, GError **error)
{
    const PstRecoveryHands *hands = climb->hands;

    count_again(row);
    row->begun_us = hands->now(climb->user_data);
    row->ended_us = PST_INT_UNKNOWN;
    if (!hands->record(climb->state, row, climb->user_data, error) ||
        !hands->act(climb->state, row, climb->user_data, error))
        return FALSE;
    climb->asked = TRUE;
    return conclude(climb, row, error);
}

/* Whether what is NEXT leans on a gate that another process asked. */
static gboolean
is_stale(const Climb *climb, const PstRecoveryNext *next)
{
    return !climb->asked && !is_gate(next->step) && next->end != PST_RECOVERY_HALTED &&
           last_gate(climb->state) != NULL;
}

static gboolean
is_same(const PstRecoveryNext *one, const PstRecoveryNext *other)
{
    return one->step == other->step && one->end == other->end;
}

/* The gate that was asked again leads elsewhere. */
static gboolean
drop(Climb *climb, PstRecoveryRow *row, GError **error)
{
    if (row == NULL || row->ended_us != PST_INT_UNKNOWN)
        return TRUE;
    row->outcome = PST_RECOVERY_NOT_DONE;
    g_free(row->detail);
    row->detail = g_strdup("it was not done before this was interrupted, and the gate, asked "
                           "again, says otherwise now");
    return conclude(climb, row, error);
}

/* Of a step that was begun before. *OPEN: it is to be done. */
static gboolean
take_up(Climb *climb, PstRecoveryRow *row, gboolean *open, GError **error)
{
    const PstRecoveryHands *hands = climb->hands;

    *open = FALSE;
    count_again(row);
    if (!hands->look(climb->state, row, open, climb->user_data, error))
        return FALSE;
    if (!*open)
        return conclude(climb, row, error);
    return hands->agree(climb->state, (PstRecoveryStep)row->step, climb->user_data, error);
}

static gboolean
do_step(Climb *climb, PstRecoveryStep step, PstRecoveryRow *begun, GError **error)
{
    const PstRecoveryHands *hands = climb->hands;
    PstRecoveryState *state = climb->state;

    /* What is known of before is not known afterwards: it is kept with the step's begin. */
    hands->prepare(state, step, climb->user_data);
    PstRecoveryRow *row =
        begun != NULL ? begun : pst_recovery_state_begin(state, step, hands->now(climb->user_data));
    /* What can't be recorded leaves the file as it was: it is certain that it was not begun. */
    if (!hands->record(state, row, climb->user_data, error) ||
        !hands->save(state, climb->user_data, error) ||
        !hands->act(state, row, climb->user_data, error))
        return FALSE;
    climb->asked = climb->asked || is_gate(step);
    return conclude(climb, row, error);
}

static gboolean
climb_step(Climb *climb, const PstRecoveryNext *next, GError **error)
{
    PstRecoveryRow *row =
        next->begun ? pst_recovery_state_row(climb->state, (PstRecoveryStep)next->step) : NULL;
    gboolean open = TRUE;

    if (row != NULL && !take_up(climb, row, &open, error))
        return FALSE;
    if (!open)
        return TRUE;
    if (is_stale(climb, next)) {
        if (!ask_again(climb, last_gate(climb->state), error))
            return FALSE;
        PstRecoveryNext now = pst_recovery_ladder_next(climb->state);
        if (!is_same(next, &now))
            return drop(climb, row, error);
    }
    return next->step == PST_RECOVERY_N_STEPS ||
           do_step(climb, (PstRecoveryStep)next->step, row, error);
}

gboolean
pst_recovery_ladder_climb(PstRecoveryState *state, const PstRecoveryHands *hands,
                          gpointer user_data, GError **error)
{
    Climb climb = {state, hands, user_data, FALSE};
    PstRecoveryNext next = pst_recovery_ladder_next(state);

    while (next.step != PST_RECOVERY_N_STEPS || is_stale(&climb, &next)) {
        if (!climb_step(&climb, &next, error))
            return FALSE;
        next = pst_recovery_ladder_next(state);
    }
    state->end = (int)next.end;
    return hands->save(state, user_data, error);
}
