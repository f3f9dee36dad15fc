// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/remote.h"

#include <gio/gio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
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
    GSubprocess *ssh;
    int words; /* what it says on standard error */
} Remote;

static void
free_remote(gpointer data)
{
    Remote *remote = data;

    g_subprocess_force_exit(remote->ssh);
    g_object_unref(remote->ssh);
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

static Remote *
start(const char *program, const char *host, int fd, gint64 left_s, GError **error)
{
    g_autofree char *timeout = g_strdup_printf("-oConnectTimeout=%d", (int)MAX(1, left_s));
    const char *const argv[] = {program,   "-T",    timeout, "-oBatchMode=yes", "--", host,
                                "postern", "proxy", NULL};
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_NONE);
    int words = memfd_create("ssh", MFD_CLOEXEC);

    g_subprocess_launcher_take_stdin_fd(launcher, dup(fd));
    g_subprocess_launcher_take_stdout_fd(launcher, fd);
    g_subprocess_launcher_take_stderr_fd(launcher, dup(words));
    GSubprocess *ssh = g_subprocess_launcher_spawnv(launcher, argv, error);
    if (ssh == NULL) {
        close(words);
        return NULL;
    }
    Remote *remote = g_new0(Remote, 1);
    *remote = (Remote){ssh, words};
    return remote;
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
    Remote *remote = start(program, host, ends[1], left_us / G_USEC_PER_SEC, &cause);
    if (remote == NULL) {
        close(ends[0]);
        g_set_error(error, PST_ERROR, PST_ERROR_NO_HYPERVISOR, "--host: %s", cause->message);
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
