// SPDX-License-Identifier: LGPL-2.1-or-later
/* The ladder on scripted rungs, which are backends like any other. */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "host-sidecar/ladder.h"
#include "host-sidecar/task.h"
#include "protocol/error.h"
#include "tests/unit/make-report.h"

#define N 2
/* What a busy machine may add to a wait; the waits that are told apart differ by more. */
#define SLACK_MS 1500
#define HEDGE_MS 80 /* of ladder.c */
#define RECALL_MS 2000

typedef struct {
    const char *shut;  /* not open, for this reason */
    const char *fails; /* ends with this error, after the rest */
    gboolean asks;     /* sends to the guest */
    gboolean hangs;    /* until the test has ended, before it answers */
    gboolean lives;    /* shows a sign of life first */
    guint words;       /* signs of life, one after the other */
    guint after_ms;    /* before it answers */
    guint answers;     /* so many of the questions, from the first on */
    guint times;       /* each so often, with another report each time */
    guint offers;      /* so many, from the first on, as of earlier */
    guint late_ms;     /* after that, not 0: says that it had no time for the rest */
} Step;

/* Those that ask the guest now, and with the one that recalls. */
#define N_RUNGS PST_VIA_VOLUME
#define N_ALL (N_RUNGS + 1)
#define AGE_MS 60000
#define WATCH_MS 1000
#define WORD_MS 50

struct PstGuest {
    gint references;
    GMutex lock;
    GCond changed;
    gboolean released;
    Step steps[N_ALL];
    gint asked[N_ALL];
    gint looked; /* from outside */
};

static gpointer
ref_guest(gpointer guest)
{
    g_atomic_int_inc(&((PstGuest *)guest)->references);
    return guest;
}

static void
unref_guest(gpointer data)
{
    PstGuest *guest = data;

    if (!g_atomic_int_dec_and_test(&guest->references))
        return;
    g_mutex_clear(&guest->lock);
    g_cond_clear(&guest->changed);
    g_free(guest);
}

static void
hang(PstGuest *guest)
{
    g_mutex_lock(&guest->lock);
    while (!guest->released)
        g_cond_wait(&guest->changed, &guest->lock);
    g_mutex_unlock(&guest->lock);
}

static gboolean
is_open(const PstGuest *guest, PstVia via, GError **error)
{
    if (guest->steps[via].shut == NULL)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "%s", guest->steps[via].shut);
    return FALSE;
}

static void
say_late(PstInquiry *inquiry, PstVia via, guint first)
{
    g_autoptr(GError) late = g_error_new(PST_ERROR, PST_ERROR_DEADLINE, "no time for it");

    for (guint i = first; i < N; i++)
        pst_inquiry_note_late(inquiry, i, via, late);
}

static gboolean
ask(PstGuest *guest, PstInquiry *inquiry, PstVia via, GError **error)
{
    const Step *step = &guest->steps[via];

    g_atomic_int_inc(&guest->asked[via]);
    if (step->asks)
        pst_inquiry_guest_is_asked(inquiry, via);
    if (step->lives)
        pst_inquiry_progress(inquiry, via);
    for (guint i = 0; i < step->words; i++) {
        g_usleep(WORD_MS * 1000);
        pst_inquiry_heard(inquiry);
    }
    if (step->hangs)
        hang(guest);
    g_usleep(step->after_ms * 1000);
    for (guint time = 0; time < MAX(step->times, 1); time++) {
        for (guint i = 0; i < step->answers; i++) {
            PstReport *report = make_report(-1, NULL, NULL);
            report->took_ms = time;
            pst_inquiry_answer(inquiry, i, via, report);
        }
    }
    for (guint i = 0; i < step->offers; i++)
        pst_inquiry_offer(inquiry, i, via, make_report(-1, NULL, NULL), AGE_MS, PST_INT_UNKNOWN);
    if (step->late_ms > 0) {
        g_usleep(step->late_ms * 1000);
        say_late(inquiry, via, step->answers);
    }
    if (step->fails == NULL)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "%s", step->fails);
    return FALSE;
}

