// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/exec-child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/loop-handles.h"
#include "guest-shim/probe.h"

/* Of whose unit a part is its own to divide: its Delegate=yes. */
#define UNIT "/postern-exec.service"
#define GROUPS "/sys/fs/cgroup"
/* A page's worth waits in the pipe. */
#define PIPE_BYTES (256 * 1024)
/* How long it is waited for that it becomes the program. */
#define BECOME_MS 1000

/* The calls themselves, which in the C library are every thread's. Where numbers had 16 bits once
 * these have another name, and the old ones would read others. */
#ifdef SYS_setgroups32
#define SET_GROUPS SYS_setgroups32
#define SET_GID SYS_setresgid32
#define SET_UID SYS_setresuid32
#else
#define SET_GROUPS SYS_setgroups
#define SET_GID SYS_setresgid
#define SET_UID SYS_setresuid
#endif

enum { FAILED = 125, NOT_EXECUTABLE = 126, NO_PROGRAM = 127 };
enum { IN, OUT, ERR, FAILURE, N_PIPES };

/* What the child could not do. */
typedef enum { STEP_STREAMS, STEP_USER, STEP_FOLDER, STEP_LATE, STEP_EXECUTE } Step;

typedef struct {
    int number; /* of the error */
    Step step;
} Report;

static void G_GNUC_NORETURN
give_up(int failure, Step step)
{
    const Report report = {errno, step};
    gssize written = write(failure, &report, sizeof(report));

    _exit(written == sizeof(report) ? 0 : 1);
}

static void
reset_signals(void)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
}

static void
write_to(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)!write(fd, text, strlen(text));
    close(fd);
}

gboolean
pst_exec_child_is_late(const PstExecStart *start)
{
    return (start->not_after_us > 0 && pst_boot_clock_us() >= start->not_after_us) ||
           (start->not_after_realtime_us > 0 && g_get_real_time() >= start->not_after_realtime_us);
}

/* Only what fork(2) allows in a process that has one thread. Every descriptor but these closes on
 * exec. */
static void G_GNUC_NORETURN
become(const PstExecTarget *target, const PstExecStart *wish, int pipes[N_PIPES][2],
       pid_t supervisor)
{
    int failure = pipes[FAILURE][1];
    int in = pipes[IN][0] >= 0 ? pipes[IN][0] : open("/dev/null", O_RDONLY | O_CLOEXEC);

    setsid();
    reset_signals();
    /* What protects the service from the OOM killer is not the command's. */
    write_to("/proc/self/oom_score_adj", "0");
    umask(022);
    if (in < 0 || dup2(in, 0) < 0 || dup2(pipes[OUT][1], 1) < 0 || dup2(pipes[ERR][1], 2) < 0)
        give_up(failure, STEP_STREAMS);
    if (geteuid() == 0 && (syscall(SET_GROUPS, target->groups->len, target->groups->data) < 0 ||
                           syscall(SET_GID, target->gid, target->gid, target->gid) < 0 ||
                           syscall(SET_UID, target->uid, target->uid, target->uid) < 0))
        give_up(failure, STEP_USER);
    if (geteuid() != target->uid) {
        errno = EPERM;
        give_up(failure, STEP_USER);
    }
    /* Without its supervisor nobody would end it at its deadline. Another user's does not keep
     * this, and the kernel tells only of a death that is still to come. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != supervisor)
        _exit(1);
    if (chdir(target->cwd) < 0 && (!target->cwd_is_home || chdir("/") < 0))
        give_up(failure, STEP_FOLDER);
    /* That may have hung for hours. */
    if (pst_exec_child_is_late(wish))
        give_up(failure, STEP_LATE);
    execve(target->path, wish->argv, target->env);
    give_up(failure, STEP_EXECUTE);
}

static void
close_pipes(int pipes[N_PIPES][2], guint end)
{
    for (guint i = 0; i < N_PIPES; i++)
        pst_loop_handles_close(&pipes[i][end]);
}

