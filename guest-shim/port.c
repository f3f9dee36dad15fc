// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/port.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "guest-shim/program.h"
#include "guest-shim/uevent.h"
#include "protocol/error.h"

#define CLASS_PORTS "/sys/class/virtio-ports"
#define MODPROBE_MS 5000
#define READ_STEP 4096
/* Bytes that are taken before what they ask for is begun, and the main loop turns once. */
#define READ_BUDGET (256 * 1024)
/* How long there must be no host end before what runs for it is ended. */
#define GONE_MS 1000

struct PstPort {
    char *name;
    const PstSysroot *sysroot;
    PstSession *session;
    int fd, epoll, uevents;
    guint epoll_source, uevent_source, again_source, gone_source;
    gboolean flushing;
    PstPortLost lost;
    gpointer user_data;
};

static gboolean on_again(gpointer user_data);

static void
load_module(const PstSysroot *sysroot)
{
    static const char *const modprobe[] = {"/usr/sbin/modprobe", "/sbin/modprobe",
                                           "/run/current-system/sw/bin/modprobe", NULL};
    static const char *const argv[] = {"-q", "virtio_console", NULL};
    PstProgram program = {
        .candidates = modprobe, .argv = argv, .timeout_ms = MODPROBE_MS, .max_output = 0};

    if (pst_sysroot_exists(sysroot, CLASS_PORTS))
        return;
    /* Where it can't be loaded the port may still appear; there is nothing else to do about it. */
    g_autoptr(PstProgramResult) result = pst_program_run(sysroot, &program, NULL);
}

/* The device of the port, as /dev/vport1p2, or NULL while it is not there. */
static char *
find_device(const PstPort *port)
{
    g_auto(GStrv) devices = pst_sysroot_list(port->sysroot, CLASS_PORTS, NULL);

    for (guint i = 0; devices != NULL && devices[i] != NULL; i++) {
        g_autofree char *path = g_strdup_printf(CLASS_PORTS "/%s/name", devices[i]);
        g_autofree char *name = pst_sysroot_read_line(port->sysroot, path, NULL);
        if (g_strcmp0(name, port->name) == 0)
            return g_strdup_printf("/dev/%s", devices[i]);
    }
    return NULL;
}

static void
close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void
remove_source(guint *source)
{
    if (*source != 0)
        g_source_remove(*source);
    *source = 0;
}

static void
close_device(PstPort *port)
{
    remove_source(&port->epoll_source);
    remove_source(&port->again_source);
    remove_source(&port->gone_source);
    close_fd(&port->epoll);
    close_fd(&port->fd);
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
    if (port->gone_source == 0 && !pst_session_is_idle(port->session))
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
    g_autofree char *device = find_device(port);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET};

    if (device == NULL)
        return FALSE;
    port->fd = open(device, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    /* The kernel makes the node before it tells of the device. */
    if (port->fd < 0 && errno == ENOENT)
        return FALSE;
    if (port->fd >= 0)
        port->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (port->fd < 0 || port->epoll < 0 ||
        epoll_ctl(port->epoll, EPOLL_CTL_ADD, port->fd, &event) < 0) {
        /* Another process may hold it, as a shim that was just killed: no uevent will tell when it
         * lets go. */
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "the port %s can't be opened: %s: %s",
                    port->name, device, g_strerror(errno));
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
    if (!open_device(port, &error)) {
        if (error != NULL)
            port->lost(error, port->user_data);
        return G_SOURCE_CONTINUE;
    }
    port->uevent_source = 0;
    close_fd(&port->uevents);
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
        close_fd(&port->uevents);
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
pst_port_new(const char *name, const PstSysroot *sysroot, PstPortLost lost, gpointer user_data,
             GError **error)
{
    g_autoptr(PstPort) port = g_new0(PstPort, 1);

    port->name = g_strdup(name);
    port->sysroot = sysroot;
    port->lost = lost;
    port->user_data = user_data;
    port->fd = port->epoll = port->uevents = -1;
    port->session = pst_session_new(sysroot, PST_SESSION_CHANNEL, on_ready, port);
    load_module(sysroot);
    if (!watch_uevents(port, error))
        return NULL;
    return g_steal_pointer(&port);
}

void
pst_port_free(PstPort *port)
{
    close_device(port);
    remove_source(&port->uevent_source);
    close_fd(&port->uevents);
    pst_session_free(port->session);
    g_free(port->name);
    g_free(port);
}
