// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/diagnose.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/report-host.h"
#include "tests/unit/make-report.h"

/* Each is a valid question of its probe. */
static void
check_question(PstAnswer *question)
{
    const PstReportKind *kind = pst_vocabulary_find(question->probe);
    g_autoptr(GError) error = NULL;

    g_assert_cmpstr(question->guest, ==, "guest");
    g_assert_nonnull(kind);
    gpointer args = pst_fields_decode_exact(kind->args, question->args, &error);
    g_assert_no_error(error);
    pst_fields_free(kind->args, args);
}

static void
test_questions(void)
{
    g_autoptr(JsonObject) vantage = json_object_new();
    guint n = 0, with_user = 0;

    json_object_set_string_member(vantage, "user", "harness");
    const PstDiagnoseWish wish = {.vantage = vantage, .units = "nginx,cron"};
    PstAnswer **questions = pst_diagnose_questions("guest", &wish, &n);
    /* All but file and list, which need a path, and access, host and doctor, which are made here.
     */
    g_assert_cmpuint(n, ==, pst_vocabulary_n - 5);
    for (guint i = 0; i < n; i++) {
        const char *user = NULL;

        check_question(questions[i]);
        g_assert_false(pst_vocabulary_find(questions[i]->probe)->derived);
        g_assert_cmpint(json_object_has_member(questions[i]->args, "units"), ==,
                        g_str_equal(questions[i]->probe, "services"));
        g_assert_true(
            pst_json_get_string(questions[i]->args, "user", PST_JSON_OPTIONAL, &user, NULL));
        if (user != NULL)
            g_assert_cmpstr(user, ==, "harness");
        with_user += user != NULL;
        pst_answer_free(questions[i]);
    }
    g_free(questions);
    g_assert_cmpuint(with_user, >, 0);
}

/* What leaves a trace is asked to leave it out, or not asked. */
static void
test_passive(void)
{
    g_autoptr(JsonObject) vantage = json_object_new();
    guint n = 0;
    const PstDiagnoseWish wish = {.vantage = vantage, .passive = TRUE};
    PstAnswer **questions = pst_diagnose_questions("guest", &wish, &n);

    for (guint i = 0; i < n; i++) {
        check_question(questions[i]);
        if (pst_vocabulary_find(questions[i]->probe)->footprint[0] != '\0')
            g_assert_true(json_object_get_boolean_member(questions[i]->args, "passive"));
        pst_answer_free(questions[i]);
    }
    g_free(questions);
}

/* Only some, in the vocabulary's order; and what is derived from them comes behind them. */
static void
test_some(void)
{
    static const char *const probes[] = {"sudo", "network", NULL};
    g_autoptr(JsonObject) vantage = json_object_new();
    const PstDiagnoseWish wish = {.vantage = vantage, .probes = probes};
    guint n = 0;
    PstAnswer **answers = pst_diagnose_questions("guest", &wish, &n);

    g_assert_cmpuint(n, ==, 2);
    g_assert_cmpstr(answers[0]->probe, ==, "sudo");
    g_assert_cmpstr(answers[1]->probe, ==, "network");
    answers = pst_diagnose_derive(answers, &n, &wish);
    g_assert_cmpuint(n, ==, 3);
    g_assert_cmpstr(answers[2]->probe, ==, "access");
    for (guint i = 0; i < n; i++)
        pst_answer_free(answers[i]);
    g_free(answers);
}

/* What the host saw stands before the answers, where it is worth a word. */
static void
test_add_host(void)
{
    PstReport *sound = pst_report_new(&pst_report_host_kind);
    PstReport *sick = pst_report_new(&pst_report_host_kind);
    PstAnswer **answers = g_new0(PstAnswer *, 1);
    guint n = 1;

    answers[0] = pst_answer_new("guest", "sudo", NULL);
    g_assert_false(pst_diagnose_is_answered(answers, n));
    answers[0]->via = PST_VIA_VOLUME;
    g_assert_false(pst_diagnose_is_answered(answers, n));
    answers[0]->via = PST_VIA_AGENT_BUILTIN;
    g_assert_true(pst_diagnose_is_answered(answers, n));
    pst_report_conclude(sound, "running");
    pst_report_add(sick, "host.paused", PST_SEVERITY_UNKNOWN, "paused");
    pst_report_conclude(sick, "running");
    answers = pst_diagnose_add_host(answers, &n, "guest", NULL);
    answers = pst_diagnose_add_host(answers, &n, "guest", sound);
    g_assert_cmpuint(n, ==, 1);
    answers = pst_diagnose_add_host(answers, &n, "guest", sick);
    g_assert_cmpuint(n, ==, 2);
    g_assert_true(answers[0]->report == sick);
    g_assert_cmpint(answers[0]->via, ==, PST_VIA_HOST);
    g_assert_cmpstr(answers[1]->probe, ==, "sudo");
    for (guint i = 0; i < n; i++)
        pst_answer_free(answers[i]);
    g_free(answers);
}