#define RUNG(name, rung, of_earlier)                                                               \
    static gboolean is_open_##name(const PstGuest *guest, GError **error)                          \
    {                                                                                              \
        return is_open(guest, rung, error);                                                        \
    }                                                                                              \
    static gboolean ask_##name(PstGuest *guest, PstInquiry *inquiry, GError **error)               \
    {                                                                                              \
        return ask(guest, inquiry, rung, error);                                                   \
    }                                                                                              \
    static const PstBackend rung_##name = {.via = rung,                                            \
                                           .asks_nobody = of_earlier,                              \
                                           .recalls = of_earlier,                                  \
                                           .is_open = is_open_##name,                              \
                                           .ask = ask_##name};

RUNG(channel, PST_VIA_CHANNEL, FALSE)
RUNG(agent, PST_VIA_AGENT, FALSE)
RUNG(builtin, PST_VIA_AGENT_BUILTIN, FALSE)
RUNG(volume, PST_VIA_VOLUME, TRUE)

static const PstBackend *const rungs[] = {&rung_channel, &rung_agent, &rung_builtin, &rung_volume};
static const PstLadder ladder = {rungs, N_RUNGS, ref_guest, unref_guest};
static const PstLadder recalling = {rungs, N_ALL, ref_guest, unref_guest};

/* It is certain that nothing in the guest will answer, once that is silent for a while. */
static gboolean
ask_host(PstGuest *guest, PstInquiry *inquiry, GError **error G_GNUC_UNUSED)
{
    gint64 begun_us = g_get_monotonic_time();

    g_atomic_int_inc(&guest->looked);
    while (pst_inquiry_stay(inquiry, begun_us + WATCH_MS * 1000)) {
        if (pst_inquiry_pulse(inquiry, begun_us) == PST_INQUIRY_PULSE_SILENT &&
            pst_inquiry_give_up(inquiry, make_report(PST_SEVERITY_CRITICAL, "network.no-link", "x"),
                                begun_us))
            return TRUE;
        begun_us = g_get_monotonic_time();
    }
    return TRUE;
}

static gboolean
is_open_host(const PstGuest *guest G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    return TRUE;
}

static const PstBackend rung_host = {
    .via = PST_VIA_HOST, .asks_nobody = TRUE, .is_open = is_open_host, .ask = ask_host};
static const PstBackend *const watched_rungs[] = {&rung_channel, &rung_agent, &rung_builtin,
                                                  &rung_host};
static const PstLadder watching = {watched_rungs, N_ALL, ref_guest, unref_guest};

typedef struct {
    PstGuest *guest;
    PstAnswer **answers;
    gint64 took_ms;
} Climb;

static Climb
climb_by(const PstLadder *by, const Step *steps, gint64 deadline_ms)
{
    Climb result = {.guest = g_new0(PstGuest, 1)};
    PstAnswer **questions = g_new0(PstAnswer *, N);
    gint64 start_us = g_get_monotonic_time();

    result.guest->references = 1;
    g_mutex_init(&result.guest->lock);
    g_cond_init(&result.guest->changed);
    for (guint i = 0; i < by->n_rungs; i++)
        result.guest->steps[i] = steps[i];
    for (guint i = 0; i < N; i++)
        questions[i] = pst_answer_new("guest", "network", NULL);
    result.answers = pst_ladder_ask(by, result.guest, questions, N, "somebody",
                                    start_us + deadline_ms * 1000, NULL, NULL);
    result.took_ms = (g_get_monotonic_time() - start_us) / 1000;
    return result;
}

static Climb
climb(const Step steps[N_RUNGS], gint64 deadline_ms)
{
    return climb_by(&ladder, steps, deadline_ms);
}

/* Lets what hangs go on, to see that it changes nothing any more and that nothing is leaked. */
static void
end_climb(Climb *result)
{
    gint via[N];

    for (guint i = 0; i < N; i++)
        via[i] = result->answers[i]->via;
    g_mutex_lock(&result->guest->lock);
    result->guest->released = TRUE;
    g_cond_broadcast(&result->guest->changed);
    g_mutex_unlock(&result->guest->lock);
    pst_task_settle(10 * G_USEC_PER_SEC);
    for (guint i = 0; i < N; i++) {
        g_assert_cmpint(result->answers[i]->via, ==, via[i]);
        pst_answer_free(result->answers[i]);
    }
    g_free(result->answers);
    g_assert_cmpint(g_atomic_int_get(&result->guest->references), ==, 1);
    unref_guest(result->guest);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Climb, end_climb)

