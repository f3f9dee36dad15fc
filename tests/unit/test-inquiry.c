// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/inquiry.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "tests/unit/make-inquiry.h"
#include "tests/unit/make-report.h"

#define WAITED_MS 30

static PstReport *
report_of(gint64 took_ms)
{
    PstReport *report = make_report(-1, NULL, NULL);

    report->took_ms = took_ms;
    return report;
}

static const PstAttempt *
attempt_of(const PstAnswer *answer, guint i)
{
    g_assert_nonnull(answer->attempts);
    g_assert_cmpuint(i, <, answer->attempts->len);
    return answer->attempts->pdata[i];
}

static void
test_questions(void)
{
    g_autoptr(PstInquiry) inquiry = make_inquiry(G_USEC_PER_SEC);

    g_assert_cmpuint(pst_inquiry_size(inquiry), ==, N_QUESTIONS);
    g_assert_cmpstr(pst_inquiry_caller(inquiry), ==, "somebody");
    for (guint i = 0; i < N_QUESTIONS; i++) {
        g_autoptr(JsonObject) args = pst_inquiry_args(inquiry, i);
        gint64 n = -1;
        g_assert_true(pst_json_get_int(args, "n", PST_JSON_REQUIRED, &n, NULL));
        g_assert_cmpint(n, ==, i);
        g_assert_cmpstr(pst_inquiry_probe(inquiry, i), ==, "network");
        g_assert_true(pst_inquiry_is_open(inquiry, i));
    }
}

/* What takes longest is asked first; the answers stand where the questions stood. */
static void
test_order(void)
{
    static const char *const probes[] = {"system", "sudo", "no-such-probe", "ssh"};
    static const char *const asked[] = {"sudo", "ssh", "system", "no-such-probe"};
    const guint n = G_N_ELEMENTS(probes);
    PstAnswer **questions = g_new0(PstAnswer *, n);

    for (guint i = 0; i < n; i++) {
        g_autoptr(JsonObject) args = json_object_new();
        questions[i] = pst_answer_new("guest", probes[i], args);
    }
    g_autoptr(PstInquiry) inquiry =
        pst_inquiry_new(questions, n, "somebody", g_get_monotonic_time() + G_USEC_PER_SEC);
    for (guint i = 0; i < n; i++)
        g_assert_cmpstr(pst_inquiry_probe(inquiry, i), ==, asked[i]);
    pst_inquiry_answer(inquiry, 1, PST_VIA_CHANNEL, report_of(4));

    PstAnswer **answers = pst_inquiry_close(inquiry);
    for (guint i = 0; i < n; i++) {
        g_assert_cmpstr(answers[i]->probe, ==, probes[i]);
        g_assert_true((answers[i]->report != NULL) == g_str_equal(probes[i], "ssh"));
        pst_answer_free(answers[i]);
    }
    g_free(answers);
}

static void
test_first_wins(void)
{
    g_autoptr(PstInquiry) inquiry = make_inquiry(G_USEC_PER_SEC);
    g_autoptr(GError) refusal = g_error_new(PST_ERROR, PST_ERROR_NOT_ALLOWED, "not that");

    pst_inquiry_answer(inquiry, 0, PST_VIA_AGENT, report_of(1));
    pst_inquiry_answer(inquiry, 0, PST_VIA_CHANNEL, report_of(2));
    pst_inquiry_refuse(inquiry, 0, PST_VIA_CHANNEL, refusal);
    pst_inquiry_refuse(inquiry, 1, PST_VIA_CHANNEL, refusal);
    pst_inquiry_answer(inquiry, 1, PST_VIA_AGENT, report_of(3));
    g_assert_false(pst_inquiry_is_settled(inquiry));
    pst_inquiry_answer(inquiry, 2, PST_VIA_CHANNEL, report_of(4));
    g_assert_true(pst_inquiry_is_settled(inquiry));

    PstAnswer **answers = pst_inquiry_close(inquiry);
    g_assert_cmpint(answers[0]->via, ==, PST_VIA_AGENT);
    g_assert_cmpint(answers[0]->report->took_ms, ==, 1);
    g_assert_null(answers[0]->error);
    g_assert_cmpint(answers[1]->via, ==, PST_VIA_CHANNEL);
    g_assert_null(answers[1]->report);
    g_assert_error(answers[1]->error, PST_ERROR, PST_ERROR_NOT_ALLOWED);
    g_assert_cmpint(answers[2]->report->took_ms, ==, 4);
    free_answers(answers);
}

