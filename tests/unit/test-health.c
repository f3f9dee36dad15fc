// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <string.h>

#include "health-world.h"
#include "make-report.h"
#include "protocol/error.h"

/* ---- what it is doing ---- */

typedef struct {
    const char *state, *reason, *job;
    gboolean answered;
    PstCondition condition;
} Doing;

static const Doing doings[] = {
    {NULL, NULL, NULL, FALSE, PST_CONDITION_UNSEEN},
    {"running", "booted", NULL, TRUE, PST_CONDITION_ANSWERS},
    {"running", "booted", "migration out", TRUE, PST_CONDITION_ANSWERS},
    {"running", "booted", NULL, FALSE, PST_CONDITION_SILENT},
    {"running", "booted", "migration out", FALSE, PST_CONDITION_MIGRATING},
    {"running", "booted", "backup", FALSE, PST_CONDITION_SILENT},
    {"paused", "by somebody", NULL, FALSE, PST_CONDITION_PAUSED},
    {"paused", NULL, NULL, FALSE, PST_CONDITION_PAUSED},
    {"paused", "for a migration", NULL, FALSE, PST_CONDITION_MIGRATING},
    {"paused", "for a post-copy migration", NULL, FALSE, PST_CONDITION_MIGRATING},
    {"paused", "a post-copy migration failed", NULL, FALSE, PST_CONDITION_PAUSED},
    {"paused", "to be saved", NULL, FALSE, PST_CONDITION_HELD},
    {"paused", "for a snapshot", NULL, FALSE, PST_CONDITION_HELD},
    {"paused", "to be dumped", NULL, FALSE, PST_CONDITION_HELD},
    {"paused", "I/O error", NULL, FALSE, PST_CONDITION_CRASHED},
    {"paused", "panicked", NULL, FALSE, PST_CONDITION_CRASHED},
    {"off", "saved", NULL, FALSE, PST_CONDITION_SAVED},
    {"off", "destroyed", NULL, FALSE, PST_CONDITION_OFF},
    {"off", "crashed", NULL, FALSE, PST_CONDITION_CRASHED},
    {"crashed", "panicked", NULL, FALSE, PST_CONDITION_CRASHED},
    {"shutting down", NULL, NULL, FALSE, PST_CONDITION_HELD},
    {"suspended", NULL, NULL, FALSE, PST_CONDITION_PAUSED},
    {"of unknown state", NULL, NULL, FALSE, PST_CONDITION_UNSEEN},
};

static void
test_conditions(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(doings); i++) {
        const Doing *row = &doings[i];
        g_autoptr(PstHealthSight) sight = make_sight("a", row->state, row->reason);

        g_test_message("%s, %s, %s", row->state, row->reason, row->job);
        sight->answered = row->answered;
        sight->job = g_strdup(row->job);
        g_assert_cmpint(pst_health_sight_condition(sight), ==, row->condition);
    }
    g_autoptr(PstHealthSight) frozen = make_answering("a");
    pst_health_sight_add(frozen, "storage.frozen", PST_SEVERITY_CRITICAL, "x");
    g_assert_cmpint(pst_health_sight_condition(frozen), ==, PST_CONDITION_FROZEN);
}

/* ---- from answers ---- */

static PstAnswer *
answer_via(PstVia via, int severity, const char *id)
{
    PstAnswer *answer = pst_answer_new("a", "network", NULL);

    answer->via = (int)via;
    answer->report = make_report(severity, id, "what is wrong");
    return answer;
}

static PstAnswer *
unanswered(const char *probe)
{
    PstAnswer *answer = pst_answer_new("a", probe, NULL);

    answer->error = g_error_new_literal(PST_ERROR, PST_ERROR_DEADLINE, "not in time");
    return answer;
}

static PstAnswer **
two_answers(PstAnswer *one, PstAnswer *other)
{
    PstAnswer **answers = g_new0(PstAnswer *, 2);

    answers[0] = one;
    answers[1] = other;
    return answers;
}

