// SPDX-License-Identifier: LGPL-2.1-or-later
/* postern-exec: wiring only. */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "guest-shim/exec-relay.h"
#include "guest-shim/exec-server.h"
#include "protocol/error.h"
#include "protocol/frame.h"
#include "protocol/json.h"

#define EXIT_MISUSE 64 /* EX_USAGE of sysexits.h */
/* Of systemd's socket activation, sd_listen_fds(3). */
#define HANDED_OVER 3
#define BACKLOG 64

typedef struct {
    char *socket, *state, *sysroot;
    gboolean once, version;
} Options;

static gboolean
parse_options(int *argc, char ***argv, Options *options, GError **error)
{
    const GOptionEntry entries[] = {
        {"socket", 0, 0, G_OPTION_ARG_FILENAME, &options->socket,
         "Listen here, where systemd hands no socket over", "PATH"},
        {"state", 0, 0, G_OPTION_ARG_FILENAME, &options->state,
         "Keep what is known of commands here; default: " PST_EXEC_STORE_FOLDER, "DIR"},
        {"sysroot", 0, 0, G_OPTION_ARG_FILENAME, &options->sysroot,
         "Look for the configuration and for accounts below this folder", "DIR"},
        {"once", 0, 0, G_OPTION_ARG_NONE, &options->once,
         "Answer the request on standard input, as the guest's agent is let do it", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Print the version", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) cause = NULL;

    g_option_context_set_summary(
        context, "Runs commands that the guest's administrator allows, for postern-shim.");
    g_option_context_add_main_entries(context, entries, NULL);
    if (g_option_context_parse(context, argc, argv, &cause) && *argc == 1)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "%s; see postern-exec --help",
                cause != NULL ? cause->message : "it takes no arguments");
    return FALSE;
}

static gboolean
is_handed_over(void)
{
    const char *pid = g_getenv("LISTEN_PID"), *n = g_getenv("LISTEN_FDS");

    return g_strcmp0(n, "1") == 0 && pid != NULL && strtol(pid, NULL, 10) == getpid();
}

static int
bind_socket(const char *path, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (strlen(path) >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
    } else if (fd >= 0) {
        g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
        unlink(path);
        mode_t former = umask(0177);
        gboolean bound = bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
        umask(former);
        if (bound && listen(fd, BACKLOG) == 0)
            return fd;
    }
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "%s: %s", path, g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static int
connect_socket(const char *path, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: %s", path, g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static int
open_listener(const Options *options, GError **error)
{
    if (options->socket != NULL)
        return bind_socket(options->socket, error);
    if (is_handed_over()) {
        fcntl(HANDED_OVER, F_SETFD, FD_CLOEXEC);
        return HANDED_OVER;
    }
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                "systemd hands no socket over: say --socket PATH");
    return -1;
}

/* Whoever asks next has it started anew; one that made its socket itself has nobody to do so. */
static void
on_idle(gpointer user_data)
{
    if (is_handed_over())
        g_main_loop_quit(user_data);
}

/* ---- one request, by the guest's agent ---- */

typedef struct {
    GMainLoop *loop;
    GError *error;
    gboolean told;
} Once;

static PstMessage *
read_request(GError **error)
{
    g_autoptr(PstFrameReader) reader = pst_frame_reader_new(&pst_validate_from_host);
    guint8 buffer[4096];
    gssize n;

    while ((n = read(STDIN_FILENO, buffer, sizeof(buffer))) > 0) {
        const guint8 *data = buffer;

        while (n > 0) {
            const char *text = NULL;
            gsize len = 0, taken = pst_frame_reader_take(reader, data, (gsize)n, &text, &len);

            data += taken;
            n -= (gssize)taken;
            g_autoptr(JsonObject) json =
                text != NULL ? pst_json_parse_validated(text, len, error) : NULL;
            if (text != NULL)
                return json != NULL ? pst_message_decode(json, error) : NULL;
        }
    }
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "standard input holds no request");
    return NULL;
}

static void
on_told(const char *text, const GError *error, gpointer user_data)
{
    Once *once = user_data;
    g_autoptr(GByteArray) frame = g_byte_array_new();

    if (text != NULL)
        pst_frame_append(frame, text, strlen(text));
    once->told = text != NULL && fwrite(frame->data, 1, frame->len, stdout) == frame->len &&
                 fflush(stdout) == 0;
    if (!once->told)
        once->error = error != NULL ? g_error_copy(error)
                                    : g_error_new(PST_ERROR, PST_ERROR_OUTPUT,
                                                  "standard output: %s", g_strerror(errno));
    g_main_loop_quit(once->loop);
}

static void
never_idle(gpointer user_data G_GNUC_UNUSED)
{
}

/* The request to whoever serves its command, or to a server in this very process. */
static gboolean
hand_over(const PstSysroot *sysroot, PstExecStore *store, const char *path, Once *once,
          GError **error)
{
    g_autoptr(PstMessage) message = read_request(error);
    g_autoptr(PstExecServer) server = NULL;
    char id[PST_EXEC_ID_DIGITS + 1];
    int fd = -1;

    if (message == NULL)
        return FALSE;
    if (message->type != PST_MESSAGE_REQUEST) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "standard input holds no request");
        return FALSE;
    }
    if (!g_str_equal(message->method, PST_EXEC_START) &&
        pst_exec_read_id(message->params, id, NULL))
        fd = pst_exec_store_connect(store, id);
    if (fd < 0) {
        int listener = bind_socket(path, error);
        if (listener < 0)
            return FALSE;
        server = pst_exec_server_new(sysroot, store, listener, never_idle, NULL, error);
        if (server == NULL)
            return FALSE;
        pst_exec_server_set_by_agent(server);
        fd = connect_socket(path, error);
        unlink(path);
    }
    if (fd < 0)
        return FALSE;
    pst_exec_relay_over(fd, message, on_told, once);
    g_main_loop_run(once->loop);
    return once->told;
}