/* What a rung had of earlier is the answer where no other came, and only there. */
static void
test_offer(void)
{
    g_autoptr(PstInquiry) inquiry = make_inquiry(G_USEC_PER_SEC);

    pst_inquiry_rung_started(inquiry, PST_VIA_CHANNEL);
    pst_inquiry_rung_started(inquiry, PST_VIA_VOLUME);
    for (guint i = 0; i < 2; i++) {
        pst_inquiry_offer(inquiry, i, PST_VIA_VOLUME, report_of(5), 60000, 50000);
        pst_inquiry_offer(inquiry, i, PST_VIA_VOLUME, report_of(6), 1, PST_INT_UNKNOWN);
        g_assert_true(pst_inquiry_is_open(inquiry, i));
    }
    pst_inquiry_answer(inquiry, 1, PST_VIA_CHANNEL, report_of(7));
    pst_inquiry_offer(inquiry, 1, PST_VIA_VOLUME, report_of(8), 2, PST_INT_UNKNOWN);
    g_usleep(WAITED_MS * 1000);

    PstAnswer **answers = pst_inquiry_close(inquiry);
    g_assert_cmpint(answers[0]->via, ==, PST_VIA_VOLUME);
    g_assert_cmpint(answers[0]->age_ms, >=, 60000 + WAITED_MS);
    g_assert_cmpint(answers[0]->age_ms, <, 70000);
    g_assert_cmpint(answers[0]->age_ms - answers[0]->no_news_ms, ==, 10000);
    g_assert_cmpint(answers[0]->report->took_ms, ==, 5);
    g_assert_null(answers[0]->error);
    g_assert_cmpint(attempt_of(answers[0], 0)->via, ==, PST_VIA_CHANNEL);
    g_assert_cmpint(answers[1]->via, ==, PST_VIA_CHANNEL);
    g_assert_cmpint(answers[1]->age_ms, ==, 0);
    g_assert_cmpint(answers[1]->no_news_ms, ==, PST_INT_UNKNOWN);
    g_assert_cmpint(answers[1]->report->took_ms, ==, 7);
    g_assert_cmpint(answers[2]->via, ==, PST_VIA_NONE);
    free_answers(answers);
    pst_inquiry_offer(inquiry, 2, PST_VIA_VOLUME, report_of(9), 3, PST_INT_UNKNOWN);
}

static void
note_all_late(PstInquiry *inquiry, PstVia via)
{
    g_autoptr(GError) late = g_error_new(PST_ERROR, PST_ERROR_DEADLINE, "no time for it");

    for (guint i = 0; i < N_QUESTIONS; i++)
        pst_inquiry_note_late(inquiry, i, via, late);
}

/* What the guest had no time for is not asked again; an answer that was under way wins over that,
 * and so does an offer, which came before or after. */
