// SPDX-License-Identifier: LGPL-2.1-or-later
/* Workers with probes that misbehave in every way there is: only that probe suffers, the others'
 * answers arrive meanwhile, the deadline holds, and nothing is left behind. Bounds are generous:
 * what is judged is whether somebody waited for the wrong thing, not how fast the machine is. */
#include <dirent.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/worker.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/limits.h"
#include "tests/component/bad-probes.h"

/* How late the news of a deadline may be, on a busy machine and under a sanitizer. */
#define LATE_MS 1500

static PstSysroot *sysroot;

typedef struct {
    gboolean done;
    char *text;
    GError *error;
    gint64 took_ms;
    gint64 start_us;
} Outcome;

static void
clear_outcome(Outcome *outcome)
{
    g_free(outcome->text);
    g_clear_error(&outcome->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Outcome, clear_outcome)

static void
on_done(PstWorker *worker G_GNUC_UNUSED, const char *text, gsize len, const GError *error,
        gpointer user_data)
{
    Outcome *outcome = user_data;

    g_assert_false(outcome->done);
    g_assert_true((text == NULL) == (error != NULL));
    outcome->done = TRUE;
    outcome->took_ms = (pst_boot_clock_us() - outcome->start_us) / 1000;
    outcome->text = text != NULL ? g_strndup(text, len) : NULL;
    outcome->error = error != NULL ? g_error_copy(error) : NULL;
}

static PstWorker *
start(PstProbeRun run, const char *text, gint64 deadline_ms, Outcome *outcome, GError **error)
{
    const PstProbe probe = {&bad_probes_kind, run};
    const BadProbeArgs args = {(char *)text};

    outcome->start_us = pst_boot_clock_us();
    PstProbeContext context = {sysroot, outcome->start_us + deadline_ms * 1000, NULL};
    return pst_worker_start(&probe, &args, &context, on_done, outcome, error);
}

static void
begin(PstProbeRun run, const char *text, gint64 deadline_ms, Outcome *outcome)
{
    g_autoptr(GError) error = NULL;
    PstWorker *worker = start(run, text, deadline_ms, outcome, &error);

    g_assert_no_error(error);
    g_assert_nonnull(worker);
}

static gboolean
on_tick(gpointer ticked)
{
    *(gboolean *)ticked = TRUE;
    return G_SOURCE_REMOVE;
}

/* One turn of the main loop, of at most 20 ms. */
static void
turn(void)
{
    gboolean ticked = FALSE;
    guint tick = g_timeout_add(20, on_tick, &ticked);

    g_main_context_iteration(NULL, TRUE);
    if (!ticked)
        g_source_remove(tick);
}

static void
await(const Outcome *outcome)
{
    gint64 end_us = pst_boot_clock_us() + 60 * G_USEC_PER_SEC;

    while (!outcome->done && pst_boot_clock_us() < end_us)
        turn();
    g_assert_true(outcome->done);
}

static gboolean
has_children(void)
{
    return waitid(P_ALL, 0, &(siginfo_t){0}, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static void
await_no_children(void)
{
    gint64 end_us = pst_boot_clock_us() + 20 * G_USEC_PER_SEC;

    while (has_children() && pst_boot_clock_us() < end_us)
        turn();
    g_assert_false(has_children());
}

static guint
count_entries(const char *path)
{
    DIR *dir = opendir(path);
    guint n = 0;

    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

static void
assert_answer(const Outcome *outcome, const char *text)
{
    const char *found = NULL;

    g_assert_no_error(outcome->error);
    g_autoptr(JsonObject) json =
        pst_json_parse(outcome->text, strlen(outcome->text), &pst_validate_from_guest, NULL);
    g_assert_nonnull(json);
    g_autoptr(GError) error = NULL;
    JsonObject *data = NULL;
    g_assert_true(pst_json_get_object(json, "data", PST_JSON_REQUIRED, &data, &error));
    g_assert_true(pst_json_get_string(data, "text", PST_JSON_REQUIRED, &found, &error));
    g_assert_cmpstr(found, ==, text);
}

static const struct {
    const char *name;
    PstProbeRun run;
    PstErrorCode code;
    const char *says;     /* a pattern */
    gboolean at_deadline; /* else well before it */
} rows[] = {
    {"asleep", bad_probes_run_asleep, PST_ERROR_DEADLINE,
     "probe trial did not end before its deadline", TRUE},
    {"loop", bad_probes_run_in_a_loop, PST_ERROR_DEADLINE, "*did not end before its deadline",
     TRUE},
    {"fifo", bad_probes_run_into_a_fifo, PST_ERROR_DEADLINE, "*did not end before its deadline",
     TRUE},
    {"pipe-closed", bad_probes_run_with_pipe_closed, PST_ERROR_DEADLINE,
     "*did not end before its deadline", TRUE},
    {"children-asleep", bad_probes_run_with_children_asleep, PST_ERROR_DEADLINE,
     "*before its deadline", TRUE},
    {"noisy-children", bad_probes_run_with_noisy_children, PST_ERROR_TOO_LARGE,
     "*more than a frame can hold", FALSE},
    {"crash", bad_probes_run_into_a_crash, PST_ERROR_INTERNAL, "probe trial was ended by signal 11",
     FALSE},
    {"abort", bad_probes_run_abort, PST_ERROR_INTERNAL, "*was ended by signal 6", FALSE},
    {"exit-early", bad_probes_run_early_exit, PST_ERROR_INTERNAL,
     "*wrote something that is not a report", FALSE},
    {"exit-status", bad_probes_run_exit_with_status, PST_ERROR_INTERNAL, "*ended with status 7",
     FALSE},
    {"flood", bad_probes_run_flood, PST_ERROR_TOO_LARGE, "*wrote more than a frame can hold",
     FALSE},
    {"garbage", bad_probes_run_garbage, PST_ERROR_INTERNAL, "*wrote something that is not a report",
     FALSE},
};

/* Each beside a sound probe, whose answer comes meanwhile. */
static void
test_misbehaviour(gconstpointer data)
{
    guint row = GPOINTER_TO_UINT(data);
    gint64 deadline_ms = rows[row].at_deadline ? 1500 : 30000;
    g_auto(Outcome) bad = {0}, good = {0};
    guint before = count_entries("/proc/self/fd");

    begin(rows[row].run, "", deadline_ms, &bad);
    begin(bad_probes_run_well, "sound", 30000, &good);
    await(&good);
    assert_answer(&good, "sound");
    if (rows[row].at_deadline)
        g_assert_false(bad.done);
    await(&bad);
    g_assert_error(bad.error, PST_ERROR, (int)rows[row].code);
    g_assert_true(g_pattern_match_simple(rows[row].says, bad.error->message));
    if (rows[row].at_deadline)
        g_assert_cmpint(bad.took_ms, >=, deadline_ms);
    g_assert_cmpint(bad.took_ms, <, rows[row].at_deadline ? deadline_ms + LATE_MS : 15000);
    await_no_children();
    g_assert_cmpuint(count_entries("/proc/self/fd"), ==, before);
}

static void
test_answer(void)
{
    g_auto(Outcome) outcome = {0};

    begin(bad_probes_run_well, "hello \"\xff\" \n", 30000, &outcome);
    await(&outcome);
    assert_answer(&outcome, "hello \"\xef\xbf\xbd\" \n");
    await_no_children();
}

static void
test_large(void)
{
    g_auto(Outcome) outcome = {0};

    begin(bad_probes_run_large, "", 60000, &outcome);
    await(&outcome);
    g_assert_no_error(outcome.error);
    g_assert_cmpuint(strlen(outcome.text), <, PST_LIMIT_FRAME_FROM_GUEST - 200);
    g_assert_nonnull(strstr(outcome.text, "\"truncated\":true"));
    await_no_children();
}

static gboolean
all_gone(void)
{
    g_autoptr(GDir) dir = g_dir_open(bad_probes_folder, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir)) != NULL)
        if (g_ascii_isdigit(name[0]) && kill((pid_t)atoi(name), 0) == 0)
            return FALSE;
    return TRUE;
}

/* A report that came in good order does not excuse what the probe left behind. */
static void
test_leftovers(void)
{
    g_auto(Outcome) outcome = {0};
    gint64 end_us;

    begin(bad_probes_run_with_children, "left", 30000, &outcome);
    await(&outcome);
    assert_answer(&outcome, "left");
    end_us = pst_boot_clock_us() + 20 * G_USEC_PER_SEC;
    while (!all_gone() && pst_boot_clock_us() < end_us)
        turn();
    g_assert_true(all_gone());
    g_assert_cmpuint(count_entries(bad_probes_folder), >=, 2 + 3); /* and there were three */
    await_no_children();
}

static void
test_inventory(void)
{
    g_auto(Outcome) outcome = {0};
    int other = open("/etc/passwd", O_RDONLY); /* without O_CLOEXEC: fork knows nothing of that */
    g_autofree char *expected =
        g_strdup_printf("*\"0:/dev/null 1:/dev/null 2:stderr %d:* core=0 leader=1 chld=0\"*",
                        pst_sysroot_fd(sysroot) < other ? pst_sysroot_fd(sysroot) : other);

    begin(bad_probes_run_inventory, "", 30000, &outcome);
    await(&outcome);
    g_assert_no_error(outcome.error);
    g_test_message("%s", outcome.text);
    g_assert_true(g_pattern_match_simple(expected, outcome.text));
    g_assert_null(strstr(outcome.text, "passwd"));
    g_assert_null(strstr(outcome.text, "eventfd"));
    close(other);
    await_no_children();
}

static void
test_memory_limit(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    g_test_skip("a sanitizer reserves more address space than the limit");
#else
    g_auto(Outcome) outcome = {0};

    begin(bad_probes_run_hungry, "", 30000, &outcome);
    await(&outcome);
    g_assert_error(outcome.error, PST_ERROR, PST_ERROR_INTERNAL);
    g_assert_cmpint(outcome.took_ms, <, 25000);
    await_no_children();
#endif
}

static void
test_cancel(void)
{
    g_auto(Outcome) outcome = {0};
    guint before = count_entries("/proc/self/fd");
    PstWorker *worker = start(bad_probes_run_with_children_asleep, "", 30000, &outcome, NULL);

    for (int i = 0; i < 20; i++)
        turn();
    pst_worker_cancel(worker);
    await_no_children();
    g_assert_false(outcome.done);
    g_assert_cmpuint(count_entries("/proc/self/fd"), ==, before);
}

/* Who is killed now is gone in a moment: that is no reason to refuse the next question. */
static void
test_cancel_and_go_on(void)
{
    for (int round = 0; round < 5; round++) {
        g_auto(Outcome) gone = {0}, next = {0};
        PstWorker *workers[PST_LIMIT_WORKERS];

        for (int i = 0; i < PST_LIMIT_WORKERS; i++)
            workers[i] = start(bad_probes_run_asleep, "", 30000, &gone, NULL);
        for (int i = 0; i < PST_LIMIT_WORKERS; i++)
            pst_worker_cancel(workers[i]);
        begin(bad_probes_run_well, "next", 30000, &next);
        await(&next);
        assert_answer(&next, "next");
        await_no_children();
        g_assert_false(gone.done);
    }
}

/* A host that asks and cancels without end gets a refusal before the guest runs out of processes.
 */
static void
test_cancel_without_end(void)
{
    g_auto(Outcome) gone = {0}, next = {0};
    g_autoptr(GError) error = NULL;
    PstWorker *worker = NULL;
    int n = 0;

    while (n < 1000 && (worker = start(bad_probes_run_asleep, "", 30000, &gone, &error)) != NULL) {
        pst_worker_cancel(worker);
        n++;
    }
    g_test_message("%d cancelled before the refusal", n);
    g_assert_error(error, PST_ERROR, PST_ERROR_BUSY);
    g_assert_cmpint(n, <, 64);
    await_no_children();
    begin(bad_probes_run_well, "next", 30000, &next);
    await(&next);
    assert_answer(&next, "next");
}

/* Many at once, some of which are to die: every answer comes, and the right one. */
static void
test_many(void)
{
    Outcome outcomes[12] = {0};

    for (guint i = 0; i < G_N_ELEMENTS(outcomes); i++) {
        g_autofree char *text = g_strdup_printf("number %u", i);
        begin(i % 3 == 0 ? bad_probes_run_into_a_crash : bad_probes_run_well, text, 60000,
              &outcomes[i]);
    }
    for (guint i = 0; i < G_N_ELEMENTS(outcomes); i++) {
        g_autofree char *text = g_strdup_printf("number %u", i);
        await(&outcomes[i]);
        if (i % 3 != 0)
            assert_answer(&outcomes[i], text);
        else
            g_assert_error(outcomes[i].error, PST_ERROR, PST_ERROR_INTERNAL);
        clear_outcome(&outcomes[i]);
    }
    await_no_children();
}

/* More orphans than the kernel's list of them fits into one read: the number that is cut off at its
 * end is somebody else's process. */
static void
test_crowd(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    g_test_skip("a thousand processes with a sanitizer's memory each are too much");
#else
    g_auto(Outcome) outcome = {0};

    begin(bad_probes_run_crowd, "crowd", 60000, &outcome);
    await(&outcome);
    assert_answer(&outcome, "crowd");
    await_no_children();
#endif
}

/* ---- as the shim's main does */

static gboolean
on_child(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data G_GNUC_UNUSED)
{
    struct signalfd_siginfo info;

    while (read(fd, &info, sizeof(info)) == (gssize)sizeof(info))
        pst_worker_reap_orphans();
    return G_SOURCE_CONTINUE;
}

static void
be_a_subreaper(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    g_unix_fd_add(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), G_IO_IN, on_child, NULL);
}

/* Where the kernel gives no descriptor for its deadline, a worker is not started, and nobody waits
 * for what it does. Often, because it depends on how far the child has come. */
static void
test_no_descriptors(void)
{
    struct rlimit before, now;
    int free_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    gint64 start_us = g_get_monotonic_time();

    close(free_fd);
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    now = before;
    now.rlim_cur = (rlim_t)free_fd + 2; /* the ends of a pipe */
    for (guint i = 0; i < 100; i++) {
        g_auto(Outcome) outcome = {0};
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &now), ==, 0);
        PstWorker *worker = start(bad_probes_run_asleep, NULL, 60000, &outcome, &error);
        g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
        g_assert_null(worker);
        g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
        g_assert_false(outcome.done);
    }
    g_assert_cmpint(g_get_monotonic_time() - start_us, <, 20 * G_USEC_PER_SEC);
}

