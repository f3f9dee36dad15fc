// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/worker-child.h"
#include "protocol/error.h"
#include "protocol/limits.h"
#include "protocol/validate.h"

/* A process that was killed is gone within milliseconds, unless the kernel holds it (a dead mount).
 */
#define STUCK_US (1 * G_USEC_PER_SEC)
/* How many may be on their way out at once, for a host that asks and cancels without end. */
#define MAX_UNREAPED (4 * (PST_LIMIT_WORKERS + PST_LIMIT_STUCK_WORKERS))
/* What is left of a frame once the envelope stands around the report. */
#define MAX_TEXT (PST_LIMIT_FRAME_FROM_GUEST - 256)
/* All that a pipe holds, as the kernel makes them (pipe(7)). */
#define READ_STEP 65536

struct PstWorker {
    const char *probe;
    PstMessageId id;
    pid_t pid;
    int pidfd, pipe, timer;
    guint pidfd_source, pipe_source, timer_source;
    GByteArray *text;
    gint64 killed_us;   /* on CLOCK_BOOTTIME; 0 while it may run */
    PstWorkerDone done; /* NULL once the owner has been told, or does not want to be */
    gpointer user_data;
};

/* Every worker whose process is not reaped yet, so that orphans can be told from workers. */
static GSList *unreaped;

static void
drop_source(guint *source, int *fd)
{
    if (*source != 0)
        g_source_remove(*source);
    *source = 0;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void
tell(PstWorker *worker, const GError *error)
{
    PstWorkerDone done = worker->done;

    worker->done = NULL;
    drop_source(&worker->pipe_source, &worker->pipe);
    drop_source(&worker->timer_source, &worker->timer);
    if (done != NULL)
        done(worker, error == NULL ? (const char *)worker->text->data : NULL, worker->text->len,
             error, worker->user_data);
}

static void
tell_error(PstWorker *worker, PstErrorCode code, const char *what)
{
    g_autoptr(GError) error = g_error_new(PST_ERROR, (int)code, "probe %s %s", worker->probe, what);

    tell(worker, error);
}

/* Kills the worker's session; its number is safe to use as long as it is not reaped. */
static void
kill_group(PstWorker *worker)
{
    kill(-worker->pid, SIGKILL);
    kill(worker->pid, SIGKILL);
    worker->killed_us = pst_boot_clock_us();
}

/* From here on only the reaping is left, whenever the kernel lets go of the process. */
static void
abandon(PstWorker *worker)
{
    kill_group(worker);
    worker->done = NULL;
    drop_source(&worker->pipe_source, &worker->pipe);
    drop_source(&worker->timer_source, &worker->timer);
}

void
pst_worker_cancel(PstWorker *worker)
{
    abandon(worker);
}

/* FALSE at the end of the stream, or where the cap was passed: then nothing more is worth hearing.
 */
static gboolean
read_some(PstWorker *worker)
{
    guint len = worker->text->len;

    /* Not by way of the stack, which never shrinks. */
    g_byte_array_set_size(worker->text, len + READ_STEP);
    gssize n = read(worker->pipe, worker->text->data + len, READ_STEP);
    int number = errno;
    g_byte_array_set_size(worker->text, len + (guint)MAX(n, 0));

    if (n < 0)
        return number == EINTR;
    if (worker->text->len > MAX_TEXT)
        kill_group(worker);
    return n > 0 && worker->text->len <= MAX_TEXT;
}

static gboolean
on_readable(gint fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
    PstWorker *worker = user_data;

    if (read_some(worker))
        return G_SOURCE_CONTINUE;
    /* Its end is judged when the process has ended; what it writes from here on fails. */
    worker->pipe_source = 0;
    return G_SOURCE_REMOVE;
}

static gboolean
on_deadline(gint fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
    PstWorker *worker = user_data;

    worker->timer_source = 0;
    kill_group(worker);
    tell_error(worker, PST_ERROR_DEADLINE, "did not end before its deadline");
    return G_SOURCE_REMOVE;
}

static void
judge_end(PstWorker *worker, int status)
{
    g_autofree char *what = NULL;

    while (worker->text->len <= MAX_TEXT && read_some(worker))
        continue;
    if (worker->text->len > MAX_TEXT) {
        tell_error(worker, PST_ERROR_TOO_LARGE, "wrote more than a frame can hold");
        return;
    }
    if (WIFSIGNALED(status))
        what = g_strdup_printf("was ended by signal %d", WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        what = g_strdup_printf("ended with status %d", WEXITSTATUS(status));
    else if (pst_validate(worker->text->data, worker->text->len, &pst_validate_from_guest).reason !=
             PST_VALIDATE_OK)
        what = g_strdup("wrote something that is not a report");

    if (what != NULL)
        tell_error(worker, PST_ERROR_INTERNAL, what);
    else
        tell(worker, NULL);
}

static void
reap(PstWorker *worker, int *status)
{
    kill(-worker->pid, SIGKILL);
    while (waitpid(worker->pid, status, 0) < 0 && errno == EINTR)
        continue;
    unreaped = g_slist_remove(unreaped, worker);
    pst_worker_reap_orphans();
}

static gboolean
on_exit_of(gint fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
    PstWorker *worker = user_data;
    int status = 0;

    worker->pidfd_source = 0;
    reap(worker, &status);
    if (worker->done != NULL)
        judge_end(worker, status);

    drop_source(&worker->pidfd_source, &worker->pidfd);
    drop_source(&worker->pipe_source, &worker->pipe);
    drop_source(&worker->timer_source, &worker->timer);
    g_byte_array_unref(worker->text);
    g_free(worker);
    return G_SOURCE_REMOVE;
}

static gboolean
watch(PstWorker *worker, gint64 deadline_us)
{
    struct itimerspec when = {
        .it_value = {deadline_us / G_USEC_PER_SEC, deadline_us % G_USEC_PER_SEC * 1000},
    };

    worker->pidfd = (int)syscall(SYS_pidfd_open, worker->pid, 0);
    worker->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (worker->pidfd < 0 || worker->timer < 0 ||
        timerfd_settime(worker->timer, TFD_TIMER_ABSTIME, &when, NULL) < 0)
        return FALSE;

    worker->pidfd_source = g_unix_fd_add(worker->pidfd, G_IO_IN, on_exit_of, worker);
    worker->timer_source = g_unix_fd_add(worker->timer, G_IO_IN, on_deadline, worker);
    worker->pipe_source = g_unix_fd_add(worker->pipe, G_IO_IN | G_IO_HUP, on_readable, worker);
    return TRUE;
}

static void
give_up(PstWorker *worker)
{
    int status = 0;

    /* It may not have a session of its own yet, and what it writes nobody reads. */
    kill_group(worker);
    drop_source(&worker->pipe_source, &worker->pipe);
    reap(worker, &status);
    drop_source(&worker->pidfd_source, &worker->pidfd);
    drop_source(&worker->timer_source, &worker->timer);
    g_byte_array_unref(worker->text);
    g_free(worker);
}

static gboolean
unavailable(GError **error, const char *what)
{
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "the guest can't start a probe: %s: %s",
                what, g_strerror(errno));
    return FALSE;
}

static gboolean
start_child(const PstProbe *probe, gconstpointer args, const PstProbeContext *context,
            PstWorker *worker, GError **error)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return unavailable(error, "pipe");
    pid_t shim = getpid();
    worker->pid = fork();
    if (worker->pid == 0)
        pst_worker_child_run(probe, args, context, shim, ends[1],
                             context->max_bytes > 0 ? context->max_bytes : MAX_TEXT);
    int failed = errno;
    close(ends[1]);
    if (worker->pid < 0) {
        close(ends[0]);
        errno = failed;
        return unavailable(error, "fork");
    }
    worker->pipe = ends[0];
    fcntl(worker->pipe, F_SETFL, O_NONBLOCK);
    return TRUE;
}