static void
test_late(void)
{
    g_autoptr(PstInquiry) inquiry = make_inquiry(60 * G_USEC_PER_SEC);

    pst_inquiry_rung_started(inquiry, PST_VIA_CHANNEL);
    note_all_late(inquiry, PST_VIA_CHANNEL);
    note_all_late(inquiry, PST_VIA_AGENT);
    for (guint i = 0; i < N_QUESTIONS; i++) {
        g_assert_true(pst_inquiry_is_open(inquiry, i));
        g_assert_false(pst_inquiry_is_wanted(inquiry, i));
        pst_inquiry_fail(inquiry, i, PST_VIA_CHANNEL, 7, "and then it ended");
    }
    g_assert_true(pst_inquiry_is_exhausted(inquiry));
    g_assert_false(pst_inquiry_is_settled(inquiry));
    g_assert_false(pst_inquiry_yield(inquiry, PST_VIA_AGENT));
    pst_inquiry_offer(inquiry, 0, PST_VIA_VOLUME, report_of(5), 9000, PST_INT_UNKNOWN);
    pst_inquiry_offer(inquiry, 1, PST_VIA_VOLUME, report_of(6), 9000, PST_INT_UNKNOWN);
    pst_inquiry_answer(inquiry, 1, PST_VIA_AGENT, report_of(7));
    pst_inquiry_fail(inquiry, 2, PST_VIA_VOLUME, 0, "never told of that");

    PstAnswer **answers = pst_inquiry_close(inquiry);
    g_assert_cmpint(answers[0]->via, ==, PST_VIA_VOLUME);
    g_assert_cmpint(answers[0]->report->took_ms, ==, 5);
    g_assert_null(answers[0]->error);
    g_assert_cmpint(answers[1]->via, ==, PST_VIA_AGENT);
    g_assert_cmpint(answers[1]->report->took_ms, ==, 7);
    for (guint i = 0; i < 2; i++) {
        g_assert_cmpuint(answers[i]->attempts->len, ==, 1);
        g_assert_cmpint(attempt_of(answers[i], 0)->via, ==, PST_VIA_CHANNEL);
        g_assert_cmpstr(attempt_of(answers[i], 0)->reason, ==, "no time for it");
    }
    g_assert_cmpint(answers[2]->via, ==, PST_VIA_CHANNEL);
    g_assert_error(answers[2]->error, PST_ERROR, PST_ERROR_DEADLINE);
    g_assert_cmpstr(answers[2]->error->message, ==, "no time for it");
    g_assert_cmpuint(answers[2]->attempts->len, ==, 1);
    g_assert_cmpstr(attempt_of(answers[2], 0)->reason, ==, "never told of that");
    free_answers(answers);
}

static gpointer
end_volume_soon(gpointer inquiry)
{
    g_usleep(WAITED_MS * 1000);
    pst_inquiry_offer(inquiry, 0, PST_VIA_VOLUME, report_of(5), 9000, PST_INT_UNKNOWN);
    pst_inquiry_rung_ended(inquiry, PST_VIA_VOLUME);
    return NULL;
}

/* When the guest is asked nothing any more, the volume is still waited for, and no rung that hangs;
 * a rung that lives may have an answer under way. */
static void
test_late_is_waited_for(void)
{
    g_autoptr(PstInquiry) inquiry = make_inquiry(60 * G_USEC_PER_SEC);
    gint64 start_us = g_get_monotonic_time();

    pst_inquiry_rung_started(inquiry, PST_VIA_CHANNEL);
    pst_inquiry_rung_started(inquiry, PST_VIA_VOLUME);
    note_all_late(inquiry, PST_VIA_AGENT);
    GThread *thread = g_thread_new("volume", end_volume_soon, inquiry);
    pst_inquiry_wait_all(inquiry, 2);
    g_assert_cmpint(g_get_monotonic_time() - start_us, >=, WAITED_MS * 1000);
    g_assert_cmpint(g_get_monotonic_time() - start_us, <, 30 * G_USEC_PER_SEC);
    g_thread_join(thread);
    pst_inquiry_progress(inquiry, PST_VIA_CHANNEL);
    g_assert_true(pst_inquiry_wait(inquiry, PST_VIA_CHANNEL, 0, g_get_monotonic_time() + 1000));
    PstAnswer **answers = pst_inquiry_close(inquiry);
    g_assert_cmpint(answers[0]->via, ==, PST_VIA_VOLUME);
    g_assert_error(answers[1]->error, PST_ERROR, PST_ERROR_DEADLINE);
    free_answers(answers);
}

/* The listener hears of each answer in the order of their coming, in the thread that waits. */
static void
note_told(PstAnswer *answer, gpointer user_data)
{
    GPtrArray *told = user_data;

    g_ptr_array_add(told, answer);
}

