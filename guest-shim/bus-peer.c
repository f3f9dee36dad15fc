// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/bus-peer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocol/error.h"

#define MAX_MESSAGE (4 * 1024 * 1024)
#define MAX_HANDSHAKE 512
#define HEADER 16 /* with which a message's length is known */
#define READ_STEP (64 * 1024)

struct PstBusPeer {
    int fd;
    gint64 deadline_us; /* of g_get_monotonic_time() */
    guint32 serial;
    GByteArray *input;
};

static gboolean
fail(GError **error, PstErrorCode code, const char *what)
{
    g_set_error(error, PST_ERROR, (int)code, "%s", what);
    return FALSE;
}

/* UNAVAILABLE is said of the peer alone: it refused, or hung up. EAGAIN is unix(7)'s word for a
 * listener whose queue is full, and whatever else fails, fails on this side. */
static PstErrorCode
code_of_errno(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return PST_ERROR_ABSENT;
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
        return PST_ERROR_UNAVAILABLE;
    case EAGAIN:
        return PST_ERROR_DEADLINE;
    case EACCES:
    case EPERM:
        return PST_ERROR_NOT_ALLOWED;
    default:
        return PST_ERROR_INTERNAL;
    }
}

static gboolean
fail_errno(GError **error, const char *what, int number)
{
    g_set_error(error, PST_ERROR, (int)code_of_errno(number), "%s: %s", what, g_strerror(number));
    return FALSE;
}

/* Waits for one of EVENTS; *ready says which came. */
static gboolean
await(PstBusPeer *peer, short events, short *ready, GError **error)
{
    struct pollfd fd = {peer->fd, events, 0};

    for (;;) {
        gint64 left_us = peer->deadline_us - g_get_monotonic_time();

        if (left_us <= 0)
            return fail(error, PST_ERROR_DEADLINE, "no answer within its time");
        int n = poll(&fd, 1, (int)(left_us / 1000) + 1);
        if (n < 0 && errno != EINTR)
            return fail_errno(error, "poll", errno);
        if (n > 0) {
            *ready = fd.revents;
            return TRUE;
        }
    }
}

