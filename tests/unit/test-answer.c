// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/inquiry.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "tests/unit/make-report.h"

static PstAnswer *
unanswered(void)
{
    PstAnswer *answer = pst_answer_new("guest", "network", NULL);

    answer->error = g_error_new(PST_ERROR, PST_ERROR_UNAVAILABLE, "no path to the guest answered");
    return answer;
}

static void
test_status(void)
{
    g_autoptr(PstAnswer) answer = unanswered();

    g_assert_cmpint(pst_answer_status(answer), ==, PST_STATUS_UNKNOWN);
    answer->report = make_report(PST_SEVERITY_WARNING, "network.no-link", "x");
    g_assert_cmpint(pst_answer_status(answer), ==, PST_STATUS_WARNING);
}

static void
test_explain(void)
{
    g_autoptr(PstAnswer) answer = unanswered();
    g_autofree char *bare = pst_answer_explain(answer);
    g_assert_cmpstr(bare, ==, "no path to the guest answered");

    pst_answer_add_attempt(answer, PST_VIA_CHANNEL, 0, "the guest is off");
    pst_answer_add_attempt(answer, PST_VIA_AGENT, 0, "the guest is off");
    g_autofree char *once = pst_answer_explain(answer);
    g_assert_cmpstr(once, ==, "no path to the guest answered: the guest is off");

    pst_answer_add_attempt(answer, PST_VIA_AGENT_BUILTIN, 9, "blocked");
    g_autofree char *each = pst_answer_explain(answer);
    g_assert_cmpstr(each, ==,
                    "no path to the guest answered: channel: the guest is off; agent: the guest is "
                    "off; agent-builtin: blocked");

    /* Refused by the guest: what other paths said is beside the point. */
    answer->via = PST_VIA_AGENT;
    g_autofree char *refused = pst_answer_explain(answer);
    g_assert_cmpstr(refused, ==, "no path to the guest answered");
}

static void
test_json(void)
{
    g_autoptr(PstAnswer) answer = unanswered();
    const char *text = NULL;
    JsonObject *error = NULL, *report = NULL;
    JsonArray *attempts = NULL;

    pst_answer_add_attempt(answer, PST_VIA_CHANNEL, 12, "no \xff shim");
    g_autoptr(JsonObject) json = pst_answer_to_json(answer);
    g_assert_true(pst_json_get_string(json, "via", PST_JSON_REQUIRED, &text, NULL));
    g_assert_cmpstr(text, ==, "none");
    g_assert_true(pst_json_get_object(json, "error", PST_JSON_REQUIRED, &error, NULL));
    g_assert_true(pst_json_get_string(error, "reason", PST_JSON_REQUIRED, &text, NULL));
    g_assert_cmpstr(text, ==, "unavailable");
    g_assert_true(pst_json_get_array(json, "attempts", PST_JSON_REQUIRED, &attempts, NULL));
    JsonObject *attempt = json_array_get_object_element(attempts, 0);
    g_assert_cmpint(json_object_get_int_member(attempt, "took_ms"), ==, 12);
    g_assert_true(g_utf8_validate(json_object_get_string_member(attempt, "reason"), -1, NULL));
    g_assert_false(json_object_has_member(json, "report"));

    g_clear_error(&answer->error);
    answer->report = make_report(-1, NULL, NULL);
    answer->via = PST_VIA_CHANNEL;
    g_autoptr(JsonObject) answered = pst_answer_to_json(answer);
    g_assert_true(pst_json_get_object(answered, "report", PST_JSON_REQUIRED, &report, NULL));
    g_assert_false(json_object_has_member(answered, "error"));
    g_autofree char *line = pst_json_to_text(answered, NULL);
    g_assert_nonnull(line);
}