static void
empty_folder(void)
{
    g_autoptr(GDir) dir = g_dir_open(bad_probes_folder, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(bad_probes_folder, name, NULL);
        unlink(path);
    }
    rmdir(bad_probes_folder);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    be_a_subreaper();
    sysroot = pst_sysroot_new("/", NULL);
    bad_probes_folder = g_dir_make_tmp("postern-worker-XXXXXX", NULL);
    g_test_add_func("/worker/answer", test_answer);
    g_test_add_func("/worker/large", test_large);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strdup_printf("/worker/%s", rows[i].name);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_misbehaviour);
    }
    g_test_add_func("/worker/leftovers", test_leftovers);
    g_test_add_func("/worker/inventory", test_inventory);
    g_test_add_func("/worker/memory-limit", test_memory_limit);
    g_test_add_func("/worker/cancel", test_cancel);
    g_test_add_func("/worker/cancel-and-go-on", test_cancel_and_go_on);
    g_test_add_func("/worker/cancel-without-end", test_cancel_without_end);
    g_test_add_func("/worker/many", test_many);
    g_test_add_func("/worker/crowd", test_crowd);
    g_test_add_func("/worker/no-descriptors", test_no_descriptors);
    int result = g_test_run();
    empty_folder();
    g_free(bad_probes_folder);
    pst_sysroot_free(sysroot);
    return result;
}
