// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/limits.h"
#include "protocol/message.h"
#include "protocol/report-network.h"
#include "protocol/vocabulary.h"
#include "tests/unit/frame-corpus.h"
#include "tests/unit/random-report.h"

static PstReport *
decode(const char *text, GError **error)
{
    JsonObject *json = pst_json_parse(text, strlen(text), &pst_validate_from_guest, NULL);

    g_assert_nonnull(json);
    PstReport *report = pst_report_decode(json, error);
    json_object_unref(json);
    return report;
}

static void
assert_same_reports(const PstReport *a, const PstReport *b)
{
    g_assert_cmpstr(a->probe, ==, b->probe);
    g_assert_cmpint(a->status, ==, b->status);
    g_assert_cmpstr(a->summary, ==, b->summary);
    g_assert_cmpint(a->took_ms, ==, b->took_ms);
    g_assert_cmpint(a->realtime_us, ==, b->realtime_us);
    g_assert_cmpint(a->truncated, ==, b->truncated);
    g_assert_true(a->kind == b->kind);
    assert_same_lists(&pst_finding_fields, a->findings, b->findings);
    assert_same_fields(a->kind->data, a->data, b->data);
}

/* Every kind there is: what it says arrives as it was said. */
static void
test_round_trip(void)
{
    for (guint k = 0; k < pst_vocabulary_n; k++) {
        for (int i = 0; i < 200; i++) {
            g_autoptr(PstReport) report = random_report(pst_vocabulary[k]);
            g_autoptr(GError) error = NULL;
            gsize len;
            g_autofree char *text = pst_report_to_text(report, PST_LIMIT_FRAME_FROM_GUEST, &len);
            g_autoptr(PstReport) again = decode(text, &error);

            g_assert_no_error(error);
            g_assert_cmpuint(len, ==, strlen(text));
            assert_same_reports(report, again);
            g_assert_nonnull(again->raw);
        }
    }
}

static void
test_conclude(void)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_network_kind);

    pst_report_conclude(report, "fine");
    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpstr(report->summary, ==, "fine");

    pst_report_add(report, "network.no-link", PST_SEVERITY_INFORMATION, "note %d", 1);
    pst_report_conclude(report, "fine");
    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpstr(report->summary, ==, "fine");

    pst_report_add(report, "network.no-link", PST_SEVERITY_WARNING, "w1");
    pst_report_add(report, "network.no-link", PST_SEVERITY_UNKNOWN, "u1");
    pst_report_add(report, "network.no-link", PST_SEVERITY_WARNING, "w2");
    pst_report_conclude(report, "fine");
    g_assert_cmpint(report->status, ==, PST_STATUS_UNKNOWN);
    g_assert_cmpstr(report->summary, ==, "u1");

    pst_report_add(report, "network.no-link", PST_SEVERITY_CRITICAL, "c1");
    pst_report_add(report, "network.no-link", PST_SEVERITY_CRITICAL, "c2");
    pst_report_conclude(report, "fine");
    g_assert_cmpint(report->status, ==, PST_STATUS_CRITICAL);
    const char *const order[] = {"c1", "c2", "u1", "w1", "w2", "note 1"};
    for (guint i = 0; i < G_N_ELEMENTS(order); i++)
        g_assert_cmpstr(((PstFinding *)report->findings->pdata[i])->message, ==, order[i]);
}

static void
test_undo(void)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_network_kind);
    PstFinding *finding =
        pst_report_add(report, "network.no-link", PST_SEVERITY_WARNING, "message");
    PstUndo *undo = pst_report_undo(finding, PST_UNDO_MODE);

    undo->path = g_strdup("/etc/x");
    g_assert_true(pst_report_undo(finding, PST_UNDO_OWNER) == undo);
    g_assert_cmpint(undo->kind, ==, PST_UNDO_OWNER);
    g_assert_nonnull(finding->evidence);
}

static PstReport *
large_report(guint links, gsize name_len, const char *name_text)
{
    PstReport *report = pst_report_new(&pst_report_network_kind);
    PstNetworkData *data = report->data;

    for (guint i = 0; i < links; i++) {
        PstNetworkLink *link = pst_fields_append(&pst_report_network_link_fields, &data->links);
        g_autoptr(GString) name = g_string_new(NULL);
        while (name->len < name_len)
            g_string_append(name, name_text);
        link->name = g_string_free(g_steal_pointer(&name), FALSE);
    }
    pst_report_conclude(report, "fine");
    return report;
}

/* What does not fit is cut and said to be, and what remains is a report all the same; the largest
 * that is made still fits into a frame, envelope included, by every limit. */
