// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/audit-entries.h"

#include <string.h>

#include "host-sidecar/log-lines.h"
#include "host-sidecar/render.h"
#include "protocol/json.h"

/* Longer than any line of the log, with what stands around the arguments. */
static const PstValidateLimits line_limits = {PST_LOG_LINES_MAX, 20000, FALSE};

typedef struct {
    const PstAuditWish *wish;
    PstAuditEntries *entries;
    GQueue kept; /* of Kept */
    gsize bytes;
} Reading;

typedef struct {
    JsonObject *json;
    gsize len;
} Kept;

static const char *
text_of(JsonObject *json, const char *name)
{
    const char *text = NULL;

    return pst_json_get_string(json, name, PST_JSON_OPTIONAL, &text, NULL) ? text : NULL;
}

static gboolean
is_wished(const PstAuditWish *wish, JsonObject *json, gint64 time_us)
{
    if ((wish->since_us > 0 && time_us < wish->since_us) ||
        (wish->until_us > 0 && time_us > wish->until_us))
        return FALSE;
    return wish->guest == NULL || g_strcmp0(text_of(json, "guest"), wish->guest) == 0 ||
           g_strcmp0(text_of(json, "uuid"), wish->guest) == 0;
}

JsonObject *
pst_audit_entries_parse(const char *line, gsize len, const PstAuditWish *wish, guint64 *n_broken)
{
    g_autoptr(JsonObject) json = pst_json_parse(line, len, &line_limits, NULL);
    gint64 time_us = 0;

    if (json == NULL || !pst_json_get_int(json, "realtime_us", PST_JSON_REQUIRED, &time_us, NULL) ||
        (text_of(json, "method") == NULL && text_of(json, "event") == NULL)) {
        (*n_broken)++;
        return NULL;
    }
    return is_wished(wish, json, time_us) ? g_steal_pointer(&json) : NULL;
}

static void
drop_oldest(Reading *reading)
{
    Kept *oldest = g_queue_pop_head(&reading->kept);

    reading->bytes -= oldest->len;
    reading->entries->n_older++;
    json_object_unref(oldest->json);
    g_free(oldest);
}

/* Whether a line that holds the name holds it as it is. */
static gboolean
is_plain(const char *name)
{
    for (; *name != '\0'; name++)
        if (!g_ascii_isprint(*name) || *name == '"' || *name == '\\')
            return FALSE;
    return TRUE;
}

/* A line that can't be of the guest needs no parser to be told apart. */
static gboolean
may_be_wished(const Reading *reading, const PstLogLine *line)
{
    const char *guest = reading->wish->guest;

    return guest == NULL || !is_plain(guest) ||
           memmem(line->text, line->len, guest, strlen(guest)) != NULL;
}

static gboolean
take_line(const PstLogLine *line, gpointer user_data)
{
    Reading *reading = user_data;

    if (!may_be_wished(reading, line))
        return TRUE;
    JsonObject *json =
        pst_audit_entries_parse(line->text, line->len, reading->wish, &reading->entries->n_broken);
    if (json == NULL)
        return TRUE;
    Kept *kept = g_new0(Kept, 1);
    *kept = (Kept){json, line->len};
    g_queue_push_tail(&reading->kept, kept);
    reading->bytes += line->len;
    while (reading->kept.length > reading->wish->lines || reading->bytes > PST_AUDIT_ENTRIES_BYTES)
        drop_oldest(reading);
    return TRUE;
}

PstAuditEntries *
pst_audit_entries_read(const char *file, const PstAuditWish *wish)
{
    PstAuditEntries *entries = g_new0(PstAuditEntries, 1);
    Reading reading = {.wish = wish, .entries = entries, .kept = G_QUEUE_INIT};
    Kept *kept = NULL;

    entries->lines = g_ptr_array_new_with_free_func((GDestroyNotify)json_object_unref);
    entries->fault = pst_log_lines_each(file, take_line, &reading);
    while ((kept = g_queue_pop_head(&reading.kept)) != NULL) {
        g_ptr_array_add(entries->lines, kept->json);
        g_free(kept);
    }
    return entries;
}

void
pst_audit_entries_free(PstAuditEntries *entries)
{
    g_ptr_array_unref(entries->lines);
    g_free(entries->fault);
    g_free(entries);
}

/* ---- */

static char *
time_of(JsonObject *json)
{
    gint64 time_us = 0;

    pst_json_get_int(json, "realtime_us", PST_JSON_REQUIRED, &time_us, NULL);
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(time_us / G_USEC_PER_SEC);
    return time != NULL ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : g_strdup("?");
}

static void
append_text(GString *out, const char *before, JsonObject *json, const char *name)
{
    const char *text = text_of(json, name);

    if (text == NULL)
        return;
    g_string_append(out, before);
    pst_render_append(out, text);
}

static void
append_args(GString *out, JsonObject *json)
{
    JsonObject *args = NULL;

    if (!pst_json_get_object(json, "args", PST_JSON_OPTIONAL, &args, NULL) || args == NULL ||
        json_object_get_size(args) == 0)
        return;
    g_autofree char *text = pst_json_to_text(args, NULL);
    g_string_append_c(out, ' ');
    pst_render_quote(out, text);
}

static void
append_took(GString *out, JsonObject *json)
{
    gint64 took_ms = -1;

    if (pst_json_get_int(json, "took_ms", PST_JSON_OPTIONAL, &took_ms, NULL) && took_ms >= 0)
        g_string_append_printf(out, ", %" G_GINT64_FORMAT " ms", took_ms);
}

static void
append_entry(GString *out, JsonObject *json)
{
    g_autofree char *time = time_of(json);

    g_string_append(out, time);
    append_text(out, "  the log itself: ", json, "event");
    append_text(out, "  ", json, "caller");
    append_text(out, ": ", json, "method");
    append_text(out, " ", json, "guest");
    append_text(out, " ", json, "probe");
    append_args(out, json);
    append_text(out, ": sealed ", json, "path");
    append_text(out, ": ", json, "result");
    append_text(out, " via ", json, "via");
    append_took(out, json);
    g_string_append_c(out, '\n');
}

char *
pst_audit_entries_to_text(const PstAuditEntries *entries)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < entries->lines->len; i++)
        append_entry(out, entries->lines->pdata[i]);
    if (entries->n_older > 0)
        g_string_append_printf(out, "note: %" G_GUINT64_FORMAT " older entries are left out\n",
                               entries->n_older);
    if (entries->n_broken > 0)
        g_string_append_printf(
            out, "note: %" G_GUINT64_FORMAT " lines are no entries: --verify tells where\n",
            entries->n_broken);
    return g_string_free(out, FALSE);
}

JsonObject *
pst_audit_entries_to_json(const PstAuditEntries *entries)
{
    JsonObject *json = json_object_new();
    JsonArray *lines = json_array_new();

    for (guint i = 0; i < entries->lines->len; i++)
        json_array_add_object_element(lines, json_object_ref(entries->lines->pdata[i]));
    json_object_set_array_member(json, "entries", lines);
    json_object_set_int_member(json, "older", (gint64)entries->n_older);
    json_object_set_int_member(json, "broken", (gint64)entries->n_broken);
    return json;
}
