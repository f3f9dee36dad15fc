// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/mount-ask.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest-shim/process-list.h"
#include "protocol/error.h"

#define MAX_ASKERS 16
#define NAME_SIZE 16 /* TASK_COMM_LEN of the kernel */
#define EARLIER_US (3 * G_USEC_PER_SEC)

/* What a process that asks writes, in the order of its mounts. Fits a pipe's atomic write. */
typedef struct {
    int failure;
    struct statfs answer;
} Answer;

/* A process and the mounts that it asks, of which NEXT is the one that it waits for. */
typedef struct {
    pid_t pid;
    int fd; /* -1 where none runs */
    const guint *mounts;
    guint n, next;
    gint64 deadline_us; /* on CLOCK_MONOTONIC */
} Asker;

typedef struct {
    const PstSysroot *sysroot;
    PstMountAsk *asks;
    gint64 limit_us;
    gint64 end_us;
} Work;

static void
name_of(const PstMountAsk *ask, char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "statfs %s", ask->device);
}

static void G_GNUC_NORETURN
ask_in_turn(const Work *work, const guint *mounts, guint n, int out, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    for (guint i = 0; i < n; i++) {
        const PstMountAsk *ask = &work->asks[mounts[i]];
        char name[NAME_SIZE];
        Answer answer = {0};

        name_of(ask, name);
        prctl(PR_SET_NAME, name);
        errno = 0;
        int fd = pst_sysroot_open(work->sysroot, ask->folder, O_PATH, NULL);
        if (fd < 0 || fstatfs(fd, &answer.answer) < 0)
            answer.failure = errno != 0 ? errno : EIO;
        if (fd >= 0)
            close(fd);
        if (write(out, &answer, sizeof(answer)) != sizeof(answer))
            _exit(1);
    }
    _exit(0);
}

static gboolean
start(const Work *work, Asker *asker)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return FALSE;
    pid_t parent = getpid();
    asker->pid = fork();
    if (asker->pid == 0)
        ask_in_turn(work, asker->mounts + asker->next, asker->n - asker->next, ends[1], parent);
    close(ends[1]);
    if (asker->pid < 0) {
        close(ends[0]);
        return FALSE;
    }
    asker->fd = ends[0];
    asker->deadline_us = g_get_monotonic_time() + work->limit_us;
    return TRUE;
}

/* One that waits in the kernel can't be waited for: whoever inherits it reaps it. */
static void
end(Asker *asker)
{
    int status;

    kill(asker->pid, SIGKILL);
    close(asker->fd);
    asker->fd = -1;
    for (int i = 0; i < 20 && waitpid(asker->pid, &status, WNOHANG) == 0; i++)
        g_usleep(500);
}

static void
take_answer(const Work *work, Asker *asker)
{
    Answer answer;
    gssize n = read(asker->fd, &answer, sizeof(answer));
    PstMountAsk *ask = asker->next < asker->n ? &work->asks[asker->mounts[asker->next]] : NULL;

    if (n < 0 && errno == EINTR)
        return;
    if (n == sizeof(answer) && ask != NULL) {
        ask->state = answer.failure == 0 ? PST_MOUNT_ASK_ANSWERED : PST_MOUNT_ASK_FAILED;
        ask->failure = answer.failure;
        ask->answer = answer.answer;
        asker->next++;
        asker->deadline_us = g_get_monotonic_time() + work->limit_us;
        if (asker->next < asker->n)
            return;
    }
    end(asker);
}

/* The one that it waits for is silent, unless all had to end before its own time was up; the others
 * behind it are asked by another process. */
static void
give_up_one(const Work *work, Asker *asker, gint64 now_us)
{
    PstMountAsk *ask = &work->asks[asker->mounts[asker->next++]];

    end(asker);
    if (asker->deadline_us <= now_us)
        ask->state = PST_MOUNT_ASK_SILENT;
    if (asker->next < asker->n && g_get_monotonic_time() < work->end_us)
        start(work, asker);
}