guint
pst_worker_n_stuck(void)
{
    gint64 since_us = pst_boot_clock_us() - STUCK_US;
    guint n = 0;

    for (GSList *item = unreaped; item != NULL; item = item->next) {
        const PstWorker *worker = item->data;
        n += worker->killed_us > 0 && worker->killed_us < since_us;
    }
    return n;
}

gboolean
pst_worker_is_held(const PstMessageId *id)
{
    for (GSList *item = unreaped; item != NULL; item = item->next) {
        const PstWorker *worker = item->data;

        if (worker->killed_us > 0 && worker->id.number == id->number &&
            g_str_equal(worker->id.session, id->session))
            return TRUE;
    }
    return FALSE;
}

/* Whether another process may be started beside those that can't be got rid of. */
static gboolean
check_stuck(GError **error)
{
    guint n = g_slist_length(unreaped), n_stuck = pst_worker_n_stuck();

    if (n_stuck < PST_LIMIT_STUCK_WORKERS && n < MAX_UNREAPED)
        return TRUE;
    if (n_stuck >= PST_LIMIT_STUCK_WORKERS)
        g_set_error(error, PST_ERROR, PST_ERROR_BUSY,
                    "%u earlier probes hang in the kernel and can't be killed", n_stuck);
    else
        g_set_error(error, PST_ERROR, PST_ERROR_BUSY, "%u earlier probes have not ended yet", n);
    return FALSE;
}

PstWorker *
pst_worker_start(const PstProbe *probe, gconstpointer args, const PstProbeContext *context,
                 PstWorkerDone done, gpointer user_data, GError **error)
{
    if (!check_stuck(error))
        return NULL;

    PstWorker *worker = g_new0(PstWorker, 1);
    worker->probe = probe->kind->name;
    if (context->id != NULL)
        worker->id = *context->id;
    worker->pidfd = worker->pipe = worker->timer = -1;
    worker->done = done;
    worker->user_data = user_data;
    worker->text = g_byte_array_new();
    if (!start_child(probe, args, context, worker, error)) {
        g_byte_array_unref(worker->text);
        g_free(worker);
        return NULL;
    }
    unreaped = g_slist_prepend(unreaped, worker);
    if (!watch(worker, context->deadline_us)) {
        unavailable(error, "pidfd or timerfd");
        give_up(worker);
        return NULL;
    }
    return worker;
}

static gboolean
is_worker(pid_t pid)
{
    for (GSList *item = unreaped; item != NULL; item = item->next)
        if (((PstWorker *)item->data)->pid == pid)
            return TRUE;
    return FALSE;
}

/* The kernel lists a process's children in one file (proc(5), CONFIG_PROC_CHILDREN). */
void
pst_worker_reap_orphans(void)
{
    g_autofree char *path = g_strdup_printf("/proc/self/task/%d/children", getpid());
    char buffer[4096];
    char *next = buffer;

    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    gssize n = read(fd, buffer, sizeof(buffer) - 1);
    close(fd);
    buffer[MAX(n, 0)] = '\0';

    for (;;) {
        pid_t pid = (pid_t)strtol(next, &next, 10);
        /* A number that the buffer's end has cut short is another process's. What is left of the
         * list comes with the SIGCHLD of those killed now. */
        if (pid <= 0 || *next != ' ')
            return;
        if (is_worker(pid))
            continue;
        kill(pid, SIGKILL);
        waitpid(pid, NULL, WNOHANG);
    }
}
