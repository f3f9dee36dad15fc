// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/sim/sim-guest.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host-sidecar/converse.h"
#include "protocol/error.h"

#define PIECE (32 * 1024)

const char *const pst_sim_kind_names[PST_SIM_N_KINDS] = {
    [PST_SIM_REAL] = "real",     [PST_SIM_QUICK] = "quick",       [PST_SIM_SLOW] = "slow",
    [PST_SIM_SILENT] = "silent", [PST_SIM_FLOODING] = "flooding", [PST_SIM_LYING] = "lying",
    [PST_SIM_POSING] = "posing",
};

PstGuest *
pst_sim_guest_new(guint i, PstSimKind kind, int fd)
{
    PstGuest *guest = g_new0(PstGuest, 1);

    guest->references = 1;
    guest->kind = kind;
    guest->fd = fd;
    /* Of one length, so that no name is a part of another. */
    guest->name = g_strdup_printf("guest-%04u", i);
    guest->link = g_strdup_printf("sim%04u", i);
    g_snprintf(guest->uuid, sizeof(guest->uuid), "5107a7ed-0000-4000-8000-%012u", i);
    return guest;
}

PstGuest *
pst_sim_guest_ref(PstGuest *guest)
{
    g_atomic_int_inc(&guest->references);
    return guest;
}

void
pst_sim_guest_unref(PstGuest *guest)
{
    if (!g_atomic_int_dec_and_test(&guest->references))
        return;
    close(guest->fd);
    g_free(guest->name);
    g_free(guest->link);
    g_free(guest);
}

/* ---- the socket as a carrier ---- */

/* An open channel. As libvirt's streams are, all are read in one thread, which is none of those
 * that wait. */
typedef struct {
    gint references; /* its owner's and its source's */
    int fd;          /* of the guest, whom the owner holds */
    GSource *source;
    PstCarrierReceive receive;
    gpointer user_data;
    GDestroyNotify free_data;
    GMutex lock;
    gboolean closed;
} Line;

static gpointer
run_loop(gpointer context)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(context, FALSE);

    g_main_loop_run(loop);
    return NULL;
}

static GMainContext *
reading_context(void)
{
    static gsize context;

    if (g_once_init_enter(&context)) {
        GMainContext *made = g_main_context_new();
        g_thread_unref(g_thread_new("sim-reading", run_loop, made));
        g_once_init_leave(&context, (gsize)made);
    }
    return (GMainContext *)context;
}

static void
unref_line(gpointer data)
{
    Line *line = data;

    if (!g_atomic_int_dec_and_test(&line->references))
        return;
    line->free_data(line->user_data);
    g_mutex_clear(&line->lock);
    g_free(line);
}

static gboolean
on_readable(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
    Line *line = data;
    guint8 buffer[PIECE];
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&line->lock);

    if (line->closed)
        return G_SOURCE_REMOVE;
    gssize n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    line->receive(buffer, (gsize)MAX(n, 0), n > 0 ? NULL : "the guest is gone", line->user_data);
    return n > 0;
}

static gpointer
open_line(const PstGuest *guest, PstCarrierReceive receive, gpointer user_data,
          GDestroyNotify free_data, gint64 deadline_us G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    Line *line = g_new0(Line, 1);

    line->references = 2;
    line->fd = guest->fd;
    line->receive = receive;
    line->user_data = user_data;
    line->free_data = free_data;
    g_mutex_init(&line->lock);
    line->source = g_unix_fd_source_new(guest->fd, G_IO_IN | G_IO_HUP | G_IO_ERR);
    g_source_set_callback(line->source, G_SOURCE_FUNC(on_readable), line, unref_line);
    g_source_attach(line->source, reading_context());
    return line;
}

static gboolean
send_bytes(gpointer stream, const guint8 *data, gsize len, GError **error)
{
    const Line *line = stream;

    while (len > 0) {
        gssize n = send(line->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "the channel takes nothing: %s",
                        g_strerror(errno));
            return FALSE;
        }
        data += n;
        len -= (gsize)n;
    }
    return TRUE;
}

static void
close_line(gpointer stream)
{
    Line *line = stream;

    g_mutex_lock(&line->lock);
    line->closed = TRUE;
    g_mutex_unlock(&line->lock);
    g_source_destroy(line->source);
    g_source_unref(line->source);
    unref_line(line);
}

static const PstCarrier carrier = {open_line, send_bytes, NULL, close_line};

/* ---- the ladder ---- */

static gboolean
is_open(const PstGuest *guest G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    return TRUE;
}

static gboolean
ask(PstGuest *guest, PstInquiry *inquiry, GError **error)
{
    const PstCarrierEnd end = {&carrier, guest, guest->uuid, guest->name, NULL};

    return pst_converse(&end, inquiry, NULL, error);
}

static const PstBackend backend = {.via = PST_VIA_CHANNEL, .is_open = is_open, .ask = ask};
static const PstBackend *const rungs[] = {&backend};

static gpointer
ref_guest(gpointer guest)
{
    return pst_sim_guest_ref(guest);
}

static void
unref_guest(gpointer guest)
{
    pst_sim_guest_unref(guest);
}

const PstLadder pst_sim_guest_ladder = {rungs, G_N_ELEMENTS(rungs), ref_guest, unref_guest};