static void
give_up_late(const Work *work, Asker *askers, guint n)
{
    gint64 now = g_get_monotonic_time();

    for (guint i = 0; i < n; i++)
        if (askers[i].fd >= 0 && MIN(askers[i].deadline_us, work->end_us) <= now)
            give_up_one(work, &askers[i], now);
}

/* Until each of the N has its answers, or has used up its time. */
static void
collect(const Work *work, Asker *askers, guint n)
{
    for (;;) {
        struct pollfd fds[MAX_ASKERS];
        gint64 next_us = work->end_us;
        gboolean any = FALSE;

        for (guint i = 0; i < n; i++) {
            fds[i] = (struct pollfd){askers[i].fd, POLLIN, 0};
            any |= askers[i].fd >= 0;
            if (askers[i].fd >= 0)
                next_us = MIN(next_us, askers[i].deadline_us);
        }
        if (!any)
            return;
        gint64 left_ms = MAX(0, (next_us - g_get_monotonic_time()) / 1000 + 1);
        int ready = poll(fds, n, (int)MIN(left_ms, G_MAXINT));
        for (guint i = 0; ready > 0 && i < n; i++)
            if (fds[i].revents != 0)
                take_answer(work, &askers[i]);
        give_up_late(work, askers, n);
    }
}

/* Processes that an earlier look had to leave behind have these names. */
static void
find_earlier(const PstSysroot *sysroot, PstMountAsk *asks, guint n)
{
    g_autoptr(GPtrArray) processes = pst_process_list_read(sysroot, NULL, NULL);
    gint64 now_us = pst_process_list_now_us();

    for (guint i = 0; processes != NULL && i < processes->len; i++) {
        const PstProcess *process = processes->pdata[i];

        if (now_us - process->start_us < EARLIER_US)
            continue;
        for (guint j = 0; j < n; j++) {
            char name[NAME_SIZE];

            name_of(&asks[j], name);
            if (!asks[j].remote || !g_str_equal(process->name, name) ||
                pst_process_list_uid(sysroot, process->pid) != 0)
                continue;
            asks[j].state = PST_MOUNT_ASK_SILENT;
            asks[j].earlier = TRUE;
        }
    }
}

/* The numbers of the asks that are still to be made, remote ones or the others. */
static GArray *
select_asks(const PstMountAsk *asks, guint n, gboolean remote)
{
    GArray *selected = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint i = 0; i < n; i++)
        if (asks[i].remote == remote && asks[i].state == PST_MOUNT_ASK_NOT_ASKED)
            g_array_append_val(selected, i);
    return selected;
}

static void
ask_together(const Work *work, const guint *mounts, guint n, guint each)
{
    Asker askers[MAX_ASKERS];
    guint n_askers = 0;

    for (guint i = 0; i < n; i += each) {
        Asker *asker = &askers[n_askers];

        *asker = (Asker){.fd = -1, .mounts = mounts + i, .n = MIN(each, n - i)};
        if (start(work, asker))
            n_askers++;
    }
    collect(work, askers, n_askers);
}

void
pst_mount_ask_all(const PstSysroot *sysroot, PstMountAsk *asks, guint n, gint64 limit_ms,
                  gint64 whole_ms)
{
    Work work = {sysroot, asks, limit_ms * 1000, g_get_monotonic_time() + whole_ms * 1000};
    g_autoptr(GArray) local = select_asks(asks, n, FALSE);

    if (local->len > 0)
        ask_together(&work, (const guint *)(const void *)local->data, local->len, local->len);
    if (local->len < n)
        find_earlier(sysroot, asks, n);
    g_autoptr(GArray) remote = select_asks(asks, n, TRUE);
    for (guint i = 0; i < remote->len && g_get_monotonic_time() < work.end_us; i += MAX_ASKERS)
        ask_together(&work, &g_array_index(remote, guint, i), MIN(MAX_ASKERS, remote->len - i), 1);
}
