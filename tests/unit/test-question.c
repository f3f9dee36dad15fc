// SPDX-License-Identifier: LGPL-2.1-or-later
/* What becomes of a shim's answer: an answer, a refusal, a word that was too late, or a
 * failure of this rung alone. */
#include <string.h>

#include "host-sidecar/question.h"
#include "protocol/error.h"
#include "protocol/json.h"

typedef enum { ANSWERED, REFUSED, LATE, OPEN } Outcome;

static const struct {
    const char *what;
    const char *result; /* the text of a result, or NULL */
    PstErrorCode code;  /* else the error's */
    Outcome outcome;
} rows[] = {
#define REPORT(probe, status, findings, data)                                                      \
    "{\"probe\":\"" probe "\",\"status\":\"" status "\",\"summary\":\"s\",\"findings\":[" findings \
    "],\"data\":{" data "},\"took_ms\":1,\"truncated\":false}"
#define FINDING(severity)                                                                          \
    "{\"id\":\"network.no-link\",\"severity\":\"" severity "\",\"message\":\"m\"}"
    {"sound", REPORT("network", "ok", "", ""), 0, ANSWERED},
    {"with a note", REPORT("network", "ok", FINDING("information"), ""), 0, ANSWERED},
    {"critical", REPORT("network", "critical", FINDING("critical"), ""), 0, ANSWERED},
    {"worse than its findings", REPORT("network", "critical", "", ""), 0, ANSWERED},
    {"better than its findings", REPORT("network", "ok", FINDING("critical"), ""), 0, OPEN},
    {"unknown passed for ok", REPORT("network", "ok", FINDING("unknown"), ""), 0, OPEN},
    {"unknown passed for a warning",
     REPORT("network", "warning", FINDING("warning") "," FINDING("unknown"), ""), 0, OPEN},
    {"an unknown status", REPORT("network", "fine", "", ""), 0, OPEN},
    {"an unknown severity", REPORT("network", "ok", FINDING("mild"), ""), 0, OPEN},
    {"another probe", REPORT("system", "ok", "", ""), 0, OPEN},
    {"a probe from the future", REPORT("teapot", "ok", "", ""), 0, OPEN},
    {"mistyped data", REPORT("network", "ok", "", "\"links\":7"), 0, OPEN},
    {"nothing", "{}", 0, OPEN},
    {"too late for the guest", NULL, PST_ERROR_DEADLINE, LATE},
    {"crashed", NULL, PST_ERROR_INTERNAL, REFUSED},
    {"an older shim", NULL, PST_ERROR_INVALID_PARAMS, REFUSED},
    {"not allowed", NULL, PST_ERROR_NOT_ALLOWED, REFUSED},
    {"busy", NULL, PST_ERROR_BUSY, OPEN},
    {"too large", NULL, PST_ERROR_TOO_LARGE, OPEN},
    {"unavailable", NULL, PST_ERROR_UNAVAILABLE, OPEN},
};

static PstInquiry *
new_inquiry(JsonObject *args)
{
    PstAnswer **questions = g_new0(PstAnswer *, 1);

    questions[0] = pst_answer_new("guest", "network", args);
    return pst_inquiry_new(questions, 1, "somebody", g_get_monotonic_time() + G_USEC_PER_SEC);
}

static PstMessage *
message_of(guint row)
{
    PstMessage *message = g_new0(PstMessage, 1);
    g_autoptr(GError) error = NULL;

    if (rows[row].result == NULL) {
        message->type = PST_MESSAGE_ERROR;
        message->error = g_error_new(PST_ERROR, (int)rows[row].code, "%s", rows[row].what);
        return message;
    }
    message->type = PST_MESSAGE_RESULT;
    message->result = pst_json_parse(rows[row].result, strlen(rows[row].result),
                                     &pst_validate_from_guest, &error);
    g_assert_no_error(error);
    return message;
}

static void
test_settle(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstInquiry) inquiry = new_inquiry(NULL);
        g_autoptr(PstMessage) message = message_of(i);

        g_test_message("%s", rows[i].what);
        pst_question_settle(inquiry, 0, PST_VIA_AGENT, message);
        g_assert_true(pst_inquiry_is_open(inquiry, 0) == (rows[i].outcome >= LATE));
        g_assert_true(pst_inquiry_is_wanted(inquiry, 0) == (rows[i].outcome == OPEN));
        g_autofree PstAnswer **answers = pst_inquiry_close(inquiry);
        g_autoptr(PstAnswer) answer = answers[0];
        g_assert_true((answer->report != NULL) == (rows[i].outcome == ANSWERED));
        g_assert_cmpint(answer->via, ==, rows[i].outcome == OPEN ? PST_VIA_NONE : PST_VIA_AGENT);
        g_assert_true((answer->attempts != NULL) == (rows[i].outcome == OPEN));
        if (rows[i].outcome == REFUSED || rows[i].outcome == LATE)
            g_assert_error(answer->error, PST_ERROR, (int)rows[i].code);
    }
}

static void
test_params(void)
{
    g_autoptr(JsonObject) args = json_object_new();
    PstCall call = {.not_after_us = 77}, back;
    gint64 n = 0;

    json_object_set_int_member(args, "n", 5);
    g_autoptr(PstInquiry) inquiry = new_inquiry(args);
    g_autoptr(JsonObject) params = pst_question_params(inquiry, 0, &call);
    g_assert_true(pst_call_read(params, &back, NULL));
    g_assert_cmpstr(back.name, ==, "network");
    g_assert_cmpstr(back.caller, ==, "somebody");
    g_assert_cmpint(back.not_after_us, ==, 77);
    g_assert_true(pst_json_get_int(back.args, "n", PST_JSON_REQUIRED, &n, NULL));
    g_assert_cmpint(n, ==, 5);
    g_autofree PstAnswer **answers = pst_inquiry_close(inquiry);
    pst_answer_free(answers[0]);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/question/settle", test_settle);
    g_test_add_func("/question/params", test_params);
    return g_test_run();
}