static PstReport *
host_report(PstTri asked, PstTri answered, const char *id)
{
    PstReport *host = pst_report_new(&pst_report_host_kind);
    PstHostData *data = host->data;

    data->state = g_strdup("running");
    data->asked = asked;
    data->answered = answered;
    if (id != NULL)
        pst_report_add(host, id, PST_SEVERITY_CRITICAL, "seen from outside");
    pst_report_conclude(host, "running");
    return host;
}

static const PstProblem *
problem_at(const PstHealthSight *sight, guint i)
{
    return sight->problems->pdata[i];
}

static void
test_whole_answer(void)
{
    g_autoptr(PstHealthSight) sight = make_sight("a", "running", NULL);

    pst_health_sight_take(
        sight,
        two_answers(answer_via(PST_VIA_AGENT, PST_SEVERITY_WARNING, "network.no-link"),
                    answer_via(PST_VIA_CHANNEL, -1, NULL)),
        2, host_report(PST_TRI_YES, PST_TRI_YES, "host.job"));
    g_assert_true(sight->asked && sight->answered && !sight->missed);
    g_assert_cmpstr(sight->via, ==, "channel");
    g_assert_cmpuint(g_strv_length(sight->looked), ==, 2);
    /* It answered everything: what the host saw meanwhile is of no account. */
    g_assert_cmpuint(sight->problems->len, ==, 1);
    g_assert_cmpstr(problem_at(sight, 0)->id, ==, "network.no-link");
    g_assert_cmpint(problem_at(sight, 0)->severity, ==, PST_SEVERITY_WARNING);
}

static void
test_partial_answer(void)
{
    g_autoptr(PstHealthSight) sight = make_sight("a", "running", NULL);

    pst_health_sight_take(sight,
                          two_answers(answer_via(PST_VIA_CHANNEL, -1, NULL), unanswered("ssh")), 2,
                          host_report(PST_TRI_YES, PST_TRI_YES, NULL));
    g_assert_true(sight->answered && !sight->missed);
    g_assert_cmpuint(sight->problems->len, ==, 1);
    g_assert_cmpstr(problem_at(sight, 0)->id, ==, "ssh.could-not-look");
    g_assert_cmpint(problem_at(sight, 0)->severity, ==, PST_SEVERITY_UNKNOWN);
}

static void
test_no_answer(void)
{
    static const struct {
        PstTri asked, answered;
        gboolean report, missed;
    } rows[] = {
        {PST_TRI_YES, PST_TRI_NO, TRUE, TRUE},
        {PST_TRI_YES, PST_TRI_YES, TRUE, FALSE}, /* only late */
        {PST_TRI_NO, PST_TRI_NO, TRUE, FALSE},   /* another had the turn */
        {PST_TRI_UNKNOWN, PST_TRI_UNKNOWN, TRUE, TRUE},
        {PST_TRI_UNKNOWN, PST_TRI_UNKNOWN, FALSE, TRUE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstHealthSight) sight = make_sight("a", "running", NULL);
        PstReport *host = rows[i].report
                              ? host_report(rows[i].asked, rows[i].answered, "host.stands-still")
                              : NULL;

        pst_health_sight_take(sight, two_answers(unanswered("network"), unanswered("ssh")), 2,
                              host);
        g_assert_true(sight->asked && !sight->answered);
        g_assert_cmpint(sight->missed, ==, rows[i].missed);
        g_assert_cmpuint(sight->problems != NULL ? sight->problems->len : 0, ==, rows[i].report);
        if (rows[i].report)
            g_assert_cmpstr(problem_at(sight, 0)->id, ==, "host.stands-still");
    }
}