static gboolean
was_asked(const Climb *result, PstVia via)
{
    return g_atomic_int_get(&result->guest->asked[via]) > 0;
}

static void
assert_attempt(const PstAnswer *answer, guint i, PstVia via, const char *reason)
{
    g_assert_nonnull(answer->attempts);
    g_assert_cmpuint(i, <, answer->attempts->len);
    const PstAttempt *attempt = answer->attempts->pdata[i];
    g_assert_cmpint(attempt->via, ==, via);
    g_assert_cmpstr(attempt->reason, ==, reason);
}

static void
assert_answered(const Climb *result, PstVia via)
{
    for (guint i = 0; i < N; i++) {
        g_assert_cmpint(result->answers[i]->via, ==, via);
        g_assert_nonnull(result->answers[i]->report);
        g_assert_null(result->answers[i]->error);
    }
}

static void
test_best(void)
{
    const Step steps[] = {{.answers = N}, {.answers = N}, {.answers = N}};
    g_auto(Climb) result = climb(steps, 60000);

    assert_answered(&result, PST_VIA_CHANNEL);
    g_assert_false(was_asked(&result, PST_VIA_AGENT));
    g_assert_null(result.answers[0]->attempts);
    g_assert_cmpint(result.took_ms, <, HEDGE_MS + SLACK_MS);
}

/* A rung that libvirt reports dead costs nothing. */
static void
test_shut(void)
{
    const Step steps[] = {{.shut = "no shim"}, {.shut = "no agent"}, {.answers = N}};
    g_auto(Climb) result = climb(steps, 60000);

    assert_answered(&result, PST_VIA_AGENT_BUILTIN);
    assert_attempt(result.answers[1], 0, PST_VIA_CHANNEL, "no shim");
    assert_attempt(result.answers[1], 1, PST_VIA_AGENT, "no agent");
    g_assert_cmpint(((PstAttempt *)result.answers[1]->attempts->pdata[0])->took_ms, ==, 0);
    g_assert_false(was_asked(&result, PST_VIA_CHANNEL));
}

static void
test_none_open(void)
{
    const Step steps[] = {{.shut = "off"}, {.shut = "off"}, {.shut = "off"}};
    g_auto(Climb) result = climb(steps, 60000);
    g_autofree char *why = pst_answer_explain(result.answers[0]);

    g_assert_error(result.answers[0]->error, PST_ERROR, PST_ERROR_UNAVAILABLE);
    g_assert_cmpstr(why, ==, "no path to the guest answered: off");
    g_assert_cmpint(result.took_ms, <, SLACK_MS);
}

/* No sign of life, and the next rung is asked beside it. */
static void
test_hedge(void)
{
    const Step steps[] = {{.hangs = TRUE, .answers = N}, {.answers = N}, {.answers = N}};
    g_auto(Climb) result = climb(steps, 60000);

    assert_answered(&result, PST_VIA_AGENT);
    assert_attempt(result.answers[0], 0, PST_VIA_CHANNEL, "no answer in time");
    g_assert_cmpint(((PstAttempt *)result.answers[0]->attempts->pdata[0])->took_ms, >=, HEDGE_MS);
    g_assert_false(was_asked(&result, PST_VIA_AGENT_BUILTIN));
    g_assert_cmpint(result.took_ms, >=, HEDGE_MS);
    g_assert_cmpint(result.took_ms, <, HEDGE_MS + SLACK_MS);
}

/* One that lives is waited for. */
static void
test_alive(void)
{
    const Step steps[] = {
        {.lives = TRUE, .after_ms = 1200, .answers = N}, {.answers = N}, {.answers = N}};
    g_auto(Climb) result = climb(steps, 60000);

    assert_answered(&result, PST_VIA_CHANNEL);
    g_assert_false(was_asked(&result, PST_VIA_AGENT));
    g_assert_cmpint(result.took_ms, >=, 1200);
}

