// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/recovery-state.h"

#include <string.h>

#include "protocol/exec.h"
#include "protocol/json.h"
#include "protocol/limits.h"

#define MAX_STRING 4096
#define MAX_LOST 8
#define MAX_TOKENS 400

const char *const pst_recovery_step_names[] = {
    "gate", "undo", "gate-after-undo", "forensics", "revert", "gate-after-revert", "halt", NULL};
const char *const pst_recovery_outcome_names[] = {
    "pass", "fail", "could-not-check", "not-checkable", "done", "not-done", "unknown", NULL};
const char *const pst_recovery_end_names[] = {"under-way", "recovered", "halted", "away", NULL};

static const PstField row_rows[] = {
    PST_ENUM(PstRecoveryRow, step, pst_recovery_step_names, "which", .required = TRUE),
    PST_INT(PstRecoveryRow, begun_us, "the host's real time, microseconds since 1970 UTC"),
    PST_INT(PstRecoveryRow, ended_us, "the same; absent where it is not known to have ended"),
    PST_ENUM(PstRecoveryRow, outcome, pst_recovery_outcome_names,
             "what came of it; says nothing without ended_us", .required = TRUE),
    PST_INT(PstRecoveryRow, n_resumed, "how often it was taken up again; absent for never"),
    PST_STRING(PstRecoveryRow, detail, "the outcome in a line"),
};
static const PstFields row_fields = PST_FIELDS(PstRecoveryRow, row_rows);

static const PstField rows[] = {
    PST_REQUIRED_STRING(PstRecoveryState, run, "its id, and the undo's as a command in the guest"),
    PST_REQUIRED_STRING(PstRecoveryState, guest, "the domain's name"),
    PST_REQUIRED_STRING(PstRecoveryState, uuid, "the domain's"),
    PST_STRING(PstRecoveryState, caller, "who began it"),
    PST_INT(PstRecoveryState, begun_us, "the host's real time, microseconds since 1970 UTC"),
    PST_ENUM(PstRecoveryState, end, pst_recovery_end_names, "how it ended", .required = TRUE),
    PST_REQUIRED_STRING(PstRecoveryState, policy, "what must hold"),
    PST_STRING(PstRecoveryState, baseline, "the file of how it was before"),
    PST_STRING(PstRecoveryState, policy_sha256, "the digest of what the policy held"),
    PST_STRING(PstRecoveryState, baseline_sha256, "the digest of what the baseline held"),
    PST_STRING(PstRecoveryState, vantage, "whose access"),
    PST_STRING(PstRecoveryState, undo, "the script's path on this host"),
    PST_STRING(PstRecoveryState, undo_sha256, "the digest of what it held"),
    PST_STRING(PstRecoveryState, snapshot, "what may be reverted to"),
    PST_INT(PstRecoveryState, snapshot_us, "when that was made; absent where it is not known"),
    PST_STRING(PstRecoveryState, without_forensics, "why no evidence is kept"),
    PST_BOOL(PstRecoveryState, unchecked, "it may be reverted where the gate could not check"),
    PST_STRING(PstRecoveryState, halted, "a run of the same words that halted"),
    PST_BOOL(PstRecoveryState, undo_spent, "its undo was done, or may have been"),
    PST_BOOL(PstRecoveryState, revert_spent, "its revert was done, or may have been"),
    PST_LIST(PstRecoveryState, steps, row_fields, "the steps that were begun, in their order"),
    PST_STRING(PstRecoveryState, undo_boot, "the guest's boot before the undo"),
    PST_STRING(PstRecoveryState, bundle, "the evidence's path"),
    PST_STRING(PstRecoveryState, bundle_sha256, "the digest of its manifest"),
    PST_INT(PstRecoveryState, bundle_us, "when that was sealed"),
    PST_STRING(PstRecoveryState, mark, "the guest's own time before the revert"),
    PST_STRING(PstRecoveryState, state_before, "the domain's before the revert"),
    PST_BOOL(PstRecoveryState, was_current, "the snapshot was the current one before the revert"),
    PST_BOOL(PstRecoveryState, was_reverted, "its state came from a revert before this one"),
    PST_INT(PstRecoveryState, run_before, "libvirt's number of the domain before the revert"),
    PST_INT(PstRecoveryState, host_boot, "the boot of the host that gave it; absent: not told"),
    PST_STRINGS(PstRecoveryState, lost, "what a revert loses"),
};
const PstFields pst_recovery_state_fields = PST_FIELDS(PstRecoveryState, rows);

