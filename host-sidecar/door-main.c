// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/door-main.h"

#include <glib-unix.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

#include "host-sidecar/config.h"
#include "host-sidecar/escape.h"
#include "host-sidecar/exit-code.h"
#include "host-sidecar/grants-names.h"
#include "host-sidecar/loop-tell.h"
#include "host-sidecar/server-settings.h"
#include "host-sidecar/standard-streams.h"
#include "host-sidecar/task.h"
#include "protocol/error.h"

#define DEFAULT_URI "qemu:///system"
/* How often it is looked whether what was in flight at the end is over. */
#define LOOK_MS 100
/* Other writers of the audit log may hold it for three seconds. */
#define RECORDS_US (5 * G_USEC_PER_SEC)
#define SETTLE_US (100 * G_GINT64_CONSTANT(1000))
/* For the configuration, and the names in it. */
#define SETTINGS_US (10 * G_USEC_PER_SEC)

/* Of malloc(3), whose own bound is eight a core: each keeps what the threads that have come and
 * gone by it have freed. */
#define ARENAS 4

typedef struct {
    char *uri, *socket;
    gboolean version;
} Options;

typedef struct {
    const PstDoorProgram *door;
    gpointer daemon;
    gint64 end_us; /* when what is in flight is not waited for any longer */
    GMainContext *context;
    GMainLoop *loop;
    PstServer *server;
    gboolean reloading, changed; /* the configuration is being read; may have changed since */
} Program;

static void
say(const PstDoorProgram *door, const char *text)
{
    g_autofree char *escaped = pst_escape_text(text, FALSE);

    fprintf(stderr, "%s: %s\n", door->name, escaped);
}

static void
attach(Program *program, GSource *source, GSourceFunc function)
{
    g_source_set_callback(source, function, program, NULL);
    g_source_attach(source, program->context);
    g_source_unref(source);
}

/* ---- the configuration, whose names of users are NSS's to tell: read in tasks */

typedef struct {
    PstServerLimits limits;
    PstGrants *grants;
} Settings;

static void
free_settings(gpointer data)
{
    Settings *settings = data;

    g_clear_pointer(&settings->grants, pst_grants_free);
    g_free(settings);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Settings, free_settings)

static gpointer
read_settings(gpointer unused G_GNUC_UNUSED, GError **error)
{
    g_autoptr(GKeyFile) config = pst_config_load(error);
    Settings *settings = g_new0(Settings, 1);

    if (config != NULL && pst_server_settings_limits(config, &settings->limits, error))
        settings->grants = pst_grants_read(config, pst_grants_names_find, error);
    if (settings->grants == NULL)
        g_clear_pointer(&settings, free_settings);
    return settings;
}

static void
apply(Program *program, Settings *settings)
{
    const char *const *unknown = pst_grants_unknown(settings->grants);

    for (; *unknown != NULL; unknown++)
        say(program->door, *unknown);
    pst_server_set_limits(program->server, &settings->limits);
    pst_server_set_grants(program->server, g_steal_pointer(&settings->grants));
}

/* What came of reading it anew. */
typedef struct {
    Program *program;
    Settings *settings; /* NULL: */
    GError *error;
} Reload;

static void
free_reload(gpointer data)
{
    Reload *reload = data;

    g_clear_pointer(&reload->settings, free_settings);
    g_clear_error(&reload->error);
    g_free(reload);
}

static void begin_reload(Program *program);

/* A configuration that can't be read changes nothing. */
static gboolean
on_reloaded(gpointer data)
{
    const Reload *reload = data;
    Program *program = reload->program;

    if (reload->settings != NULL)
        apply(program, reload->settings);
    else
        say(program->door, reload->error->message);
    program->reloading = FALSE;
    if (program->changed)
        begin_reload(program);
    else
        sd_notify(0, "READY=1");
    return G_SOURCE_REMOVE;
}

static void
tell_reload(Reload *reload)
{
    pst_loop_tell(reload->program->context, on_reloaded, reload, free_reload);
}

static gpointer
run_reload(gpointer data, GError **unused G_GNUC_UNUSED)
{
    Reload *reload = g_new0(Reload, 1);

    reload->program = data;
    reload->settings = pst_task_call(read_settings, NULL, NULL, free_settings,
                                     g_get_monotonic_time() + SETTINGS_US, "NSS", &reload->error);
    tell_reload(reload);
    return NULL;
}

static void
begin_reload(Program *program)
{
    Reload *failed = g_new0(Reload, 1);

    program->reloading = TRUE;
    program->changed = FALSE;
    failed->program = program;
    if (pst_task_start(run_reload, program, NULL, "reload", &failed->error))
        free_reload(failed);
    else
        tell_reload(failed);
}

/* What comes while it is read may have come too late for it. */
static gboolean
on_reload(gpointer data)
{
    Program *program = data;

    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time());
    program->changed = TRUE;
    if (!program->reloading)
        begin_reload(program);
    return G_SOURCE_CONTINUE;
}

/* ---- its life */

static gboolean
on_look(gpointer data)
{
    Program *program = data;

    if (program->door->n_running(program->daemon) > 0 && g_get_monotonic_time() < program->end_us)
        return G_SOURCE_CONTINUE;
    g_main_loop_quit(program->loop);
    return G_SOURCE_REMOVE;
}