static void
check_shrinks(guint links, gsize name_len, const char *name_text, gsize max_bytes,
              gboolean truncated)
{
    const PstMessageId id = {"0123456789abcdef0123456789abcdef", PST_LIMIT_INTEGER};
    g_autoptr(PstReport) report = large_report(links, name_len, name_text);
    g_autoptr(GError) error = NULL;
    gsize len;
    g_autofree char *text = pst_report_to_text(report, max_bytes, &len);

    g_assert_nonnull(text);
    g_assert_cmpuint(len, <=, max_bytes);
    g_autoptr(PstReport) again = decode(text, &error);
    g_assert_no_error(error);
    g_assert_cmpint(again->truncated, ==, truncated);
    g_assert_false(report->truncated);

    g_autofree char *message = pst_message_result_text(&id, text, len);
    PstValidateLimits limits = pst_validate_from_guest;
    limits.max_bytes += 1024;
    g_assert_cmpint(pst_validate((guint8 *)message, strlen(message), &limits).reason, ==,
                    PST_VALIDATE_OK);
    g_test_message("%u links of %" G_GSIZE_FORMAT " bytes: %u in %" G_GSIZE_FORMAT " bytes", links,
                   name_len, ((PstNetworkData *)again->data)->links->len, len);
}

static void
test_shrinks(void)
{
    const gsize whole = PST_LIMIT_FRAME_FROM_GUEST;

    check_shrinks(100, 10, "x", whole, FALSE);
    check_shrinks(2000, 10, "x", whole, FALSE);
    check_shrinks(2001, 10, "x", whole, TRUE);
    check_shrinks(20000, 10, "x", whole, TRUE);
    check_shrinks(500, 8192, "x", whole, TRUE);
    check_shrinks(1, 8192, "x", whole, FALSE);
    check_shrinks(1, 8193, "x", whole, TRUE);
    check_shrinks(60, 4000, "\x01", whole, TRUE);
    check_shrinks(60, 4000, "\x1f", whole, TRUE);
    check_shrinks(100, 4000, "\xFF", whole, TRUE);
    check_shrinks(20, 8192, "\x01", 32 * 1024, TRUE);
}

/* As many tokens as the frame may have are too many for a report: the envelope has some too. */
static void
test_shrinks_by_tokens(void)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_network_kind);
    PstNetworkData *data = report->data;

    for (guint i = 0; i < 10; i++) {
        PstNetworkLink *link = pst_fields_append(&pst_report_network_link_fields, &data->links);
        link->addresses = g_new0(char *, 1986);
        for (guint a = 0; a < 1985; a++)
            link->addresses[a] = g_strdup("");
    }
    pst_report_conclude(report, "fine");
    guint whole = 0;
    for (guint names = 0; names < 120; names += 3) {
        const PstMessageId id = {"0123456789abcdef0123456789abcdef", 7};
        gsize len;

        data->nameservers = g_new0(char *, names + 1);
        for (guint i = 0; i < names; i++)
            data->nameservers[i] = g_strdup("");
        g_autofree char *text = pst_report_to_text(report, PST_LIMIT_FRAME_FROM_GUEST, &len);
        g_autofree char *message = pst_message_result_text(&id, text, len);
        g_assert_cmpint(
            pst_validate((guint8 *)message, strlen(message), &pst_validate_from_guest).reason, ==,
            PST_VALIDATE_OK);
        whole += strstr(text, "\"truncated\":false") != NULL;
        g_clear_pointer(&data->nameservers, g_strfreev);
    }
    /* The limit was passed on the way. */
    g_assert_cmpuint(whole, >, 0);
    g_assert_cmpuint(whole, <, 40);
}

static void
test_summary_cut(void)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_network_kind);
    g_autoptr(GString) summary = g_string_new("a");
    gsize len;

    for (int i = 0; i < 5000; i++)
        g_string_append(summary, "\xC3\xA9");
    pst_report_conclude(report, summary->str);
    g_autofree char *text = pst_report_to_text(report, PST_LIMIT_FRAME_FROM_GUEST, &len);
    g_autoptr(PstReport) again = decode(text, NULL);
    g_assert_true(again->truncated);
    g_assert_cmpuint(strlen(again->summary), ==, 8191);
    g_assert_null(strstr(again->summary, "\xEF\xBF\xBD"));
}

#define REPORT(probe, status, findings, data)                                                      \
    "{\"probe\":" probe ",\"status\":" status ",\"summary\":\"s\",\"findings\":" findings          \
    ",\"data\":" data ",\"took_ms\":1,\"truncated\":false}"

static void
test_unknown_probe(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstReport) report =
        decode(REPORT("\"weather\"", "\"warning\"", "[]", "{\"rain\":1}"), &error);

    g_assert_no_error(error);
    g_assert_null(report->kind);
    g_assert_null(report->data);
    g_assert_cmpstr(report->probe, ==, "weather");
    g_assert_cmpint(report->status, ==, PST_STATUS_WARNING);
    g_assert_true(json_object_has_member(report->raw, "data"));
}

