// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/stdio.h"

#include <errno.h>
#include <glib-unix.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "guest-shim/loop-handles.h"
#include "protocol/error.h"

typedef struct {
    PstSession *session;
    PstSessionMode mode;
    gboolean ended;
    gboolean answered;
    gboolean flushing;
    guint room; /* the source that tells of room in standard output; 0: there is some */
    int write_errno;
} Stdio;

static gboolean
await_room(int timeout_ms)
{
    struct pollfd fd = {STDOUT_FILENO, POLLOUT, 0};

    return poll(&fd, 1, timeout_ms) > 0;
}

/* Who only asks once is waited for, and so is a caller who will ask nothing more; else the loop has
 * other things to do, as to hear a `cancel`. */
static gboolean
may_wait(const Stdio *stdio)
{
    return stdio->mode == PST_SESSION_ONE_SHOT || stdio->ended;
}

static gboolean on_room(gint fd, GIOCondition condition, gpointer user_data);

/* The descriptor may be shared with others, so that it is not made non-blocking: where there is
 * room, PIPE_BUF bytes are taken at once. */
static void
flush(Stdio *stdio)
{
    gsize len;

    stdio->flushing = TRUE;
    while (stdio->write_errno == 0) {
        const guint8 *data = pst_session_output(stdio->session, &len);
        if (len == 0)
            break;
        if (!await_room(may_wait(stdio) ? -1 : 0)) {
            if (stdio->room == 0)
                stdio->room =
                    g_unix_fd_add(STDOUT_FILENO, G_IO_OUT | G_IO_ERR | G_IO_HUP, on_room, stdio);
            break;
        }
        gssize n = write(STDOUT_FILENO, data, MIN(len, PIPE_BUF));
        if (n >= 0)
            pst_session_written(stdio->session, (gsize)n);
        else if (errno != EINTR && errno != EAGAIN)
            stdio->write_errno = errno;
    }
    stdio->flushing = FALSE;
}

static gboolean
on_room(gint fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
    Stdio *stdio = user_data;

    stdio->room = 0;
    flush(stdio);
    return G_SOURCE_REMOVE;
}

static void
on_ready(gpointer user_data)
{
    Stdio *stdio = user_data;

    stdio->answered = TRUE;
    if (!stdio->flushing)
        flush(stdio);
}

static gboolean
has_input(void)
{
    struct pollfd fd = {STDIN_FILENO, POLLIN, 0};

    return poll(&fd, 1, 0) == 1;
}

static gboolean
on_input(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
    Stdio *stdio = user_data;
    guint8 buffer[16384];

    do {
        gssize n = read(fd, buffer, sizeof(buffer));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            stdio->ended = TRUE;
            break;
        }
        pst_session_feed(stdio->session, buffer, (gsize)n);
    } while (has_input());

    if (stdio->ended || stdio->mode == PST_SESSION_CHANNEL)
        pst_session_run(stdio->session);
    if (stdio->ended)
        flush(stdio);
    return !stdio->ended;
}

static gboolean
is_over(const Stdio *stdio)
{
    gsize len;

    (void)pst_session_output(stdio->session, &len);
    return stdio->ended && len == 0 && pst_session_is_idle(stdio->session);
}

gboolean
pst_stdio_serve(const PstSysroot *sysroot, PstSessionMode mode, gsize output_limit, GError **error)
{
    Stdio stdio = {.mode = mode};
    g_autoptr(PstRecorder) recorder =
        mode == PST_SESSION_CHANNEL ? pst_recorder_new_without_port(sysroot) : NULL;
    g_autoptr(PstSession) session = pst_session_new(sysroot, mode, on_ready, &stdio);

    stdio.session = session;
    pst_session_set_output_limit(session, output_limit);
    pst_session_set_recorder(session, recorder);
    g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, on_input, &stdio);
    while (stdio.write_errno == 0 && !is_over(&stdio))
        g_main_context_iteration(NULL, TRUE);
    pst_loop_handles_remove(&stdio.room);

    if (stdio.write_errno != 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_OUTPUT, "standard output: %s",
                    g_strerror(stdio.write_errno));
        return FALSE;
    }
    if (mode == PST_SESSION_ONE_SHOT && !stdio.answered) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_REQUEST,
                    "standard input held no request: send a frame, RS JSON LF");
        return FALSE;
    }
    return TRUE;
}