static void
test_alive_then_hangs(void)
{
    const Step steps[] = {
        {.lives = TRUE, .hangs = TRUE, .answers = N}, {.shut = "no agent"}, {.shut = "no agent"}};
    g_auto(Climb) result = climb(steps, 900);

    g_assert_error(result.answers[0]->error, PST_ERROR, PST_ERROR_DEADLINE);
    assert_attempt(result.answers[0], 0, PST_VIA_CHANNEL, "no answer in time");
    g_assert_cmpint(result.took_ms, >=, 900);
    g_assert_cmpint(result.took_ms, <, 900 + SLACK_MS);
}

static void
test_all_hang(void)
{
    const Step steps[] = {{.hangs = TRUE, .answers = N},
                          {.hangs = TRUE, .answers = N},
                          {.hangs = TRUE, .answers = N}};
    g_auto(Climb) result = climb(steps, 1800);

    for (guint i = 0; i < N; i++) {
        g_assert_error(result.answers[i]->error, PST_ERROR, PST_ERROR_DEADLINE);
        g_assert_cmpint(result.answers[i]->via, ==, PST_VIA_NONE);
        for (guint via = 0; via < N_RUNGS; via++)
            assert_attempt(result.answers[i], via, (PstVia)via, "no answer in time");
    }
    g_assert_cmpint(result.took_ms, >=, 1800);
    g_assert_cmpint(result.took_ms, <, 1800 + SLACK_MS);
}

/* The better rung's answer comes when the other's is already taken: nobody is told two things. */
static void
test_late(void)
{
    const Step steps[] = {{.after_ms = 700, .answers = N, .times = 2},
                          {.answers = 1, .after_ms = 50},
                          {.shut = "no agent"}};
    g_auto(Climb) result = climb(steps, 60000);

    g_assert_cmpint(result.answers[0]->via, ==, PST_VIA_AGENT);
    g_assert_cmpint(result.answers[1]->via, ==, PST_VIA_CHANNEL);
}

static void
test_twice(void)
{
    const Step steps[] = {{.answers = N, .times = 3}, {.answers = N}, {.answers = N}};
    g_auto(Climb) result = climb(steps, 60000);

    assert_answered(&result, PST_VIA_CHANNEL);
    g_assert_cmpint(result.answers[0]->report->took_ms, ==, 0);
}

/* A rung that ends, whatever it says, makes room for the next at once. */
static void
test_ends(void)
{
    const Step steps[] = {{.answers = 0}, {.fails = "exec is blocked"}, {.answers = N}};
    g_auto(Climb) result = climb(steps, 60000);

    assert_answered(&result, PST_VIA_AGENT_BUILTIN);
    assert_attempt(result.answers[0], 0, PST_VIA_CHANNEL, "it ended without an answer");
    assert_attempt(result.answers[0], 1, PST_VIA_AGENT, "exec is blocked");
    g_assert_cmpint(result.took_ms, <, 900);
}

static void
test_partly(void)
{
    const Step steps[] = {{.answers = 1, .fails = "then it broke"}, {.answers = N}, {.answers = N}};
    g_auto(Climb) result = climb(steps, 60000);

    g_assert_cmpint(result.answers[0]->via, ==, PST_VIA_CHANNEL);
    g_assert_null(result.answers[0]->attempts);
    g_assert_cmpint(result.answers[1]->via, ==, PST_VIA_AGENT);
    assert_attempt(result.answers[1], 0, PST_VIA_CHANNEL, "then it broke");
}

/* Nothing is begun for a caller who has gone; what libvirt knows is told. */
static void
test_no_time(void)
{
    const Step steps[] = {{.shut = "no shim"}, {.answers = N}, {.shut = "no agent"}};
    g_auto(Climb) result = climb(steps, 0);

    g_assert_error(result.answers[0]->error, PST_ERROR, PST_ERROR_DEADLINE);
    g_assert_false(was_asked(&result, PST_VIA_AGENT));
    assert_attempt(result.answers[0], 0, PST_VIA_CHANNEL, "no shim");
    assert_attempt(result.answers[0], 1, PST_VIA_AGENT, "no time was left to ask it");
    assert_attempt(result.answers[0], 2, PST_VIA_AGENT_BUILTIN, "no agent");
}

