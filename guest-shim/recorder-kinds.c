// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/recorder-kinds.h"

#include <string.h>

#include "guest-shim/redact-parts.h"
#include "guest-shim/token-bucket.h"
#include "protocol/json.h"

#define MAX_MESSAGE 1024
/* A little more than comes, since what stands for a secret may be longer than that. */
#define MAX_TEXT 6144

static const struct {
    guint burst;
    gint64 each_s;
} rows[PST_EVENT_KINDS] = {
    [PST_EVENT_UNIT_FAILED] = {30, 20},      [PST_EVENT_UNIT_RESTARTING] = {10, 60},
    [PST_EVENT_EMERGENCY] = {10, 60},        [PST_EVENT_DISK_FULL] = {10, 60},
    [PST_EVENT_DISK_NEARLY_FULL] = {10, 60}, [PST_EVENT_KERNEL_WARNING] = {20, 60},
    [PST_EVENT_OOM_KILL] = {20, 60},         [PST_EVENT_CONTROL_PLANE] = {30, 20},
    [PST_EVENT_LOOKS_SUSPENDED] = {10, 60},  [PST_EVENT_LOOKS_RESUMED] = {10, 60},
    [PST_EVENT_UNCHANGED] = {10, 30},        [PST_EVENT_SHIM_STARTED] = {10, 60},
};

struct PstRecorderKinds {
    PstTokenBucket buckets[PST_EVENT_KINDS];
};

PstRecorderKinds *
pst_recorder_kinds_new(void)
{
    PstRecorderKinds *kinds = g_new0(PstRecorderKinds, 1);

    for (guint i = 0; i < PST_EVENT_KINDS; i++)
        kinds->buckets[i] =
            (PstTokenBucket){.size = rows[i].burst, .each_us = rows[i].each_s * G_USEC_PER_SEC};
    return kinds;
}

void
pst_recorder_kinds_free(PstRecorderKinds *kinds)
{
    g_free(kinds);
}

static void
set_string(JsonObject *json, const char *name, const char *value, gsize max)
{
    g_autofree char *cut = pst_json_clean_cut(value, max, NULL);

    json_object_set_string_member(json, name, cut);
}

static void
set_own(JsonObject *json, const char *name, const char *value)
{
    g_autofree char *redacted = value != NULL ? pst_redact_text(value) : NULL;

    pst_json_set_string(json, name, redacted != NULL ? redacted : value);
}

/* The message and its further lines are one text, and cut only after it was searched: the rest of a
 * secret that was cut might not be known for one. */
static void
set_lines(JsonObject *json, const PstEventFacts *facts)
{
    g_autoptr(GString) all = g_string_new(facts->before);
    gsize message = all->len, end = message + strlen(facts->message);
    guint n;

    g_string_append_printf(all, "%s\n%s", facts->message, facts->text != NULL ? facts->text : "");
    gsize text_end = all->len;
    g_string_append_printf(all, "\n%s", facts->after != NULL ? facts->after : "");

    g_autoptr(GArray) ranges = pst_redact_find(all->str, all->len, FALSE);
    g_autoptr(GString) first = pst_redact_parts_cut(all->str, message, end, ranges, &n);
    set_string(json, "message", first->str, MAX_MESSAGE);
    if (facts->text == NULL && facts->n_left_out == 0)
        return;
    g_autoptr(GString) text = pst_redact_parts_cut(all->str, end + 1, text_end, ranges, &n);
    if (facts->n_left_out > 0)
        g_string_append_printf(text, "%sand %u lines more", text->len > 0 ? "\n" : "",
                               facts->n_left_out);
    set_string(json, "text", text->str, MAX_TEXT);
}

JsonObject *
pst_recorder_kinds_make(PstRecorderKinds *kinds, PstEventKind kind, const PstEventFacts *facts,
                        gint64 now_us)
{
    PstTokenBucket *bucket = &kinds->buckets[kind];
    guint64 suppressed = bucket->refused;

    if (!pst_token_bucket_take(bucket, now_us))
        return NULL;

    JsonObject *json = json_object_new();
    json_object_set_string_member(json, "event", pst_record_event_names[kind]);
    if (facts->message != NULL)
        set_lines(json, facts);
    set_own(json, "path", facts->path);
    set_own(json, "unit", facts->unit);
    if (suppressed > 0)
        json_object_set_int_member(json, "suppressed", (gint64)suppressed);
    return json;
}
