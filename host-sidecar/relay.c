// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/relay.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/error.h"

#define STEP 65536

/* One way. */
typedef struct {
    int from, to;
    guint8 bytes[STEP];
    gsize at, len;
    gboolean ended; /* nothing more comes; what is here is still to be passed on */
} Way;

static gboolean
is_empty(const Way *way)
{
    return way->at == way->len;
}

/* What to wait for, in either of the two. */
static struct pollfd
wanted(const Way *way)
{
    if (!is_empty(way))
        return (struct pollfd){way->to, POLLOUT, 0};
    return (struct pollfd){way->ended ? -1 : way->from, POLLIN, 0};
}

static gboolean
is_passing(int number)
{
    return number == EAGAIN || number == EINTR;
}

static void
take(Way *way)
{
    gssize n = read(way->from, way->bytes, sizeof(way->bytes));

    if (n < 0 && is_passing(errno))
        return;
    way->ended = n <= 0;
    way->at = 0;
    way->len = n > 0 ? (gsize)n : 0;
}

static gboolean
give(Way *way)
{
    gssize n = write(way->to, way->bytes + way->at, way->len - way->at);

    if (n < 0)
        return is_passing(errno);
    way->at += (gsize)n;
    return TRUE;
}

/* FALSE where it takes no more. */
static gboolean
step(Way *way, short ready)
{
    if (ready == 0)
        return TRUE;
    if (!is_empty(way))
        return give(way);
    take(way);
    return TRUE;
}

static gboolean
fail(GError **error, PstErrorCode code, const char *what)
{
    g_set_error(error, PST_ERROR, (int)code, "%s: %s", what, g_strerror(errno));
    return FALSE;
}

gboolean
pst_relay_run(int in, int out, int socket_fd, GError **error)
{
    g_autofree Way *there = g_new0(Way, 1), *back = g_new0(Way, 1);
    gboolean shut = FALSE;

    there->from = in;
    there->to = back->from = socket_fd;
    back->to = out;
    while (!back->ended || !is_empty(back)) {
        struct pollfd fds[2] = {wanted(there), wanted(back)};

        if (poll(fds, G_N_ELEMENTS(fds), -1) < 0 && !is_passing(errno))
            return fail(error, PST_ERROR_PROTOCOL, "poll");
        /* Who has gone takes nothing more, and may have said something before. */
        if (!step(there, fds[0].revents)) {
            there->ended = TRUE;
            there->at = there->len;
        }
        if (!step(back, fds[1].revents))
            return fail(error, PST_ERROR_OUTPUT, "standard output");
        if (there->ended && is_empty(there) && !shut) {
            shutdown(socket_fd, SHUT_WR);
            shut = TRUE;
        }
    }
    return TRUE;
}
