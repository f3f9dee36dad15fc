// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/recalled.h"

#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/report-services.h"

/* Arguments that change nothing of what is told, or are looked at by themselves. */
static const char *const harmless[] = {"passive", "host_realtime_us", "user", NULL};

/* An argument that only adds to what is told: the rest is the same without it. Where from, to which
 * port, with which key or command are none: a record would say of one what holds for another. */
static const char *
addition(const char *probe)
{
    return g_strcmp0(probe, pst_report_services_kind.name) == 0 ? "units" : NULL;
}

/* A report about nobody answers those who asked the same, or about the user that it turned out to
 * be about; one about a user those who asked about that one. */
static gboolean
is_about(const PstRecord *record, JsonObject *args)
{
    const char *about = NULL, *asked = NULL;
    JsonObject *data = NULL;

    pst_json_get_string(args, "user", PST_JSON_OPTIONAL, &asked, NULL);
    if (record->user != NULL || asked == NULL)
        return g_strcmp0(record->user, asked) == 0;
    if (pst_json_get_object(record->body, "data", PST_JSON_REQUIRED, &data, NULL))
        pst_json_get_string(data, "user", PST_JSON_OPTIONAL, &about, NULL);
    return about == NULL || g_str_equal(asked, about);
}

static gboolean
is_same_question(JsonObject *args, const PstRecord *record, const char *added)
{
    g_autoptr(GList) names = json_object_get_members(args);

    for (GList *item = names; item != NULL; item = item->next)
        if (!g_strv_contains(harmless, item->data) && g_strcmp0(item->data, added) != 0)
            return FALSE;
    return is_about(record, args);
}

/* References to JSON objects are not counted atomically: the report goes to another thread than the
 * record stays in. */
static JsonObject *
copy_of(JsonObject *object, GError **error)
{
    gsize len = 0;
    g_autofree char *text = pst_json_to_text(object, &len);

    return pst_json_parse_validated(text, len, error);
}

static void
say_without(JsonObject *report, const char *added)
{
    const char *summary = NULL;

    if (!pst_json_get_string(report, "summary", PST_JSON_REQUIRED, &summary, NULL))
        return;
    g_autofree char *more = g_strdup_printf("%s (recorded without %s)", summary, added);
    pst_json_set_string(report, "summary", more);
}

PstReport *
pst_recalled_report(const PstRecord *record, JsonObject *args, GError **error)
{
    const char *probe = NULL;

    pst_json_get_string(record->body, "probe", PST_JSON_OPTIONAL, &probe, NULL);
    const char *added = addition(probe);
    if (!is_same_question(args, record, added)) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                    "its recorder was asked something else");
        return NULL;
    }
    g_autoptr(JsonObject) report = copy_of(record->body, error);
    if (report == NULL)
        return NULL;
    if (added != NULL && json_object_has_member(args, added))
        say_without(report, added);
    return pst_report_decode(report, error);
}

gboolean
pst_recalled_is_silence(const PstRecord *record)
{
    const char *status = NULL;
    JsonArray *findings = NULL;
    JsonObject *data = NULL;

    return record->kind == PST_RECORD_REPORT && record->body != NULL &&
           pst_json_get_string(record->body, "status", PST_JSON_REQUIRED, &status, NULL) &&
           g_str_equal(status, pst_report_status_names[PST_STATUS_UNKNOWN]) &&
           pst_json_get_array(record->body, "findings", PST_JSON_REQUIRED, &findings, NULL) &&
           json_array_get_length(findings) == 0 &&
           pst_json_get_object(record->body, "data", PST_JSON_REQUIRED, &data, NULL) &&
           json_object_get_size(data) == 0;
}

static void
add_could_not_look(PstReport *report, const char *when, const char *why)
{
    g_autofree char *id = g_strconcat(report->kind->name, ".could-not-look", NULL);
    PstFinding *finding = pst_report_add(report, id, PST_SEVERITY_UNKNOWN,
                                         "this was so at an earlier look; %s: %s", when, why);

    finding->evidence->error = g_strdup(why);
    finding->evidence->source = g_strdup("its recorder");
    if (report->status != PST_STATUS_CRITICAL)
        report->status = PST_STATUS_UNKNOWN;
}

void
pst_recalled_add_silence(PstReport *report, const PstRecord *silence)
{
    const char *why = "no answer";

    pst_json_get_string(silence->body, "summary", PST_JSON_OPTIONAL, &why, NULL);
    add_could_not_look(report, "at the last one", why);
}

void
pst_recalled_add_unread(PstReport *report, const char *why)
{
    add_could_not_look(report, "what the last one told is not understood", why);
}