static const char *const refused[] = {
    "{}",
    REPORT("7", "\"ok\"", "[]", "{}"),
    REPORT("null", "\"ok\"", "[]", "{}"),
    REPORT("\"network\"", "\"fine\"", "[]", "{}"),
    REPORT("\"network\"", "\"OK\"", "[]", "{}"),
    REPORT("\"network\"", "0", "[]", "{}"),
    REPORT("\"network\"", "null", "[]", "{}"),
    REPORT("\"network\"", "\"ok\"", "{}", "{}"),
    REPORT("\"network\"", "\"ok\"", "[1]", "{}"),
    REPORT("\"network\"", "\"ok\"", "[{}]", "{}"),
    REPORT("\"network\"", "\"ok\"", "[{\"id\":\"a\",\"severity\":\"warning\"}]", "{}"),
    REPORT("\"network\"", "\"ok\"", "[{\"id\":\"a\",\"severity\":\"grim\",\"message\":\"m\"}]",
           "{}"),
    REPORT("\"network\"", "\"ok\"", "[{\"id\":\"a\",\"message\":\"m\"}]", "{}"),
    REPORT("\"network\"", "\"ok\"",
           "[{\"id\":\"a\",\"severity\":\"warning\",\"message\":\"m\",\"undo\":{}}]", "{}"),
    REPORT("\"network\"", "\"ok\"", "[]", "null"),
    REPORT("\"network\"", "\"ok\"", "[]", "[]"),
    REPORT("\"network\"", "\"ok\"", "[]", "{\"links\":{}}"),
    REPORT("\"network\"", "\"ok\"", "[]", "{\"links\":[{\"mtu\":\"1500\"}]}"),
    "{\"probe\":\"network\",\"status\":\"ok\",\"summary\":\"s\",\"findings\":[],\"data\":{},"
    "\"took_ms\":1}",
    "{\"probe\":\"network\",\"status\":\"ok\",\"summary\":\"s\",\"findings\":[],\"data\":{},"
    "\"took_ms\":1.5,\"truncated\":false}",
    "{\"probe\":\"network\",\"status\":\"ok\",\"summary\":\"s\",\"findings\":[],\"data\":{},"
    "\"took_ms\":1,\"realtime_us\":\"1\",\"truncated\":false}",
    "{\"probe\":\"network\",\"status\":\"ok\",\"summary\":\"s\",\"findings\":[],\"data\":{},"
    "\"took_ms\":1,\"realtime_us\":null,\"truncated\":false}",
};

static void
test_refused(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GError) error = NULL;

        g_test_message("%s", refused[i]);
        g_assert_null(decode(refused[i], &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_PROTOCOL);
        g_assert_true(g_str_has_prefix(error->message, "not a report: "));
    }
}

/* A newer shim may say more than this side knows. */
static void
test_grown(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstReport) report =
        decode("{\"probe\":\"network\",\"status\":\"ok\",\"summary\":\"s\",\"findings\":[{\"id\":"
               "\"a.b\",\"severity\":\"information\",\"message\":\"m\",\"new\":[]}],\"data\":"
               "{\"new\":1},\"took_ms\":1,\"truncated\":true,\"new\":null}",
               &error);

    g_assert_no_error(error);
    g_assert_true(report->truncated);
    g_assert_cmpuint(report->findings->len, ==, 1);
    g_assert_cmpint(report->realtime_us, ==, PST_INT_UNKNOWN);
}

static void
check_real(const char *name, const char *text, gsize len)
{
    if (!g_str_has_prefix(name, "probe-") || strstr(text, "\"result\"") == NULL)
        return;

    g_autoptr(GError) error = NULL;
    JsonObject *json = pst_json_parse(text, len, &pst_validate_from_guest, &error);
    g_assert_no_error(error);
    g_autoptr(PstReport) report =
        pst_report_decode(json_object_get_object_member(json, "result"), &error);
    g_assert_no_error(error);
    g_assert_nonnull(report->kind);
    json_object_unref(json);

    gsize again_len;
    g_autofree char *again_text =
        pst_report_to_text(report, PST_LIMIT_FRAME_FROM_GUEST, &again_len);
    g_autoptr(PstReport) again = decode(again_text, &error);
    g_assert_no_error(error);
    assert_same_reports(report, again);
}

static void
test_real_reports(void)
{
    for_each_frame(check_real);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/report/round-trip", test_round_trip);
    g_test_add_func("/report/conclude", test_conclude);
    g_test_add_func("/report/undo", test_undo);
    g_test_add_func("/report/shrinks", test_shrinks);
    g_test_add_func("/report/shrinks-by-tokens", test_shrinks_by_tokens);
    g_test_add_func("/report/summary-cut", test_summary_cut);
    g_test_add_func("/report/unknown-probe", test_unknown_probe);
    g_test_add_func("/report/refused", test_refused);
    g_test_add_func("/report/grown", test_grown);
    g_test_add_func("/report/real-reports", test_real_reports);
    return g_test_run();
}
