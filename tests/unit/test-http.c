// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>
#include <sys/socket.h>

#include "guest-shim/http-unix.h"
#include "protocol/error.h"
#include "tests/unit/world.h"

typedef struct {
    const char *name;
    const char *text;
    gboolean ended;
    const char *body; /* NULL: more is needed, or it is none */
    int error;        /* 0 for none */
} Row;

#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"

static const Row rows[] = {
    {"sized", OK "Content-Length: 2\r\n\r\n[]", FALSE, "[]", 0},
    {"more-behind", OK "content-length:  2 \r\n\r\n[]HTTP", FALSE, "[]", 0},
    {"chunked", CHUNKED "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", FALSE, "abcde", 0},
    {"by-the-end", "HTTP/1.0 200\r\n\r\nabc", TRUE, "abc", 0},
    {"no-body", "HTTP/1.1 204 No Content\r\n\r\n", FALSE, "", 0},
    {"head-to-come", OK "Content-Len", FALSE, NULL, 0},
    {"body-to-come", OK "Content-Length: 3\r\n\r\n[]", FALSE, NULL, 0},
    {"chunk-to-come", CHUNKED "3\r\nab", FALSE, NULL, 0},
    {"end-to-come", OK "\r\nabc", FALSE, NULL, 0},
    {"cut-head", OK "Content-Len", TRUE, NULL, PST_ERROR_PROTOCOL},
    {"cut-body", OK "Content-Length: 3\r\n\r\n[]", TRUE, NULL, PST_ERROR_PROTOCOL},
    {"cut-chunk", CHUNKED "3\r\nab", TRUE, NULL, PST_ERROR_PROTOCOL},
    {"nothing", "", TRUE, NULL, PST_ERROR_PROTOCOL},
    {"another-protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n", FALSE, NULL, PST_ERROR_PROTOCOL},
    {"status-of-letters", "HTTP/1.1 2x0 OK\r\n\r\n", FALSE, NULL, PST_ERROR_PROTOCOL},
    {"short-status", "HTTP/1.1 2\r\n\r\n", FALSE, NULL, PST_ERROR_PROTOCOL},
    {"two-lengths", OK "Content-Length: 2\r\nContent-Length: 3\r\n\r\n", FALSE, NULL,
     PST_ERROR_PROTOCOL},
    {"length-and-chunks", OK "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", FALSE, NULL,
     PST_ERROR_PROTOCOL},
    {"negative-length", OK "Content-Length: -2\r\n\r\n", FALSE, NULL, PST_ERROR_PROTOCOL},
    {"huge-length", OK "Content-Length: 99999999999999999999\r\n\r\n", FALSE, NULL,
     PST_ERROR_PROTOCOL},
    {"huge-chunk", CHUNKED "ffffffffffffffff\r\n", FALSE, NULL, PST_ERROR_PROTOCOL},
    {"no-chunk", CHUNKED "zz\r\n", FALSE, NULL, PST_ERROR_PROTOCOL},
    {"chunk-without-end", CHUNKED "3\r\nabcde\r\n", FALSE, NULL, PST_ERROR_PROTOCOL},
    {"other-coding", OK "Transfer-Encoding: gzip\r\n\r\n", FALSE, NULL, PST_ERROR_PROTOCOL},
};

static void
test_parse(gconstpointer data)
{
    const Row *row = data;
    g_autoptr(PstHttpResponse) response = NULL;
    g_autoptr(GError) error = NULL;
    gboolean sound =
        pst_http_response_parse(row->text, strlen(row->text), row->ended, &response, &error);

    g_assert_cmpint(error != NULL ? error->code : 0, ==, row->error);
    g_assert_cmpint(sound, ==, row->error == 0);
    g_assert_cmpint(response != NULL, ==, row->body != NULL);
    if (response != NULL)
        g_assert_cmpstr((const char *)response->body->data, ==, row->body);
}

/* One that answers before it is asked, in pieces of any size. */
static int
peer_that_says(const char *text, gsize len, gboolean closes, int *other)
{
    int ends[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ==, 0);
    g_assert_cmpint(send(ends[1], text, len, 0), ==, (gssize)len);
    if (closes)
        g_assert_cmpint(shutdown(ends[1], SHUT_WR), ==, 0);
    *other = ends[1];
    return ends[0];
}

static int
code_of(const char *text, gboolean closes, gsize max)
{
    g_autoptr(GError) error = NULL;
    int other;
    int fd = peer_that_says(text, strlen(text), closes, &other);
    g_autoptr(PstHttpResponse) response = pst_http_unix_get(fd, "/x", 100, max, &error);

    close(fd);
    close(other);
    return error != NULL ? error->code : 0;
}

static void
test_get(void)
{
    char request[256] = "";
    g_autoptr(GError) error = NULL;
    int other;
    int fd = peer_that_says(rows[0].text, strlen(rows[0].text), FALSE, &other);
    g_autoptr(PstHttpResponse) response = pst_http_unix_get(fd, "/x?y=1", 1000, 1024, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(response->status, ==, 200);
    g_assert_cmpint(recv(other, request, sizeof(request) - 1, 0), >, 0);
    g_assert_true(g_str_has_prefix(request, "GET /x?y=1 HTTP/1.1\r\nHost: "));
    close(fd);
    close(other);
}

static void
test_get_failures(void)
{
    g_assert_cmpint(code_of("", FALSE, 1024), ==, PST_ERROR_DEADLINE);
    g_assert_cmpint(code_of(OK "Content-Length: 3\r\n\r\n[]", FALSE, 1024), ==, PST_ERROR_DEADLINE);
    g_assert_cmpint(code_of("", TRUE, 1024), ==, PST_ERROR_PROTOCOL);
    g_assert_cmpint(code_of(OK "\r\nwithout an end", TRUE, 20), ==, PST_ERROR_TOO_LARGE);
    g_assert_cmpint(code_of("220 mail ready\r\n\r\n", FALSE, 1024), ==, PST_ERROR_PROTOCOL);
}

static void
test_connect(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) absent = NULL, no_socket = NULL;

    g_assert_cmpint(pst_http_unix_connect(world->sysroot, "/run/x.sock", &absent), ==, -1);
    g_assert_error(absent, PST_ERROR, PST_ERROR_ABSENT);
    put_text(world, "/run/x.sock", "no socket");
    g_assert_cmpint(pst_http_unix_connect(world->sysroot, "/run/x.sock", &no_socket), ==, -1);
    g_assert_error(no_socket, PST_ERROR, PST_ERROR_UNAVAILABLE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strdup_printf("/http/parse/%s", rows[i].name);
        g_test_add_data_func(path, &rows[i], test_parse);
    }
    g_test_add_func("/http/get", test_get);
    g_test_add_func("/http/get-failures", test_get_failures);
    g_test_add("/http/connect", World, NULL, set_up, test_connect, tear_down);
    return g_test_run();
}
