// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/power-words.h"

#include "host-sidecar/exit-code.h"
#include "host-sidecar/render.h"
#include "protocol/json.h"

static const char *const done_words[] = {
    [PST_POWER_RESET] = "was reset",
    [PST_POWER_STOP] = "is off",
    [PST_POWER_START] = "was started",
    [PST_POWER_CYCLE] = "was stopped and started",
};

static const char *const already_words[] = {
    [PST_POWER_RESET] = "was not reset",
    [PST_POWER_STOP] = "was off already: nothing was done",
    [PST_POWER_START] = "ran already: nothing was done",
    [PST_POWER_CYCLE] = "was not started",
};

static const char *const verdict_words[] = {
    [PST_POWER_BACK] = "back",
    [PST_POWER_WORSE] = "back, and worse",
    [PST_POWER_NOT_BACK] = "not back",
    [PST_POWER_GONE] = "it will not come back by itself",
    [PST_POWER_UNTOLD] = "back, and what failed is not known",
};

static const int codes[] = {
    [PST_POWER_BACK] = PST_EXIT_OK,          [PST_POWER_WORSE] = PST_EXIT_WARNING,
    [PST_POWER_NOT_BACK] = PST_EXIT_UNKNOWN, [PST_POWER_GONE] = PST_EXIT_CRITICAL,
    [PST_POWER_UNTOLD] = PST_EXIT_UNKNOWN,
};

void
pst_power_words_clear(PstPowerOutcome *outcome)
{
    g_clear_pointer(&outcome->act, json_object_unref);
    g_clear_pointer(&outcome->done, pst_power_done_free);
    g_clear_pointer(&outcome->proof, pst_power_verdict_free);
}

static void
append_steps(GString *out, const PstPowerDone *done)
{
    for (guint i = 0; done->steps != NULL && i < done->steps->len; i++) {
        const PstPowerStep *step = done->steps->pdata[i];

        g_string_append(out, i > 0 ? ", " : " (");
        pst_render_append(out, step->step);
        g_string_append_printf(out, " %.1f s", (double)step->took_ms / 1000);
        if (step->problem != NULL) {
            g_string_append(out, ": ");
            pst_render_append(out, step->problem);
        }
    }
    if (done->steps != NULL && done->steps->len > 0)
        g_string_append_c(out, ')');
}

static gboolean
find_bundle(JsonObject *act, const char **path, const char **digest)
{
    JsonObject *bundle = NULL;

    return pst_json_get_object(act, "bundle", PST_JSON_REQUIRED, &bundle, NULL) &&
           pst_json_get_string(bundle, "path", PST_JSON_REQUIRED, path, NULL) &&
           pst_json_get_string(bundle, "sha256", PST_JSON_REQUIRED, digest, NULL);
}

void
pst_power_words_append_bundle(GString *out, JsonObject *act)
{
    const char *path = NULL, *digest = NULL;

    if (!find_bundle(act, &path, &digest))
        return;
    g_string_append(out, "evidence of before: ");
    pst_render_append(out, path);
    g_string_append(out, ", SHA-256 of its manifest ");
    pst_render_append(out, digest);
    g_string_append_c(out, '\n');
}

void
pst_power_words_append_proof(GString *out, const PstPowerProof *proof)
{
    g_string_append_printf(out, "%s after %.1f s: ", verdict_words[proof->verdict],
                           (double)proof->waited_ms / 1000);
    pst_render_quote(out, proof->seen != NULL ? proof->seen : "nobody has answered");
    g_string_append_c(out, '\n');
    if (proof->boot_before != NULL && proof->boot_after != NULL) {
        g_string_append(out, "boot: ");
        pst_render_append(out, proof->boot_before);
        g_string_append(out, " before, now ");
        pst_render_append(out, proof->boot_after);
        g_string_append_c(out, '\n');
    }
    for (guint i = 0; proof->new_failed != NULL && proof->new_failed[i] != NULL; i++) {
        g_string_append(out,
                        proof->verdict == PST_POWER_WORSE ? "failed, and was not: " : "failed: ");
        pst_render_append(out, proof->new_failed[i]);
        g_string_append_c(out, '\n');
    }
}

const char *
pst_power_words_done(PstPowerAction action)
{
    return done_words[action];
}

char *
pst_power_words_waiting(JsonObject *act, const char *what, gint64 wait_us)
{
    GString *out = g_string_new(NULL);
    const char *guest = "", *path = NULL, *digest = NULL;

    pst_json_get_string(act, "guest", PST_JSON_OPTIONAL, &guest, NULL);
    pst_render_append(out, guest);
    g_string_append(out, ": it ");
    pst_render_append(out, what);
    if (find_bundle(act, &path, &digest)) {
        g_string_append(out, "; evidence of before: ");
        pst_render_append(out, path);
    }
    g_string_append_printf(out, "; it is waited for, %" G_GINT64_FORMAT " s at most",
                           MAX(1, wait_us / G_USEC_PER_SEC));
    return g_string_free(out, FALSE);
}

char *
pst_power_words_text(const PstPowerOutcome *outcome)
{
    const PstPowerDone *done = outcome->done;
    GString *out = g_string_new(NULL);
    const char *guest = "";

    pst_json_get_string(outcome->act, "guest", PST_JSON_OPTIONAL, &guest, NULL);
    pst_render_append(out, guest);
    g_string_append_printf(out, ": it %s",
                           done->changed == PST_TRI_YES ? done_words[done->action]
                                                        : already_words[done->action]);
    append_steps(out, done);
    g_string_append_c(out, '\n');
    if (done->note != NULL) {
        g_string_append(out, "note: ");
        pst_render_append(out, done->note);
        g_string_append_c(out, '\n');
    }
    pst_power_words_append_bundle(out, outcome->act);
    if (outcome->proof != NULL)
        pst_power_words_append_proof(out, outcome->proof);
    return g_string_free(out, FALSE);
}

JsonObject *
pst_power_words_json(const PstPowerOutcome *outcome)
{
    PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;
    JsonObject *json = pst_json_sorted(outcome->act);

    if (outcome->proof != NULL)
        json_object_set_object_member(
            json, "proof", pst_fields_encode(&pst_power_proof_fields, outcome->proof, &cut));
    return json;
}

int
pst_power_words_exit_code(const PstPowerOutcome *outcome)
{
    return outcome->proof != NULL ? codes[outcome->proof->verdict] : PST_EXIT_OK;
}

char *
pst_power_words_question(const char *domain, const PstPowerWish *wish)
{
    static const char *const acts[] = {
        [PST_POWER_RESET] = "Reset",
        [PST_POWER_STOP] = "Stop",
        [PST_POWER_START] = "Start",
        [PST_POWER_CYCLE] = "Stop and start",
    };
    GString *out = g_string_new(acts[wish->action]);

    g_string_append_c(out, ' ');
    pst_render_append(out, domain);
    if (wish->action != PST_POWER_START)
        g_string_append(out, wish->graceful
                                 ? ", by force where it does not go down when it is asked"
                                 : " by force: what it has not written to its disks is lost");
    if (wish->without_forensics != NULL)
        g_string_append(out, "; no evidence is kept");
    g_string_append(out, "? [y/N] ");
    return g_string_free(out, FALSE);
}
