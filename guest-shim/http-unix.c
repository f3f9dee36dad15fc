// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/http-unix.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocol/error.h"

#define READ_STEP (64 * 1024)

static gboolean
set_errno_error(GError **error, const char *what, int number)
{
    PstErrorCode code = number == EAGAIN ? PST_ERROR_DEADLINE : PST_ERROR_UNAVAILABLE;

    g_set_error(error, PST_ERROR, (int)code, "%s: %s", what, g_strerror(number));
    return FALSE;
}

/* By the descriptor's name, which is short whatever the path is, and inside of the root. */
int
pst_http_unix_connect(const PstSysroot *sysroot, const char *path, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int place = pst_sysroot_open(sysroot, path, O_PATH, error);

    if (place < 0)
        return -1;
    g_snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", place);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int failed = 0;
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        failed = errno;
    close(place);
    if (failed == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    set_errno_error(error, path, failed);
    return -1;
}

/* Until FD is ready for EVENTS, or END: FALSE. */
static gboolean
await(int fd, short events, gint64 end_us, GError **error)
{
    struct pollfd ready = {fd, events, 0};

    for (;;) {
        gint64 left_us = end_us - g_get_monotonic_time();

        if (left_us <= 0) {
            g_set_error(error, PST_ERROR, PST_ERROR_DEADLINE, "no answer within its time");
            return FALSE;
        }
        int n = poll(&ready, 1, (int)(left_us / 1000) + 1);
        if (n > 0)
            return TRUE;
        if (n < 0 && errno != EINTR)
            return set_errno_error(error, "poll", errno);
    }
}

static gboolean
send_all(int fd, const char *text, gint64 end_us, GError **error)
{
    gsize len = strlen(text);

    while (len > 0) {
        if (!await(fd, POLLOUT, end_us, error))
            return FALSE;
        gssize n = send(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return set_errno_error(error, "sending", errno);
        text += MAX(n, 0);
        len -= (gsize)MAX(n, 0);
    }
    return TRUE;
}

/* What is there, into INPUT; *ended at the end of the stream. */
static gboolean
receive(int fd, GByteArray *input, gsize max, gboolean *ended, GError **error)
{
    g_autofree guint8 *buffer = g_malloc(READ_STEP);
    gssize n = recv(fd, buffer, READ_STEP, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return TRUE;
    if (n < 0)
        return set_errno_error(error, "receiving", errno);
    *ended = n == 0;
    if ((gsize)n > max - MIN(max, (gsize)input->len)) {
        g_set_error(error, PST_ERROR, PST_ERROR_TOO_LARGE,
                    "the answer is larger than %" G_GSIZE_FORMAT " bytes", max);
        return FALSE;
    }
    g_byte_array_append(input, buffer, (guint)n);
    return TRUE;
}

PstHttpResponse *
pst_http_unix_get(int fd, const char *target, gint64 timeout_ms, gsize max, GError **error)
{
    gint64 end_us = g_get_monotonic_time() + timeout_ms * 1000;
    g_autoptr(GByteArray) input = g_byte_array_new();
    g_autofree char *request = g_strdup_printf(
        "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nConnection: close\r\n\r\n", target);
    PstHttpResponse *response = NULL;
    gboolean ended = FALSE;

    if (!send_all(fd, request, end_us, error))
        return NULL;
    while (response == NULL) {
        if (!await(fd, POLLIN, end_us, error) || !receive(fd, input, max, &ended, error) ||
            !pst_http_response_parse((const char *)input->data, input->len, ended, &response,
                                     error))
            return NULL;
        if (ended && response == NULL) {
            g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "the answer was cut off");
            return NULL;
        }
    }
    return response;
}