/* A guest could tell any number of things, of any length, in any bytes. */
static void
test_many_problems(void)
{
    g_autoptr(PstHealthSight) sight = make_answering("a");
    g_autofree char *text = g_strnfill(5000, 'x');

    for (guint i = 0; i < 1000; i++)
        pst_health_sight_add(sight, "ssh.x", PST_SEVERITY_WARNING, "%s\xff\x1b", text);
    g_assert_cmpuint(sight->problems->len, <=, 200);
    g_assert_cmpuint(strlen(problem_at(sight, 0)->message), <=, 400);
    g_assert_true(g_utf8_validate(problem_at(sight, 0)->message, -1, NULL));
}

/* ---- the verdict ---- */

static PstHealthSight *
still(const char *state, const char *reason, const char *id, PstSeverity severity)
{
    PstHealthSight *sight = make_sight("a", state, reason);

    pst_health_sight_add(sight, id, severity, "the guest is %s", state);
    return sight;
}

typedef struct {
    const char *expected, *state, *reason, *id;
    PstSeverity severity;
    PstStatus status;
} Verdict;

/* NOW is a Wednesday, 2026-11-25, 09:46 UTC. */
static const Verdict verdicts[] = {
    {"", "off", "destroyed", "host.not-running", PST_SEVERITY_UNKNOWN, PST_STATUS_UNKNOWN},
    {"[expect a]\nmay_be=off\n", "off", "destroyed", "host.not-running", PST_SEVERITY_UNKNOWN,
     PST_STATUS_OK},
    {"[expect a]\nmay_be=off\nat=Wed 09:00-10:00\n", "off", "destroyed", "host.not-running",
     PST_SEVERITY_UNKNOWN, PST_STATUS_OK},
    {"[expect a]\nmay_be=off\nat=Wed 10:00-09:00\n", "off", "destroyed", "host.not-running",
     PST_SEVERITY_UNKNOWN, PST_STATUS_UNKNOWN},
    {"[expect a]\nmay_be=paused\n", "off", "destroyed", "host.not-running", PST_SEVERITY_UNKNOWN,
     PST_STATUS_UNKNOWN},
    {"[expect a]\nmay_be=saved\n", "off", "saved", "host.not-running", PST_SEVERITY_UNKNOWN,
     PST_STATUS_OK},
    {"[expect a]\nmay_be=off\n", "off", "saved", "host.not-running", PST_SEVERITY_UNKNOWN,
     PST_STATUS_UNKNOWN},
    {"[expect a]\nmay_be=paused\n", "paused", "by somebody", "host.paused", PST_SEVERITY_UNKNOWN,
     PST_STATUS_OK},
    {"[expect a]\nmay_be=migrating\n", "paused", "for a migration", "host.paused",
     PST_SEVERITY_UNKNOWN, PST_STATUS_OK},
    /* To be off is no excuse for having crashed, nor to be paused for a disk that is gone. */
    {"[expect a]\nmay_be=off\n", "off", "crashed", "host.crashed", PST_SEVERITY_CRITICAL,
     PST_STATUS_CRITICAL},
    {"[expect a]\nmay_be=paused\n", "paused", "I/O error", "host.io-error", PST_SEVERITY_CRITICAL,
     PST_STATUS_CRITICAL},
    {"[expect a]\nmay_be=paused\n", "paused", "by somebody", "host.disk-error",
     PST_SEVERITY_CRITICAL, PST_STATUS_CRITICAL},
};

static void
test_verdicts(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(verdicts); i++) {
        const Verdict *row = &verdicts[i];
        g_autoptr(PstHealthMemory) memory = pst_health_memory_new();
        g_autoptr(PstHealth) health =
            sweep_at(memory, row->expected, 0,
                     sights_of(still(row->state, row->reason, row->id, row->severity)));

        g_test_message("row %u", i);
        g_assert_cmpint(health->status, ==, row->status);
        g_assert_cmpint(row_at(health, 0)->status, ==, row->status);
        g_assert_cmpuint(pst_health_count(health, row->status), ==, 1);
    }
}

