// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/program.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/error.h"

/* What the child writes to: its two streams, and, where it does not become the program, the number
 * of the error; exec(2) closes the last one. */
enum { OUT, ERR, FAILURE, N_PIPES };

static const char *const clean_environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                                                "LC_ALL=C",
                                                "SYSTEMD_COLORS=0",
                                                "SYSTEMD_PAGER=",
                                                "TERM=dumb",
                                                NULL};

void
pst_program_result_free(PstProgramResult *result)
{
    g_string_free(result->out, TRUE);
    g_string_free(result->err, TRUE);
    g_free(result);
}

const char *
pst_program_find(const PstSysroot *sysroot, const char *const *candidates, GError **error)
{
    for (guint i = 0; candidates[i] != NULL; i++) {
        struct stat st;

        if (!pst_sysroot_stat(sysroot, candidates[i], &st, NULL) || !S_ISREG(st.st_mode))
            continue;
        if (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
            g_set_error(error, PST_ERROR, PST_ERROR_NOT_ALLOWED,
                        "%s: not run, because others than root can change it", candidates[i]);
            return NULL;
        }
        if ((st.st_mode & S_IXUSR) != 0)
            return candidates[i];
    }
    g_set_error(error, PST_ERROR, PST_ERROR_ABSENT, "%s: not found", candidates[0]);
    return NULL;
}

/* Tells the parent why there is no program. */
static void G_GNUC_NORETURN
give_up(int failure)
{
    int number = errno;
    gssize written = write(failure, &number, sizeof(number));

    _exit(written == sizeof(number) ? 0 : 1);
}

static void
lift_address_space(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_AS, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_AS, &limit);
}

/* Between fork and exec. The worker may have threads (GDBus starts one), so only async-signal-safe
 * calls here, and the bare system calls where glibc would first ask the other threads. */