static void
test_listener(void)
{
    g_autoptr(PstInquiry) inquiry = make_inquiry(G_USEC_PER_SEC);
    g_autoptr(GPtrArray) told = g_ptr_array_new();
    const PstInquiryListener listener = {note_told, told};
    g_autoptr(GError) refusal = g_error_new(PST_ERROR, PST_ERROR_NOT_ALLOWED, "not that");

    pst_inquiry_listen(inquiry, NULL);
    pst_inquiry_listen(inquiry, &listener);
    pst_inquiry_answer(inquiry, 2, PST_VIA_CHANNEL, report_of(1));
    pst_inquiry_refuse(inquiry, 0, PST_VIA_CHANNEL, refusal);
    g_assert_cmpuint(told->len, ==, 0);
    pst_inquiry_offer(inquiry, 1, PST_VIA_VOLUME, report_of(2), 9, PST_INT_UNKNOWN);
    pst_inquiry_wait_all(inquiry, 1);
    PstAnswer **answers = pst_inquiry_close(inquiry);
    g_assert_cmpuint(told->len, ==, 2);
    g_assert_true(told->pdata[0] == answers[2] && told->pdata[1] == answers[0]);
    free_answers(answers);
}

/* A listener that takes long holds up nobody: the rung's next answer is taken meanwhile. */
static gpointer
answer_one(gpointer inquiry)
{
    pst_inquiry_answer(inquiry, 1, PST_VIA_CHANNEL, report_of(2));
    return NULL;
}

static void
answer_while_told(PstAnswer *answer, gpointer user_data)
{
    if (answer->report->took_ms == 1)
        g_thread_join(g_thread_new("rung", answer_one, user_data));
}

static void
test_slow_listener(void)
{
    g_autoptr(PstInquiry) inquiry = make_inquiry(G_USEC_PER_SEC);
    const PstInquiryListener listener = {answer_while_told, inquiry};

    pst_inquiry_listen(inquiry, &listener);
    pst_inquiry_rung_started(inquiry, PST_VIA_CHANNEL);
    pst_inquiry_answer(inquiry, 0, PST_VIA_CHANNEL, report_of(1));
    pst_inquiry_wait(inquiry, PST_VIA_CHANNEL, g_get_monotonic_time() + 20000, G_MAXINT64);
    PstAnswer **answers = pst_inquiry_close(inquiry);
    g_assert_cmpint(answers[1]->report->took_ms, ==, 2);
    free_answers(answers);
}

static void
test_await_end(void)
{
    g_autoptr(PstInquiry) inquiry = make_inquiry(50000);

    /* Not begun, ended, and begun until the deadline. */
    g_assert_true(pst_inquiry_await_end(inquiry, PST_VIA_AGENT, pst_inquiry_deadline_us(inquiry)));
    pst_inquiry_rung_started(inquiry, PST_VIA_CHANNEL);
    pst_inquiry_rung_ended(inquiry, PST_VIA_CHANNEL);
    g_assert_true(
        pst_inquiry_await_end(inquiry, PST_VIA_CHANNEL, pst_inquiry_deadline_us(inquiry)));
    pst_inquiry_rung_started(inquiry, PST_VIA_AGENT);
    g_assert_false(pst_inquiry_await_end(inquiry, PST_VIA_AGENT, pst_inquiry_deadline_us(inquiry)));
    free_answers(pst_inquiry_close(inquiry));
}

static PstReport *
host_report(void)
{
    PstReport *report = report_of(3);

    pst_report_conclude(report, "it has panicked");
    return report;
}

/* Given up, what is open stays without an answer at once, an offer holds, what the host saw stands
 * last among the reasons, and who still asks is told to stop. */
static void
test_give_up(void)
{
    g_autoptr(PstInquiry) inquiry = make_inquiry(60 * G_USEC_PER_SEC);
    gint64 start_us = g_get_monotonic_time();

    pst_inquiry_rung_started(inquiry, PST_VIA_CHANNEL);
    pst_inquiry_offer(inquiry, 1, PST_VIA_VOLUME, report_of(2), 9, PST_INT_UNKNOWN);
    g_assert_true(pst_inquiry_stay(inquiry, g_get_monotonic_time() + 1000));
    g_assert_true(pst_inquiry_give_up(inquiry, host_report(), start_us));
    pst_inquiry_wait_all(inquiry, 1);
    g_assert_false(pst_inquiry_stay(inquiry, G_MAXINT64));
    PstAnswer **answers = pst_inquiry_close(inquiry);
    g_assert_cmpint(answers[1]->via, ==, PST_VIA_VOLUME);
    g_assert_error(answers[0]->error, PST_ERROR, PST_ERROR_UNAVAILABLE);
    g_assert_cmpuint(answers[0]->attempts->len, ==, 2);
    const PstAttempt *last = answers[0]->attempts->pdata[1];
    g_assert_cmpint(last->via, ==, PST_VIA_HOST);
    g_assert_cmpstr(last->reason, ==, "it has panicked");
    g_autoptr(PstReport) seen = pst_inquiry_steal_host(inquiry);
    g_assert_nonnull(seen);
    g_assert_null(pst_inquiry_steal_host(inquiry));
    free_answers(answers);
}

