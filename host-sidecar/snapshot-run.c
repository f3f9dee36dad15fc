// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/snapshot-run.h"

#include <stdio.h>

#include "host-sidecar/ask-act.h"
#include "host-sidecar/ask.h"
#include "host-sidecar/power-proof.h"
#include "host-sidecar/power-words.h"
#include "host-sidecar/snapshot-act.h"
#include "host-sidecar/snapshot-do.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/limits.h"

/* How long libvirt, or the door, may need to tell what there is. */
#define LOOK_US (20 * (gint64)G_USEC_PER_SEC)
/* How long a guest may need to tell how it is before: one that is broken tells nothing. */
#define BEFORE_US (5 * (gint64)G_USEC_PER_SEC)
/* Of the act, evidence included: what the door allows. */
#define ACT_US (PST_LIMIT_DEADLINE_MAX_MS * G_GINT64_CONSTANT(1000))

#define VERB "snapshot"
#define LOOK "snapshots"

/* ---- looking ---- */

static gboolean
is_shut(const GError *error)
{
    return g_error_matches(error, PST_ERROR, PST_ERROR_NO_PERMISSION) ||
           g_error_matches(error, PST_ERROR, PST_ERROR_NO_HYPERVISOR);
}

static gint64
look_deadline(const PstOptions *options)
{
    return g_get_monotonic_time() + MIN(options->deadline_us, LOOK_US);
}

/* By the door; NULL with CAUSE, which is taken over, where there is none. */
static JsonObject *
look_by_door(const PstOptions *options, const char *domain, const char *revert_to, GError *cause,
             GError **error)
{
    g_autoptr(JsonObject) params = json_object_new();
    JsonObject *result = NULL;

    pst_json_set_string(params, "domain", domain);
    pst_json_set_string(params, "revert_to", revert_to);
    PstAskRecover asked =
        pst_ask_recover(options, LOOK, params, look_deadline(options), &result, error);
    if (asked == PST_ASK_RECOVER_SHUT || asked == PST_ASK_RECOVER_NONE)
        g_propagate_error(error,
                          asked == PST_ASK_RECOVER_SHUT ? pst_ask_recover_explain(cause) : cause);
    else
        g_error_free(cause);
    return result;
}

PstSnapshotList *
pst_snapshot_run_list(const PstOptions *options, const char *domain, GError **error)
{
    GError *cause = NULL;
    gint64 deadline_us = look_deadline(options);
    g_autoptr(PstGuest) guest = pst_ask_open(options, VERB, domain, deadline_us, &cause);
    PstSnapshotList *list = guest != NULL ? pst_snapshot_do_list(guest, deadline_us, &cause) : NULL;

    if (list != NULL)
        return list;
    if (!is_shut(cause)) {
        g_propagate_error(error, cause);
        return NULL;
    }
    g_autoptr(JsonObject) told = look_by_door(options, domain, NULL, cause, error);
    return told != NULL ? pst_fields_decode(&pst_snapshot_list_fields, told, error) : NULL;
}

static PstSnapshotDone *
read_done(JsonObject *told, GError **error)
{
    JsonObject *snapshot = NULL;

    if (!pst_json_get_object(told, "snapshot", PST_JSON_REQUIRED, &snapshot, error))
        return NULL;
    g_autoptr(PstSnapshotDone) done = pst_fields_decode(&pst_snapshot_done_fields, snapshot, error);
    if (done == NULL || done->snapshot != NULL)
        return g_steal_pointer(&done);
    g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "the recovery door tells of no snapshot");
    return NULL;
}

PstSnapshotDone *
pst_snapshot_run_preview(const PstOptions *options, const char *domain, const char *name,
                         GError **error)
{
    GError *cause = NULL;
    gint64 deadline_us = look_deadline(options);
    g_autoptr(PstGuest) guest = pst_ask_open(options, VERB, domain, deadline_us, &cause);
    PstSnapshotDone *done =
        guest != NULL ? pst_snapshot_do_preview(guest, name, deadline_us, &cause) : NULL;

    if (done != NULL)
        return done;
    if (!is_shut(cause)) {
        g_propagate_error(error, cause);
        return NULL;
    }
    g_autoptr(JsonObject) told = look_by_door(options, domain, name, cause, error);
    return told != NULL ? read_done(told, error) : NULL;
}