/* That a guest was well once is no word on now; that something was wrong still warns. */
static void
test_of_a_record(void)
{
    static const struct {
        PstStatus recorded, status;
    } rows[] = {
        {PST_STATUS_OK, PST_STATUS_UNKNOWN},
        {PST_STATUS_WARNING, PST_STATUS_UNKNOWN},
        {PST_STATUS_UNKNOWN, PST_STATUS_UNKNOWN},
        {PST_STATUS_CRITICAL, PST_STATUS_CRITICAL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstAnswer) answer = pst_answer_new("web", "network", NULL);

        answer->report = make_report(-1, NULL, NULL);
        answer->report->status = rows[i].recorded;
        answer->via = PST_VIA_CHANNEL;
        g_assert_cmpint(pst_answer_status(answer), ==, rows[i].recorded);
        answer->via = PST_VIA_VOLUME;
        g_assert_cmpint(pst_answer_status(answer), ==, rows[i].status);
    }
}

/* How long each took, for the audit: to its answer, to its refusal, or to the end. */
static void
test_took(void)
{
    const gint64 waited_ms = 30;
    const guint n = 3;
    g_autoptr(GError) refusal = g_error_new(PST_ERROR, PST_ERROR_NOT_ALLOWED, "no");
    PstAnswer **questions = g_new0(PstAnswer *, n);

    for (guint i = 0; i < n; i++) {
        questions[i] = pst_answer_new("guest", "network", NULL);
        g_assert_cmpint(questions[i]->took_ms, ==, PST_INT_UNKNOWN);
    }
    g_autoptr(PstInquiry) inquiry =
        pst_inquiry_new(questions, n, "somebody", g_get_monotonic_time() + G_USEC_PER_SEC);
    pst_inquiry_answer(inquiry, 0, PST_VIA_CHANNEL, make_report(-1, NULL, NULL));
    g_usleep((gulong)waited_ms * 1000);
    pst_inquiry_refuse(inquiry, 1, PST_VIA_CHANNEL, refusal);
    g_usleep((gulong)waited_ms * 1000);
    g_autofree PstAnswer **answers = pst_inquiry_close(inquiry);
    g_assert_cmpint(answers[0]->took_ms, >=, 0);
    g_assert_cmpint(answers[1]->took_ms, >=, answers[0]->took_ms + waited_ms - 1);
    g_assert_cmpint(answers[2]->took_ms, >=, answers[1]->took_ms + waited_ms - 1);
    g_autoptr(PstAnswer) copy = pst_answer_copy(answers[1]);
    g_assert_cmpint(copy->took_ms, ==, answers[1]->took_ms);
    for (guint i = 0; i < n; i++)
        pst_answer_free(answers[i]);
}

/* What may wait for something of the site's own comes first, so that nothing waits for it alone. */
static void
test_order_of_asking(void)
{
    static const char *const stood[] = {"system", "sudo", "memory", "changes", "checks", "ssh"};
    static const char *const asked[] = {"sudo", "changes", "checks", "ssh", "system", "memory"};
    const guint n = G_N_ELEMENTS(stood);
    PstAnswer **questions = g_new0(PstAnswer *, n);
    guint places[G_N_ELEMENTS(stood)];

    for (guint i = 0; i < n; i++)
        questions[i] = pst_answer_new("guest", stood[i], NULL);
    g_autofree PstAnswer **arranged = pst_answer_arrange(questions, n, places);
    for (guint i = 0; i < n; i++) {
        g_assert_cmpstr(arranged[i]->probe, ==, asked[i]);
        g_assert_cmpstr(stood[places[i]], ==, asked[i]);
        pst_answer_free(arranged[i]);
    }
}

/* What a daemon tells is what was told to it. */
static void
test_there_and_back(void)
{
    g_autoptr(PstAnswer) answer = unanswered();
    g_autoptr(GError) error = NULL;

    pst_answer_add_attempt(answer, PST_VIA_CHANNEL, 12, "no shim");
    answer->age_ms = 7;
    answer->no_news_ms = 3;
    for (int with_report = FALSE; with_report <= TRUE; with_report++) {
        if (with_report) {
            g_clear_error(&answer->error);
            answer->report = make_report(PST_SEVERITY_WARNING, "network.no-link", "x");
            answer->via = PST_VIA_VOLUME;
        }
        g_autoptr(JsonObject) json = pst_answer_to_json(answer);
        g_autoptr(PstAnswer) back = pst_answer_from_json(json, NULL, &error);
        g_assert_no_error(error);
        g_autoptr(JsonObject) again = pst_answer_to_json(back);
        g_autofree char *a = pst_json_to_text(json, NULL);
        g_autofree char *b = pst_json_to_text(again, NULL);
        g_assert_cmpstr(a, ==, b);
        g_assert_cmpint(back->no_news_ms, ==, 3);
        g_autoptr(PstAnswer) copy = pst_answer_copy(back);
        g_assert_cmpint(copy->no_news_ms, ==, 3);
    }
}

