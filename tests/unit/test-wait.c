// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/wait-pace.h"
#include "host-sidecar/wait.h"
#include "protocol/error.h"
#include "protocol/report-services.h"
#include "tests/unit/access-guest.h"

#define BOOT "9296ef3853e5406c868deba62384c27e"
#define OTHER_BOOT "0123456789abcdef0123456789abcdef"
#define N_ACCESS 7
#define NOW (G_GINT64_CONSTANT(1795000000) * G_USEC_PER_SEC)

static PstWaitGoal
goal_of(const char *text)
{
    PstWaitGoal goal = {.state = PST_WAIT_SHIM};

    g_assert_true(pst_wait_parse(text, &goal, NULL));
    return goal;
}

static void
test_words(void)
{
    static const char *const bad[] = {
        "",           "shims",    "Shim",   "target=",   "target ",      "target=a b",
        "target=a,b", "access=x", "unit=x", "target=\n", "target=a\x1b", "targets"};
    g_auto(PstWaitGoal) unit = goal_of("target=dev-disk-by\\x2dlabel-a@1.device");
    g_autofree char *name = g_strnfill(256, 'a');
    g_autofree char *long_text = g_strconcat("target=", name, NULL);

    g_assert_cmpint(goal_of("shim").state, ==, PST_WAIT_SHIM);
    g_assert_cmpint(goal_of("access").state, ==, PST_WAIT_ACCESS);
    g_assert_cmpint(goal_of("target").state, ==, PST_WAIT_TARGET);
    g_assert_null(goal_of("target").unit);
    g_assert_cmpint(unit.state, ==, PST_WAIT_TARGET);
    g_assert_cmpstr(unit.unit, ==, "dev-disk-by\\x2dlabel-a@1.device");
    for (guint i = 0; i <= G_N_ELEMENTS(bad); i++) {
        g_auto(PstWaitGoal) goal = {.state = PST_WAIT_SHIM};
        g_autoptr(GError) error = NULL;

        g_assert_false(pst_wait_parse(i < G_N_ELEMENTS(bad) ? bad[i] : long_text, &goal, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
    }
}

static void
free_questions(PstAnswer **questions, guint n)
{
    for (guint i = 0; i < n; i++)
        pst_answer_free(questions[i]);
    g_free(questions);
}

static char *
asked_of(const PstWaitGoal *goal, gboolean with_journal)
{
    guint n = 0;
    PstAnswer **questions = pst_wait_questions(goal, "web", with_journal, &n);
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < n; i++)
        g_string_append_printf(out, "%s%s", i > 0 ? " " : "", questions[i]->probe);
    free_questions(questions, n);
    return g_string_free(out, FALSE);
}

static PstMark *
mark_at(gint64 up_us)
{
    PstMark *mark = g_new0(PstMark, 1);

    mark->boot_id = g_strdup(BOOT);
    mark->boottime_us = up_us;
    mark->realtime_us = mark->host_us = NOW;
    mark->offset_ms = 0;
    mark->cursor = g_strdup("s=1;b=" BOOT ";m=3");
    return mark;
}

static void
test_questions(void)
{
    g_auto(PstWaitGoal) shim = goal_of("shim"), target = goal_of("target");
    g_auto(PstWaitGoal) unit = goal_of("target=ssh"), access = goal_of("access");
    g_autofree char *of_shim = asked_of(&shim, TRUE);
    g_autofree char *of_unit = asked_of(&unit, TRUE);

    shim.since = mark_at(5);
    access.vantage = json_object_new();
    json_object_set_string_member(access.vantage, "user", "harness");
    g_autofree char *of_mark = asked_of(&shim, TRUE);
    g_autofree char *of_target = asked_of(&target, FALSE);
    g_autofree char *of_access = asked_of(&access, FALSE);
    g_assert_cmpstr(of_shim, ==, "system");
    g_assert_cmpstr(of_unit, ==, "system services");
    g_assert_cmpstr(of_mark, ==, "system journal");
    g_assert_cmpstr(of_target, ==, "system");
    g_assert_true(g_str_has_prefix(of_access, "system "));
    for (guint i = 0; pst_access_probes[i] != NULL; i++)
        g_assert_nonnull(strstr(of_access, pst_access_probes[i]));
}

/* A guest whose start is over. */
static PstAnswer *
system_answer(const char *boot, gint64 up_us, gint64 asked_us)
{
    g_autoptr(JsonObject) args = json_object_new();

    json_object_set_int_member(args, "host_realtime_us", asked_us);
    PstAnswer *answer = pst_answer_new("web", "system", args);
    answer->via = PST_VIA_CHANNEL;
    answer->report = pst_report_new(&pst_report_system_kind);
    PstSystemData *data = answer->report->data;
    data->boot_id = g_strdup(boot);
    data->uptime_s = up_us / G_USEC_PER_SEC;
    data->clock = pst_fields_new(&pst_report_system_clock_fields);
    data->clock->boottime_us = up_us;
    data->manager = pst_fields_new(&pst_report_system_manager_fields);
    data->manager->state = g_strdup("running");
    data->manager->default_target = g_strdup("multi-user.target");
    data->manager->targets = g_strsplit("basic.target multi-user.target", " ", -1);
    data->manager->n_jobs = 0;
    return answer;
}

static void
set(char **member, const char *value)
{
    g_free(*member);
    *member = g_strdup(value);
}

static void
assert_verdict(const PstWaitGoal *goal, PstAnswer *const *answers, guint n, gboolean came_back,
               gboolean reached, const char *seen)
{
    g_auto(PstWaitVerdict) verdict = pst_wait_judge(goal, answers, n, came_back);

    g_assert_cmpint(verdict.reached, ==, reached);
    g_assert_cmpstr(verdict.seen, ==, seen);
}

static void
test_target(void)
{
    g_auto(PstWaitGoal) goal = goal_of("target");
    g_autoptr(PstAnswer) answer = system_answer(BOOT, 9000000, NOW);
    PstSystemData *data = answer->report->data;
    PstSystemManager *manager = data->manager;
    static const char *const jobs[] = {"multi-user.target", "ssh.service", "cron.service",
                                       "nginx.service"};

    assert_verdict(&goal, &answer, 1, FALSE, TRUE, "target multi-user.target: reached");
    set(&manager->state, "degraded");
    assert_verdict(&goal, &answer, 1, FALSE, TRUE, "target multi-user.target: reached");
    data->initramfs = PST_TRI_YES;
    assert_verdict(&goal, &answer, 1, FALSE, FALSE,
                   "target multi-user.target: the guest is in its initramfs");
    data->initramfs = PST_TRI_NO;
    set(&manager->default_target, "graphical.target");
    assert_verdict(&goal, &answer, 1, FALSE, FALSE, "target graphical.target: not active");
    set(&manager->default_target, "multi-user.target");
    set(&manager->state, "maintenance");
    assert_verdict(&goal, &answer, 1, FALSE, FALSE,
                   "target multi-user.target: systemd says maintenance");

    set(&manager->state, "starting");
    manager->n_jobs = 1;
    assert_verdict(&goal, &answer, 1, FALSE, FALSE, "target multi-user.target: 1 job queued");
    for (guint i = 0; i < G_N_ELEMENTS(jobs); i++) {
        PstSystemJob *job = pst_fields_append(&pst_report_system_job_fields, &manager->jobs);
        job->unit = g_strdup(jobs[i]);
        job->state = g_strdup(i == 1 ? "running" : "waiting");
        manager->n_jobs = i + 1;
    }
    assert_verdict(&goal, &answer, 1, FALSE, FALSE,
                   "target multi-user.target: 4 jobs queued (ssh.service, multi-user.target, "
                   "cron.service, …)");
    /* A job that is queued after the start is none of the start's. */
    set(&manager->state, "running");
    assert_verdict(&goal, &answer, 1, FALSE, TRUE, "target multi-user.target: reached");

    pst_fields_free(&pst_report_system_manager_fields, manager);
    data->manager = NULL;
    assert_verdict(&goal, &answer, 1, FALSE, FALSE, "target: systemd does not answer");
}

static void
test_unit(void)
{
    g_auto(PstWaitGoal) goal = goal_of("target=sshd");
    g_autoptr(PstAnswer) system = system_answer(BOOT, 9000000, NOW);
    g_autoptr(PstAnswer) services = pst_answer_new("web", "services", NULL);
    PstAnswer *const answers[] = {services, system};

    assert_verdict(&goal, answers, 2, FALSE, FALSE, "sshd: the guest does not tell its state");
    services->via = PST_VIA_CHANNEL;
    services->report = pst_report_new(&pst_report_services_kind);
    PstServicesData *data = services->report->data;
    PstServicesUnit *failed = pst_fields_append(&pst_report_services_unit_fields, &data->units);
    failed->name = g_strdup("cron.service");
    failed->active = g_strdup("active");
    assert_verdict(&goal, answers, 2, FALSE, FALSE, "sshd: there is no such unit");

    PstServicesUnit *unit = pst_fields_append(&pst_report_services_unit_fields, &data->units);
    unit->name = g_strdup("ssh.service");
    unit->asked_as = g_strdup("sshd");
    unit->active = g_strdup("activating");
    unit->sub = g_strdup("start-pre");
    assert_verdict(&goal, answers, 2, FALSE, FALSE, "ssh.service: activating (start-pre)");
    set(&unit->active, "active");
    set(&unit->sub, "running");
    assert_verdict(&goal, answers, 2, FALSE, TRUE, "ssh.service: active (running)");
    services->via = PST_VIA_VOLUME;
    assert_verdict(&goal, answers, 2, FALSE, FALSE, "sshd: the guest does not tell its state");
}

static void
test_shim(void)
{
    g_auto(PstWaitGoal) goal = goal_of("shim");
    g_autoptr(PstAnswer) answer = system_answer(BOOT, 9000000, NOW);
    g_autoptr(PstAnswer) silent = pst_answer_new("web", "system", NULL);

    assert_verdict(&goal, &answer, 1, FALSE, TRUE, "the shim answers, up 9 s");
    ((PstSystemData *)answer->report->data)->initramfs = PST_TRI_YES;
    assert_verdict(&goal, &answer, 1, FALSE, TRUE, "the shim answers, up 9 s, in its initramfs");
    answer->via = PST_VIA_AGENT;
    pst_answer_add_attempt(answer, PST_VIA_CHANNEL, 0, "no shim holds the channel open");
    assert_verdict(&goal, &answer, 1, FALSE, FALSE,
                   "only the guest agent answers: no shim holds the channel open");
    answer->via = PST_VIA_VOLUME;
    assert_verdict(&goal, &answer, 1, FALSE, FALSE, "neither the shim nor its program answers");
    silent->error = g_error_new(PST_ERROR, PST_ERROR_UNAVAILABLE, "no path answered");
    assert_verdict(&goal, &silent, 1, FALSE, FALSE, "no path answered");
}

/* Nothing of the mark's boot counts, and nothing of another machine. */
static void
test_since(void)
{
    static const char *const states[] = {"shim", "target"};

    for (guint i = 0; i < G_N_ELEMENTS(states); i++) {
        g_auto(PstWaitGoal) goal = goal_of(states[i]);
        g_autoptr(PstAnswer) same = system_answer(BOOT, 9000000, NOW + 4000000);
        g_autoptr(PstAnswer) other = system_answer(OTHER_BOOT, 9000000, NOW + 4000000);
        g_autoptr(PstAnswer) undone = system_answer(BOOT, 4000000, NOW + 4000000);
        g_autoptr(PstAnswer) untold = system_answer(NULL, 9000000, NOW + 4000000);

        goal.since = mark_at(5000000);
        assert_verdict(&goal, &same, 1, FALSE, FALSE,
                       "it is still in the boot of the mark, and was not reverted");
        g_auto(PstWaitVerdict) of_other = pst_wait_judge(&goal, &other, 1, FALSE);
        g_auto(PstWaitVerdict) of_undone = pst_wait_judge(&goal, &undone, 1, FALSE);
        g_auto(PstWaitVerdict) of_event = pst_wait_judge(&goal, &same, 1, TRUE);
        g_assert_true(of_other.reached && of_undone.reached && of_event.reached);
        g_assert_cmpstr(of_other.boot_id, ==, OTHER_BOOT);
        assert_verdict(&goal, &untold, 1, FALSE, FALSE,
                       "it answers, and does not tell which boot this is");

        goal.since->machine_id = g_strdup(BOOT);
        ((PstSystemData *)other->report->data)->machine_id = g_strdup(OTHER_BOOT);
        g_auto(PstWaitVerdict) foreign = pst_wait_judge(&goal, &other, 1, TRUE);
        g_assert_true(foreign.other_machine && !foreign.reached);
    }
}

/* One that stood still was paused or reverted: its journal is asked before anything is said. */
static void
test_doubtful(void)
{
    g_auto(PstWaitGoal) goal = goal_of("shim");
    g_autoptr(PstAnswer) answer = system_answer(BOOT, 6000000, NOW + 60000000);

    goal.since = mark_at(5000000);
    g_auto(PstWaitVerdict) verdict = pst_wait_judge(&goal, &answer, 1, FALSE);
    g_assert_true(verdict.ask_journal && !verdict.reached);
    g_clear_pointer(&goal.since->cursor, g_free);
    g_auto(PstWaitVerdict) blind = pst_wait_judge(&goal, &answer, 1, FALSE);
    g_assert_false(blind.ask_journal || blind.reached);
}

static void
test_access(void)
{
    g_auto(Guest) guest = {{NULL}};
    g_auto(PstWaitGoal) goal = goal_of("access");
    g_autoptr(PstAnswer) system = system_answer(BOOT, 9000000, NOW);
    PstAnswer *answers[N_ACCESS + 1] = {system};

    init(&guest);
    goal.vantage = json_object_ref(guest.vantage);
    for (guint i = 0; i < N_ACCESS; i++)
        answers[i + 1] = guest.answers[i];
    assert_verdict(&goal, answers, N_ACCESS + 1, FALSE, TRUE,
                   "access of harness: login open, root open");
    /* The same from a record is no word on now. */
    answer_of(&guest, "ssh")->via = PST_VIA_VOLUME;
    g_auto(PstWaitVerdict) recorded = pst_wait_judge(&goal, answers, N_ACCESS + 1, FALSE);
    g_assert_false(recorded.reached);
    g_assert_true(g_str_has_prefix(recorded.seen, "access of harness: login unknown"));
    answer_of(&guest, "ssh")->via = PST_VIA_AGENT;
    g_auto(PstWaitVerdict) by_agent = pst_wait_judge(&goal, answers, N_ACCESS + 1, FALSE);
    g_assert_true(by_agent.reached && by_agent.by_agent);

    guest.sudo->verdict = PST_SUDO_REFUSED;
    g_auto(PstWaitVerdict) refused = pst_wait_judge(&goal, answers, N_ACCESS + 1, FALSE);
    g_assert_false(refused.reached);
    g_assert_nonnull(strstr(refused.seen, "login open, root shut"));
}

/* What was told across a reset counts for nothing, nor what nobody knows to be of one boot. */
static void
test_weight(void)
{
    static const struct {
        PstWaitVerdict verdict;
        PstWaitTurn turn;
        PstWaitWeight weight;
    } rows[] = {
        {{.reached = TRUE}, {.events = TRUE}, PST_WAIT_THERE},
        {{.reached = TRUE}, {.events = TRUE, .broken = TRUE}, PST_WAIT_REPEAT},
        {{.other_machine = TRUE}, {.events = TRUE, .broken = TRUE}, PST_WAIT_REPEAT},
        {{.other_machine = TRUE}, {.events = TRUE}, PST_WAIT_FOREIGN},
        {{.reached = TRUE, .boot_id = (char *)BOOT}, {.events = FALSE}, PST_WAIT_REPEAT},
        {{.reached = TRUE, .boot_id = (char *)BOOT},
         {.events = FALSE, .boot_before = OTHER_BOOT},
         PST_WAIT_REPEAT},
        {{.reached = TRUE, .boot_id = (char *)BOOT}, {.boot_before = BOOT}, PST_WAIT_THERE},
        {{.reached = TRUE}, {.events = FALSE}, PST_WAIT_MISSING},
        {{.reached = TRUE, .by_agent = TRUE, .boot_id = (char *)BOOT},
         {.events = TRUE, .boot_before = OTHER_BOOT},
         PST_WAIT_REPEAT},
        {{.reached = TRUE, .by_agent = TRUE, .boot_id = (char *)BOOT},
         {.events = TRUE, .boot_before = BOOT},
         PST_WAIT_THERE},
        {{.reached = FALSE}, {.events = TRUE}, PST_WAIT_MISSING},
        {{.ask_journal = TRUE}, {.events = TRUE}, PST_WAIT_REPEAT},
        {{.ask_journal = TRUE}, {.events = TRUE, .asked_journal = TRUE}, PST_WAIT_MISSING},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("row %u", i);
        g_assert_cmpint(pst_wait_weigh(&rows[i].verdict, &rows[i].turn), ==, rows[i].weight);
    }
}

/* Soon at first, and never more than ten a second, however much happens. */
static void
test_pace(void)
{
    PstWaitPace pace = {0};
    gint64 now_us = 1000000, before_us = 0;
    guint n = 0;

    for (gint64 end_us = now_us + 120 * G_USEC_PER_SEC; now_us < end_us; n++) {
        pst_wait_pace_begin(&pace, now_us);
        gint64 due_us = pst_wait_pace_next(&pace, now_us);

        g_assert_cmpint(due_us - now_us, >=, MAX(before_us, PST_WAIT_PACE_FIRST_US));
        g_assert_cmpint(due_us - now_us, <=, PST_WAIT_PACE_LONGEST_US);
        before_us = due_us - now_us;
        now_us = due_us;
    }
    g_assert_cmpint(before_us, ==, PST_WAIT_PACE_LONGEST_US);
    g_assert_cmpuint(n, <, 70);

    pst_wait_pace_begin(&pace, now_us);
    g_assert_cmpint(pst_wait_pace_wake(&pace), ==, now_us + PST_WAIT_PACE_CLOSEST_US);
    g_assert_cmpint(pst_wait_pace_next(&pace, now_us), ==, now_us + PST_WAIT_PACE_FIRST_US);
}

/* A look had 10 s in all: what its end may have to do with finding nobody. */
static void
test_cut(void)
{
    static const struct {
        gint64 window, left;
        gboolean is_cut;
    } rows[] = {
        {60000, 50000, FALSE}, {10000, 0, FALSE},  {9000, 6000, FALSE}, {9000, 10, TRUE},
        {2500, 2200, FALSE},   {2500, 600, TRUE},  {1900, 1800, TRUE},  {80, 79, TRUE},
        {80, -1, TRUE},        {9000, -500, TRUE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(
            pst_wait_pace_is_cut(1000 * rows[i].window, 1000 * rows[i].left, 10 * G_USEC_PER_SEC),
            ==, rows[i].is_cut);
}

static void
test_silent(void)
{
    g_auto(PstWaitGoal) goal = goal_of("shim");
    g_autoptr(PstAnswer) unasked = pst_answer_new("guest", "system", NULL);

    unasked->error = g_error_new(PST_ERROR, PST_ERROR_DEADLINE, "its deadline had passed");
    PstAnswer *answers[] = {unasked};
    g_auto(PstWaitVerdict) verdict = pst_wait_judge(&goal, answers, 1, FALSE);

    g_assert_true(verdict.silent);
    g_assert_false(verdict.reached);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wait/words", test_words);
    g_test_add_func("/wait/questions", test_questions);
    g_test_add_func("/wait/target", test_target);
    g_test_add_func("/wait/unit", test_unit);
    g_test_add_func("/wait/shim", test_shim);
    g_test_add_func("/wait/since", test_since);
    g_test_add_func("/wait/doubtful", test_doubtful);
    g_test_add_func("/wait/access", test_access);
    g_test_add_func("/wait/weight", test_weight);
    g_test_add_func("/wait/pace", test_pace);
    g_test_add_func("/wait/cut", test_cut);
    g_test_add_func("/wait/silent", test_silent);
    return g_test_run();
}