static gboolean
fail(PstExecFailure *failure, int status, const char *what, int number)
{
    failure->status = status;
    failure->why = g_strdup_printf("%s: %s", what, g_strerror(number));
    return FALSE;
}

static gboolean
make_pipes(int pipes[N_PIPES][2], gboolean has_input)
{
    for (guint i = 0; i < N_PIPES; i++)
        pipes[i][0] = pipes[i][1] = -1;
    for (guint i = has_input ? IN : OUT; i < N_PIPES; i++)
        if (pipe2(pipes[i], O_CLOEXEC) < 0)
            return FALSE;
    /* As large as it may be: a smaller one only takes longer. */
    fcntl(pipes[OUT][0], F_SETPIPE_SZ, PIPE_BYTES);
    return TRUE;
}

/* The child reports before it ends, or the pipe closes as it becomes the program. */
static gboolean
is_decided(int fd)
{
    struct pollfd own = {fd, POLLIN, 0};

    return poll(&own, 1, BECOME_MS) != 0;
}

static gboolean
read_report(int fd, Report *report)
{
    gssize n;

    do
        n = read(fd, report, sizeof(*report));
    while (n < 0 && errno == EINTR);
    return n == sizeof(*report);
}

static gboolean
explain(const PstExecTarget *target, const Report *report, PstExecFailure *failure)
{
    int number = report->number;

    if (report->step == STEP_STREAMS)
        return fail(failure, FAILED, "its standard streams", number);
    if (report->step == STEP_USER)
        return fail(failure, FAILED, target->user, number);
    if (report->step == STEP_FOLDER)
        return fail(failure, FAILED, target->cwd, number);
    if (report->step == STEP_LATE)
        return fail(failure, FAILED, "it was not started", ETIME);
    return fail(failure, number == ENOENT || number == ENOTDIR ? NO_PROGRAM : NOT_EXECUTABLE,
                target->path, number);
}

/* ---- its control group ---- */

/* The folder of this service's own; NULL where it runs in no unit that is divided so. */
static char *
own_group(void)
{
    g_autofree char *text = NULL;

    if (!g_file_get_contents("/proc/self/cgroup", &text, NULL, NULL) ||
        !g_str_has_prefix(text, "0::/"))
        return NULL;
    char *path = text + strlen("0::");
    path[strcspn(path, "\n")] = '\0';
    if (!g_str_has_suffix(path, UNIT))
        return NULL;
    return g_strconcat(GROUPS, path, NULL);
}

static char *
make_group(const char *id)
{
    g_autofree char *own = own_group();
    g_autofree char *group = own != NULL ? g_strconcat(own, "/", id, NULL) : NULL;

    return group != NULL && mkdir(group, 0755) == 0 ? g_steal_pointer(&group) : NULL;
}

/* ---- the whole ---- */

/* In its control group from the start: to be moved there, a process waits for the whole system. A
 * bare fork, which is all that one thread needs; where the kernel refuses it is moved. */
