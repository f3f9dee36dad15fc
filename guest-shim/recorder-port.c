// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/recorder-port.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/loop-handles.h"
#include "guest-shim/port-device.h"
#include "guest-shim/probe.h"
#include "guest-shim/recorder-queue.h"

struct PstRecorderPort {
    char *name;
    const PstSysroot *sysroot;
    int fd, epoll;
    guint epoll_source;
    PstRecorderQueue *waiting;
    gboolean opened; /* once */
    guint64 written;
};

static void
close_device(PstRecorderPort *port)
{
    pst_loop_handles_remove(&port->epoll_source);
    pst_loop_handles_close(&port->epoll);
    pst_loop_handles_close(&port->fd);
    pst_recorder_queue_interrupt(port->waiting);
}

/* A port that was taken away says nothing but that; one that nobody listens to says that it can be
 * read too (virtio_console.c, port_fops_poll()). */
static gboolean
was_unplugged(const PstRecorderPort *port)
{
    struct pollfd state = {port->fd, POLLIN | POLLOUT, 0};

    return poll(&state, 1, 0) == 1 && state.revents == POLLHUP;
}

/* FALSE where the port itself has gone. */
static gboolean
write_waiting(PstRecorderPort *port)
{
    const guint8 *bytes;
    gsize len = 0;

    while ((bytes = pst_recorder_queue_peek(port->waiting, &len)) != NULL) {
        gssize n = write(port->fd, bytes, len);

        if (n < 0 && errno == EINTR)
            continue;
        /* The next edge tells when it takes more. A driver that is going says 0. */
        if (n <= 0)
            return n < 0 && errno == EAGAIN;
        pst_recorder_queue_advance(port->waiting, (gsize)n);
        port->written += (gsize)n;
    }
    return TRUE;
}

static void
serve(PstRecorderPort *port)
{
    if (was_unplugged(port) || !write_waiting(port))
        close_device(port);
}

/* Edge-triggered: a host end that is closed would otherwise be reported without end. */
static gboolean
on_edge(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
    struct epoll_event event;

    if (epoll_wait(fd, &event, 1, 0) == 1)
        serve(user_data);
    return G_SOURCE_CONTINUE;
}

PstRecorderPort *
pst_recorder_port_new(const char *name, const PstSysroot *sysroot)
{
    PstRecorderPort *port = g_new0(PstRecorderPort, 1);

    port->name = g_strdup(name);
    port->sysroot = sysroot;
    port->fd = port->epoll = -1;
    port->waiting = pst_recorder_queue_new();
    return port;
}

gboolean
pst_recorder_port_look(PstRecorderPort *port)
{
    struct epoll_event event = {.events = EPOLLOUT | EPOLLET};

    if (port->fd >= 0 && was_unplugged(port))
        close_device(port);
    if (port->fd >= 0)
        return FALSE;
    port->fd = pst_port_device_open(port->sysroot, port->name, NULL);
    if (port->fd < 0)
        return FALSE;
    port->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (port->epoll < 0 || epoll_ctl(port->epoll, EPOLL_CTL_ADD, port->fd, &event) < 0) {
        close_device(port);
        return FALSE;
    }
    port->epoll_source = g_unix_fd_add(port->epoll, G_IO_IN, on_edge, port);
    port->opened = TRUE;
    serve(port);
    return port->fd >= 0;
}

void
pst_recorder_port_free(PstRecorderPort *port)
{
    close_device(port);
    pst_recorder_queue_free(port->waiting);
    g_free(port->name);
    g_free(port);
}

gboolean
pst_recorder_port_is_open(const PstRecorderPort *port)
{
    return port->fd >= 0;
}

gboolean
pst_recorder_port_write(PstRecorderPort *port, const char *text, gsize len, gboolean once)
{
    gsize max = once ? PST_RECORDER_QUEUE_MAX : PST_RECORDER_QUEUE_REPORTS;

    /* Reports are all written to the next one. */
    if (port->fd < 0 && port->opened && once)
        pst_recorder_queue_lose(port->waiting);
    if (port->fd < 0 || !pst_recorder_queue_add(port->waiting, text, len, max))
        return FALSE;
    serve(port);
    return TRUE;
}

guint64
pst_recorder_port_written(const PstRecorderPort *port)
{
    return port->written;
}

guint64
pst_recorder_port_lost(const PstRecorderPort *port)
{
    return pst_recorder_queue_lost(port->waiting);
}

void
pst_recorder_port_flush(PstRecorderPort *port, guint ms)
{
    gint64 until_us = pst_boot_clock_us() + ms * G_GINT64_CONSTANT(1000);

    gsize len = 0;

    while (port->fd >= 0 && pst_recorder_queue_peek(port->waiting, &len) != NULL &&
           pst_boot_clock_us() < until_us) {
        struct pollfd room = {port->fd, POLLOUT, 0};

        poll(&room, 1, 10);
        if (!write_waiting(port))
            return;
    }
}