static gboolean
receive(PstBusPeer *peer, GError **error)
{
    g_autofree guint8 *buffer = g_malloc(READ_STEP);
    gssize n = recv(peer->fd, buffer, READ_STEP, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return TRUE;
    if (n < 0)
        return fail_errno(error, "receiving", errno);
    if (n == 0)
        return fail(error, PST_ERROR_UNAVAILABLE, "it closed the connection");
    g_byte_array_append(peer->input, buffer, (guint)n);
    return TRUE;
}

/* Sends what is left of DATA from *sent on, as far as the socket takes it. */
static gboolean
transmit(PstBusPeer *peer, const GByteArray *data, gsize *sent, GError **error)
{
    gssize n = send(peer->fd, data->data + *sent, data->len - *sent, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return fail_errno(error, "sending", errno);
    if (n > 0)
        *sent += (gsize)n;
    return TRUE;
}

/* Sends all of DATA, and receives meanwhile so that the peer need not wait for us. */
static gboolean
exchange(PstBusPeer *peer, const GByteArray *data, GError **error)
{
    gsize sent = 0;

    while (sent < data->len) {
        short ready = 0;

        if (!await(peer, POLLIN | POLLOUT, &ready, error))
            return FALSE;
        if ((ready & POLLOUT) != 0 && !transmit(peer, data, &sent, error))
            return FALSE;
        if ((ready & ~POLLOUT) != 0 && !receive(peer, error))
            return FALSE;
    }
    return TRUE;
}

/* Sends the zero byte that begins a conversation and TEXT, and waits for a line. Its length with
 * the line's end, 0 with an error. */
static guint
converse(PstBusPeer *peer, const char *text, GError **error)
{
    g_autoptr(GByteArray) hello = g_byte_array_new();
    const guint8 *end = NULL;
    short ready;

    g_byte_array_append(hello, (const guint8 *)"", 1);
    g_byte_array_append(hello, (const guint8 *)text, (guint)strlen(text));
    if (!exchange(peer, hello, error))
        return 0;
    while (peer->input->len == 0 ||
           (end = memchr(peer->input->data, '\n', peer->input->len)) == NULL) {
        if (peer->input->len > MAX_HANDSHAKE) {
            fail(error, PST_ERROR_PROTOCOL, "it does not speak D-Bus");
            return 0;
        }
        if (!await(peer, POLLIN, &ready, error) || !receive(peer, error))
            return 0;
    }
    return (guint)(end - peer->input->data) + 1;
}

/* SASL EXTERNAL, with BEGIN sent right behind: one answer to wait for instead of two. */
static gboolean
authenticate(PstBusPeer *peer, GError **error)
{
    g_autoptr(GString) text = g_string_new("AUTH EXTERNAL ");
    g_autofree char *uid = g_strdup_printf("%u", geteuid());

    for (const char *digit = uid; *digit != '\0'; digit++)
        g_string_append_printf(text, "%02x", (guint)*digit);
    g_string_append(text, "\r\nBEGIN\r\n");
    guint line = converse(peer, text->str, error);
    if (line == 0)
        return FALSE;
    if (peer->input->len < 3 || memcmp(peer->input->data, "OK ", 3) != 0)
        return fail(error, PST_ERROR_PROTOCOL, "it does not let us in");
    g_byte_array_remove_range(peer->input, 0, line);
    return TRUE;
}

static gboolean
connect_to(PstBusPeer *peer, const char *path, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(address.sun_path))
        return fail_errno(error, path, ENAMETOOLONG);
    memcpy(address.sun_path, path, strlen(path) + 1);

    /* Non-blocking: where the listener's queue is full, a blocking connect would wait for ever. */
    peer->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (peer->fd < 0 || connect(peer->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return fail_errno(error, path, errno);
    return TRUE;
}

static PstBusPeer *
new_peer(gint64 timeout_ms)
{
    PstBusPeer *peer = g_new0(PstBusPeer, 1);

    peer->fd = -1;
    peer->input = g_byte_array_new();
    peer->deadline_us = g_get_monotonic_time() + timeout_ms * 1000;
    return peer;
}

PstBusPeer *
pst_bus_peer_open(const char *socket_path, gint64 timeout_ms, GError **error)
{
    g_autoptr(PstBusPeer) peer = new_peer(timeout_ms);

    if (!connect_to(peer, socket_path, error))
        return NULL;
    if (!authenticate(peer, error)) {
        g_prefix_error(error, "%s: ", socket_path);
        return NULL;
    }
    return g_steal_pointer(&peer);
}

gboolean
pst_bus_peer_is_awake(const char *socket_path, gint64 timeout_ms, GError **error)
{
    g_autoptr(PstBusPeer) peer = new_peer(timeout_ms);

    return connect_to(peer, socket_path, error) && converse(peer, "AUTH\r\n", error) > 0;
}

void
pst_bus_peer_free(PstBusPeer *peer)
{
    if (peer->fd >= 0)
        close(peer->fd);
    g_byte_array_unref(peer->input);
    g_free(peer);
}

static gboolean
serialize(PstBusPeer *peer, GPtrArray *calls, GByteArray *output, GError **error)
{
    for (guint i = 0; i < calls->len; i++) {
        gsize len = 0;

        g_dbus_message_set_serial(calls->pdata[i], ++peer->serial);
        g_autofree guchar *blob =
            g_dbus_message_to_blob(calls->pdata[i], &len, G_DBUS_CAPABILITY_FLAGS_NONE, error);
        if (blob == NULL)
            return FALSE;
        g_byte_array_append(output, blob, (guint)len);
    }
    return TRUE;
}

/* Takes the next whole message from the input; NULL without an error where more bytes are needed.
 */
static GDBusMessage *
next_message(PstBusPeer *peer, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (peer->input->len < HEADER)
        return NULL;
    gssize len = g_dbus_message_bytes_needed(peer->input->data, HEADER, NULL);
    if (len < HEADER || len > MAX_MESSAGE) {
        fail(error, PST_ERROR_PROTOCOL, "a message of a size that cannot be");
        return NULL;
    }
    if (peer->input->len < (gsize)len)
        return NULL;

    GDBusMessage *message = g_dbus_message_new_from_blob(peer->input->data, (gsize)len,
                                                         G_DBUS_CAPABILITY_FLAGS_NONE, &cause);
    if (message == NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "an unreadable message: %s",
                    cause->message);
        return NULL;
    }
    g_byte_array_remove_range(peer->input, 0, (guint)len);
    return message;
}

/* Puts a reply into its place; signals and what answers nothing of ours are dropped. */
static void
place(GPtrArray *replies, guint32 first, GDBusMessage *message, guint *missing)
{
    guint32 place = g_dbus_message_get_reply_serial(message) - first;
    GDBusMessageType type = g_dbus_message_get_message_type(message);

    if ((type == G_DBUS_MESSAGE_TYPE_METHOD_RETURN || type == G_DBUS_MESSAGE_TYPE_ERROR) &&
        place < replies->len && replies->pdata[place] == NULL) {
        replies->pdata[place] = g_object_ref(message);
        (*missing)--;
    }
}

static void
unref_reply(gpointer reply)
{
    g_clear_object(&reply);
}

GPtrArray *
pst_bus_peer_call(PstBusPeer *peer, GPtrArray *calls, GError **error)
{
    g_autoptr(GPtrArray) replies = g_ptr_array_new_with_free_func(unref_reply);
    g_autoptr(GByteArray) output = g_byte_array_new();
    guint32 first = peer->serial + 1;
    guint missing = calls->len;

    g_ptr_array_set_size(replies, (int)calls->len);
    if (!serialize(peer, calls, output, error) || !exchange(peer, output, error))
        return NULL;
    while (missing > 0) {
        g_autoptr(GError) cause = NULL;
        g_autoptr(GDBusMessage) message = next_message(peer, &cause);
        short ready;

        if (cause != NULL) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return NULL;
        }
        if (message != NULL)
            place(replies, first, message, &missing);
        else if (!await(peer, POLLIN, &ready, error) || !receive(peer, error))
            return NULL;
    }
    return g_steal_pointer(&replies);
}