/* A guest that comes to life in the last moment is not given up, and one that answers everything is
 * not spoken of. */
static void
test_not_given_up(void)
{
    g_autoptr(PstInquiry) inquiry = make_inquiry(60 * G_USEC_PER_SEC);
    gint64 start_us = g_get_monotonic_time();

    pst_inquiry_rung_started(inquiry, PST_VIA_CHANNEL);
    pst_inquiry_progress(inquiry, PST_VIA_CHANNEL);
    g_assert_false(pst_inquiry_give_up(inquiry, host_report(), start_us));
    for (guint i = 0; i < pst_inquiry_size(inquiry); i++) {
        g_assert_true(pst_inquiry_is_open(inquiry, i));
        pst_inquiry_answer(inquiry, i, PST_VIA_CHANNEL, report_of(1));
    }
    pst_inquiry_rung_ended(inquiry, PST_VIA_CHANNEL);
    g_assert_false(pst_inquiry_give_up(inquiry, host_report(), start_us));
    pst_inquiry_see_host(inquiry, host_report());
    free_answers(pst_inquiry_close(inquiry));
    g_assert_null(pst_inquiry_steal_host(inquiry));
}

/* A rung that was abandoned comes back when its caller has long gone. */
static void
test_after_close(void)
{
    PstInquiry *inquiry = make_inquiry(G_USEC_PER_SEC);
    PstInquiry *rung = pst_inquiry_ref(inquiry);
    g_autoptr(GError) refusal = g_error_new(PST_ERROR, PST_ERROR_NOT_ALLOWED, "not that");

    free_answers(pst_inquiry_close(inquiry));
    pst_inquiry_unref(inquiry);
    g_assert_true(pst_inquiry_is_settled(rung));
    g_assert_false(pst_inquiry_is_open(rung, 0));
    g_assert_cmpstr(pst_inquiry_probe(rung, 0), ==, "network");
    pst_inquiry_answer(rung, 0, PST_VIA_CHANNEL, report_of(1));
    pst_inquiry_refuse(rung, 1, PST_VIA_CHANNEL, refusal);
    pst_inquiry_fail(rung, 2, PST_VIA_CHANNEL, 5, "gone");
    pst_inquiry_progress(rung, PST_VIA_CHANNEL);
    pst_inquiry_rung_ended(rung, PST_VIA_CHANNEL);
    pst_inquiry_unref(rung);
}

static void
test_unanswered(void)
{
    g_autoptr(PstInquiry) early = make_inquiry(60 * G_USEC_PER_SEC), late = make_inquiry(-1);

    pst_inquiry_fail(early, 0, PST_VIA_AGENT, 7, "blocked");
    PstAnswer **answers = pst_inquiry_close(early);
    g_assert_error(answers[0]->error, PST_ERROR, PST_ERROR_UNAVAILABLE);
    g_assert_cmpint(answers[0]->via, ==, PST_VIA_NONE);
    g_assert_cmpstr(attempt_of(answers[0], 0)->reason, ==, "blocked");
    g_assert_cmpint(attempt_of(answers[0], 0)->took_ms, ==, 7);
    g_assert_null(answers[1]->attempts);
    free_answers(answers);

    answers = pst_inquiry_close(late);
    g_assert_error(answers[0]->error, PST_ERROR, PST_ERROR_DEADLINE);
    free_answers(answers);
}

