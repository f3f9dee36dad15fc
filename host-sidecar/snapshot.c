// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/snapshot.h"

#include <string.h>

#include "protocol/error.h"

static const char *const holds_names[] = {"memory", "disks", "off", NULL};
static const char *const kind_names[] = {"internal", "external", "mixed", NULL};
static const char *const how_names[] = {"internal", "external", "no", "manual", NULL};

static const PstField disk_rows[] = {
    PST_REQUIRED_STRING(PstSnapshotDisk, target, "of the domain's disk, as vda"),
    PST_ENUM(PstSnapshotDisk, how, how_names, "how it is in the snapshot; no: it stays as it is"),
    PST_STRING(PstSnapshotDisk, file, "that is written since, of an external one"),
};
const PstFields pst_snapshot_disk_fields = PST_FIELDS(PstSnapshotDisk, disk_rows);

static const PstField rows[] = {
    PST_REQUIRED_STRING(PstSnapshot, name, "its name"),
    PST_STRING(PstSnapshot, description, "what its maker said of it"),
    PST_STRING(PstSnapshot, parent, "the one that the guest came from when it was made"),
    PST_BOOL(PstSnapshot, current, "whether the guest as it is came from it"),
    PST_INT(PstSnapshot, created_us, "real time of the host that made it, microseconds"),
    PST_INT(PstSnapshot, age_ms, "milliseconds since"),
    PST_STRING(PstSnapshot, state, "of the guest then, in libvirt's words"),
    PST_ENUM(
        PstSnapshot, holds, holds_names,
        "memory: its memory and disks; disks: those alone, as after a loss of power; off: those "
        "of one that was off"),
    PST_ENUM(PstSnapshot, kind, kind_names, "in the disks' own files, or in files beside them"),
    PST_LIST(PstSnapshot, disks, pst_snapshot_disk_fields, "the disks that it tells of"),
};
const PstFields pst_snapshot_fields = PST_FIELDS(PstSnapshot, rows);

static const PstField list_rows[] = {
    PST_REQUIRED_STRING(PstSnapshotList, guest, "its name"),
    PST_STRING(PstSnapshotList, state, "of the domain, in libvirt's words"),
    PST_LIST(PstSnapshotList, snapshots, pst_snapshot_fields, "the oldest first"),
    PST_INT(PstSnapshotList, left_out, "older ones, which are not told"),
};
const PstFields pst_snapshot_list_fields = PST_FIELDS(PstSnapshotList, list_rows);

static const PstField done_rows[] = {
    PST_OBJECT(PstSnapshotDone, snapshot, pst_snapshot_fields, "as it is, or was before"),
    PST_STRING(PstSnapshotDone, state_before, "of the domain, in libvirt's words"),
    PST_STRING(PstSnapshotDone, state_after, "the same, afterwards"),
    PST_INT(PstSnapshotDone, took_ms, "of libvirt's call, milliseconds"),
    PST_INT(PstSnapshotDone, lost_ms, "of a revert: the time since the snapshot, milliseconds"),
    PST_STRINGS(PstSnapshotDone, lost, "of a revert: what is lost"),
    PST_STRINGS(PstSnapshotDone, stays, "of a revert: the disks that are not in it"),
    PST_BOOL(PstSnapshotDone, runs, "of a revert: whether the guest runs"),
    PST_STRINGS(PstSnapshotDone, notes, "what is to be known beside"),
};
const PstFields pst_snapshot_done_fields = PST_FIELDS(PstSnapshotDone, done_rows);

void
pst_snapshot_free(PstSnapshot *snapshot)
{
    pst_fields_free(&pst_snapshot_fields, snapshot);
}

void
pst_snapshot_list_free(PstSnapshotList *list)
{
    pst_fields_free(&pst_snapshot_list_fields, list);
}

void
pst_snapshot_done_free(PstSnapshotDone *done)
{
    pst_fields_free(&pst_snapshot_done_fields, done);
}

const PstSnapshot *
pst_snapshot_find(const PstSnapshotList *list, const char *name, GError **error)
{
    for (guint i = 0; list->snapshots != NULL && i < list->snapshots->len; i++) {
        const PstSnapshot *row = list->snapshots->pdata[i];
        if (g_strcmp0(row->name, name) == 0)
            return row;
    }
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                "no snapshot of %.64s is called '%.100s': nothing was changed; 'postern snapshot "
                "%.64s list' tells which there are",
                list->guest, name, list->guest);
    return NULL;
}

/* ---- what is asked for ---- */

static gboolean
refuse(GError **error, const char *why)
{
    g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "%s: nothing was changed", why);
    return FALSE;
}

static gboolean
has_control(const char *text)
{
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at))
        if (g_unichar_iscntrl(g_utf8_get_char(at)))
            return TRUE;
    return FALSE;
}

static gboolean
is_text(const char *text, gsize max)
{
    gsize len = strlen(text);

    return len >= 1 && len <= max && g_utf8_validate(text, (gssize)len, NULL) && !has_control(text);
}

gboolean
pst_snapshot_check_name(const char *name, GError **error)
{
    return is_text(name, 255) ||
           refuse(error, "a snapshot's name is 1 to 255 bytes of text without control characters");
}

static gboolean
check_new_name(const char *name, GError **error)
{
    if (!is_text(name, PST_SNAPSHOT_MAX_NAME))
        return refuse(error, "a snapshot's name is 1 to 100 bytes of text without control "
                             "characters");
    if (strchr(name, '/') != NULL)
        return refuse(error, "a snapshot's name has no '/'");
    if (*name == '.' || *name == '-')
        return refuse(error, "a snapshot's name begins with neither '.' nor '-'");
    return (*name != ' ' && name[strlen(name) - 1] != ' ') ||
           refuse(error, "a snapshot's name neither begins nor ends with a space");
}

gboolean
pst_snapshot_check_wish(const PstSnapshotWish *wish, GError **error)
{
    if (wish->name != NULL && !check_new_name(wish->name, error))
        return FALSE;
    if (wish->description != NULL && !is_text(wish->description, PST_SNAPSHOT_MAX_DESCRIPTION))
        return refuse(error, "a description is 1 to 400 bytes of text without control characters");
    if (wish->disk_only && wish->live)
        return refuse(error, "a snapshot is of the disks only, or with the memory of a guest that "
                             "goes on (live)");
    return !wish->quiesce || wish->disk_only ||
           refuse(error, "only for a snapshot of the disks only is a guest brought to rest "
                         "(quiesce): with its memory all is in it");
}

char *
pst_snapshot_name_of(gint64 now_us)
{
    g_autoptr(GDateTime) moment = g_date_time_new_from_unix_utc(now_us / G_USEC_PER_SEC);

    return g_date_time_format(moment, "postern-%Y%m%dT%H%M%SZ");
}
