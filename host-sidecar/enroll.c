// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/enroll.h"

const char *const pst_enroll_kind_names[] = {
    "channel", "recorder",      "controller", "panic", "video", "console-log",
    "package", "configuration", "unit",       "proof", NULL};

const char *const pst_enroll_state_names[] = {
    "there", "due", "done", "later", "cannot", "administrator", "failed", "not-reached", NULL};

static const PstField step_rows[] = {
    PST_ENUM(PstEnrollStep, step, pst_enroll_kind_names, "what it is about"),
    PST_ENUM(
        PstEnrollStep, state, pst_enroll_state_names,
        "there: nothing to do; due: to be done; done; later: done, for the next start; cannot: "
        "this machine does without; administrator: somebody else's; failed; not-reached"),
    PST_STRING(PstEnrollStep, detail, "what is there, is due, was done, or why not"),
    PST_INT(PstEnrollStep, took_ms, "milliseconds"),
};
const PstFields pst_enroll_step_fields = PST_FIELDS(PstEnrollStep, step_rows);

static const PstField told_rows[] = {
    PST_REQUIRED_STRING(PstEnrollTold, guest, "its name"),
    PST_BOOL(PstEnrollTold, dry_run, "whether it is only told what is due"),
    PST_BOOL(PstEnrollTold, complete, "whether nothing is left to be done"),
    PST_BOOL(PstEnrollTold, changed, "whether something was done"),
    PST_LIST(PstEnrollTold, steps, pst_enroll_step_fields, "in their order"),
    PST_STRING(PstEnrollTold, bring, "what is to be brought into the guest before the lines"),
    PST_STRINGS(PstEnrollTold, lines, "for the guest's administrator, as root in it"),
};
const PstFields pst_enroll_told_fields = PST_FIELDS(PstEnrollTold, told_rows);

void
pst_enroll_told_free(PstEnrollTold *told)
{
    pst_fields_free(&pst_enroll_told_fields, told);
}

void
pst_enroll_facts_free(PstEnrollFacts *facts)
{
    PstEnrollGuest *guest = &facts->guest;
    char *const strings[] = {facts->folder,       facts->shim,         guest->agent_problem,
                             guest->exec_problem, guest->file_problem, guest->system,
                             guest->architecture, guest->version,      guest->active,
                             guest->enabled,      guest->configuration};

    for (guint i = 0; i < G_N_ELEMENTS(strings); i++)
        g_free(strings[i]);
    g_free(facts);
}

PstEnrollStep *
pst_enroll_find(const GPtrArray *steps, PstEnrollKind kind)
{
    for (guint i = 0; i < steps->len; i++) {
        PstEnrollStep *step = steps->pdata[i];
        if (step->step == (int)kind)
            return step;
    }
    return NULL;
}

gboolean
pst_enroll_is_due(const GPtrArray *steps)
{
    for (guint i = 0; i < steps->len; i++) {
        const PstEnrollStep *step = steps->pdata[i];
        /* The proof is there for what is done. */
        if (step->state == PST_ENROLL_DUE && step->step != PST_ENROLL_PROOF)
            return TRUE;
    }
    return FALSE;
}

gboolean
pst_enroll_is_complete(const GPtrArray *steps)
{
    for (guint i = 0; i < steps->len; i++) {
        const PstEnrollStep *step = steps->pdata[i];
        if (step->state == PST_ENROLL_DUE || step->state >= PST_ENROLL_ADMINISTRATOR)
            return FALSE;
    }
    return TRUE;
}

PstEnrollMark
pst_enroll_parts(const GPtrArray *steps)
{
    PstEnrollMark parts = 0;

    for (guint i = 0; i < steps->len; i++) {
        const PstEnrollStep *step = steps->pdata[i];
        if (step->state == PST_ENROLL_DUE)
            parts |= (PstEnrollMark)step->parts;
    }
    return parts;
}
