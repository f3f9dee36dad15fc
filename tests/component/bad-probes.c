// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/component/bad-probes.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char *text;
    char **lines;
} Data;

static const PstField arg_rows[] = {PST_STRING(BadProbeArgs, text, "anything")};
static const PstFields arg_fields = PST_FIELDS(BadProbeArgs, arg_rows);
static const PstField data_rows[] = {
    PST_STRING(Data, text, "anything"),
    PST_STRINGS(Data, lines, "anything"),
};
static const PstFields data_fields = PST_FIELDS(Data, data_rows);
const PstReportKind bad_probes_kind = {"trial", "Does it hold?", "", &arg_fields, &data_fields};

char *bad_probes_folder;

void
bad_probes_run_well(const PstProbeContext *context G_GNUC_UNUSED, gconstpointer args,
                    PstReport *report)
{
    Data *data = report->data;

    data->text = g_strdup(((const BadProbeArgs *)args)->text);
    pst_report_conclude(report, "fine");
}

void
bad_probes_run_asleep(const PstProbeContext *context, gconstpointer args, PstReport *report)
{
    for (int i = 0; i < 600; i++)
        g_usleep(100000);
    bad_probes_run_well(context, args, report);
}

/* Deaf to everything but SIGKILL. */
void
bad_probes_run_in_a_loop(const PstProbeContext *context G_GNUC_UNUSED,
                         gconstpointer args G_GNUC_UNUSED, PstReport *report)
{
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (volatile guint64 i = 1; i != 0; i++)
        continue;
    pst_report_conclude(report, "fine");
}

void
bad_probes_run_into_a_crash(const PstProbeContext *context G_GNUC_UNUSED,
                            gconstpointer args G_GNUC_UNUSED, PstReport *report G_GNUC_UNUSED)
{
    /* By the signal itself, because a sanitizer turns a bad access into an exit. */
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
}

void
bad_probes_run_abort(const PstProbeContext *context G_GNUC_UNUSED, gconstpointer args G_GNUC_UNUSED,
                     PstReport *report G_GNUC_UNUSED)
{
    signal(SIGABRT, SIG_DFL);
    abort();
}

void
bad_probes_run_early_exit(const PstProbeContext *context G_GNUC_UNUSED,
                          gconstpointer args G_GNUC_UNUSED, PstReport *report G_GNUC_UNUSED)
{
    _exit(0);
}

void
bad_probes_run_exit_with_status(const PstProbeContext *context G_GNUC_UNUSED,
                                gconstpointer args G_GNUC_UNUSED, PstReport *report G_GNUC_UNUSED)
{
    _exit(7);
}

static void
note_pid(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("%s/%d", bad_probes_folder, pid);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    if (fd >= 0)
        close(fd);
}

/* Leaves processes behind: in its own session, in one of their own, and orphans of orphans. */
static void
leave_children(gboolean noisy)
{
    static const char noise[4096] = "noise";

    for (int i = 0; i < 3; i++) {
        pid_t pid = fork();
        if (pid != 0)
            continue;
        if (i > 0)
            setsid();
        if (i == 2 && fork() != 0)
            _exit(0);
        signal(SIGTERM, SIG_IGN);
        signal(SIGHUP, SIG_IGN);
        note_pid(getpid());
        for (;;) {
            /* Into the worker's own pipe, which was inherited as the lowest descriptor above 2. */
            for (int fd = 3; noisy && fd < 16; fd++)
                (void)!write(fd, noise, sizeof(noise));
            g_usleep(1000);
        }
    }
    g_usleep(300000);
}

void
bad_probes_run_with_children(const PstProbeContext *context, gconstpointer args, PstReport *report)
{
    leave_children(FALSE);
    bad_probes_run_well(context, args, report);
}

void
bad_probes_run_with_children_asleep(const PstProbeContext *context, gconstpointer args,
                                    PstReport *report)
{
    leave_children(FALSE);
    bad_probes_run_asleep(context, args, report);
}

void
bad_probes_run_with_noisy_children(const PstProbeContext *context, gconstpointer args,
                                   PstReport *report)
{
    leave_children(TRUE);
    bad_probes_run_asleep(context, args, report);
}

/* More than fits: the report is cut, and says so. */
void
bad_probes_run_large(const PstProbeContext *context G_GNUC_UNUSED, gconstpointer args G_GNUC_UNUSED,
                     PstReport *report)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_autofree char *line = g_strnfill(6000, 'x');

    for (int i = 0; i < 1500; i++)
        g_strv_builder_add(builder, line);
    ((Data *)report->data)->lines = g_strv_builder_end(builder);
    pst_report_conclude(report, "fine");
}

/* Writes past the report's encoder, without end, into every descriptor it has. */
void
bad_probes_run_flood(const PstProbeContext *context G_GNUC_UNUSED, gconstpointer args G_GNUC_UNUSED,
                     PstReport *report G_GNUC_UNUSED)
{
    static char bytes[65536];

    memset(bytes, 'x', sizeof(bytes));
    for (;;)
        for (int fd = 3; fd < 16; fd++)
            (void)!write(fd, bytes, sizeof(bytes));
}

void
bad_probes_run_garbage(const PstProbeContext *context G_GNUC_UNUSED,
                       gconstpointer args G_GNUC_UNUSED, PstReport *report G_GNUC_UNUSED)
{
    for (int fd = 3; fd < 16; fd++)
        (void)!write(fd, "\x1e{\"a\":1}\n\x1e", 10);
    _exit(0);
}

void
bad_probes_run_with_pipe_closed(const PstProbeContext *context, gconstpointer args,
                                PstReport *report)
{
    for (int fd = 3; fd < 16; fd++)
        close(fd);
    bad_probes_run_asleep(context, args, report);
}

void
bad_probes_run_into_a_fifo(const PstProbeContext *context, gconstpointer args, PstReport *report)
{
    g_autofree char *path = g_build_filename(bad_probes_folder, "fifo", NULL);

    (void)!mkfifo(path, 0600);
    (void)!open(path, O_RDONLY | O_CLOEXEC); /* blocks for good */
    bad_probes_run_well(context, args, report);
}

void
bad_probes_run_hungry(const PstProbeContext *context, gconstpointer args, PstReport *report)
{
    for (;;)
        if (malloc(16 * 1024 * 1024) == NULL)
            _exit(9);
    bad_probes_run_well(context, args, report);
}

/* Everything that it has, told in the report. */
void
bad_probes_run_inventory(const PstProbeContext *context G_GNUC_UNUSED,
                         gconstpointer args G_GNUC_UNUSED, PstReport *report)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char target[256];
    struct rlimit core;
    sigset_t mask;

    for (int fd = 0; fd < 64; fd++) {
        g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
        gssize n = readlink(path, target, sizeof(target) - 1);
        if (n < 0)
            continue;
        target[n] = '\0';
        g_string_append_printf(text, "%d:%s ", fd, fd == 2 ? "stderr" : target);
    }
    getrlimit(RLIMIT_CORE, &core);
    sigprocmask(SIG_BLOCK, NULL, &mask);
    g_string_append_printf(text, "core=%d leader=%d chld=%d", (int)core.rlim_cur,
                           getsid(0) == getpid(), sigismember(&mask, SIGCHLD));
    ((Data *)report->data)->text = g_strdup(text->str);
    pst_report_conclude(report, "fine");
}

void
bad_probes_run_crowd(const PstProbeContext *context, gconstpointer args, PstReport *report)
{
    for (int i = 0; i < 1200; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            setsid();
            for (;;)
                pause();
        }
        if (pid < 0)
            break;
    }
    bad_probes_run_well(context, args, report);
}