PstRecoveryState *
pst_recovery_state_new(void)
{
    PstRecoveryState *state = pst_fields_new(&pst_recovery_state_fields);
    char id[PST_EXEC_ID_DIGITS + 1];

    pst_exec_new_id(id);
    state->run = g_strdup(id);
    state->end = PST_RECOVERY_UNDER_WAY;
    return state;
}

void
pst_recovery_state_free(PstRecoveryState *state)
{
    pst_fields_free(&pst_recovery_state_fields, state);
}

static guint
n_rows(const PstRecoveryState *state)
{
    return state->steps != NULL ? state->steps->len : 0;
}

PstRecoveryRow *
pst_recovery_state_row(const PstRecoveryState *state, PstRecoveryStep step)
{
    for (guint i = 0; i < n_rows(state); i++) {
        PstRecoveryRow *row = state->steps->pdata[i];
        if (row->step == (int)step)
            return row;
    }
    return NULL;
}

gboolean
pst_recovery_state_has_ended(const PstRecoveryState *state, PstRecoveryStep step)
{
    const PstRecoveryRow *row = pst_recovery_state_row(state, step);

    return row != NULL && row->ended_us != PST_INT_UNKNOWN;
}

PstRecoveryRow *
pst_recovery_state_begin(PstRecoveryState *state, PstRecoveryStep step, gint64 now_us)
{
    PstRecoveryRow *row = pst_fields_append(&row_fields, &state->steps);

    row->step = (int)step;
    row->begun_us = now_us;
    row->outcome = PST_RECOVERY_UNKNOWN;
    return row;
}

char *
pst_recovery_state_differs(const PstRecoveryState *one, const PstRecoveryState *other)
{
    const struct {
        const char *word, *one, *other;
    } words[] = {
        {"--policy", one->policy, other->policy},
        {"what the policy holds", one->policy_sha256, other->policy_sha256},
        {"--baseline", one->baseline, other->baseline},
        {"what the baseline holds", one->baseline_sha256, other->baseline_sha256},
        {"whose access", one->vantage, other->vantage},
        {"--undo", one->undo, other->undo},
        {"what the undo holds", one->undo_sha256, other->undo_sha256},
        {"--snapshot", one->snapshot, other->snapshot},
        {"--without-forensics", one->without_forensics, other->without_forensics},
    };
    g_autoptr(GPtrArray) found = g_ptr_array_new();

    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_strcmp0(words[i].one, words[i].other) != 0)
            g_ptr_array_add(found, (gpointer)words[i].word);
    if ((one->unchecked == PST_TRI_YES) != (other->unchecked == PST_TRI_YES))
        g_ptr_array_add(found, (gpointer) "--unchecked");
    if (found->len == 0)
        return NULL;
    g_ptr_array_add(found, NULL);
    return g_strjoinv(", ", (char **)found->pdata);
}

/* Whether OTHER means the same snapshot, as far as that is known. */
static gboolean
is_snapshot_of(const PstRecoveryState *one, const PstRecoveryState *other)
{
    return one->snapshot_us == PST_INT_UNKNOWN || other->snapshot_us == PST_INT_UNKNOWN ||
           one->snapshot_us == other->snapshot_us;
}

static gboolean
is_spent(const PstRecoveryState *last, PstRecoveryStep step, PstTri before)
{
    return before == PST_TRI_YES ||
           (pst_recovery_state_has_ended(last, step) &&
            pst_recovery_state_row(last, step)->outcome != PST_RECOVERY_NOT_DONE);
}