static void
test_worst_first(void)
{
    g_autoptr(PstHealthMemory) memory = pst_health_memory_new();
    GPtrArray *sights = sights_of(make_answering("z"));
    static const char *const names[] = {"d", "c", "a", "z"};

    PstHealthSight *warning = make_answering("a");
    pst_health_sight_add(warning, "ssh.x", PST_SEVERITY_WARNING, "x");
    g_ptr_array_add(sights, warning);
    PstHealthSight *critical = make_answering("d");
    pst_health_sight_add(critical, "ssh.w", PST_SEVERITY_WARNING, "less");
    pst_health_sight_add(critical, "ssh.x", PST_SEVERITY_CRITICAL, "more");
    g_ptr_array_add(sights, critical);
    g_ptr_array_add(sights, make_silent("c"));
    g_autoptr(PstHealth) health = sweep_at(memory, "", 0, sights);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        g_assert_cmpstr(row_at(health, i)->name, ==, names[i]);
    g_assert_cmpint(health->status, ==, PST_STATUS_CRITICAL);
    g_assert_cmpstr(row_at(health, 0)->summary, ==, "more [ssh.x]; 1 more");
    g_assert_cmpstr(row_at(health, 3)->summary, ==, "nothing is wrong");

    g_autofree char *long_text = g_strnfill(300, 'x');
    PstHealthSight *wordy = make_answering("a");
    pst_health_sight_add(wordy, "ssh.x", PST_SEVERITY_WARNING, "%s", long_text);
    g_autoptr(PstHealth) cut = sweep_at(memory, "", 60, sights_of(wordy));
    g_assert_true(g_str_has_suffix(row_at(cut, 0)->summary, "x… [ssh.x]"));
    g_assert_cmpint(g_utf8_strlen(row_at(cut, 0)->summary, -1), <=, 120);
}

/* ---- from one sweep to the next ---- */

static PstHealthSight *
left_alone(const char *name)
{
    PstHealthSight *sight = make_sight(name, "running", "booted");

    sight->left_alone = TRUE;
    return sight;
}

static void
test_silent_keeps_its_last_answer(void)
{
    g_autoptr(PstHealthMemory) memory = pst_health_memory_new();
    PstHealthSight *sick = make_answering("a");

    pst_health_sight_add(sick, "ssh.x", PST_SEVERITY_CRITICAL, "sshd is gone");
    g_autoptr(PstHealth) first = sweep_at(memory, "", 0, sights_of(sick));
    g_assert_cmpint(row_at(first, 0)->misses, ==, PST_INT_UNKNOWN);

    PstHealthSight *stuck = make_sight("a", "running", "booted");
    stuck->asked = stuck->missed = TRUE;
    pst_health_sight_add(stuck, "host.stands-still", PST_SEVERITY_CRITICAL, "it stands still");
    g_autoptr(PstHealth) second = sweep_at(memory, "", 300, sights_of(stuck));
    const PstHealthRow *row = row_at(second, 0);
    g_assert_cmpint(row->answered_us, ==, NOW);
    g_assert_cmpstr(row->last_status, ==, "critical");
    g_assert_cmpstr(row->last_summary, ==, "sshd is gone [ssh.x]");
    g_assert_cmpint(row->misses, ==, 1);
    g_assert_cmpint(row->ask_again_us, ==, NOW + 300 * SECOND + MINUTE);

    /* It is not called better than it was seen for not being asked. */
    g_autoptr(PstHealth) third = sweep_at(memory, "", 330, sights_of(left_alone("a")));
    row = row_at(third, 0);
    g_assert_cmpint(row->status, ==, PST_STATUS_CRITICAL);
    g_assert_cmpint(row->condition, ==, PST_CONDITION_SILENT);
    g_assert_nonnull(strstr(row->summary, "as of 30 s ago, left alone since: it stands still"));
    g_assert_cmpstr(row->last_status, ==, "critical");
    g_assert_cmpint(row->misses, ==, 1);
    g_assert_cmpint(row->fresh, ==, PST_TRI_NO);
    g_assert_false(pst_health_has_news(third));

    g_autoptr(PstHealth) fourth = sweep_at(memory, "", 400, sights_of(make_answering("a")));
    row = row_at(fourth, 0);
    g_assert_cmpint(row->status, ==, PST_STATUS_OK);
    g_assert_cmpstr(row->was, ==, "silent");
    /* Both are gone: the host's finding, and what it had said before it fell silent. */
    g_assert_cmpuint(g_strv_length(row->gone), ==, 2);
    const PstHealthEntry *entry = pst_health_memory_find(memory, "uuid-a", "a");
    g_assert_cmpint(entry->misses, ==, 0);
    g_assert_cmpint(entry->silent_us, ==, PST_INT_UNKNOWN);
}