/* Of the rungs above the one that answered, each says why it did not, best first; of those below,
 * none that was only tried beside it. */
static void
test_attempts(void)
{
    g_autoptr(PstInquiry) inquiry = make_inquiry(60 * G_USEC_PER_SEC);

    pst_inquiry_rung_started(inquiry, PST_VIA_CHANNEL);
    pst_inquiry_rung_started(inquiry, PST_VIA_AGENT);
    pst_inquiry_fail(inquiry, 0, PST_VIA_AGENT, 3, "blocked");
    pst_inquiry_rung_ended(inquiry, PST_VIA_AGENT);
    pst_inquiry_rung_started(inquiry, PST_VIA_AGENT_BUILTIN);
    pst_inquiry_answer(inquiry, 0, PST_VIA_AGENT_BUILTIN, report_of(1));
    pst_inquiry_fail(inquiry, 1, PST_VIA_AGENT, 3, "blocked");
    pst_inquiry_answer(inquiry, 1, PST_VIA_CHANNEL, report_of(1));
    pst_inquiry_fail(inquiry, 2, PST_VIA_CHANNEL, 9, "an error");
    pst_inquiry_fail(inquiry, 1, PST_VIA_VOLUME, 0, "too late to count");

    PstAnswer **answers = pst_inquiry_close(inquiry);
    g_assert_cmpint(attempt_of(answers[0], 0)->via, ==, PST_VIA_CHANNEL);
    g_assert_cmpstr(attempt_of(answers[0], 0)->reason, ==, "no answer in time");
    g_assert_cmpint(attempt_of(answers[0], 1)->via, ==, PST_VIA_AGENT);
    g_assert_cmpstr(attempt_of(answers[0], 1)->reason, ==, "blocked");
    g_assert_cmpuint(answers[0]->attempts->len, ==, 2);
    g_assert_null(answers[1]->attempts);
    g_assert_cmpstr(attempt_of(answers[2], 0)->reason, ==, "an error");
    g_assert_cmpstr(attempt_of(answers[2], 1)->reason, ==, "it ended without an answer");
    g_assert_cmpstr(attempt_of(answers[2], 2)->reason, ==, "no answer in time");
    g_assert_cmpuint(answers[2]->attempts->len, ==, 3);
    free_answers(answers);
}

static void
assert_waited(gint64 start_us, gint64 least_ms, gint64 most_ms)
{
    gint64 ms = (g_get_monotonic_time() - start_us) / 1000;

    g_assert_cmpint(ms, >=, least_ms);
    g_assert_cmpint(ms, <, most_ms);
}

static void
test_waits(void)
{
    g_autoptr(PstInquiry) inquiry = make_inquiry(400 * 1000);
    gint64 start_us = g_get_monotonic_time();

    /* No sign of life: until the first moment that was asked for; with one: until the second, and
     * no longer than the deadline. */
    g_assert_false(pst_inquiry_wait(inquiry, PST_VIA_CHANNEL, start_us + 100 * 1000, G_MAXINT64));
    assert_waited(start_us, 100, 390);
    pst_inquiry_progress(inquiry, PST_VIA_CHANNEL);
    g_assert_true(
        pst_inquiry_wait(inquiry, PST_VIA_CHANNEL, start_us + 100 * 1000, start_us + 200 * 1000));
    assert_waited(start_us, 200, 2000);
    g_assert_true(pst_inquiry_wait(inquiry, PST_VIA_CHANNEL, start_us, G_MAXINT64));
    assert_waited(start_us, 400, 2000);
    pst_inquiry_wait_all(inquiry, 1);
    assert_waited(start_us, 400, 2000);
    free_answers(pst_inquiry_close(inquiry));

    g_autoptr(PstInquiry) ended = make_inquiry(60 * G_USEC_PER_SEC);
    start_us = g_get_monotonic_time();
    pst_inquiry_rung_ended(ended, PST_VIA_CHANNEL);
    g_assert_false(
        pst_inquiry_wait(ended, PST_VIA_CHANNEL, start_us + 30 * G_USEC_PER_SEC, G_MAXINT64));
    pst_inquiry_wait_all(ended, 1);
    assert_waited(start_us, 0, 5000);
    free_answers(pst_inquiry_close(ended));
}