static void
assert_recalled(const PstAnswer *answer, const char *reason)
{
    g_assert_cmpint(answer->via, ==, PST_VIA_VOLUME);
    g_assert_cmpint(answer->age_ms, >=, AGE_MS);
    g_assert_nonnull(answer->report);
    g_assert_null(answer->error);
    assert_attempt(answer, 0, PST_VIA_CHANNEL, reason);
    g_assert_cmpuint(answer->attempts->len, ==, 1);
}

/* What the guest had no time for is told of earlier, as soon as that is certain; no other rung asks
 * the guest for it anew. */
static void
test_late_for_one(void)
{
    const Step steps[] = {{.lives = TRUE, .answers = 1, .late_ms = RECALL_MS + 500},
                          {.answers = N},
                          {.answers = N},
                          {.offers = N}};
    g_auto(Climb) result = climb_by(&recalling, steps, 60000);

    g_assert_cmpint(result.answers[0]->via, ==, PST_VIA_CHANNEL);
    g_assert_null(result.answers[0]->attempts);
    assert_recalled(result.answers[1], "no time for it");
    g_assert_false(was_asked(&result, PST_VIA_AGENT));
    g_assert_cmpint(g_atomic_int_get(&result.guest->asked[PST_VIA_VOLUME]), ==, 1);
    g_assert_cmpint(result.took_ms, <, RECALL_MS + 500 + SLACK_MS);
}

/* Said before anybody read the volume, which then takes a while. */
static void
test_late_at_once(void)
{
    const Step steps[] = {{.lives = TRUE, .answers = 1, .late_ms = 1},
                          {.answers = N},
                          {.answers = N},
                          {.after_ms = 2 * HEDGE_MS, .offers = N}};
    g_auto(Climb) result = climb_by(&recalling, steps, 60000);

    assert_recalled(result.answers[1], "no time for it");
    g_assert_false(was_asked(&result, PST_VIA_AGENT));
    g_assert_cmpint(result.took_ms, <, 2 * HEDGE_MS + SLACK_MS);
}

static void
test_late_without_records(void)
{
    const Step steps[] = {{.lives = TRUE, .answers = 1, .late_ms = 1},
                          {.answers = N},
                          {.answers = N},
                          {.shut = "no recorder"}};
    g_auto(Climb) result = climb_by(&recalling, steps, 60000);

    g_assert_cmpint(result.answers[1]->via, ==, PST_VIA_CHANNEL);
    g_assert_error(result.answers[1]->error, PST_ERROR, PST_ERROR_DEADLINE);
    assert_attempt(result.answers[1], 0, PST_VIA_VOLUME, "no recorder");
    g_assert_false(was_asked(&result, PST_VIA_AGENT));
    g_assert_cmpint(result.took_ms, <, SLACK_MS);
}

/* A rung that lives and never ends: half of a short deadline is enough to wait for it alone. */
static void
test_alive_then_recalled(void)
{
    const Step steps[] = {
        {.lives = TRUE, .hangs = TRUE}, {.answers = N}, {.answers = N}, {.offers = N}};
    g_auto(Climb) result = climb_by(&recalling, steps, 900);

    for (guint i = 0; i < N; i++)
        assert_recalled(result.answers[i], "no answer in time");
    g_assert_false(was_asked(&result, PST_VIA_AGENT));
    g_assert_cmpint(result.took_ms, >=, 900);
    g_assert_cmpint(result.took_ms, <, 900 + SLACK_MS);
}

/* A rung that lived and fell silent is not waited for where the host is certain. */
static void
test_alive_then_silent(void)
{
    const Step steps[N_ALL] = {{.asks = TRUE, .lives = TRUE, .hangs = TRUE}};
    const Step talks[N_ALL] = {
        {.asks = TRUE, .lives = TRUE, .words = (RECALL_MS + WATCH_MS) / WORD_MS + 2, .answers = N}};
    g_auto(Climb) silent = climb_by(&watching, steps, 60000);
    g_auto(Climb) talking = climb_by(&watching, talks, 60000);

    for (guint i = 0; i < N; i++)
        g_assert_error(silent.answers[i]->error, PST_ERROR, PST_ERROR_UNAVAILABLE);
    g_assert_cmpint(silent.took_ms, >=, RECALL_MS + WATCH_MS);
    g_assert_cmpint(silent.took_ms, <, RECALL_MS + 2 * WATCH_MS + SLACK_MS);
    /* Whoever says something goes on. */
    assert_answered(&talking, PST_VIA_CHANNEL);
    g_assert_cmpint(g_atomic_int_get(&talking.guest->looked), ==, 1);
}

