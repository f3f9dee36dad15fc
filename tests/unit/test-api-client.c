// SPDX-License-Identifier: LGPL-2.1-or-later
/* The caller's end against a daemon that means it no good. */
#include "host-sidecar/api-client.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/error.h"
#include "protocol/message.h"

#define HELLO "\x1e{\"jsonrpc\":\"2.0\",\"id\":\"%s-0\",\"result\":{\"uri\":\"x:///\"}}\n"

/* What it says after hello, again and again. */
typedef struct {
    int fd;
    const char *text;
    gsize len;
    gint64 pause_us;
} Daemon;

static gpointer
serve(gpointer data)
{
    const Daemon *daemon = data;
    char request[4096] = "";
    gssize n = recv(daemon->fd, request, sizeof(request) - 1, 0);
    const char *session = n > 0 ? strstr(request, "\"id\":\"") : NULL;

    g_assert_nonnull(session);
    g_autofree char *id = g_strndup(session + 6, PST_SESSION_DIGITS);
    g_autofree char *hello = g_strdup_printf(HELLO, id);
    gsize len = strlen(hello);
    const char *next = hello;
    while ((n = send(daemon->fd, next, len, MSG_NOSIGNAL)) > 0) {
        next = daemon->text;
        len = daemon->len;
        if (daemon->pause_us > 0)
            g_usleep((gulong)daemon->pause_us);
    }
    close(daemon->fd);
    return NULL;
}

static PstErrorCode
call(const char *text, gint64 pause_us, gint64 patience_us)
{
    g_autoptr(JsonObject) params = json_object_new();
    g_autoptr(GError) error = NULL;
    gboolean lost = FALSE;
    int ends[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ==, 0);
    Daemon daemon = {ends[1], text, strlen(text), pause_us};
    GThread *thread = g_thread_new("daemon", serve, &daemon);
    gint64 deadline_us = g_get_monotonic_time() + patience_us;
    PstApiClient *client = pst_api_client_open_fd(ends[0], deadline_us, NULL, NULL, &error);

    g_assert_no_error(error);
    g_assert_null(
        pst_api_client_call(client, "list", params, deadline_us, NULL, NULL, &lost, &error));
    g_assert_true(lost);
    g_assert_cmpint(g_get_monotonic_time(), <, deadline_us + 10 * G_USEC_PER_SEC);
    pst_api_client_free(client);
    g_thread_join(thread);
    return (PstErrorCode)error->code;
}

/* Who never stops sending is left at the deadline all the same. */
static void
test_without_end(void)
{
    static const char part[] = "\x1e{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":{}}\n";

    g_assert_cmpint(call(part, 0, G_USEC_PER_SEC / 5), ==, PST_ERROR_DEADLINE);
}

static void
test_too_much(void)
{
    g_autoptr(GString) part =
        g_string_new("\x1e{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":{\"x\":\"");

    for (guint i = 0; i < 250 * 1024; i++)
        g_string_append_c(part, 'x');
    g_string_append(part, "\"}}\n");
    g_assert_cmpint(call(part->str, 0, 60 * G_USEC_PER_SEC), ==, PST_ERROR_PROTOCOL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/api-client/without-end", test_without_end);
    g_test_add_func("/api-client/too-much", test_too_much);
    return g_test_run();
}