static gpointer
answer_all(gpointer data)
{
    PstInquiry *inquiry = data;

    for (guint i = 0; i < N_QUESTIONS; i++) {
        pst_inquiry_fail(inquiry, i, PST_VIA_CHANNEL, 1, "x");
        pst_inquiry_progress(inquiry, PST_VIA_CHANNEL);
        g_autoptr(JsonObject) args = pst_inquiry_args(inquiry, i);
        pst_inquiry_answer(inquiry, i, PST_VIA_AGENT, report_of(i));
    }
    pst_inquiry_rung_ended(inquiry, PST_VIA_AGENT);
    pst_inquiry_unref(inquiry);
    return NULL;
}

/* For the thread sanitizer above all: rungs that answer all at once, and an owner that goes. */
static void
test_threads(void)
{
    for (int round = 0; round < 20; round++) {
        PstInquiry *inquiry = make_inquiry(60 * G_USEC_PER_SEC);
        GThread *threads[8];

        for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
            threads[i] = g_thread_new("rung", answer_all, pst_inquiry_ref(inquiry));
        pst_inquiry_wait(inquiry, PST_VIA_AGENT, g_get_monotonic_time() + G_USEC_PER_SEC,
                         G_MAXINT64);
        free_answers(pst_inquiry_close(inquiry));
        pst_inquiry_unref(inquiry);
        for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
            g_thread_join(threads[i]);
    }
}

static gpointer
end_channel_soon(gpointer data)
{
    PstInquiry *inquiry = data;

    g_usleep(100000);
    pst_inquiry_answer(inquiry, 0, PST_VIA_CHANNEL, report_of(1));
    pst_inquiry_rung_ended(inquiry, PST_VIA_CHANNEL);
    return NULL;
}

/* A rung waits for a better one that lives, and then asks only what that left open. */
static void
test_yield(void)
{
    g_autoptr(PstInquiry) inquiry = make_inquiry(10 * G_USEC_PER_SEC);
    gint64 start_us = g_get_monotonic_time();

    pst_inquiry_rung_started(inquiry, PST_VIA_CHANNEL);
    g_assert_true(pst_inquiry_yield(inquiry, PST_VIA_AGENT));
    pst_inquiry_progress(inquiry, PST_VIA_CHANNEL);
    GThread *thread = g_thread_new("channel", end_channel_soon, inquiry);
    g_assert_true(pst_inquiry_yield(inquiry, PST_VIA_AGENT));
    g_assert_cmpint(g_get_monotonic_time() - start_us, >=, 100000);
    g_assert_false(pst_inquiry_is_open(inquiry, 0));
    g_thread_join(thread);

    for (guint i = 1; i < N_QUESTIONS; i++)
        pst_inquiry_answer(inquiry, i, PST_VIA_AGENT, report_of(1));
    g_assert_false(pst_inquiry_yield(inquiry, PST_VIA_AGENT_BUILTIN));
    free_answers(pst_inquiry_close(inquiry));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/inquiry/questions", test_questions);
    g_test_add_func("/inquiry/order", test_order);
    g_test_add_func("/inquiry/first-wins", test_first_wins);
    g_test_add_func("/inquiry/offer", test_offer);
    g_test_add_func("/inquiry/late", test_late);
    g_test_add_func("/inquiry/late-is-waited-for", test_late_is_waited_for);
    g_test_add_func("/inquiry/slow-listener", test_slow_listener);
    g_test_add_func("/inquiry/await-end", test_await_end);
    g_test_add_func("/inquiry/listener", test_listener);
    g_test_add_func("/inquiry/give-up", test_give_up);
    g_test_add_func("/inquiry/not-given-up", test_not_given_up);
    g_test_add_func("/inquiry/after-close", test_after_close);
    g_test_add_func("/inquiry/unanswered", test_unanswered);
    g_test_add_func("/inquiry/attempts", test_attempts);
    g_test_add_func("/inquiry/waits", test_waits);
    g_test_add_func("/inquiry/threads", test_threads);
    g_test_add_func("/inquiry/yield", test_yield);
    return g_test_run();
}
