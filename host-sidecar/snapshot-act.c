// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/snapshot-act.h"

#include "host-sidecar/evidence.h"
#include "host-sidecar/snapshot-do.h"
#include "protocol/error.h"
#include "protocol/json.h"

/* What a door's frame has room for. */
#define MAX_ITEMS 64
#define MAX_STRING 1024

static gboolean
may_begin(gint64 deadline_us, GError **error)
{
    if (deadline_us - g_get_monotonic_time() >= PST_SNAPSHOT_MIN_SECONDS * (gint64)G_USEC_PER_SEC)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                "a snapshot needs %d s for what is done, and fewer are left: nothing was changed; "
                "say a longer --deadline",
                PST_SNAPSHOT_MIN_SECONDS);
    return FALSE;
}

static JsonObject *
make_result(const PstGuest *guest, const PstSnapshotDone *done, const PstForensics *evidence)
{
    PstFieldsCut cut = {MAX_ITEMS, MAX_STRING, FALSE};
    JsonObject *result = json_object_new();

    pst_json_set_string(result, "guest", guest->name);
    json_object_set_object_member(result, "snapshot",
                                  pst_fields_encode(&pst_snapshot_done_fields, done, &cut));
    if (evidence != NULL)
        json_object_set_object_member(result, "bundle", pst_evidence_to_json(evidence));
    return result;
}

JsonObject *
pst_snapshot_act_create(PstGuest *guest, const PstSnapshotWish *wish, gint64 deadline_us,
                        GError **error)
{
    if (!may_begin(deadline_us, error))
        return NULL;
    g_autoptr(PstSnapshotDone) done = pst_snapshot_do_create(guest, wish, deadline_us, error);
    return done != NULL ? make_result(guest, done, NULL) : NULL;
}

JsonObject *
pst_snapshot_act_revert(PstGuest *guest, const char *name, const char *without_forensics,
                        gint64 deadline_us, GError **error)
{
    g_autoptr(PstForensics) evidence = NULL;

    if (!may_begin(deadline_us, error))
        return NULL;
    /* What can't be done needs no evidence. */
    g_autoptr(PstSnapshotDone) before = pst_snapshot_do_preview(guest, name, deadline_us, error);
    if (before == NULL)
        return NULL;
    if (without_forensics == NULL) {
        evidence = pst_evidence_keep(guest, PST_SNAPSHOT_REVERT_METHOD, deadline_us, error);
        if (evidence == NULL)
            return NULL;
    }
    g_autoptr(PstSnapshotDone) done = pst_snapshot_do_revert(guest, name, deadline_us, error);
    return done != NULL ? make_result(guest, done, evidence) : NULL;
}
