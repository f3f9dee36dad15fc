// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which questions a recorded report answers, and what it says where it tells only a part. */
#include <string.h>

#include "host-sidecar/recalled.h"
#include "protocol/error.h"
#include "protocol/json.h"

static JsonObject *
object_of(const char *text)
{
    g_autoptr(GError) error = NULL;
    JsonObject *object = pst_json_parse(text, strlen(text), &pst_validate_from_guest, &error);

    g_assert_no_error(error);
    return object;
}

#define WHOLE "all is well"
#define LESS "all is well (recorded without units)"

static const struct {
    const char *probe, *data, *args;
    const char *summary; /* NULL: something else was asked */
    const char *user;    /* about whom the recorder had asked */
} rows[] = {
    {"services", "", "{}", WHOLE},
    {"services", "", "{\"units\":[\"nginx\"]}", LESS},
    {"services", "", "{\"units\":[\"nginx\"],\"priority\":3}", NULL},
    {"system", "", "{\"host_realtime_us\":5}", WHOLE},
    {"journal", "", "{\"units\":[\"nginx\"]}", NULL},
    {"ssh", "", "{\"passive\":true}", WHOLE},
    {"ssh", "", "{\"port\":2222}", NULL},
    {"ssh", "", "{\"from\":\"192.0.2.1\"}", NULL},
    {"sudo", "", "{\"command\":[\"/usr/bin/true\"]}", NULL},
    {"sudo", "\"user\":\"deploy\"", "{\"user\":\"deploy\"}", WHOLE},
    {"sudo", "\"user\":\"deploy\"", "{\"user\":\"root\"}", NULL},
    {"sudo", "", "{\"user\":\"root\"}", WHOLE},
    {"sudo", "\"user\":\"deploy\"", "{\"user\":\"deploy\",\"passive\":true}", WHOLE, "deploy"},
    {"sudo", "\"user\":\"deploy\"", "{\"user\":\"root\"}", NULL, "deploy"},
    /* A verdict on somebody is none on the guest: of one who may not, nobody is to be told. */
    {"sudo", "\"user\":\"deploy\"", "{}", NULL, "deploy"},
    {"ssh", "", "{\"user\":\"deploy\",\"port\":2222}", NULL, "deploy"},
};

static PstRecord *
record_of(guint row)
{
    g_autofree char *text =
        g_strdup_printf("{\"probe\":\"%s\",\"status\":\"ok\",\"summary\":\"" WHOLE "\","
                        "\"findings\":[],\"data\":{%s},\"took_ms\":1,\"truncated\":false}",
                        rows[row].probe, rows[row].data);
    PstRecord *record = g_new0(PstRecord, 1);

    record->kind = PST_RECORD_REPORT;
    record->user = g_strdup(rows[row].user);
    record->body = object_of(text);
    return record;
}

static void
test_questions(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstRecord) record = record_of(i);
        g_autoptr(JsonObject) args = object_of(rows[i].args);
        g_autoptr(GError) error = NULL;
        g_autoptr(PstReport) report = pst_recalled_report(record, args, &error);

        g_test_message("%s %s", rows[i].probe, rows[i].args);
        g_assert_cmpstr(report != NULL ? report->summary : NULL, ==, rows[i].summary);
        /* The record still says what it said. */
        g_assert_cmpstr(json_object_get_string_member(record->body, "summary"), ==, WHOLE);
        if (report == NULL) {
            g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
            continue;
        }
        g_autoptr(JsonObject) json = pst_report_to_json(report);
        g_assert_cmpstr(json_object_get_string_member(json, "summary"), ==, rows[i].summary);
    }
}

/* What a probe told once, and could not look at since. */
static void
test_silence(void)
{
    static const char *const silences[] = {
        "{\"probe\":\"ssh\",\"status\":\"unknown\",\"summary\":\"too late\",\"findings\":[],"
        "\"data\":{},\"took_ms\":0,\"truncated\":false}",
        /* These say more than that. */
        "{\"probe\":\"ssh\",\"status\":\"ok\",\"summary\":\"fine\",\"findings\":[],\"data\":{},"
        "\"took_ms\":0,\"truncated\":false}",
        "{\"probe\":\"ssh\",\"status\":\"unknown\",\"summary\":\"x\",\"findings\":[],"
        "\"data\":{\"installed\":true},\"took_ms\":0,\"truncated\":false}",
        "{\"probe\":\"ssh\",\"status\":\"unknown\"}",
    };
    g_autoptr(PstRecord) told = record_of(0);
    g_autoptr(JsonObject) args = json_object_new();
    g_autoptr(PstReport) report = pst_recalled_report(told, args, NULL);

    g_assert_false(pst_recalled_is_silence(told));
    for (guint i = 0; i < G_N_ELEMENTS(silences); i++) {
        PstRecord record = {.kind = PST_RECORD_REPORT, .body = object_of(silences[i])};

        g_assert_true(pst_recalled_is_silence(&record) == (i == 0));
        if (i == 0)
            pst_recalled_add_silence(report, &record);
        json_object_unref(record.body);
    }
    g_assert_cmpint(report->status, ==, PST_STATUS_UNKNOWN);
    g_assert_cmpuint(report->findings->len, ==, 1);
    const PstFinding *finding = report->findings->pdata[0];
    g_assert_cmpstr(finding->id, ==, "services.could-not-look");
    g_assert_nonnull(strstr(finding->message, "at the last one: too late"));
    report->status = PST_STATUS_CRITICAL;
    PstRecord last = {.kind = PST_RECORD_REPORT, .body = object_of(silences[0])};
    pst_recalled_add_silence(report, &last);
    g_assert_cmpint(report->status, ==, PST_STATUS_CRITICAL);
    json_object_unref(last.body);
}

static void
test_no_report(void)
{
    g_autoptr(PstRecord) record = record_of(0);
    g_autoptr(JsonObject) args = json_object_new();
    g_autoptr(GError) error = NULL;

    json_object_remove_member(record->body, "summary");
    g_assert_null(pst_recalled_report(record, args, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_PROTOCOL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/recalled/questions", test_questions);
    g_test_add_func("/recalled/silence", test_silence);
    g_test_add_func("/recalled/no-report", test_no_report);
    return g_test_run();
}
