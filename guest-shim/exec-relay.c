// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/exec-relay.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "guest-shim/exec-store.h"
#include "guest-shim/loop-handles.h"
#include "protocol/frame.h"
#include "protocol/limits.h"

#define READ_STEP 16384
/* An answer waits for a command no longer than its request says; this is for a guest that has no
 * time for it. */
#define PATIENCE_MS (PST_LIMIT_EXEC_WAIT_MS + 10000)

struct PstExecRelay {
    int fd;
    guint source, timer;
    GByteArray *request;
    gsize written;
    PstFrameReader *reader;
    PstExecRelayDone done;
    gpointer user_data;
};

static void
free_relay(PstExecRelay *relay)
{
    pst_loop_handles_remove(&relay->source);
    pst_loop_handles_remove(&relay->timer);
    pst_loop_handles_close(&relay->fd);
    g_byte_array_unref(relay->request);
    pst_frame_reader_free(relay->reader);
    g_free(relay);
}

void
pst_exec_relay_cancel(PstExecRelay *relay)
{
    free_relay(relay);
}

/* A command may have been started: whoever asks again by its id learns it. */
static void
fail(PstExecRelay *relay, const char *why)
{
    g_autoptr(GError) error = g_error_new(PST_ERROR, PST_ERROR_INTERNAL,
                                          "postern-exec %s: what became of it is not known", why);

    relay->done(NULL, error, relay->user_data);
    free_relay(relay);
}

static gboolean
on_impatient(gpointer user_data)
{
    PstExecRelay *relay = user_data;

    relay->timer = 0;
    fail(relay, "has not answered");
    return G_SOURCE_REMOVE;
}

static gboolean
on_readable(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
    PstExecRelay *relay = user_data;
    guint8 buffer[READ_STEP];
    gssize n = recv(fd, buffer, sizeof(buffer), 0);
    const guint8 *data = buffer;

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return G_SOURCE_CONTINUE;
    while (n > 0) {
        const char *text = NULL;
        gsize len = 0;
        gsize taken = pst_frame_reader_take(relay->reader, data, (gsize)n, &text, &len);

        data += taken;
        n -= (gssize)taken;
        if (text == NULL)
            continue;
        relay->source = 0;
        relay->done(text, NULL, relay->user_data);
        free_relay(relay);
        return G_SOURCE_REMOVE;
    }
    if (data != buffer && pst_frame_reader_dropped(relay->reader) == 0)
        return G_SOURCE_CONTINUE;
    relay->source = 0;
    fail(relay, data != buffer ? "answered what makes no sense" : "hung up");
    return G_SOURCE_REMOVE;
}

static gboolean
on_writable(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
    PstExecRelay *relay = user_data;
    gssize n = send(fd, relay->request->data + relay->written, relay->request->len - relay->written,
                    MSG_NOSIGNAL);

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return G_SOURCE_CONTINUE;
    relay->source = 0;
    if (n < 0) {
        fail(relay, "hung up");
        return G_SOURCE_REMOVE;
    }
    relay->written += (gsize)n;
    relay->source = relay->written < relay->request->len
                        ? g_unix_fd_add(fd, G_IO_OUT, on_writable, relay)
                        : g_unix_fd_add(fd, G_IO_IN, on_readable, relay);
    return G_SOURCE_REMOVE;
}

/* By way of a descriptor, as in journal-send.c. -1 with errno. */
static int
connect_to(const PstSysroot *sysroot, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int place = pst_sysroot_open(sysroot, path, O_PATH, NULL);
    int fd = place < 0 ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int failed = place < 0 ? ENOENT : errno;

    if (fd >= 0) {
        g_snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", place);
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
            failed = errno;
            pst_loop_handles_close(&fd);
        }
    }
    if (place >= 0)
        close(place);
    errno = failed;
    return fd;
}

/* Whoever serves the command that is asked about; -1 where nobody does, or it is to be started. */
static int
connect_to_command(const PstSysroot *sysroot, const PstMessage *message)
{
    char id[PST_EXEC_ID_DIGITS + 1];

    if (g_str_equal(message->method, PST_EXEC_START) || message->params == NULL ||
        !pst_exec_read_id(message->params, id, NULL))
        return -1;
    g_autofree char *path = g_strconcat(PST_EXEC_STORE_FOLDER "/", id, "/sock", NULL);
    return connect_to(sysroot, path);
}

static int
connect_to_service(const PstSysroot *sysroot, GError **error)
{
    int fd = connect_to(sysroot, PST_EXEC_RELAY_SOCKET);

    if (fd >= 0)
        return fd;
    if (errno == EAGAIN)
        g_set_error(error, PST_ERROR, PST_ERROR_BUSY, "too many commands wait to be started");
    else
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                    "the guest has no service that runs commands (postern-exec.socket): %s",
                    g_strerror(errno));
    return -1;
}

PstExecRelay *
pst_exec_relay_over(int fd, const PstMessage *message, PstExecRelayDone done, gpointer user_data)
{
    PstExecRelay *relay = g_new0(PstExecRelay, 1);
    g_autofree char *text = pst_message_request(&message->id, message->method, message->params);

    relay->fd = fd;
    relay->done = done;
    relay->user_data = user_data;
    relay->request = g_byte_array_new();
    relay->reader = pst_frame_reader_new(&pst_validate_from_guest);
    pst_frame_append(relay->request, text, strlen(text));
    relay->source = g_unix_fd_add(fd, G_IO_OUT, on_writable, relay);
    relay->timer = g_timeout_add(PATIENCE_MS, on_impatient, relay);
    return relay;
}

PstExecRelay *
pst_exec_relay_start(const PstSysroot *sysroot, const PstMessage *message, PstExecRelayDone done,
                     gpointer user_data, GError **error)
{
    int fd = connect_to_command(sysroot, message);

    if (fd < 0)
        fd = connect_to_service(sysroot, error);
    return fd >= 0 ? pst_exec_relay_over(fd, message, done, user_data) : NULL;
}

gboolean
pst_exec_relay_is_there(const PstSysroot *sysroot)
{
    return pst_sysroot_exists(sysroot, PST_EXEC_RELAY_SOCKET);
}
