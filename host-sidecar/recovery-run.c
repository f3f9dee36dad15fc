// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/recovery-run.h"

#include <stdio.h>

#include "host-sidecar/ask.h"
#include "host-sidecar/evidence.h"
#include "host-sidecar/gate-run.h"
#include "host-sidecar/recovery-ladder.h"
#include "host-sidecar/recovery-revert.h"
#include "host-sidecar/recovery-undo.h"
#include "host-sidecar/recovery-words.h"
#include "host-sidecar/render.h"
#include "host-sidecar/snapshot-run.h"
#include "host-sidecar/snapshot-words.h"
#include "host-sidecar/verify.h"
#include "protocol/error.h"
#include "protocol/json.h"

#define VERB "recover"
/* A half of it is what gathering evidence has. */
#define EVIDENCE_US (40 * (gint64)G_USEC_PER_SEC)
/* For how long it is good enough for whoever goes on, or tries again after a halt. */
#define KEPT_US (3600 * (gint64)G_USEC_PER_SEC)

static void
come_to(PstRecoveryRow *row, PstRecoveryOutcome outcome, char *detail)
{
    row->outcome = (int)outcome;
    g_free(row->detail);
    row->detail = detail;
}

/* ---- the gate ---- */

static const PstRecoveryOutcome of_result[] = {
    [PST_GATE_PASS] = PST_RECOVERY_PASS,
    [PST_GATE_FAIL] = PST_RECOVERY_FAIL,
    [PST_GATE_COULD_NOT_CHECK] = PST_RECOVERY_COULD_NOT_CHECK,
    [PST_GATE_NOT_CHECKABLE] = PST_RECOVERY_NOT_CHECKABLE,
};

static gboolean
ask_gate(const PstRecoveryWish *wish, PstRecoveryRow *row, GError **error)
{
    g_auto(PstGateRun) run = {NULL};
    PstGateCase one = pst_gate_words_case(wish->gate, wish->domain, FALSE);
    PstOptions options = *wish->options;

    /* The first one too: the undo of a change that only made a guest slow is none. */
    options.deadline_us = wish->settle_us + wish->gate_us;
    if (!pst_gate_run(&options, VERB, wish->domain, &one, wish->settle_us, &run, error))
        return FALSE;
    come_to(row, of_result[run.verdict->result], g_strdup(run.verdict->summary));
    return TRUE;
}

/* ---- the evidence ---- */

static gboolean
verify(PstRecoveryState *state, PstRecoveryRow *row)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(PstVerify) verdict =
        pst_verify_bundle(state->bundle, state->bundle_sha256, NULL, &cause);

    if (verdict == NULL)
        come_to(row, PST_RECOVERY_NOT_DONE,
                g_strdup_printf("what was sealed can't be verified: %s", cause->message));
    else if (verdict->verdict != PST_VERIFY_INTACT)
        come_to(row, PST_RECOVERY_NOT_DONE, g_strdup("what was sealed is not what lies there"));
    return verdict != NULL && verdict->verdict == PST_VERIFY_INTACT;
}

static gboolean
is_recent(const PstRecoveryState *state)
{
    gint64 age_us = g_get_real_time() - state->bundle_us;

    return state->bundle != NULL && state->bundle_us != PST_INT_UNKNOWN && age_us >= 0 &&
           age_us < KEPT_US;
}

/* A run that halted has sealed some, and nothing was done since: else a loop around the command
 * would fill the disk. */
static gboolean
has_evidence(PstRecoveryState *state, PstRecoveryRow *row)
{
    const PstRecoveryRow *undo = pst_recovery_state_row(state, PST_RECOVERY_UNDO);

    return state->halted != NULL && is_recent(state) &&
           (undo == NULL || undo->outcome == PST_RECOVERY_NOT_DONE) && verify(state, row);
}

