// SPDX-License-Identifier: LGPL-2.1-or-later
/* `snapshots`: which there are, and what a revert would lose. `snapshot`: one is made. `revert`: a
 * guest is reverted to one, and its evidence is sealed before. */
#include "host-sidecar/recover-methods.h"
#include "host-sidecar/power.h"
#include "host-sidecar/snapshot-act.h"
#include "host-sidecar/snapshot-do.h"
#include "protocol/json.h"

/* What a frame has room for, with the longest words in all of them. */
#define MAX_STRING 400

/* ---- looking ---- */

static gboolean
read_revert_to(JsonObject *params, const char **name, GError **error)
{
    *name = NULL;
    return pst_json_get_string(params, "revert_to", PST_JSON_OPTIONAL, name, error) &&
           (*name == NULL || pst_snapshot_check_name(*name, error));
}

static gboolean
check_look(JsonObject *params, GError **error)
{
    const char *name = NULL;

    return read_revert_to(params, &name, error);
}

static JsonObject *
run_list(PstGuest *guest, gint64 deadline_us, GError **error)
{
    PstFieldsCut cut = {PST_SNAPSHOT_MAX, MAX_STRING, FALSE};
    g_autoptr(PstSnapshotList) list = pst_snapshot_do_list(guest, deadline_us, error);

    return list != NULL ? pst_fields_encode(&pst_snapshot_list_fields, list, &cut) : NULL;
}

static JsonObject *
run_look(gpointer guest, JsonObject *params, gint64 deadline_us, GError **error)
{
    PstFieldsCut cut = {PST_SNAPSHOT_MAX, MAX_STRING, FALSE};
    const char *name = NULL;

    if (!read_revert_to(params, &name, error))
        return NULL;
    if (name == NULL)
        return run_list(guest, deadline_us, error);
    g_autoptr(PstSnapshotDone) done = pst_snapshot_do_preview(guest, name, deadline_us, error);
    if (done == NULL)
        return NULL;
    JsonObject *result = json_object_new();
    pst_json_set_string(result, "guest", ((PstGuest *)guest)->name);
    json_object_set_object_member(result, "snapshot",
                                  pst_fields_encode(&pst_snapshot_done_fields, done, &cut));
    return result;
}

static const char *const look_params[] = {"revert_to", NULL};

const PstRecoverMethod pst_recover_snapshots = {
    .name = "snapshots",
    .act = "snapshots",
    .right = (PstGrant)(PST_GRANT_SNAPSHOT | PST_GRANT_REVERT),
    .params = look_params,
    .check = check_look,
    .run = run_look,
};

/* ---- making one ---- */

static gboolean
read_wish(JsonObject *params, PstSnapshotWish *wish, GError **error)
{
    return pst_json_get_string(params, "name", PST_JSON_OPTIONAL, &wish->name, error) &&
           pst_json_get_string(params, "description", PST_JSON_OPTIONAL, &wish->description,
                               error) &&
           pst_json_get_bool(params, "disk_only", PST_JSON_OPTIONAL, &wish->disk_only, error) &&
           pst_json_get_bool(params, "live", PST_JSON_OPTIONAL, &wish->live, error) &&
           pst_json_get_bool(params, "quiesce", PST_JSON_OPTIONAL, &wish->quiesce, error) &&
           pst_snapshot_check_wish(wish, error);
}

static gboolean
check_create(JsonObject *params, GError **error)
{
    PstSnapshotWish wish = {.name = NULL};

    return read_wish(params, &wish, error);
}

static JsonObject *
run_create(gpointer guest, JsonObject *params, gint64 deadline_us, GError **error)
{
    PstSnapshotWish wish = {.name = NULL};

    return read_wish(params, &wish, error)
               ? pst_snapshot_act_create(guest, &wish, deadline_us, error)
               : NULL;
}

static const char *const create_params[] = {"name", "description", "disk_only",
                                            "live", "quiesce",     NULL};

const PstRecoverMethod pst_recover_snapshot = {
    .name = "snapshot",
    .act = "snapshot",
    .right = PST_GRANT_SNAPSHOT,
    .params = create_params,
    .check = check_create,
    .run = run_create,
};

/* ---- reverting ---- */

static gboolean
read_revert(JsonObject *params, const char **name, const char **reason, GError **error)
{
    return pst_json_get_string(params, "snapshot", PST_JSON_REQUIRED, name, error) &&
           pst_json_get_string(params, "without_forensics", PST_JSON_OPTIONAL, reason, error) &&
           pst_snapshot_check_name(*name, error) && pst_power_check_reason(*reason, error);
}

static gboolean
check_revert(JsonObject *params, GError **error)
{
    const char *name = NULL, *reason = NULL;

    return read_revert(params, &name, &reason, error);
}

static JsonObject *
run_revert(gpointer guest, JsonObject *params, gint64 deadline_us, GError **error)
{
    const char *name = NULL, *reason = NULL;

    return read_revert(params, &name, &reason, error)
               ? pst_snapshot_act_revert(guest, name, reason, deadline_us, error)
               : NULL;
}

static const char *const revert_params[] = {"snapshot", "without_forensics", NULL};

const PstRecoverMethod pst_recover_revert = {
    .name = PST_SNAPSHOT_REVERT_METHOD,
    .act = PST_SNAPSHOT_REVERT_METHOD,
    .right = PST_GRANT_REVERT,
    .params = revert_params,
    .check = check_revert,
    .run = run_revert,
};