/* A sweep that was too short takes no guest for silent, and forgets of none that it was. */
static void
test_rushed(void)
{
    g_autoptr(PstHealthMemory) memory = pst_health_memory_new();
    const char *expected = "[expect a]\nsilent=10min\n";
    g_autoptr(PstHealth) first = sweep_at(memory, expected, 0, sights_of(make_rushed("a")));
    const PstHealthRow *row = row_at(first, 0);

    g_assert_cmpint(row->status, ==, PST_STATUS_UNKNOWN);
    g_assert_cmpint(row->condition, ==, PST_CONDITION_UNSEEN);
    g_assert_cmpint(row->misses, ==, PST_INT_UNKNOWN);
    g_assert_cmpint(row->ask_again_us, ==, PST_INT_UNKNOWN);
    g_assert_nonnull(strstr(row->summary, "no time was left for its answer"));
    const PstHealthEntry *entry = pst_health_memory_find(memory, "uuid-a", "a");
    g_assert_cmpint(entry->silent_us, ==, PST_INT_UNKNOWN);

    g_autoptr(PstHealth) second = sweep_at(memory, expected, 20, sights_of(make_silent("a")));
    g_assert_cmpint(row_at(second, 0)->misses, ==, 1);
    g_autoptr(PstHealth) third = sweep_at(memory, expected, 300, sights_of(make_rushed("a")));
    g_assert_cmpuint(g_strv_length(row_at(third, 0)->gone), ==, 0);
    g_autoptr(PstHealth) fourth = sweep_at(memory, expected, 621, sights_of(make_silent("a")));
    g_assert_cmpint(row_at(fourth, 0)->misses, ==, 2);
    g_assert_cmpint(fourth->status, ==, PST_STATUS_CRITICAL);

    g_autoptr(PstHealthSight) nobody = make_sight("b", "running", NULL);
    pst_health_sight_add(nobody, "host.nobody-listens", PST_SEVERITY_UNKNOWN, "x");
    pst_health_sight_rush(nobody, "more would not do");
    g_assert_cmpint(pst_health_sight_condition(nobody), ==, PST_CONDITION_SILENT);
}

/* Nobody looked again at one whose QEMU is known to stand still: what was seen of it is not gone.
 */
static void
test_not_looked_at(void)
{
    g_autoptr(PstHealthMemory) memory = pst_health_memory_new();
    PstHealthSight *stuck = make_silent("a"), *busy = make_sight("a", "running", "booted");

    pst_health_sight_add(busy, "host.monitor-silent", PST_SEVERITY_CRITICAL, "QEMU is silent");
    g_autoptr(PstHealth) first = sweep_at(memory, "", 0, sights_of(stuck));
    g_autoptr(PstHealth) second = sweep_at(memory, "", 60, sights_of(busy));
    g_assert_cmpuint(g_strv_length(row_at(second, 0)->gone), ==, 0);
    g_assert_cmpint(row_at(second, 0)->status, ==, PST_STATUS_CRITICAL);
    g_autoptr(PstHealth) third = sweep_at(memory, "", 120, sights_of(make_answering("a")));
    g_assert_cmpuint(g_strv_length(row_at(third, 0)->gone), ==, 2);
}