/* One that was begun and interrupted is made anew, beside what there is of it. */
static void
keep_evidence(const PstRecoveryWish *wish, PstRecoveryState *state, PstRecoveryRow *row)
{
    gint64 deadline_us = g_get_monotonic_time() + EVIDENCE_US;
    g_autoptr(GError) cause = NULL;

    if (state->without_forensics != NULL) {
        come_to(row, PST_RECOVERY_DONE,
                g_strdup_printf("none is kept: %s", state->without_forensics));
        return;
    }
    if (has_evidence(state, row)) {
        come_to(row, PST_RECOVERY_DONE,
                g_strdup_printf("sealed when it halted, and verified: %s", state->bundle));
        return;
    }
    g_autoptr(PstGuest) guest =
        pst_ask_open(wish->options, VERB, wish->domain, deadline_us, &cause);
    g_autoptr(PstForensics) evidence =
        guest != NULL ? pst_evidence_keep(guest, VERB, deadline_us, &cause) : NULL;
    if (evidence == NULL) {
        come_to(row, PST_RECOVERY_NOT_DONE, g_strdup(cause->message));
        return;
    }
    g_free(state->bundle);
    g_free(state->bundle_sha256);
    state->bundle = g_strdup(evidence->path);
    state->bundle_sha256 = g_strdup(evidence->sha256);
    state->bundle_us = g_get_real_time();
    if (verify(state, row))
        come_to(row, PST_RECOVERY_DONE, g_strdup_printf("sealed and verified: %s", evidence->path));
}

/* Before a revert, since what the process before this one has sealed may be of yesterday, or gone.
 * FALSE where there is none, which the step has come to. */
static gboolean
renew_evidence(const PstRecoveryWish *wish, PstRecoveryState *state, PstRecoveryRow *row)
{
    if (state->without_forensics != NULL || (is_recent(state) && verify(state, row)))
        return TRUE;
    keep_evidence(wish, state, row);
    return row->outcome == PST_RECOVERY_DONE;
}

/* ---- what was begun before ---- */

/* A gate, evidence and a halt are made anew. */
static gboolean
look(PstRecoveryState *state, PstRecoveryRow *row, gboolean *open, gpointer user_data,
     GError **error)
{
    const PstRecoveryWish *wish = user_data;
    g_autofree char *words = pst_recovery_words_step(row);

    *open = TRUE;
    if (row->step != PST_RECOVERY_UNDO && row->step != PST_RECOVERY_REVERT)
        return TRUE;
    if (!wish->options->quiet)
        fprintf(stderr, "postern: recover: %s: what came of it …\n", words);
    return row->step == PST_RECOVERY_UNDO
               ? pst_recovery_undo_look(wish->options, wish->domain, state, wish->undo_us, row,
                                        open, error)
               : pst_recovery_revert_look(wish->options, wish->domain, state, row, open, error);
}

/* Where nobody can tell what is lost the revert itself will say why. */
static gboolean
agree(const PstRecoveryState *state, PstRecoveryStep step, gpointer user_data, GError **error)
{
    const PstRecoveryWish *wish = user_data;

    if (step != PST_RECOVERY_REVERT)
        return TRUE;
    g_autoptr(PstSnapshotDone) preview =
        pst_snapshot_run_preview(wish->options, wish->domain, state->snapshot, NULL);
    if (preview == NULL)
        return TRUE;
    g_autofree char *lost = pst_snapshot_words_lost(state->guest, preview);
    return wish->agree(lost, wish->user_data, error);
}

/* ---- hands ---- */

static gint64
now(gpointer user_data G_GNUC_UNUSED)
{
    return g_get_real_time();
}

static void
prepare(PstRecoveryState *state, PstRecoveryStep step, gpointer user_data)
{
    const PstRecoveryWish *wish = user_data;

    if (step == PST_RECOVERY_UNDO)
        pst_recovery_undo_prepare(wish->options, wish->domain, state);
    else if (step == PST_RECOVERY_REVERT)
        pst_recovery_revert_prepare(wish->options, wish->domain, state);
}

static gboolean
save(const PstRecoveryState *state, gpointer user_data, GError **error)
{
    if (pst_recovery_file_write(((PstRecoveryWish *)user_data)->file, state, error))
        return TRUE;
    g_prefix_error(error, "how far it came can't be kept, and so it goes no further; say it again "
                          "when it can: ");
    return FALSE;
}

static void
say(const PstRecoveryWish *wish, const PstRecoveryState *state, const PstRecoveryRow *row)
{
    g_autofree char *words = pst_recovery_words_step(row);

    if (!wish->options->quiet)
        fprintf(stderr, "postern: recover: %s%s\n", words,
                row->ended_us == PST_INT_UNKNOWN ? " …" : "");
    /* What is lost is said beforehand, whoever listens. */
    if (row->step != PST_RECOVERY_REVERT || row->ended_us != PST_INT_UNKNOWN)
        return;
    for (char **lost = state->lost; lost != NULL && *lost != NULL; lost++) {
        g_autoptr(GString) line = g_string_new("postern: recover: lost: ");
        pst_render_append(line, *lost);
        fprintf(stderr, "%s\n", line->str);
    }
}