/* ---- acting ---- */

static gboolean
act(const PstOptions *options, const char *domain, const PstAskActWish *wish, gint64 end_us,
    PstSnapshotOutcome *outcome, GError **error)
{
    outcome->act =
        pst_ask_act(options, domain, wish, MIN(end_us, g_get_monotonic_time() + ACT_US), error);
    outcome->done = outcome->act != NULL ? read_done(outcome->act, error) : NULL;
    return outcome->done != NULL;
}

static JsonObject *
create_here(PstGuest *guest, gconstpointer wish, gint64 deadline_us, GError **error)
{
    return pst_snapshot_act_create(guest, wish, deadline_us, error);
}

gboolean
pst_snapshot_run_create(const PstOptions *options, const char *domain, const PstSnapshotWish *wish,
                        PstSnapshotOutcome *outcome, GError **error)
{
    g_autoptr(JsonObject) params = json_object_new();
    const PstAskActWish asked = {VERB, params, create_here, wish};

    pst_json_set_string(params, "name", wish->name);
    pst_json_set_string(params, "description", wish->description);
    if (wish->disk_only)
        json_object_set_boolean_member(params, "disk_only", TRUE);
    if (wish->live)
        json_object_set_boolean_member(params, "live", TRUE);
    if (wish->quiesce)
        json_object_set_boolean_member(params, "quiesce", TRUE);
    return act(options, domain, &asked, g_get_monotonic_time() + options->deadline_us, outcome,
               error);
}

typedef struct {
    const char *name, *without_forensics;
} Revert;

static JsonObject *
revert_here(PstGuest *guest, gconstpointer data, gint64 deadline_us, GError **error)
{
    const Revert *wish = data;

    return pst_snapshot_act_revert(guest, wish->name, wish->without_forensics, deadline_us, error);
}

static void
say_waiting(const PstOptions *options, const PstSnapshotOutcome *outcome)
{
    g_autofree char *what = g_strconcat("was reverted to ", outcome->done->snapshot->name, NULL);
    g_autofree char *line = pst_power_words_waiting(outcome->act, what, options->deadline_us);

    if (!options->quiet)
        fprintf(stderr, "postern: %s\n", line);
}

gboolean
pst_snapshot_run_revert(const PstOptions *options, const char *domain, const char *name,
                        const char *without_forensics, PstSnapshotOutcome *outcome, GError **error)
{
    const Revert wish = {name, without_forensics};
    g_autoptr(JsonObject) params = json_object_new();
    const PstAskActWish asked = {PST_SNAPSHOT_REVERT_METHOD, params, revert_here, &wish};
    gint64 now_us = g_get_monotonic_time();
    gint64 end_us = now_us + options->deadline_us;
    g_auto(PstPowerSight) before = {NULL};

    pst_json_set_string(params, "snapshot", name);
    pst_json_set_string(params, "without_forensics", without_forensics);
    pst_power_proof_take(options, VERB, domain, now_us + MIN(BEFORE_US, options->deadline_us / 4),
                         &before);
    if (!act(options, domain, &asked, end_us, outcome, error)) {
        if (error != NULL && g_error_matches(*error, PST_ERROR, PST_ERROR_UNAVAILABLE))
            g_prefix_error(error,
                           "'postern snapshot %.64s list' tells which one is current: ", domain);
        return FALSE;
    }
    if (outcome->done->runs != PST_TRI_YES)
        return TRUE;
    /* What is left of the whole; the strings are the caller's. */
    PstOptions rest = *options;
    rest.deadline_us = MAX(1, end_us - g_get_monotonic_time());
    say_waiting(&rest, outcome);
    outcome->proof = pst_power_proof_make(&rest, VERB, domain, &before, error);
    return outcome->proof != NULL;
}
