// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/stdio.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <unistd.h>

#include "protocol/error.h"

typedef struct {
    PstSession *session;
    PstSessionMode mode;
    gboolean ended;
    gboolean answered;
    int write_errno;
} Stdio;

/* A parent that shares the descriptor may have made it non-blocking. To wait is fine: this process
 * serves one caller and ends with it. */
static gboolean
wait_for_room(void)
{
    struct pollfd fd = {STDOUT_FILENO, POLLOUT, 0};

    return poll(&fd, 1, -1) > 0 || errno == EINTR;
}

static void
on_ready(gpointer user_data)
{
    Stdio *stdio = user_data;
    gsize len;

    stdio->answered = TRUE;
    while (stdio->write_errno == 0) {
        const guint8 *data = pst_session_output(stdio->session, &len);
        if (len == 0)
            return;
        gssize n = write(STDOUT_FILENO, data, len);
        if (n >= 0)
            pst_session_written(stdio->session, (gsize)n);
        else if (errno != EINTR && !(errno == EAGAIN && wait_for_room()))
            stdio->write_errno = errno;
    }
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
    return !stdio->ended;
}

gboolean
pst_stdio_serve(const PstSysroot *sysroot, PstSessionMode mode, gsize output_limit, GError **error)
{
    Stdio stdio = {.mode = mode};
    g_autoptr(PstSession) session = pst_session_new(sysroot, mode, on_ready, &stdio);

    stdio.session = session;
    pst_session_set_output_limit(session, output_limit);
    g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, on_input, &stdio);
    while (stdio.write_errno == 0 && !(stdio.ended && pst_session_is_idle(session)))
        g_main_context_iteration(NULL, TRUE);

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
