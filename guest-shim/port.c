// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/port.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "guest-shim/loop-handles.h"
#include "guest-shim/port-device.h"
#include "guest-shim/uevent.h"
#include "protocol/error.h"

#define READ_STEP 4096
/* Bytes that are taken before what they ask for is begun, and the main loop turns once. */
#define READ_BUDGET (256 * 1024)
/* How long there must be no host end before what runs for it is ended. */
#define GONE_MS 1000

struct PstPort {
    char *name;
    const PstSysroot *sysroot;
    PstSession *session;
    PstRecorder *recorder; /* NULL: none */
    int fd, epoll, uevents;
    guint epoll_source, uevent_source, again_source, gone_source;
    gboolean flushing;
    PstPortLost lost;
    gpointer user_data;
};

static gboolean on_again(gpointer user_data);

static void
close_device(PstPort *port)
{
    pst_loop_handles_remove(&port->epoll_source);
    pst_loop_handles_remove(&port->again_source);
    pst_loop_handles_remove(&port->gone_source);
    pst_loop_handles_close(&port->epoll);
    pst_loop_handles_close(&port->fd);
    pst_session_reset(port->session);
}

static void
flush(PstPort *port)
{
    gsize len;

    port->flushing = TRUE;
    for (;;) {
        const guint8 *data = pst_session_output(port->session, &len);
        if (len == 0 || port->fd < 0)
            break;
        gssize n = write(port->fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        /* Full, or no host end: the next edge tells. */
        if (n <= 0)
            break;
        pst_session_written(port->session, (gsize)n);
    }
    port->flushing = FALSE;
}

static void
on_ready(gpointer user_data)
{
    PstPort *port = user_data;

    if (!port->flushing && port->fd >= 0)
        flush(port);
}

static gboolean
has_host(const PstPort *port)
{
    struct pollfd fd = {port->fd, 0, 0};

    return poll(&fd, 1, 0) == 0;
}

static gboolean
on_gone(gpointer user_data)
{
    PstPort *port = user_data;

    port->gone_source = 0;
    if (port->fd >= 0 && !has_host(port))
        pst_session_abandon(port->session);
    return G_SOURCE_REMOVE;
}

/* Nobody waits for an answer any more, it seems: once that is certain, nothing goes on for them. */
static void
watch_caller(PstPort *port)
{
    gboolean has_caller =
        !pst_session_is_idle(port->session) || pst_session_is_subscribed(port->session);

    if (port->gone_source == 0 && has_caller)
        port->gone_source = g_timeout_add(GONE_MS, on_gone, port);
}

/* FALSE where the port itself has gone. */
static gboolean
drain(PstPort *port)
{
    guint8 buffer[READ_STEP];

    for (gsize taken = 0; taken < READ_BUDGET;) {
        gssize n = read(port->fd, buffer, sizeof(buffer));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        /* No host end is open, or the news of its opening, which comes by another queue than its
         * bytes, is still on its way: so this never ends a session. The next hello does. */
        if (n == 0) {
            watch_caller(port);
            return TRUE;
        }
        pst_session_feed(port->session, buffer, (gsize)n);
        taken += (gsize)n;
    }
    /* There was more than the budget, and the edge for it has passed. */
    if (port->again_source == 0)
        port->again_source = g_idle_add(on_again, port);
    return TRUE;
}

static gboolean watch_uevents(PstPort *port, GError **error);

static void
await_port(PstPort *port)
{
    g_autoptr(GError) error = NULL;

    close_device(port);
    if (!watch_uevents(port, &error))
        port->lost(error, port->user_data);
}

static void
serve(PstPort *port)
{
    if (!drain(port)) {
        await_port(port);
        return;
    }
    /* A cancel may be among what is still to be read. */
    if (port->again_source == 0)
        pst_session_run(port->session);
    flush(port);
}

static gboolean
on_again(gpointer user_data)
{
    PstPort *port = user_data;

    port->again_source = 0;
    serve(port);
    return G_SOURCE_REMOVE;
}

static gboolean
on_edge(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
    struct epoll_event event;

    if (epoll_wait(fd, &event, 1, 0) == 1)
        serve(user_data);
    return G_SOURCE_CONTINUE;
}

/* Whether the port is there and open now; *error is set where it is there and can't be opened. */
static gboolean
open_device(PstPort *port, GError **error)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET};

    /* Another process may hold it, as a shim that was just killed: no uevent will tell when it lets
     * go. */
    port->fd = pst_port_device_open(port->sysroot, port->name, error);
    if (port->fd < 0)
        return FALSE;
    port->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (port->epoll < 0 || epoll_ctl(port->epoll, EPOLL_CTL_ADD, port->fd, &event) < 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "the port %s can't be opened: %s",
                    port->name, g_strerror(errno));
        close_device(port);
        return FALSE;
    }
    port->epoll_source = g_unix_fd_add(port->epoll, G_IO_IN, on_edge, port);
    return TRUE;
}

static gboolean
on_uevent(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
    PstPort *port = user_data;
    g_autoptr(GError) error = NULL;

    pst_uevent_drain(fd);
    if (port->recorder != NULL)
        pst_recorder_find_port(port->recorder);
    if (!open_device(port, &error)) {
        if (error != NULL)
            port->lost(error, port->user_data);
        return G_SOURCE_CONTINUE;
    }
    port->uevent_source = 0;
    pst_loop_handles_close(&port->uevents);
    return G_SOURCE_REMOVE;
}

/* Only while the port is not there: an open port needs no news of other devices. The socket comes
 * first and the look second, so that a port which appears in between is not missed. */
static gboolean
watch_uevents(PstPort *port, GError **error)
{
    g_autoptr(GError) cause = NULL;

    port->uevents = pst_uevent_open(error);
    if (port->uevents < 0)
        return FALSE;
    if (open_device(port, &cause)) {
        pst_loop_handles_close(&port->uevents);
        return TRUE;
    }
    if (cause != NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    port->uevent_source = g_unix_fd_add(port->uevents, G_IO_IN, on_uevent, port);
    return TRUE;
}

PstPort *
pst_port_new(const char *name, const PstSysroot *sysroot, PstRecorder *recorder, PstPortLost lost,
             gpointer user_data, GError **error)
{
    g_autoptr(PstPort) port = g_new0(PstPort, 1);

    port->name = g_strdup(name);
    port->sysroot = sysroot;
    port->lost = lost;
    port->user_data = user_data;
    port->fd = port->epoll = port->uevents = -1;
    port->session = pst_session_new(sysroot, PST_SESSION_CHANNEL, on_ready, port);
    pst_session_set_recorder(port->session, recorder);
    port->recorder = recorder;
    pst_port_device_load_module(sysroot);
    if (!watch_uevents(port, error))
        return NULL;
    return g_steal_pointer(&port);
}

void
pst_port_free(PstPort *port)
{
    close_device(port);
    pst_loop_handles_remove(&port->uevent_source);
    pst_loop_handles_close(&port->uevents);
    pst_session_free(port->session);
    g_free(port->name);
    g_free(port);
}
