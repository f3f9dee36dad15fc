// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a volume answers where not all that stands there can be read. */
#include <string.h>

#include "host-sidecar/volume-recall.h"
#include "protocol/error.h"
#include "protocol/json.h"

#define SECOND G_GINT64_CONSTANT(1000000)
#define NOW (G_GINT64_CONSTANT(1800000000) * SECOND)

static void
add(GPtrArray *records, gint64 seq, const char *status, const char *domain)
{
    gboolean silent = g_str_equal(status, "unknown");
    g_autofree char *text =
        g_strdup_printf("{\"probe\":\"services\",\"status\":\"%s\",\"summary\":\"%d\","
                        "\"findings\":[],\"data\":{%s},\"took_ms\":1,\"truncated\":false}",
                        status, (int)seq, silent ? "" : "\"state\":\"running\"");
    PstRecord *record = g_new0(PstRecord, 1);

    record->seq = record->boottime_us = record->realtime_us = seq;
    record->boot_id = g_strdup("1");
    record->machine_id = g_strdup("m");
    record->domain = g_strdup(domain);
    record->kind = PST_RECORD_REPORT;
    record->body = pst_json_parse(text, strlen(text), &pst_validate_from_guest, NULL);
    g_assert_nonnull(record->body);
    g_ptr_array_add(records, record);
}

/* Of words of the form status or status@domain, numbered from 1 on. */
static PstVolumeRecords *
make(const char *words)
{
    static const PstRecordCounters counters = {0, 0, 0};
    g_auto(GStrv) parts = g_strsplit(words, " ", -1);
    GPtrArray *records = pst_record_set_new();

    for (gint64 i = 0; parts[i] != NULL; i++) {
        char *at = strchr(parts[i], '@');
        if (at != NULL)
            *at++ = '\0';
        add(records, i + 1, parts[i], at != NULL ? at : "web");
    }
    return pst_volume_records_new(records, &counters, NOW, 1);
}

static void
test_newer(void)
{
    static const struct {
        const char *words;
        const char *summary; /* of the answer; NULL: there is none */
        const char *later;   /* what it says of the last look; NULL: nothing */
    } rows[] = {
        {"ok", "1", NULL},
        {"ok critical", "2", NULL},
        {"ok dire", "1", "what the last one told is not understood: not a report: "},
        {"ok warning dire dire dire", "2", "what the last one told is not understood: "},
        {"ok dire unknown", "1", "at the last one: 3"},
        {"ok unknown dire", "1", "what the last one told is not understood: "},
        {"ok unknown", "1", "at the last one: 2"},
        {"ok@copy dire", NULL, NULL},
        {"ok ok@copy dire", "1", "what the last one told is not understood: "},
        {"dire dire", NULL, NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstVolumeRecords) records = make(rows[i].words);
        g_autoptr(JsonObject) args = json_object_new();
        g_autoptr(GError) error = NULL;
        const PstRecord *record = NULL;
        g_autoptr(PstReport) report =
            pst_volume_recall(records, "services", args, "web", &record, &error);

        g_test_message("%s", rows[i].words);
        g_assert_cmpstr(report != NULL ? report->summary : NULL, ==, rows[i].summary);
        if (report == NULL) {
            g_assert_error(error, PST_ERROR, PST_ERROR_PROTOCOL);
            continue;
        }
        g_assert_no_error(error);
        g_assert_cmpint(record->seq, ==, g_ascii_strtoll(report->summary, NULL, 10));
        guint n = report->findings != NULL ? report->findings->len : 0;
        g_assert_cmpuint(n, ==, rows[i].later != NULL ? 1 : 0);
        if (n == 0)
            continue;
        const PstFinding *finding = report->findings->pdata[0];
        g_assert_cmpstr(finding->id, ==, "services.could-not-look");
        g_assert_nonnull(strstr(finding->message, rows[i].later));
        g_assert_cmpint(report->status, ==, PST_STATUS_UNKNOWN);
    }
}

/* A guest that wrote thousands of them costs the reader no more than some. */
static void
test_many(void)
{
    for (guint n = PST_VOLUME_RECALL_MAX; n <= PST_VOLUME_RECALL_MAX + 1; n++) {
        g_autoptr(GString) words = g_string_new("ok");
        g_autoptr(JsonObject) args = json_object_new();
        const PstRecord *record = NULL;

        for (guint i = 0; i < n; i++)
            g_string_append(words, " dire");
        g_autoptr(PstVolumeRecords) records = make(words->str);
        g_autoptr(PstReport) report =
            pst_volume_recall(records, "services", args, "web", &record, NULL);
        g_assert_cmpint(report != NULL, ==, n == PST_VOLUME_RECALL_MAX);
    }
}

/* What stands there answers something else, or is of somebody else. */
static void
test_none(void)
{
    g_autoptr(PstVolumeRecords) records = make("ok@copy");
    g_autoptr(JsonObject) args = json_object_new();
    g_autoptr(GError) error = NULL;
    const PstRecord *record = NULL;

    g_assert_null(pst_volume_recall(records, "services", args, "web", &record, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
    g_assert_nonnull(strstr(error->message, "has records of copy"));
    g_clear_error(&error);
    json_object_set_int_member(args, "priority", 3);
    g_assert_null(pst_volume_recall(records, "services", args, "copy", &record, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/volume-recall/newer", test_newer);
    g_test_add_func("/volume-recall/many", test_many);
    g_test_add_func("/volume-recall/none", test_none);
    return g_test_run();
}
