// SPDX-License-Identifier: LGPL-2.1-or-later
/* postern-shim: wiring only. */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "guest-shim/initramfs.h"
#include "guest-shim/port.h"
#include "guest-shim/recorder.h"
#include "guest-shim/stdio.h"
#include "guest-shim/worker.h"
#include "protocol/error.h"

#define PORT_NAME "org.postern.shim.0"
#define EXIT_MISUSE 64 /* EX_USAGE of sysexits.h */

typedef struct {
    gboolean stdio, one_shot, version;
    char *sysroot;
    char *help; /* the text, where it was asked for */
    gint64 output_limit;
} Options;

/* FALSE, having said so, where standard output does not take it. */
static gboolean
say(const char *text)
{
    if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
        return TRUE;
    fprintf(stderr, "postern-shim: standard output: %s\n", g_strerror(errno));
    return FALSE;
}

static gboolean
parse_options(int *argc, char ***argv, Options *options, GError **error)
{
    gboolean help = FALSE;
    const GOptionEntry entries[] = {
        {"stdio", 0, 0, G_OPTION_ARG_NONE, &options->stdio,
         "Serve standard input and output instead of the port", NULL},
        {"oneshot", 0, 0, G_OPTION_ARG_NONE, &options->one_shot,
         "Answer the requests on standard input and end", NULL},
        {"output-limit", 0, 0, G_OPTION_ARG_INT64, &options->output_limit,
         "With --oneshot: at most this much for all answers", "BYTES"},
        {"sysroot", 0, 0, G_OPTION_ARG_FILENAME, &options->sysroot,
         "Look at the system below this folder", "DIR"},
        {"version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Print the version", NULL},
        {"help", 'h', 0, G_OPTION_ARG_NONE, &help, "Print this", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_set_summary(
        context, "The guest's side of postern: answers structured, read-only questions.");
    g_option_context_add_main_entries(context, entries, NULL);
    /* GLib's own would not notice that nobody reads it. */
    g_option_context_set_help_enabled(context, FALSE);
    if (!g_option_context_parse(context, argc, argv, error))
        return FALSE;
    if (help)
        options->help = g_option_context_get_help(context, TRUE, NULL);
    if (*argc > 1) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "unexpected argument '%s'", (*argv)[1]);
        return FALSE;
    }
    if (options->stdio && options->one_shot) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "say --stdio or --oneshot, not both");
        return FALSE;
    }
    if (options->output_limit < 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "--output-limit: say a number from 1 on");
        return FALSE;
    }
    return TRUE;
}

static gboolean
on_signal(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
    struct signalfd_siginfo info;

    while (read(fd, &info, sizeof(info)) == (gssize)sizeof(info)) {
        if (info.ssi_signo == SIGCHLD)
            pst_worker_reap_orphans();
        else
            g_main_loop_quit(user_data);
    }
    return G_SOURCE_CONTINUE;
}

/* signalfd, because GLib's own signal sources start a thread, after which fork is no longer safe.
 */
static gboolean
watch_signals(GMainLoop *loop, GError **error)
{
    sigset_t set;

    sigemptyset(&set);
    /* A call on standard input has no loop to leave: it ends at once, and its workers with it. */
    if (loop != NULL) {
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
    }
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_CHILD_SUBREAPER, 1);

    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "signalfd: %s", g_strerror(errno));
        return FALSE;
    }
    g_unix_fd_add(fd, G_IO_IN, on_signal, loop);
    return TRUE;
}

typedef struct {
    GMainLoop *loop;
    gboolean left; /* the initramfs that it served in: the guest goes on */
    GError *error;
} Service;

static void
on_lost(const GError *error, gpointer user_data)
{
    Service *service = user_data;

    if (service->error == NULL)
        service->error = g_error_copy(error);
    g_main_loop_quit(service->loop);
}

static void
on_left(gpointer user_data)
{
    Service *service = user_data;

    service->left = TRUE;
    g_main_loop_quit(service->loop);
}

/* Each part of an object that is read and executed and never written. */
static int
lock_object(struct dl_phdr_info *object, size_t size G_GNUC_UNUSED, void *unused G_GNUC_UNUSED)
{
    for (guint i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];

        if (part->p_type == PT_LOAD && (part->p_flags & PF_W) == 0)
            (void)!mlock2((const void *)(object->dlpi_addr + part->p_vaddr), part->p_memsz,
                          MLOCK_ONFAULT);
    }
    return 0;
}

/* What of its program and libraries was once used stays in memory: in a guest that has none left
 * each step would otherwise wait for the disk, for what was dropped since. Nothing is read in
 * advance. The heap is not locked, since it could not be given back. Workers do not inherit it, and
 * without the privilege it serves all the same. */
static void
stay_in_memory(void)
{
    dl_iterate_phdr(lock_object, NULL);
}

static gboolean
serve_port(const PstSysroot *sysroot, GError **error)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(PstRecorder) recorder = NULL;
    g_autoptr(PstPort) port = NULL;
    Service service = {.loop = loop};

    if (!watch_signals(loop, error))
        return FALSE;
    /* One that can't tell when to go must not come between the port and the real root's. */
    if (pst_initramfs_is_root(sysroot) && pst_initramfs_watch_end(on_left, &service, error) == 0)
        return FALSE;
    stay_in_memory();
    recorder = pst_recorder_new(sysroot);
    port = pst_port_new(PORT_NAME, sysroot, recorder, on_lost, &service, error);
    if (port == NULL)
        return FALSE;
    g_main_loop_run(loop);
    if (!service.left)
        pst_recorder_end(recorder);
    if (service.error == NULL)
        return TRUE;
    g_propagate_error(error, service.error);
    return FALSE;
}

static gboolean
serve(const Options *options, GError **error)
{
    g_autoptr(PstSysroot) sysroot =
        pst_sysroot_new(options->sysroot != NULL ? options->sysroot : "/", error);

    if (sysroot == NULL)
        return FALSE;
    if (!options->stdio && !options->one_shot)
        return serve_port(sysroot, error);
    return watch_signals(NULL, error) &&
           pst_stdio_serve(sysroot, options->stdio ? PST_SESSION_CHANNEL : PST_SESSION_ONE_SHOT,
                           options->output_limit > 0 ? (gsize)options->output_limit : G_MAXSIZE,
                           error);
}

/* A caller may have closed these, and then the sysroot or a pipe would get their number. */
static void
occupy_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)!open("/dev/null", O_RDONLY); /* writing to it fails, as it should */
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    Options options = {0};

    occupy_standard_streams();
    if (!parse_options(&argc, &argv, &options, &error)) {
        fprintf(stderr, "postern-shim: %s\n", error->message);
        return EXIT_MISUSE;
    }
    if (options.help != NULL) {
        gboolean said = say(options.help);
        g_free(options.help);
        return said ? 0 : 1;
    }
    if (options.version) {
        return say("postern-shim " PST_VERSION "\n") ? 0 : 1;
    }

    gboolean served = serve(&options, &error);
    if (!served)
        fprintf(stderr, "postern-shim: %s\n", error->message);
    g_free(options.sysroot);
    return served ? 0 : 1;
}