static void
test_unchanged(void)
{
    g_autoptr(PstAnswer) older = unanswered();
    g_autoptr(PstAnswer) newer = unanswered();
    PstAnswer *answers[] = {older, newer};

    g_assert_cmpint(pst_answer_no_news_ms(answers, 2), ==, PST_INT_UNKNOWN);
    for (guint i = 0; i < 2; i++) {
        g_clear_error(&answers[i]->error);
        answers[i]->report = make_report(PST_SEVERITY_WARNING, "network.no-link", "x");
        answers[i]->via = PST_VIA_VOLUME;
    }
    older->no_news_ms = 30;
    /* One of which it is not known may have changed. */
    g_assert_cmpint(pst_answer_no_news_ms(answers, 2), ==, PST_INT_UNKNOWN);
    newer->via = PST_VIA_CHANNEL;
    g_assert_cmpint(pst_answer_no_news_ms(answers, 2), ==, 30);
    newer->via = PST_VIA_VOLUME;
    newer->no_news_ms = 20;
    g_assert_cmpint(pst_answer_no_news_ms(answers, 2), ==, 30);
    pst_answer_let_age(newer, 15);
    pst_answer_let_age(newer, -5);
    g_assert_cmpint(newer->age_ms, ==, 15);
    g_assert_cmpint(pst_answer_no_news_ms(answers, 2), ==, 35);
    newer->no_news_ms = PST_INT_UNKNOWN;
    pst_answer_let_age(newer, 5);
    g_assert_cmpint(newer->no_news_ms, ==, PST_INT_UNKNOWN);
}

static void
test_not_read(void)
{
    static const char *const texts[] = {
        "{}",
        "{\"guest\":\"g\",\"probe\":\"system\",\"via\":\"phone\",\"error\":{\"reason\":\"busy\","
        "\"message\":\"m\"}}",
        "{\"guest\":\"g\",\"probe\":\"system\",\"via\":\"none\"}",
        "{\"guest\":\"g\",\"probe\":\"system\",\"via\":\"none\",\"error\":{\"reason\":\"busy\"}}",
        "{\"guest\":\"g\",\"probe\":\"system\",\"via\":\"none\",\"report\":{}}",
        "{\"guest\":\"g\",\"probe\":\"system\",\"via\":\"none\",\"attempts\":[1],\"error\":{"
        "\"reason\":\"busy\",\"message\":\"m\"}}",
        "{\"guest\":\"g\",\"probe\":\"system\",\"via\":\"none\",\"attempts\":[{\"via\":\"x\","
        "\"reason\":\"r\"}],\"error\":{\"reason\":\"busy\",\"message\":\"m\"}}",
    };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(JsonObject) json =
            pst_json_parse(texts[i], strlen(texts[i]), &pst_validate_from_api, NULL);
        g_autoptr(GError) error = NULL;

        g_assert_nonnull(json);
        g_assert_null(pst_answer_from_json(json, NULL, &error));
        g_assert_nonnull(error);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/answer/status", test_status);
    g_test_add_func("/answer/explain", test_explain);
    g_test_add_func("/answer/json", test_json);
    g_test_add_func("/answer/of-a-record", test_of_a_record);
    g_test_add_func("/answer/order-of-asking", test_order_of_asking);
    g_test_add_func("/answer/took", test_took);
    g_test_add_func("/answer/there-and-back", test_there_and_back);
    g_test_add_func("/answer/unchanged", test_unchanged);
    g_test_add_func("/answer/not-read", test_not_read);
    return g_test_run();
}
