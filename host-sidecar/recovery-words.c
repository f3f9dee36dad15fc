// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/recovery-words.h"

#include "host-sidecar/exit-code.h"
#include "host-sidecar/recovery-ladder.h"
#include "host-sidecar/render.h"
#include "protocol/json.h"

static const int codes[] = {
    [PST_RECOVERY_UNDER_WAY] = PST_EXIT_UNKNOWN,
    [PST_RECOVERY_RECOVERED] = PST_EXIT_OK,
    [PST_RECOVERY_HALTED] = PST_EXIT_HALTED,
    [PST_RECOVERY_AWAY] = PST_EXIT_NOT_CHECKABLE,
};

/* ---- what it would do ---- */

static gboolean
is_begun(const PstRecoveryState *state)
{
    return state->steps != NULL && state->steps->len > 0;
}

char *
pst_recovery_words_plan(const PstRecoveryState *state, const char *lost)
{
    GString *out = g_string_new(NULL);

    pst_render_append(out, state->guest);
    g_string_append(out, ": nothing is done; recover would");
    if (is_begun(state)) {
        g_autofree char *age = pst_render_age(state->begun_us);
        g_string_append_printf(out, " go on with what was begun %s", age);
    } else if (state->halted != NULL) {
        g_string_append(out, ", after one that halted");
    }
    g_string_append(out, ", from step to step:\n");
    for (int step = 0; step < PST_RECOVERY_N_STEPS; step++) {
        g_autofree char *plan = pst_recovery_ladder_plan(state, (PstRecoveryStep)step);

        if (plan == NULL)
            continue;
        g_string_append_printf(out, "%-17s ", pst_recovery_step_names[step]);
        pst_render_append(out, plan);
        g_string_append_c(out, '\n');
    }
    if (lost != NULL)
        g_string_append_printf(out, "%s\n", lost);
    return g_string_free(out, FALSE);
}

JsonObject *
pst_recovery_words_plan_json(const PstRecoveryState *state)
{
    PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;
    JsonObject *json = pst_fields_encode(&pst_recovery_state_fields, state, &cut);
    JsonArray *plan = json_array_new();

    if (!is_begun(state)) {
        json_object_remove_member(json, "run");
        json_object_remove_member(json, "end");
    }
    for (int step = 0; step < PST_RECOVERY_N_STEPS; step++) {
        g_autofree char *text = pst_recovery_ladder_plan(state, (PstRecoveryStep)step);

        if (text == NULL)
            continue;
        JsonObject *one = json_object_new();
        pst_json_set_string(one, "step", pst_recovery_step_names[step]);
        pst_json_set_string(one, "does", text);
        json_array_add_object_element(plan, one);
    }
    json_object_set_array_member(json, "plan", plan);
    return json;
}

char *
pst_recovery_words_question(const PstRecoveryState *state, const char *lost)
{
    GString *out = g_string_new("Recover ");

    pst_render_append(out, state->guest);
    if (state->undo != NULL) {
        g_string_append(out, ", where the gate does not pass by ");
        pst_render_append(out, state->undo);
    }
    if (state->without_forensics != NULL)
        g_string_append(out, "; no evidence is kept");
    if (lost != NULL)
        g_string_append_printf(out, "; and where that does not help: %s", lost);
    return g_string_free(out, FALSE);
}

/* ---- what was done ---- */

static void
append_row(GString *out, const PstRecoveryRow *row)
{
    g_string_append(out, pst_recovery_step_names[row->step]);
    if (row->n_resumed != PST_INT_UNKNOWN && row->n_resumed > 0)
        g_string_append(out, " (taken up again)");
    if (row->ended_us == PST_INT_UNKNOWN)
        return;
    g_string_append_printf(out, ": %s (%.1f s)", pst_recovery_outcome_names[row->outcome],
                           (double)MAX(0, row->ended_us - row->begun_us) / G_USEC_PER_SEC);
    if (row->detail == NULL)
        return;
    g_string_append(out, ": ");
    /* What a gate found, `gate` tells; why something was not done stands nowhere else, and the
     * reason at its end. */
    if (row->outcome < PST_RECOVERY_DONE)
        pst_render_quote(out, row->detail);
    else
        pst_render_append(out, row->detail);
}

char *
pst_recovery_words_step(const PstRecoveryRow *row)
{
    GString *out = g_string_new(NULL);

    append_row(out, row);
    return g_string_free(out, FALSE);
}

static gboolean
has_come_to(const PstRecoveryState *state, PstRecoveryStep step, PstRecoveryOutcome outcome)
{
    return pst_recovery_state_has_ended(state, step) &&
           pst_recovery_state_row(state, step)->outcome == (int)outcome;
}

