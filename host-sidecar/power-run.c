// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/power-run.h"

#include <stdio.h>

#include "host-sidecar/ask-act.h"
#include "host-sidecar/power-act.h"
#include "host-sidecar/power-proof.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/limits.h"

#define METHOD "power"
/* How long a guest may need to tell how it is before: one that is broken tells nothing. */
#define BEFORE_US (5 * (gint64)G_USEC_PER_SEC)
/* Of the act, evidence included: what the door allows. */
#define ACT_US (PST_LIMIT_DEADLINE_MAX_MS * G_GINT64_CONSTANT(1000))

static JsonObject *
params_of(const PstPowerWish *wish)
{
    JsonObject *params = json_object_new();

    pst_json_set_string(params, "action", pst_power_action_names[wish->action]);
    if (wish->graceful)
        json_object_set_boolean_member(params, "graceful", TRUE);
    pst_json_set_string(params, "without_forensics", wish->without_forensics);
    return params;
}

static JsonObject *
run_here(PstGuest *guest, gconstpointer wish, gint64 deadline_us, GError **error)
{
    return pst_power_act(guest, wish, deadline_us, error);
}

static JsonObject *
act(const PstOptions *options, const char *domain, const PstPowerWish *wish, gint64 end_us,
    GError **error)
{
    g_autoptr(JsonObject) params = params_of(wish);
    const PstAskActWish asked = {METHOD, params, run_here, wish};

    return pst_ask_act(options, domain, &asked, MIN(end_us, g_get_monotonic_time() + ACT_US),
                       error);
}

static PstPowerDone *
read_done(JsonObject *act, GError **error)
{
    JsonObject *power = NULL;

    if (!pst_json_get_object(act, "power", PST_JSON_REQUIRED, &power, error))
        return NULL;
    return pst_fields_decode(&pst_power_done_fields, power, error);
}

/* Of a guest that is off, or goes on where it was saved, there is nothing to wait for. */
static gboolean
boots(const PstPowerDone *done)
{
    return done->changed == PST_TRI_YES && done->action != PST_POWER_STOP && done->note == NULL;
}

static void
say_waiting(const PstOptions *options, const PstPowerOutcome *outcome)
{
    g_autofree char *line = pst_power_words_waiting(
        outcome->act, pst_power_words_done((PstPowerAction)outcome->done->action),
        options->deadline_us);

    if (!options->quiet)
        fprintf(stderr, "postern: %s\n", line);
}

gboolean
pst_power_run(const PstOptions *options, const char *domain, const PstPowerWish *wish,
              PstPowerOutcome *outcome, GError **error)
{
    gint64 now_us = g_get_monotonic_time();
    gint64 end_us = now_us + options->deadline_us;
    g_auto(PstPowerSight) before = {NULL};

    if (wish->action != PST_POWER_STOP && wish->action != PST_POWER_START)
        pst_power_proof_take(options, METHOD, domain,
                             now_us + MIN(BEFORE_US, options->deadline_us / 4), &before);
    outcome->act = act(options, domain, wish, end_us, error);
    if (outcome->act == NULL)
        return FALSE;
    outcome->done = read_done(outcome->act, error);
    if (outcome->done == NULL)
        return FALSE;
    if (!boots(outcome->done))
        return TRUE;
    /* What is left of the whole; the strings are the caller's. */
    PstOptions rest = *options;
    rest.deadline_us = MAX(1, end_us - g_get_monotonic_time());
    say_waiting(&rest, outcome);
    outcome->proof = pst_power_proof_make(&rest, METHOD, domain, &before, error);
    return outcome->proof != NULL;
}
