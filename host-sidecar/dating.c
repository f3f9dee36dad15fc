// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/dating.h"

#include <string.h>

#include "host-sidecar/render.h"
#include "protocol/json.h"

/* On a merged system /lib and /usr/lib are the same; a row has the real path. */
static gboolean
same_path(const char *path, const char *row)
{
    return g_strcmp0(path, row) == 0 || (row != NULL && g_str_has_prefix(row, "/usr/") &&
                                         g_str_equal(path, row + strlen("/usr")));
}

static const PstChangesFile *
find_row(PstAnswer *const *answers, guint n, const char *path)
{
    for (guint i = 0; i < n; i++) {
        const PstReport *report = answers[i]->report;
        const PstChangesData *data =
            report != NULL && report->kind == &pst_report_changes_kind ? report->data : NULL;

        for (guint j = 0; data != NULL && data->files != NULL && j < data->files->len; j++) {
            const PstChangesFile *file = data->files->pdata[j];
            if (same_path(path, file->path))
                return file;
        }
    }
    return NULL;
}

/* The guest's clock at the time of an answer, or of another one: they come together. */
static gint64
clock_of(PstAnswer *const *answers, guint n, const PstAnswer *answer)
{
    if (answer->report != NULL && answer->report->realtime_us != PST_INT_UNKNOWN)
        return answer->report->realtime_us;
    for (guint i = 0; i < n; i++)
        if (answers[i]->report != NULL && answers[i]->report->realtime_us != PST_INT_UNKNOWN)
            return answers[i]->report->realtime_us;
    return PST_INT_UNKNOWN;
}

PstDating
pst_dating_find(PstAnswer *const *answers, guint n, const PstAnswer *answer,
                const PstFinding *finding)
{
    PstDating dating = {PST_INT_UNKNOWN, PST_INT_UNKNOWN, NULL};
    const PstEvidence *evidence = finding->evidence;
    gint64 now_us = clock_of(answers, n, answer);

    if (evidence == NULL || evidence->path == NULL)
        return dating;
    dating.file = find_row(answers, n, evidence->path);
    dating.changed_us = evidence->changed_us;
    if (dating.changed_us == PST_INT_UNKNOWN && dating.file != NULL)
        dating.changed_us = dating.file->changed_us;
    if (dating.changed_us != PST_INT_UNKNOWN && now_us != PST_INT_UNKNOWN)
        dating.age_us = now_us - dating.changed_us + answer->age_ms * 1000;
    return dating;
}

static gboolean
differs(const PstChangesFile *file)
{
    return file->former_mode != NULL || file->former_owner != NULL || file->former_digest != NULL ||
           file->as_packaged == PST_TRI_NO;
}

/* It came with its package, and so it still is. */
static gboolean
is_as_it_came(const PstChangesFile *file)
{
    return file->packaged == PST_TRI_YES && file->config != PST_TRI_YES && !differs(file);
}

static void
append_how(GString *text, const PstChangesFile *file)
{
    const char *kind = file != NULL && file->kind != NULL ? file->kind : "";

    if (g_str_equal(kind, "status") && file->mode != NULL)
        g_string_append_printf(text, "became %s", file->mode);
    else if (g_str_equal(kind, "created"))
        g_string_append(text, "put there");
    else if (g_str_equal(kind, "written"))
        g_string_append(text, "written");
    else
        g_string_append(text, "last changed");
}

static void
append_package(GString *text, const PstChangesFile *file)
{
    if (file->packaged == PST_TRI_NO)
        g_string_append(text, "; its package is none");
    if (file->packaged != PST_TRI_YES || file->package == NULL)
        return;
    g_string_append_printf(text, "; its package is %s", file->package);
    if (file->version != NULL)
        g_string_append_printf(text, " %s", file->version);
    if (file->former_mode != NULL)
        g_string_append_printf(text, ", which gave it mode %s", file->former_mode);
    if (file->former_owner != NULL)
        g_string_append_printf(text, ", which gave it to %s", file->former_owner);
    if (file->as_packaged == PST_TRI_NO)
        g_string_append(text, ", which put other content there");
    else if (file->as_packaged == PST_TRI_YES)
        g_string_append(text, ", and its content is unchanged");
}

char *
pst_dating_text(const PstDating *dating)
{
    GString *text;

    if (dating->changed_us == PST_INT_UNKNOWN ||
        (dating->file != NULL && is_as_it_came(dating->file)))
        return NULL;
    text = g_string_new(NULL);
    append_how(text, dating->file);
    if (dating->age_us != PST_INT_UNKNOWN) {
        g_autofree char *ago = pst_render_ago(dating->age_us);
        g_string_append_printf(text, " %s", ago);
    } else {
        g_string_append(text, " at a time that is not known");
    }
    if (dating->file != NULL)
        append_package(text, dating->file);
    return g_string_free(text, FALSE);
}

/* What of a row is worth repeating beside the finding. */
static void
add_row(JsonObject *json, const PstChangesFile *file)
{
    static const char *const names[] = {
        "kind",   "mode",        "owner",       "package",      "version",       "packaged",
        "config", "as_packaged", "former_mode", "former_owner", "former_digest", "former_source"};
    PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;
    g_autoptr(JsonObject) row = pst_fields_encode(&pst_report_changes_file_fields, file, &cut);

    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (json_object_has_member(row, names[i]))
            json_object_set_member(json, names[i],
                                   json_node_copy(json_object_get_member(row, names[i])));
}

JsonObject *
pst_dating_to_json(const PstDating *dating)
{
    JsonObject *json;

    if (dating->changed_us == PST_INT_UNKNOWN)
        return NULL;
    json = json_object_new();
    json_object_set_int_member(json, "changed_us", dating->changed_us);
    if (dating->age_us != PST_INT_UNKNOWN)
        json_object_set_int_member(json, "age_us", dating->age_us);
    if (dating->file != NULL)
        add_row(json, dating->file);
    return json;
}