static gboolean
on_stop(gpointer data)
{
    Program *program = data;

    sd_notify(0, "STOPPING=1");
    pst_server_stop_listening(program->server);
    program->end_us = g_get_monotonic_time() + program->door->last_ms * G_GINT64_CONSTANT(1000);
    if (program->door->n_running(program->daemon) == 0)
        g_main_loop_quit(program->loop);
    else
        attach(program, g_timeout_source_new(LOOK_MS), on_look);
    return G_SOURCE_REMOVE;
}

static gboolean
on_watchdog(gpointer data G_GNUC_UNUSED)
{
    sd_notify(0, "WATCHDOG=1");
    return G_SOURCE_CONTINUE;
}

static gboolean
parse(const PstDoorProgram *door, Options *options, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"connect", 'c', 0, G_OPTION_ARG_STRING, &options->uri,
         "The hypervisor (LIBVIRT_DEFAULT_URI, or " DEFAULT_URI ")", "URI"},
        {"socket", 's', 0, G_OPTION_ARG_FILENAME, &options->socket,
         "Make the socket here, where systemd hands none over", "PATH"},
        {"version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Print the version", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) cause = NULL;

    g_option_context_set_summary(context, door->summary);
    g_option_context_add_main_entries(context, entries, NULL);
    if (g_option_context_parse(context, argc, argv, &cause) && *argc == 1)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "%s; see %s --help",
                cause != NULL ? cause->message : "it takes no arguments", door->name);
    return FALSE;
}

/* The one that systemd hands over, or one of its own: then *MADE is its path. */
static int
open_socket(const Options *options, const char **made, GError **error)
{
    int n = sd_listen_fds(TRUE);

    if (n == 0 && options->socket != NULL) {
        *made = options->socket;
        return pst_server_bind(options->socket, error);
    }
    if (n == 1 && sd_is_socket_unix(SD_LISTEN_FDS_START, SOCK_STREAM, 1, NULL, 0) > 0 &&
        g_unix_set_fd_nonblocking(SD_LISTEN_FDS_START, TRUE, NULL))
        return SD_LISTEN_FDS_START;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "%s",
                n == 0 ? "systemd hands no socket over: say --socket PATH"
                       : "systemd hands over what is not one listening Unix socket");
    return -1;
}

static void
serve(Program *program)
{
    guint64 watchdog_us = 0;

    attach(program, g_unix_signal_source_new(SIGTERM), on_stop);
    attach(program, g_unix_signal_source_new(SIGINT), on_stop);
    attach(program, g_unix_signal_source_new(SIGHUP), on_reload);
    if (sd_watchdog_enabled(FALSE, &watchdog_us) > 0)
        attach(program, g_timeout_source_new((guint)MAX(watchdog_us / 2000, 1)), on_watchdog);
    sd_notify(0, "READY=1");
    g_main_loop_run(program->loop);
}

/* While all that lives is still referred to: _exit() would not look. */
static void
check_leaks(void)
{
#if defined(__SANITIZE_ADDRESS__)
    pst_task_settle(SETTLE_US);
    __lsan_do_leak_check();
#endif
}

static gboolean
run(const PstDoorProgram *door, int argc, char **argv, GError **error)
{
    Options options = {0};
    const char *made = NULL;

    if (!parse(door, &options, &argc, &argv, error))
        return FALSE;
    if (options.version) {
        printf("%s %s\n", door->name, PST_VERSION);
        return TRUE;
    }
    if (options.uri == NULL)
        options.uri = g_strdup(g_getenv("LIBVIRT_DEFAULT_URI"));
    if (options.uri == NULL || *options.uri == '\0')
        options.uri = g_strdup(DEFAULT_URI);
    g_autoptr(Settings) settings =
        pst_task_call(read_settings, NULL, NULL, free_settings,
                      g_get_monotonic_time() + SETTINGS_US, "NSS", error);
    if (settings == NULL)
        return FALSE;
    int fd = open_socket(&options, &made, error);
    if (fd < 0)
        return FALSE;

    /* For as long as the process lives: a task may come back late. */
    Program *program = g_new0(Program, 1);
    program->context = g_main_context_new();
    program->loop = g_main_loop_new(program->context, FALSE);
    program->door = door;
    program->daemon = door->open(program->context, options.uri, &settings->limits);
    program->server = door->server(program->daemon);
    apply(program, settings);
    pst_server_listen(program->server, fd);
    serve(program);
    if (!door->flush(program->daemon, g_get_monotonic_time() + RECORDS_US))
        say(door, "the last audit records could not be written in time");
    if (made != NULL)
        unlink(made);
    check_leaks();
    return TRUE;
}

void
pst_door_main(const PstDoorProgram *door, int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    int exit_code = 0;

    mallopt(M_ARENA_MAX, ARENAS);
    pst_standard_streams_occupy();
    setlocale(LC_CTYPE, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    if (!run(door, argc, argv, &error)) {
        say(door, error->message);
        exit_code = pst_exit_code_of_error(error);
    }
    pst_task_settle(SETTLE_US);
    /* Not exit(): a thread that hangs in libvirt would hang its clean-up too. */
    fflush(NULL);
    _exit(exit_code);
}
