// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/remote.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host-sidecar/escape.h"
#include "protocol/error.h"

#define MAX_HOST 255
#define MAX_WORDS 2048

static const char *const programs[] = {"/usr/bin/ssh", "/usr/local/bin/ssh"};

gboolean
pst_remote_check_host(const char *host, GError **error)
{
    static const char characters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@._:%-";
    gsize len = strlen(host);

    if (len > 0 && len <= MAX_HOST && host[0] != '-' && strspn(host, characters) == len)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "--host '%.64s': say a host, as ssh knows it",
                host);
    return FALSE;
}

static const char *
find_program(GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(programs); i++)
        if (access(programs[i], X_OK) == 0)
            return programs[i];
    g_set_error(error, PST_ERROR, PST_ERROR_NO_HYPERVISOR, "--host needs %s, which is not there",
                programs[0]);
    return NULL;
}

typedef struct {
    pid_t ssh;
    int words; /* what it says on standard error */
} Remote;

static void
free_remote(gpointer data)
{
    Remote *remote = data;

    /* It is a child that nobody else waits for: the number is still its own. */
    kill(remote->ssh, SIGKILL);
    while (waitpid(remote->ssh, NULL, 0) < 0 && errno == EINTR)
        continue;
    close(remote->words);
    g_free(remote);
}

/* The last line, which is the reason: what stands above are banners and warnings. */
static char *
last_word(int words)
{
    char text[MAX_WORDS + 1];
    off_t len = lseek(words, 0, SEEK_END);
    gssize n = pread(words, text, MAX_WORDS, MAX(0, len - MAX_WORDS));

    text[MAX(n, 0)] = '\0';
    g_strchomp(text);
    const char *line = strrchr(text, '\n');
    return pst_escape_text(line != NULL ? line + 1 : text, FALSE);
}

/* With what this program ignores as it was; its descriptors close by themselves. */
static int
spawn(const char *program, const char *const *argv, int fd, int words, pid_t *pid)
{
    posix_spawn_file_actions_t streams;
    posix_spawnattr_t attributes;
    sigset_t all, none;

    sigfillset(&all);
    sigemptyset(&none);
    posix_spawn_file_actions_init(&streams);
    posix_spawn_file_actions_adddup2(&streams, fd, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&streams, fd, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&streams, words, STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    int failed = posix_spawn(pid, program, &streams, &attributes, (char *const *)argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&streams);
    return failed;
}

/* FD stays the caller's. */
static Remote *
start(const char *program, const char *host, int fd, gint64 left_s, GError **error)
{
    g_autofree char *timeout = g_strdup_printf("-oConnectTimeout=%d", (int)MAX(1, left_s));
    const char *const argv[] = {program,   "-T",    timeout, "-oBatchMode=yes", "--", host,
                                "postern", "proxy", NULL};
    int words = memfd_create("ssh", MFD_CLOEXEC);
    pid_t ssh = -1;
    int failed = words >= 0 ? spawn(program, argv, fd, words, &ssh) : errno;

    if (failed == 0) {
        Remote *remote = g_new0(Remote, 1);
        *remote = (Remote){ssh, words};
        return remote;
    }
    g_set_error(error, PST_ERROR, PST_ERROR_NO_HYPERVISOR, "--host: %s: %s", program,
                g_strerror(failed));
    if (words >= 0)
        close(words);
    return NULL;
}

PstApiClient *
pst_remote_open(const char *host, gint64 deadline_us, GError **error)
{
    gint64 left_us = MAX(0, deadline_us - g_get_monotonic_time());
    const char *program = find_program(error);
    g_autoptr(GError) cause = NULL;
    int ends[2];

    if (program == NULL)
        return NULL;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "--host: no socket can be had");
        return NULL;
    }
    Remote *remote = start(program, host, ends[1], left_us / G_USEC_PER_SEC, error);
    close(ends[1]);
    if (remote == NULL) {
        close(ends[0]);
        return NULL;
    }
    int words = dup(remote->words);
    PstApiClient *client =
        pst_api_client_open_fd(ends[0], deadline_us, free_remote, remote, &cause);
    if (client == NULL) {
        g_autofree char *said = last_word(words);
        g_set_error(error, PST_ERROR, PST_ERROR_NO_HYPERVISOR, "%s: %s", host,
                    *said != '\0' ? said : cause->message);
    }
    close(words);
    return client;
}