static pid_t
fork_into(const char *group)
{
    int fd = open(group, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct clone_args args = {
        .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (guint64)fd};
    pid_t pid = fd >= 0 ? (pid_t)syscall(SYS_clone3, &args, sizeof(args)) : -1;

    if (fd >= 0)
        close(fd);
    if (pid >= 0)
        return pid;
    pid = fork();
    if (pid == 0) {
        g_autofree char *procs = g_strconcat(group, "/cgroup.procs", NULL);
        write_to(procs, "0");
    }
    return pid;
}

static pid_t
start(const PstExecTarget *target, const PstExecStart *wish, int pipes[N_PIPES][2],
      const PstExecChild *child)
{
    pid_t supervisor = getpid();
    pid_t pid = child->group != NULL ? fork_into(child->group) : fork();

    if (pid == 0)
        become(target, wish, pipes, supervisor);
    return pid;
}

static void
keep_pipes(int pipes[N_PIPES][2], PstExecChild *child)
{
    int *const kept[] = {&pipes[IN][1], &pipes[OUT][0], &pipes[ERR][0]};

    for (guint i = 0; i < G_N_ELEMENTS(kept); i++)
        if (*kept[i] >= 0)
            fcntl(*kept[i], F_SETFL, O_NONBLOCK);
    child->in = pipes[IN][1];
    child->out[PST_EXEC_OUT] = pipes[OUT][0];
    child->out[PST_EXEC_ERR] = pipes[ERR][0];
    pipes[IN][1] = pipes[OUT][0] = pipes[ERR][0] = -1;
}

gboolean
pst_exec_child_start(const PstExecTarget *target, const PstExecStart *wish, PstExecChild *child,
                     PstExecFailure *failure)
{
    int pipes[N_PIPES][2];
    Report report = {0, STEP_STREAMS};

    *child = (PstExecChild){.pid = -1, .in = -1, .out = {-1, -1}, .failure = -1};
    if (!make_pipes(pipes, wish->has_input)) {
        int number = errno;
        close_pipes(pipes, 0);
        close_pipes(pipes, 1);
        return fail(failure, FAILED, "pipe", number);
    }
    child->group = make_group(wish->id);
    child->pid = start(target, wish, pipes, child);
    int number = errno;
    pst_loop_handles_close(&pipes[IN][0]);
    for (guint i = OUT; i < N_PIPES; i++)
        pst_loop_handles_close(&pipes[i][1]);
    if (child->pid > 0 && !is_decided(pipes[FAILURE][0])) {
        keep_pipes(pipes, child);
        child->failure = pipes[FAILURE][0];
        return TRUE;
    }
    if (child->pid > 0 && !read_report(pipes[FAILURE][0], &report)) {
        keep_pipes(pipes, child);
        close_pipes(pipes, 0);
        return TRUE;
    }
    close_pipes(pipes, 0);
    pst_loop_handles_close(&pipes[IN][1]);
    if (child->pid > 0)
        waitpid(child->pid, NULL, 0);
    pst_exec_child_clear(child);
    return child->pid > 0 ? explain(target, &report, failure)
                          : fail(failure, FAILED, "fork", number);
}

gboolean
pst_exec_child_has_failed(PstExecChild *child, const PstExecTarget *target, PstExecFailure *failure)
{
    Report report = {0, STEP_STREAMS};
    gboolean told = child->failure >= 0 && read_report(child->failure, &report);

    pst_loop_handles_close(&child->failure);
    if (told)
        explain(target, &report, failure);
    return told;
}

/* The kernel lists a process's children in one file (proc(5), CONFIG_PROC_CHILDREN). */
static gssize
read_children(char *buffer, gsize size)
{
    g_autofree char *path = g_strdup_printf("/proc/self/task/%d/children", getpid());
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    gssize n = fd >= 0 ? read(fd, buffer, size - 1) : 0;

    if (fd >= 0)
        close(fd);
    buffer[MAX(n, 0)] = '\0';
    return n;
}

gboolean
pst_exec_child_is_any(void)
{
    char buffer[32];

    return read_children(buffer, sizeof(buffer)) > 0;
}

void
pst_exec_child_kill(const PstExecChild *child)
{
    char buffer[4096];
    char *next = buffer;

    if (child->group != NULL) {
        g_autofree char *all = g_strconcat(child->group, "/cgroup.kill", NULL);
        write_to(all, "1");
    }
    if (child->pid > 0)
        kill(-child->pid, SIGKILL);
    read_children(buffer, sizeof(buffer));
    for (;;) {
        pid_t pid = (pid_t)strtol(next, &next, 10);
        /* A number that the buffer's end has cut short is another process's. */
        if (pid <= 0 || *next != ' ')
            return;
        kill(pid, SIGKILL);
    }
}

void
pst_exec_child_clear(PstExecChild *child)
{
    pst_loop_handles_close(&child->in);
    pst_loop_handles_close(&child->failure);
    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
        pst_loop_handles_close(&child->out[i]);
    if (child->group != NULL)
        rmdir(child->group);
    g_clear_pointer(&child->group, g_free);
}