static gboolean
serve_once(const PstSysroot *sysroot, PstExecStore *store, const char *folder, GError **error)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    /* In a folder that is root's alone. */
    g_autofree char *path = g_strdup_printf("%s/once-%d", folder, getpid());
    Once once = {.loop = loop};

    if (hand_over(sysroot, store, path, &once, error))
        return TRUE;
    if (once.error != NULL)
        g_propagate_error(error, once.error);
    return FALSE;
}

static gboolean
serve(const Options *options, GError **error)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    const char *folder = options->state != NULL ? options->state : PST_EXEC_STORE_FOLDER;
    g_autoptr(PstSysroot) sysroot =
        pst_sysroot_new(options->sysroot != NULL ? options->sysroot : "/", error);
    g_autoptr(PstExecStore) store = sysroot != NULL ? pst_exec_store_open(folder, error) : NULL;
    int listener = -1;

    signal(SIGPIPE, SIG_IGN);
    if (store != NULL && options->once)
        return serve_once(sysroot, store, folder, error);
    if (store != NULL)
        listener = open_listener(options, error);
    if (listener < 0)
        return FALSE;
    g_autoptr(PstExecServer) server =
        pst_exec_server_new(sysroot, store, listener, on_idle, loop, error);
    if (server == NULL)
        return FALSE;
    g_main_loop_run(loop);
    return TRUE;
}

/* A caller may have closed these, and then a pipe would get their number. */
static void
occupy_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)!open("/dev/null", O_RDWR);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    Options options = {0};
    int exit_code = 0;

    occupy_standard_streams();
    if (!parse_options(&argc, &argv, &options, &error)) {
        fprintf(stderr, "postern-exec: %s\n", error->message);
        return EXIT_MISUSE;
    }
    if (options.version) {
        printf("postern-exec " PST_VERSION "\n");
        exit_code = fflush(stdout) == 0 ? 0 : 1;
    } else if (!serve(&options, &error)) {
        fprintf(stderr, "postern-exec: %s\n", error->message);
        exit_code = error->code == PST_ERROR_USAGE ? EXIT_MISUSE : 1;
    }
    g_free(options.socket);
    g_free(options.state);
    g_free(options.sysroot);
    return exit_code;
}
