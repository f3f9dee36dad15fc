// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/page.h"

#include "host-sidecar/escape.h"
#include "host-sidecar/render.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/report-file.h"
#include "protocol/report-list.h"

char *
pst_page_file(const PstReport *report)
{
    const PstFileData *data = report->data;

    if (data->text == NULL)
        return data->binary == PST_TRI_YES ? g_strdup("") : NULL;
    return pst_escape_text(data->text, TRUE);
}

/* As ls(1) has them: d for a folder, l for a link, and so on. */
static char
letter_of(const char *type)
{
    static const char *const letters[][2] = {
        {"file", "-"},   {"folder", "d"},           {"link", "l"},        {"fifo", "p"},
        {"socket", "s"}, {"character-device", "c"}, {"block-device", "b"}};

    for (guint i = 0; i < G_N_ELEMENTS(letters); i++)
        if (g_strcmp0(type, letters[i][0]) == 0)
            return *letters[i][1];
    return '?';
}

static char *
age_of(const PstListEntry *entry)
{
    return entry->mtime_us != PST_INT_UNKNOWN ? pst_render_age(entry->mtime_us) : g_strdup("-");
}

static void
append_entry(GString *out, const PstListEntry *entry)
{
    g_autofree char *age = age_of(entry);
    g_autofree char *mode = pst_escape_text(entry->mode != NULL ? entry->mode : "-", FALSE);
    g_autofree char *owner = pst_escape_text(entry->owner != NULL ? entry->owner : "-", FALSE);

    if (entry->denied == PST_TRI_YES)
        g_string_append_printf(out, "%-50s", "?  may not be read");
    else
        g_string_append_printf(out, "%c %-5s %-11s %12" G_GINT64_FORMAT "  %-16s",
                               letter_of(entry->type), mode, owner, MAX(0, entry->size), age);
    g_string_append_c(out, ' ');
    pst_render_append(out, entry->name != NULL ? entry->name : "");
    if (entry->target != NULL) {
        g_string_append(out, " -> ");
        pst_render_append(out, entry->target);
    }
    g_string_append_c(out, '\n');
}

char *
pst_page_list(const PstReport *report)
{
    const PstListData *data = report->data;
    GString *out = g_string_new(NULL);

    for (guint i = 0; data->entries != NULL && i < data->entries->len; i++)
        append_entry(out, data->entries->pdata[i]);
    return g_string_free(out, FALSE);
}

gboolean
pst_page_is_denied(const PstReport *report, GError **error)
{
    for (guint i = 0; i < report->findings->len; i++) {
        const PstFinding *finding = report->findings->pdata[i];

        if (!g_str_has_suffix(finding->id, ".denied"))
            continue;
        g_set_error(error, PST_ERROR, PST_ERROR_NOT_ALLOWED, "%s", finding->message);
        return TRUE;
    }
    return FALSE;
}

/* Whether the page begins behind the one that ARGS ask for. A guest that does not get on is not
 * followed for ever, whatever it says of where it is. */
static gboolean
gets_on(JsonObject *args, gint64 next_offset, const char *cursor)
{
    const char *asked_cursor = NULL;
    gint64 asked = 0;

    pst_json_get_int(args, "offset", PST_JSON_OPTIONAL, &asked, NULL);
    pst_json_get_string(args, "cursor", PST_JSON_OPTIONAL, &asked_cursor, NULL);
    return cursor != NULL ? g_strcmp0(cursor, asked_cursor) != 0 : next_offset > asked;
}

JsonObject *
pst_page_next(const PstReport *report, JsonObject *args)
{
    g_autoptr(JsonObject) next = json_object_new();
    g_autoptr(GList) names = json_object_get_members(args);

    for (GList *item = names; item != NULL; item = item->next)
        json_object_set_member(next, item->data, json_object_dup_member(args, item->data));
    if (report->kind == &pst_report_file_kind) {
        const PstFileData *data = report->data;
        if (!gets_on(args, data->next_offset, NULL))
            return NULL;
        json_object_set_int_member(next, "offset", data->next_offset);
    } else {
        const PstListData *data = report->data;
        if (data->cursor == NULL || data->entries == NULL || data->entries->len == 0 ||
            !gets_on(args, 0, data->cursor))
            return NULL;
        json_object_set_string_member(next, "cursor", data->cursor);
    }
    return g_steal_pointer(&next);
}