void
pst_recovery_state_follow(PstRecoveryState *wanted, const PstRecoveryState *last)
{
    g_autofree char *differs = pst_recovery_state_differs(last, wanted);
    gboolean halted = last->end == PST_RECOVERY_HALTED ||
                      (last->end == PST_RECOVERY_AWAY && last->halted != NULL);

    if (!halted || differs != NULL || !is_snapshot_of(last, wanted))
        return;
    wanted->halted = g_strdup(last->halted != NULL ? last->halted : last->run);
    wanted->undo_spent = PST_TRI(is_spent(last, PST_RECOVERY_UNDO, last->undo_spent));
    wanted->revert_spent = PST_TRI(is_spent(last, PST_RECOVERY_REVERT, last->revert_spent));
    wanted->bundle = g_strdup(last->bundle);
    wanted->bundle_sha256 = g_strdup(last->bundle_sha256);
    wanted->bundle_us = last->bundle_us;
}

/* ---- as it is kept ---- */

static gboolean
is_moment(gint64 number)
{
    return number >= 0 && number <= PST_LIMIT_INTEGER;
}

/* Of a row that ended, what can have come of such a step. */
static gboolean
is_outcome(const PstRecoveryRow *row)
{
    gboolean gate = row->step == PST_RECOVERY_GATE || row->step == PST_RECOVERY_GATE_AFTER_UNDO ||
                    row->step == PST_RECOVERY_GATE_AFTER_REVERT;

    return row->ended_us == PST_INT_UNKNOWN || gate == (row->outcome < PST_RECOVERY_DONE);
}

static gboolean
are_rows_sound(const PstRecoveryState *state)
{
    int last = -1;

    for (guint i = 0; i < n_rows(state); i++) {
        const PstRecoveryRow *row = state->steps->pdata[i];
        gboolean open = row->ended_us == PST_INT_UNKNOWN;

        if (row->step <= last || row->step >= PST_RECOVERY_N_STEPS || !is_moment(row->begun_us) ||
            (!open && !is_moment(row->ended_us)) || row->outcome < 0 || !is_outcome(row) ||
            (open && (i + 1 < n_rows(state) || state->end != PST_RECOVERY_UNDER_WAY)) ||
            (row->n_resumed != PST_INT_UNKNOWN && !is_moment(row->n_resumed)))
            return FALSE;
        last = row->step;
    }
    return TRUE;
}

static gboolean
is_sound(const PstRecoveryState *state)
{
    return pst_exec_is_id(state->run) && *state->guest != '\0' && *state->uuid != '\0' &&
           is_moment(state->begun_us) && (state->undo == NULL) == (state->undo_sha256 == NULL) &&
           state->end >= 0 && (state->halted == NULL || pst_exec_is_id(state->halted)) &&
           (state->lost == NULL || g_strv_length(state->lost) <= MAX_LOST) && are_rows_sound(state);
}

PstRecoveryState *
pst_recovery_state_parse(const char *text, gsize len, GError **error)
{
    const PstValidateLimits limits = {
        .max_bytes = PST_RECOVERY_STATE_MAX_BYTES,
        .max_tokens = MAX_TOKENS,
    };
    g_autoptr(JsonObject) json = pst_json_parse(text, len, &limits, error);

    if (json == NULL)
        return NULL;
    g_autoptr(PstRecoveryState) state = pst_fields_decode(&pst_recovery_state_fields, json, error);
    if (state == NULL)
        return NULL;
    if (is_sound(state))
        return g_steal_pointer(&state);
    g_set_error_literal(error, PST_ERROR, PST_ERROR_INVALID_PARAMS,
                        "this is not what a recover left");
    return NULL;
}

char *
pst_recovery_state_to_text(const PstRecoveryState *state, gsize *len)
{
    PstFieldsCut cut = {MAX_LOST, MAX_STRING, FALSE};
    g_autoptr(JsonObject) json = pst_fields_encode(&pst_recovery_state_fields, state, &cut);

    return pst_json_to_text(json, len);
}