static void G_GNUC_NORETURN
become(const PstProgram *program, const char *path, char *const *argv, int pipes[N_PIPES][2],
       pid_t parent)
{
    const PstProgramUser *user = program->user;
    int failure = pipes[FAILURE][1];
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    /* A session of its own, without a terminal: sudo must not find the one of whoever runs this. */
    setsid();
    /* The kernel tells only of a death that is still to come. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    if (null < 0 || dup2(program->input > 0 ? program->input : null, 0) < 0 ||
        dup2(pipes[OUT][1], 1) < 0 || dup2(pipes[ERR][1], 2) < 0)
        give_up(failure);
    if (program->without_network && unshare(CLONE_NEWNET) < 0)
        give_up(failure);
    if (program->any_address_space)
        lift_address_space();
    if (user != NULL && (syscall(SYS_setgroups, user->n_groups, user->groups) < 0 ||
                         syscall(SYS_setresgid, user->gid, user->gid, user->gid) < 0 ||
                         syscall(SYS_setresuid, user->uid, user->uid, user->uid) < 0))
        give_up(failure);
    if (chdir("/") < 0)
        give_up(failure);
    execve(path, argv, (char *const *)clean_environment);
    give_up(failure);
}

/* Moves what is there from FD to TEXT; FALSE at the end of the stream. */
static gboolean
drain(int fd, GString *text, gsize max, gboolean *truncated)
{
    char buffer[8192];
    gssize n = read(fd, buffer, sizeof(buffer));

    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    if (n == 0)
        return FALSE;
    gsize room = max - MIN(max, text->len);
    if ((gsize)n > room)
        *truncated = TRUE;
    g_string_append_len(text, buffer, (gssize)MIN((gsize)n, room));
    return TRUE;
}

/* Until both streams have ended, or the deadline: FALSE. A background child that keeps them open
 * ends there too. */
static gboolean
collect(int out, int err, const PstProgram *program, gint64 start_us, PstProgramResult *result)
{
    struct pollfd fds[2] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
    gint64 end_us = start_us + program->timeout_ms * 1000;

    while (fds[0].fd >= 0 || fds[1].fd >= 0) {
        gint64 left_us = end_us - g_get_monotonic_time();

        if (left_us <= 0)
            return FALSE;
        if (poll(fds, 2, (int)(left_us / 1000) + 1) < 0 && errno != EINTR)
            return FALSE;
        if (fds[0].revents != 0 &&
            !drain(out, result->out, program->max_output, &result->truncated))
            fds[0].fd = -1;
        if (fds[1].revents != 0 &&
            !drain(err, result->err, program->max_output, &result->truncated))
            fds[1].fd = -1;
        fds[0].revents = fds[1].revents = 0;
    }
    return TRUE;
}

/* Waits until the process has ended, or the deadline. It stays unreaped: its number, and with it
 * the number of its process group, can't be taken by another until the group was killed. */
static gboolean
await_exit(pid_t pid, gint64 end_us)
{
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    gint64 left_ms = MAX(0, (end_us - g_get_monotonic_time()) / 1000);
    struct pollfd fd = {pidfd, POLLIN, 0};

    if (pidfd < 0)
        return FALSE;
    int ready = poll(&fd, 1, (int)left_ms);
    close(pidfd);
    return ready == 1;
}

static void
finish(pid_t pid, gboolean ended, PstProgramResult *result)
{
    int status = 0;

    result->timed_out = !ended;
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    result->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static char **
full_argv(const char *path, const char *const *argv)
{
    GPtrArray *all = g_ptr_array_new();

    g_ptr_array_add(all, (gpointer)path);
    for (guint i = 0; argv[i] != NULL; i++)
        g_ptr_array_add(all, (gpointer)argv[i]);
    g_ptr_array_add(all, NULL);
    return (char **)g_ptr_array_free(all, FALSE);
}

static void
close_ends(int pipes[N_PIPES][2], guint n, guint end)
{
    for (guint i = 0; i < n; i++)
        close(pipes[i][end]);
}

static gboolean
make_pipes(int pipes[N_PIPES][2], GError **error)
{
    for (guint i = 0; i < N_PIPES; i++) {
        if (pipe2(pipes[i], O_CLOEXEC) == 0)
            continue;
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "pipe: %s", g_strerror(errno));
        close_ends(pipes, i, 0);
        close_ends(pipes, i, 1);
        return FALSE;
    }
    return TRUE;
}

/* The error that kept the child from becoming the program, or 0. The child is gone, but a sibling
 * that was forked meanwhile may hold the other end: nothing is waited for. */
static int
read_failure(int fd)
{
    struct pollfd ready = {fd, POLLIN, 0};
    int number = 0;

    if (poll(&ready, 1, 0) != 1 || read(fd, &number, sizeof(number)) != sizeof(number))
        return 0;
    return number;
}

static PstProgramResult *
await(pid_t pid, const PstProgram *program, int pipes[N_PIPES][2], gint64 start_us)
{
    PstProgramResult *result = g_new0(PstProgramResult, 1);

    result->out = g_string_new(NULL);
    result->err = g_string_new(NULL);
    gboolean ended = collect(pipes[OUT][0], pipes[ERR][0], program, start_us, result) &&
                     await_exit(pid, start_us + program->timeout_ms * 1000);
    finish(pid, ended, result);
    result->took_ms = (g_get_monotonic_time() - start_us) / 1000;
    return result;
}

static PstProgramResult *
run_path(const PstProgram *program, const char *path, GError **error)
{
    g_autofree char **argv = full_argv(path, program->argv);
    g_autoptr(PstProgramResult) result = NULL;
    gint64 start_us = g_get_monotonic_time();
    int pipes[N_PIPES][2];

    if (!make_pipes(pipes, error))
        return NULL;
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0)
        become(program, path, argv, pipes, parent);
    int failed = pid < 0 ? errno : 0;
    close_ends(pipes, N_PIPES, 1);
    if (pid > 0) {
        result = await(pid, program, pipes, start_us);
        failed = read_failure(pipes[FAILURE][0]);
    }
    close_ends(pipes, N_PIPES, 0);
    if (failed != 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: could not be started: %s", path,
                    g_strerror(failed));
        return NULL;
    }
    return g_steal_pointer(&result);
}

PstProgramResult *
pst_program_run(const PstSysroot *sysroot, const PstProgram *program, GError **error)
{
    const char *path = pst_program_find(sysroot, program->candidates, error);

    if (path == NULL)
        return NULL;
    if (!pst_sysroot_is_live(sysroot)) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                    "%s: programs are run only in a running system", path);
        return NULL;
    }
    return run_path(program, path, error);
}