static void
test_silent_for_too_long(void)
{
    g_autoptr(PstHealthMemory) memory = pst_health_memory_new();
    const char *expected = "[expect a]\nsilent=10min\n";
    g_autoptr(PstHealth) first = sweep_at(memory, expected, 0, sights_of(make_silent("a")));
    g_autoptr(PstHealth) second = sweep_at(memory, expected, 300, sights_of(make_silent("a")));
    g_autoptr(PstHealth) alone = sweep_at(memory, expected, 600, sights_of(left_alone("a")));
    g_autoptr(PstHealth) third = sweep_at(memory, expected, 601, sights_of(make_silent("a")));

    g_assert_cmpint(first->status, ==, PST_STATUS_UNKNOWN);
    g_assert_cmpint(second->status, ==, PST_STATUS_UNKNOWN);
    g_assert_cmpint(alone->status, ==, PST_STATUS_CRITICAL);
    g_assert_cmpint(third->status, ==, PST_STATUS_CRITICAL);
}

/* Nobody holds its ports: it is asked at every sweep, for that costs nothing, and silent no less.
 */
static void
test_nobody_listens_for_too_long(void)
{
    g_autoptr(PstHealthMemory) memory = pst_health_memory_new();
    const char *expected = "[expect a]\nsilent=10min\n";
    static const struct {
        const char *state;
        PstStatus status;
    } rows[] = {
        {"running", PST_STATUS_UNKNOWN},  {"running", PST_STATUS_CRITICAL},
        {"paused", PST_STATUS_UNKNOWN},   {"running", PST_STATUS_UNKNOWN},
        {"running", PST_STATUS_CRITICAL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        PstHealthSight *sight = make_sight("a", rows[i].state, NULL);

        sight->asked = TRUE;
        pst_health_sight_add(sight, "host.nobody-listens", PST_SEVERITY_UNKNOWN, "x");
        g_autoptr(PstHealth) health = sweep_at(memory, expected, i * 600, sights_of(sight));
        g_assert_cmpint(health->status, ==, rows[i].status);
        g_assert_cmpint(row_at(health, 0)->misses, ==, PST_INT_UNKNOWN);
    }
}

static PstHealthSight *
with_problem(const char *id, const char *subject)
{
    PstHealthSight *sight = make_answering("a");
    PstProblem *problem = pst_health_sight_add(sight, id, PST_SEVERITY_WARNING, "x");

    problem->subject = g_strdup(subject);
    return sight;
}

static void
test_changes(void)
{
    g_autoptr(PstHealthMemory) memory = pst_health_memory_new();
    g_autoptr(PstHealth) first = sweep_at(memory, "", 0, sights_of(with_problem("ssh.x", "u1")));
    g_autoptr(PstHealth) same = sweep_at(memory, "", 60, sights_of(with_problem("ssh.x", "u1")));
    g_autoptr(PstHealth) other = sweep_at(memory, "", 120, sights_of(with_problem("ssh.x", "u2")));
    g_autoptr(PstHealth) silent = sweep_at(memory, "", 180, sights_of(make_silent("a")));
    g_autoptr(PstHealth) back = sweep_at(memory, "", 240, sights_of(with_problem("ssh.x", "u2")));

    g_assert_cmpint(first->last_us, ==, PST_INT_UNKNOWN);
    g_assert_true(pst_health_has_news(first));
    g_assert_cmpint(same->last_us, ==, NOW);
    g_assert_false(pst_health_has_news(same));
    g_assert_true(pst_health_has_news(other));
    g_assert_cmpstr(row_at(other, 0)->gone[0], ==, "ssh.x@u1");
    g_assert_cmpint(((PstProblem *)row_at(other, 0)->problems->pdata[0])->fresh, ==, PST_TRI_YES);
    /* Nobody looked: what it had is neither gone now nor new when it is seen again. */
    g_assert_cmpuint(g_strv_length(row_at(silent, 0)->gone), ==, 0);
    g_assert_cmpint(((PstProblem *)row_at(back, 0)->problems->pdata[0])->fresh, ==, PST_TRI_NO);
    g_assert_cmpuint(g_strv_length(row_at(back, 0)->gone), ==, 1);
    g_assert_cmpstr(row_at(back, 0)->gone[0], ==, "host.no-answer");

    g_autoptr(PstHealth) empty = sweep_at(memory, "", 300, sights_of(make_answering("b")));
    g_assert_cmpuint(g_strv_length(empty->vanished), ==, 1);
    g_assert_cmpstr(empty->vanished[0], ==, "a");
    g_assert_null(pst_health_memory_find(memory, "uuid-a", "a"));
}

/* What counts again, because an acknowledgement has expired, is news. */
static void
test_expired_acknowledgement(void)
{
    g_autoptr(PstHealthMemory) memory = pst_health_memory_new();
    const char *expected = "[expect a]\nacknowledge=ssh.x until 2026-11-25 ticket\n";
    g_autoptr(PstHealth) first =
        sweep_at(memory, expected, 0, sights_of(with_problem("ssh.x", NULL)));
    g_autoptr(PstHealth) second =
        sweep_at(memory, expected, 86400, sights_of(with_problem("ssh.x", NULL)));

    g_assert_cmpint(first->status, ==, PST_STATUS_OK);
    g_assert_nonnull(strstr(row_at(first, 0)->summary, "acknowledged until 2026-11-25: ticket"));
    g_assert_cmpint(second->status, ==, PST_STATUS_WARNING);
    g_assert_cmpuint(g_strv_length(row_at(second, 0)->notes), ==, 1);
    g_assert_cmpint(row_at(second, 0)->fresh, ==, PST_TRI_YES);
}

/* A sweep of one guest takes nobody's news away. */
static void
test_one_guest(void)
{
    g_autoptr(PstHealthMemory) memory = pst_health_memory_new();
    g_autoptr(PstExpect) expect = make_expect("");
    g_autoptr(GDateTime) now = g_date_time_new_from_unix_utc(NOW_S + 60);
    g_autoptr(PstHealth) first = sweep_at(memory, "", 0, sights_of(make_answering("a")));
    const PstHealthView view = {memory, expect, now, FALSE};
    g_autoptr(GPtrArray) sights = sights_of(with_problem("ssh.x", NULL));

    g_autoptr(PstHealth) one = pst_health_judge(sights, &view);
    pst_health_note(memory, one, sights, FALSE, NOW + 60 * SECOND);
    g_assert_cmpuint(g_strv_length(one->vanished), ==, 0);
    g_assert_cmpint(memory->swept_us, ==, NOW);
    g_autoptr(PstHealth) all = sweep_at(memory, "", 120, sights_of(with_problem("ssh.x", NULL)));
    g_assert_true(pst_health_has_news(all));
}

/* ---- whatever is seen ---- */

static PstHealthSight *
random_sight(guint i)
{
    static const char *const ids[] = {
        "ssh.x",          "storage.frozen", "host.paused",  "host.not-running",
        "host.no-answer", "host.job",       "host.crashed", "sudo.y"};
    const Doing *doing = &doings[g_test_rand_int_range(0, G_N_ELEMENTS(doings))];
    g_autofree char *name = g_strdup_printf("g%u", i);
    PstHealthSight *sight = make_sight(name, doing->state, doing->reason);

    sight->asked = g_test_rand_bit();
    sight->answered = sight->asked && g_test_rand_bit();
    sight->missed = sight->asked && !sight->answered && g_test_rand_bit();
    sight->left_alone = !sight->asked && g_test_rand_bit();
    if (g_test_rand_int_range(0, 4) == 0)
        g_clear_pointer(&sight->uuid, g_free);
    for (gint n = g_test_rand_int_range(0, 5); n > 0; n--)
        pst_health_sight_add(
            sight, ids[g_test_rand_int_range(0, G_N_ELEMENTS(ids))],
            (PstSeverity)g_test_rand_int_range(PST_SEVERITY_WARNING, PST_SEVERITY_CRITICAL + 1),
            "x");
    return sight;
}

/* Nothing is left out, the order is that of urgency, and nothing is well of which nobody had an
 * answer, unless every single thing that was found of it is excused. */
static void
test_property(void)
{
    static const char *const expectations[] = {
        "",
        "[expect g*]\nmay_be=off,paused,saved,held,migrating\n",
        "[expect g?]\nallow=ssh.*,host.no-answer\ndowngrade=host.*\n",
        "[expect g1?]\nacknowledge=* until 2027-01-01\nsilent=1min\n",
    };
    g_autoptr(PstHealthMemory) memory = pst_health_memory_new();

    for (guint round = 0; round < 400; round++) {
        GPtrArray *sights = sights_of(random_sight(0));
        guint n = (guint)g_test_rand_int_range(1, 30), n_told = 0;
        int last = PST_STATUS_CRITICAL;

        for (guint i = 1; i < n; i++)
            g_ptr_array_add(sights, random_sight(i));
        g_autofree gboolean *answered = g_new0(gboolean, n);
        for (guint i = 0; i < n; i++)
            answered[i] = ((PstHealthSight *)sights->pdata[i])->answered;
        g_autoptr(PstHealth) health =
            sweep_at(memory, expectations[round % G_N_ELEMENTS(expectations)], round * 90, sights);
        g_assert_cmpuint(health->domains->len, ==, n);
        g_assert_cmpint(health->status, ==, row_at(health, 0)->status);
        for (guint i = 0; i < n; i++) {
            const PstHealthRow *row = row_at(health, i);
            guint n_problems = row->problems != NULL ? row->problems->len : 0;

            g_assert_cmpint(row->status, <=, last);
            last = row->status;
            if (row->status == PST_STATUS_OK && !answered[atoi(row->name + 1)])
                g_assert_cmpuint(n_problems, >, 0);
            for (guint j = 0; j < n_problems; j++) {
                const PstProblem *problem = row->problems->pdata[j];
                g_assert_cmpint(problem->counted, <=, row->status);
                g_assert_cmpint(problem->counted < problem->severity, ==, problem->excuse != NULL);
            }
        }
        for (int status = PST_STATUS_OK; status <= PST_STATUS_CRITICAL; status++)
            n_told += pst_health_count(health, (PstStatus)status);
        g_assert_cmpuint(n_told, ==, n);
        gsize len = 0;
        g_autofree char *text = pst_health_memory_to_text(memory, &len);
        g_autoptr(PstHealthMemory) again = pst_health_memory_parse(text, len, NULL);
        g_assert_nonnull(again);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/health/conditions", test_conditions);
    g_test_add_func("/health/whole-answer", test_whole_answer);
    g_test_add_func("/health/partial-answer", test_partial_answer);
    g_test_add_func("/health/no-answer", test_no_answer);
    g_test_add_func("/health/many-problems", test_many_problems);
    g_test_add_func("/health/verdicts", test_verdicts);
    g_test_add_func("/health/worst-first", test_worst_first);
    g_test_add_func("/health/last-answer", test_silent_keeps_its_last_answer);
    g_test_add_func("/health/rushed", test_rushed);
    g_test_add_func("/health/not-looked-at", test_not_looked_at);
    g_test_add_func("/health/silent-for-long", test_silent_for_too_long);
    g_test_add_func("/health/nobody-listens", test_nobody_listens_for_too_long);
    g_test_add_func("/health/changes", test_changes);
    g_test_add_func("/health/expired", test_expired_acknowledgement);
    g_test_add_func("/health/one-guest", test_one_guest);
    g_test_add_func("/health/property", test_property);
    return g_test_run();
}