static JsonObject *
params_of(const PstRecoveryState *state, const PstRecoveryRow *row)
{
    JsonObject *params = json_object_new();

    pst_json_set_string(params, "run", state->run);
    pst_json_set_string(params, "policy", state->policy);
    if (row->step == PST_RECOVERY_UNDO) {
        pst_json_set_string(params, "undo", state->undo);
        pst_json_set_string(params, "undo_sha256", state->undo_sha256);
    } else if (row->step == PST_RECOVERY_FORENSICS) {
        pst_json_set_string(params, "without_forensics", state->without_forensics);
        pst_json_set_string(params, "bundle", state->bundle);
        pst_json_set_string(params, "bundle_sha256", state->bundle_sha256);
    } else if (row->step == PST_RECOVERY_REVERT) {
        pst_json_set_string(params, "snapshot", state->snapshot);
    }
    if (row->n_resumed != PST_INT_UNKNOWN && row->n_resumed > 0)
        json_object_set_int_member(params, "n_resumed", row->n_resumed);
    if (row->ended_us == PST_INT_UNKNOWN)
        return params;
    pst_json_set_string(params, "outcome", pst_recovery_outcome_names[row->outcome]);
    return params;
}

static GError *
error_of(const PstRecoveryRow *row)
{
    const char *detail = row->detail != NULL ? row->detail : "it does not say why";

    if (row->ended_us == PST_INT_UNKNOWN ||
        (row->step != PST_RECOVERY_HALT && row->outcome != PST_RECOVERY_NOT_DONE &&
         row->outcome != PST_RECOVERY_UNKNOWN))
        return NULL;
    return g_error_new(PST_ERROR, PST_ERROR_UNAVAILABLE, "%s", detail);
}

/* What changes the guest begins with its record only; that the gate was asked, and that somebody
 * has to look, is said all the same. */
static gboolean
record(const PstRecoveryState *state, const PstRecoveryRow *row, gpointer user_data, GError **error)
{
    g_autofree char *name = g_strconcat(VERB "-", pst_recovery_step_names[row->step], NULL);
    g_autoptr(JsonObject) params = params_of(state, row);
    gboolean ended = row->ended_us != PST_INT_UNKNOWN;
    const PstAskAct act = {
        name, params, ended && row->step == PST_RECOVERY_HALT && row->outcome == PST_RECOVERY_DONE};
    g_autoptr(GError) cause = error_of(row);
    gboolean changes = row->step == PST_RECOVERY_UNDO || row->step == PST_RECOVERY_REVERT;

    if (changes && !ended && !pst_ask_audit_begin(state->guest, state->uuid, VERB, &act, error))
        return FALSE;
    say(user_data, state, row);
    if (!changes || ended)
        pst_ask_audit_act(state->guest, state->uuid, VERB, &act, ended, cause);
    return TRUE;
}

static gboolean
act(PstRecoveryState *state, PstRecoveryRow *row, gpointer user_data, GError **error)
{
    const PstRecoveryWish *wish = user_data;

    switch (row->step) {
    case PST_RECOVERY_UNDO:
        return pst_recovery_undo_run(wish->options, wish->domain, state, wish->script,
                                     wish->undo_us, row, error);
    case PST_RECOVERY_FORENSICS:
        keep_evidence(wish, state, row);
        return TRUE;
    case PST_RECOVERY_REVERT:
        return !renew_evidence(wish, state, row) ||
               pst_recovery_revert_run(wish->options, wish->domain, state, row, error);
    case PST_RECOVERY_HALT:
        come_to(row, PST_RECOVERY_DONE, pst_recovery_words_halt(state));
        return TRUE;
    default:
        return ask_gate(wish, row, error);
    }
}

gboolean
pst_recovery_run(const PstRecoveryWish *wish, PstRecoveryState *state, GError **error)
{
    static const PstRecoveryHands hands = {now, look, agree, prepare, save, record, act};

    return pst_recovery_ladder_climb(state, &hands, (gpointer)wish, error);
}