/* An answer with the status and the findings' severities that WORDS names by their initials. */
static PstAnswer *
answer_of(const char *words)
{
    PstAnswer *answer = pst_answer_new("guest", "network", NULL);

    if (words == NULL) {
        answer->error = g_error_new(PST_ERROR, PST_ERROR_DEADLINE, "no answer");
        return answer;
    }
    answer->report = pst_report_new(pst_vocabulary_find("network"));
    for (const char *p = words + 1; *p != '\0'; p++) {
        const char letters[] = "iwuc";
        PstFinding *finding =
            pst_report_add(answer->report, "network.no-link",
                           (PstSeverity)(strchr(letters, g_ascii_tolower(*p)) - letters), "%c", *p);
        if (g_ascii_isupper(*p)) /* follows from another */
            finding->caused_by = g_strdup("network.no-link");
    }
    pst_report_conclude(answer->report, "fine");
    const char statuses[] = "owuc";
    answer->report->status = (PstStatus)(strchr(statuses, words[0]) - statuses);
    return answer;
}

static const struct {
    const char *answers[4];
    int n;
    PstStatus status;
    const char *summary;
} rows[] = {
    {{"o", "oi"}, 2, PST_STATUS_OK, "nothing is wrong"},
    {{"ww", "o"}, 2, PST_STATUS_WARNING, "1 warning; first: w"},
    {{"www", "ww"}, 2, PST_STATUS_WARNING, "3 warnings; first: w"},
    {{"ww", "ccC"}, 2, PST_STATUS_CRITICAL, "2 critical, 1 warning; first: c"},
    {{"cCc"}, 1, PST_STATUS_CRITICAL, "2 critical; first: c"},
    {{"cC"}, 1, PST_STATUS_CRITICAL, "1 critical; first: C"},
    {{"uu", "ww"}, 2, PST_STATUS_UNKNOWN, "1 unknown, 1 warning; first: u"},
    {{"o", NULL}, 2, PST_STATUS_UNKNOWN, "1 unknown"},
    {{"cc", NULL}, 2, PST_STATUS_CRITICAL, "1 critical, 1 unknown; first: c"},
    /* A status without a finding that bears it out counts all the same. */
    {{"c"}, 1, PST_STATUS_CRITICAL, "1 critical"},
    {{"u", "o"}, 2, PST_STATUS_UNKNOWN, "1 unknown"},
    {{"cw"}, 1, PST_STATUS_CRITICAL, "1 critical, 1 warning; first: w"},
    {{NULL}, 0, PST_STATUS_OK, "nothing is wrong"},
};

static void
test_judge(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        PstAnswer *answers[4];

        for (int j = 0; j < rows[i].n; j++)
            answers[j] = answer_of(rows[i].answers[j]);
        PstDiagnosis diagnosis = pst_diagnose_judge(answers, (guint)rows[i].n);
        g_autofree char *summary = pst_diagnose_summary(&diagnosis);
        g_assert_cmpint(diagnosis.status, ==, rows[i].status);
        g_assert_cmpstr(summary, ==, rows[i].summary);
        for (int j = 0; j < rows[i].n; j++)
            pst_answer_free(answers[j]);
    }
}

static void
test_json(void)
{
    PstAnswer *answers[2] = {answer_of("cc"), answer_of(NULL)};
    g_autoptr(JsonObject) json = pst_diagnose_to_json("guest", answers, 2);
    JsonArray *array = NULL;
    const char *status = NULL;

    g_assert_true(pst_json_get_array(json, "answers", PST_JSON_REQUIRED, &array, NULL));
    g_assert_cmpuint(json_array_get_length(array), ==, 2);
    g_assert_true(pst_json_get_string(json, "status", PST_JSON_REQUIRED, &status, NULL));
    g_assert_cmpstr(status, ==, "critical");
    pst_answer_free(answers[0]);
    pst_answer_free(answers[1]);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/diagnose/questions", test_questions);
    g_test_add_func("/diagnose/passive", test_passive);
    g_test_add_func("/diagnose/some", test_some);
    g_test_add_func("/diagnose/add-host", test_add_host);
    g_test_add_func("/diagnose/judge", test_judge);
    g_test_add_func("/diagnose/json", test_json);
    return g_test_run();
}