/* Of a gate that was asked again, what follows it may have been begun before. */
static const char *
by_what(const PstRecoveryState *state)
{
    if (has_come_to(state, PST_RECOVERY_GATE_AFTER_REVERT, PST_RECOVERY_PASS))
        return has_come_to(state, PST_RECOVERY_REVERT, PST_RECOVERY_DONE)
                   ? "it was reverted"
                   : "it may have been reverted";
    if (pst_recovery_state_row(state, PST_RECOVERY_FORENSICS) != NULL)
        return "it was mended while this was interrupted, and is not reverted";
    if (has_come_to(state, PST_RECOVERY_GATE, PST_RECOVERY_PASS))
        return pst_recovery_state_row(state, PST_RECOVERY_UNDO) != NULL
                   ? "it was mended while this was interrupted, and nothing was changed"
                   : "nothing had to be changed";
    return has_come_to(state, PST_RECOVERY_UNDO, PST_RECOVERY_DONE)
               ? "the undo mended it"
               : "not by the undo, which is not known to have been done";
}

/* Of the undo or the revert: what was done, as of a run that halted. */
static const char *
what_was(const PstRecoveryState *state, PstRecoveryStep step, PstTri spent,
         const char *const words[4])
{
    const PstRecoveryRow *row = pst_recovery_state_row(state, step);

    if (row == NULL)
        return spent == PST_TRI_YES ? words[3] : NULL;
    return row->outcome == PST_RECOVERY_DONE       ? words[0]
           : row->outcome == PST_RECOVERY_NOT_DONE ? words[1]
                                                   : words[2];
}

static const char *
why_no_revert(const PstRecoveryState *state)
{
    return has_come_to(state, PST_RECOVERY_FORENSICS, PST_RECOVERY_NOT_DONE)
               ? "it was not reverted, for there is no evidence of it"
               : "it was not reverted, for it could not be checked";
}

char *
pst_recovery_words_halt(const PstRecoveryState *state)
{
    static const char *const of_undo[] = {"the undo was done", "the undo was not done",
                                          "the undo may have been done",
                                          "the undo was done before, or may have been"};
    static const char *const of_revert[] = {"it was reverted", "it was not reverted",
                                            "it may have been reverted",
                                            "it was reverted before, or may have been"};
    GString *out = g_string_new("the gate does not pass; ");

    if (state->undo == NULL && state->snapshot == NULL)
        g_string_append(out, "nothing was to be tried; ");
    const char *undo = what_was(state, PST_RECOVERY_UNDO, state->undo_spent, of_undo);
    if (state->undo != NULL)
        g_string_append_printf(out, "%s; ", undo != NULL ? undo : "the undo was not done");
    const char *revert = what_was(state, PST_RECOVERY_REVERT, state->revert_spent, of_revert);
    if (state->snapshot != NULL)
        g_string_append_printf(out, "%s; ", revert != NULL ? revert : why_no_revert(state));
    g_string_append(out, "somebody has to look");
    return g_string_free(out, FALSE);
}

static void
append_halt(GString *out, const PstRecoveryState *state)
{
    g_autofree char *words = pst_recovery_words_halt(state);

    g_string_append_printf(out, "HALTED%s: %s", state->halted != NULL ? ", as before" : "", words);
    if (state->halted != NULL)
        g_string_append(out, "; other words, or --forget, try anew");
}

static void
append_end(GString *out, const PstRecoveryState *state)
{
    switch (state->end) {
    case PST_RECOVERY_RECOVERED:
        g_string_append_printf(out, "the gate passes: %s", by_what(state));
        return;
    case PST_RECOVERY_HALTED:
        append_halt(out, state);
        return;
    case PST_RECOVERY_AWAY:
        g_string_append(out, "it can't be checked now, and nothing was changed");
        return;
    default:
        g_string_append(out, "it is not over: say the same again to go on");
        return;
    }
}

char *
pst_recovery_words_text(const PstRecoveryState *state)
{
    GString *out = g_string_new(NULL);

    pst_render_append(out, state->guest);
    g_string_append(out, ": ");
    append_end(out, state);
    g_string_append_c(out, '\n');
    for (guint i = 0; state->steps != NULL && i < state->steps->len; i++) {
        append_row(out, state->steps->pdata[i]);
        g_string_append_c(out, '\n');
    }
    for (char **lost = state->lost; lost != NULL && *lost != NULL; lost++) {
        g_string_append(out, "lost: ");
        pst_render_append(out, *lost);
        g_string_append_c(out, '\n');
    }
    if (state->bundle != NULL) {
        g_string_append(out, "evidence: ");
        pst_render_append(out, state->bundle);
        g_string_append(out, ", SHA-256 of its manifest ");
        pst_render_append(out, state->bundle_sha256 != NULL ? state->bundle_sha256 : "unknown");
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}

JsonObject *
pst_recovery_words_json(const PstRecoveryState *state)
{
    PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;

    return pst_fields_encode(&pst_recovery_state_fields, state, &cut);
}

int
pst_recovery_words_exit_code(const PstRecoveryState *state)
{
    return codes[state->end];
}
