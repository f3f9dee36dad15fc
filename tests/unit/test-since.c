// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/since.h"

#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/report-changes.h"
#include "protocol/report-journal.h"

#define BOOT "9296ef3853e5406c868deba62384c27e"
#define CURSOR "s=8d1f;i=2a;b=" BOOT ";m=3e8;t=5f5e100;x=77"
#define MARK(cursor)                                                                               \
    "mark1,boot=" BOOT ",up=100.000000,clock=2026-11-18T11:06:39.695000Z" cursor                   \
    ",host=2026-11-18T11:06:40.000000Z"

static void
test_apply(void)
{
    static const struct {
        const char *since;
        const PstReportKind *kind;
        const char *args;
    } rows[] = {
        {"1500ms", &pst_report_journal_kind, "{\"since_s\":2,\"boot\":\"all\"}"},
        {"2h", &pst_report_changes_kind, "{\"since_s\":7200}"},
        {MARK(",cursor=" CURSOR), &pst_report_journal_kind, "{\"after\":\"" CURSOR "\"}"},
        {MARK(""), &pst_report_journal_kind, "{\"since_us\":1794999999695000,\"boot\":\"all\"}"},
        {MARK(",cursor=" CURSOR), &pst_report_changes_kind, "{\"since_us\":1794999999695000}"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(PstSince) since = pst_since_parse(rows[i].since, &error);
        g_autoptr(JsonObject) args = json_object_new();

        g_assert_no_error(error);
        g_assert_true(pst_since_apply(since, rows[i].kind, args, &error));
        g_assert_no_error(error);
        g_autofree char *text = pst_json_to_text(args, NULL);
        g_assert_cmpstr(text, ==, rows[i].args);
    }
}

static void
test_refused(void)
{
    static const char *const others[] = {"after", "since_us", "since_s"};
    g_autoptr(PstSince) since = pst_since_parse("1h", NULL);
    g_autoptr(GError) none = NULL, bad = NULL;
    g_autoptr(JsonObject) empty = json_object_new();

    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autoptr(JsonObject) args = json_object_new();
        g_autoptr(GError) error = NULL;

        json_object_set_int_member(args, others[i], 1);
        g_assert_false(pst_since_apply(since, &pst_report_journal_kind, args, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
    }
    g_autoptr(JsonObject) of_boot = json_object_new();
    json_object_set_string_member(of_boot, "boot", "-1");
    g_assert_true(pst_since_apply(since, &pst_report_journal_kind, of_boot, NULL));
    g_assert_cmpstr(json_object_get_string_member(of_boot, "boot"), ==, "-1");
    g_assert_false(pst_since_is_taken(&pst_report_system_kind));
    g_assert_false(pst_since_apply(since, &pst_report_system_kind, empty, &none));
    g_assert_error(none, PST_ERROR, PST_ERROR_USAGE);
    g_assert_null(pst_since_parse("mark1,boot=" BOOT, &bad));
    g_assert_error(bad, PST_ERROR, PST_ERROR_USAGE);
    g_clear_error(&bad);
    g_assert_null(pst_since_parse("0ms", &bad));
    g_assert_error(bad, PST_ERROR, PST_ERROR_USAGE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/since/apply", test_apply);
    g_test_add_func("/since/refused", test_refused);
    return g_test_run();
}