/* A diagnosis in its usual time reads no volume, and one that took long says nothing of it. */
static void
test_not_recalled(void)
{
    const Step quick[] = {{.lives = TRUE, .after_ms = 3 * HEDGE_MS, .answers = N},
                          {.answers = N},
                          {.answers = N},
                          {.offers = N}};
    const Step slow[] = {{.lives = TRUE, .after_ms = RECALL_MS + 500, .answers = N},
                         {.answers = N},
                         {.answers = N},
                         {.fails = "nothing was written"}};
    g_auto(Climb) at_once = climb_by(&recalling, quick, 60000);
    g_auto(Climb) at_last = climb_by(&recalling, slow, 60000);

    assert_answered(&at_once, PST_VIA_CHANNEL);
    g_assert_false(was_asked(&at_once, PST_VIA_VOLUME));
    assert_answered(&at_last, PST_VIA_CHANNEL);
    g_assert_true(was_asked(&at_last, PST_VIA_VOLUME));
    g_assert_null(at_last.answers[0]->attempts);
}

static void
run_without_threads(void)
{
    struct rlimit processes;
    const Step steps[] = {{.answers = N}, {.answers = N}, {.answers = N}};

    /* The limit does not bind root (setrlimit(2)). */
    if (geteuid() == 0)
        g_assert_cmpint(setuid(65534), ==, 0);
    prctl(PR_SET_DUMPABLE, 1); /* for the leak sanitizer, which also wants a thread at the end */
    g_assert_cmpint(getrlimit(RLIMIT_NPROC, &processes), ==, 0);
    processes.rlim_cur = 0;
    g_assert_cmpint(setrlimit(RLIMIT_NPROC, &processes), ==, 0);
    g_auto(Climb) result = climb(steps, 60000);
    processes.rlim_cur = processes.rlim_max;
    g_assert_cmpint(setrlimit(RLIMIT_NPROC, &processes), ==, 0);
    g_assert_error(result.answers[0]->error, PST_ERROR, PST_ERROR_UNAVAILABLE);
    assert_attempt(result.answers[0], 0, PST_VIA_CHANNEL, "no thread left for channel");
    assert_attempt(result.answers[0], 2, PST_VIA_AGENT_BUILTIN, "no thread left for agent-builtin");
    g_assert_cmpint(result.took_ms, <, SLACK_MS);
}

/* Where the host itself has no room for a thread, that is said at once and not at the deadline. */
static void
test_no_threads(void)
{
    if (g_test_subprocess()) {
        run_without_threads();
        return;
    }
    g_test_trap_subprocess(NULL, 20 * G_USEC_PER_SEC, 0);
    g_test_trap_assert_passed();
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ladder/best", test_best);
    g_test_add_func("/ladder/shut", test_shut);
    g_test_add_func("/ladder/none-open", test_none_open);
    g_test_add_func("/ladder/hedge", test_hedge);
    g_test_add_func("/ladder/alive", test_alive);
    g_test_add_func("/ladder/alive-then-hangs", test_alive_then_hangs);
    g_test_add_func("/ladder/all-hang", test_all_hang);
    g_test_add_func("/ladder/late", test_late);
    g_test_add_func("/ladder/twice", test_twice);
    g_test_add_func("/ladder/ends", test_ends);
    g_test_add_func("/ladder/partly", test_partly);
    g_test_add_func("/ladder/no-time", test_no_time);
    g_test_add_func("/ladder/late-for-one", test_late_for_one);
    g_test_add_func("/ladder/late-at-once", test_late_at_once);
    g_test_add_func("/ladder/late-without-records", test_late_without_records);
    g_test_add_func("/ladder/alive-then-recalled", test_alive_then_recalled);
    g_test_add_func("/ladder/alive-then-silent", test_alive_then_silent);
    g_test_add_func("/ladder/not-recalled", test_not_recalled);
    g_test_add_func("/ladder/no-threads", test_no_threads);
    return g_test_run();
}
