// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/api-client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocol/frame.h"
#include "protocol/hello.h"
#include "protocol/json.h"
#include "protocol/message.h"

#define READ_BYTES (64 * 1024)
/* Of all parts of an answer, where the other end may be another host's. */
#define MAX_ANSWER (64 * 1024 * 1024)

struct PstApiClient {
    int fd;
    PstMessageId id;
    PstFrameReader *reader;
    guint8 bytes[READ_BYTES]; /* what was read and not taken yet */
    gsize at, len;
    gsize max_answer, answer_left; /* bytes that may come, and may still */
    char *uri;
    GDestroyNotify release;
    gpointer data;
};

void
pst_api_client_free(PstApiClient *client)
{
    if (client->fd >= 0)
        close(client->fd);
    if (client->release != NULL)
        client->release(client->data);
    pst_frame_reader_free(client->reader);
    g_free(client->uri);
    g_free(client);
}

const char *
pst_api_client_uri(const PstApiClient *client)
{
    return client->uri;
}

void
pst_api_client_set_max_answer(PstApiClient *client, gsize bytes)
{
    client->max_answer = bytes;
}

void
pst_api_client_hang_up(PstApiClient *client)
{
    shutdown(client->fd, SHUT_RDWR);
    client->at = client->len = 0;
}

static gboolean
fail(GError **error, PstErrorCode code, const char *what)
{
    g_set_error(error, PST_ERROR, (int)code, "the daemon %s", what);
    return FALSE;
}

static gboolean
await(const PstApiClient *client, short events, gint64 deadline_us, GError **error)
{
    for (;;) {
        struct pollfd look = {client->fd, events, 0};
        gint64 left_us = MAX(0, deadline_us - g_get_monotonic_time());
        int n = poll(&look, 1, (int)MIN((left_us + 999) / 1000, G_MAXINT));

        if (n > 0)
            return TRUE;
        if (n < 0 && errno != EINTR)
            return fail(error, PST_ERROR_PROTOCOL, g_strerror(errno));
        if (n == 0 && g_get_monotonic_time() >= deadline_us)
            return fail(error, PST_ERROR_DEADLINE, "did not answer in time");
    }
}

static gboolean
send_text(PstApiClient *client, const char *text, gint64 deadline_us, GError **error)
{
    g_autoptr(GByteArray) frame = g_byte_array_new();
    gsize at = 0;

    pst_frame_append(frame, text, strlen(text));
    while (at < frame->len) {
        gssize n = send(client->fd, frame->data + at, frame->len - at, MSG_NOSIGNAL);

        if (n > 0)
            at += (gsize)n;
        else if (errno != EAGAIN && errno != EINTR)
            return fail(error, PST_ERROR_PROTOCOL, "hung up");
        else if (!await(client, POLLOUT, deadline_us, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
read_bytes(PstApiClient *client, gint64 deadline_us, GError **error)
{
    for (;;) {
        gssize n = recv(client->fd, client->bytes, sizeof(client->bytes), 0);

        client->at = 0;
        client->len = n > 0 ? (gsize)n : 0;
        if (n > 0 && (gsize)n > client->answer_left)
            return fail(error, PST_ERROR_PROTOCOL, "sends more than an answer may have");
        client->answer_left -= client->len;
        /* Who never stops sending is not waited for either. */
        if (n > 0 && g_get_monotonic_time() >= deadline_us)
            return fail(error, PST_ERROR_DEADLINE, "did not answer in time");
        if (n > 0)
            return TRUE;
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
            return fail(error, PST_ERROR_PROTOCOL, "hung up");
        if (!await(client, POLLIN, deadline_us, error))
            return FALSE;
    }
}

static PstMessage *
read_message(PstApiClient *client, gint64 deadline_us, GError **error)
{
    const char *text = NULL;
    gsize len = 0;

    while (text == NULL) {
        if (client->at == client->len && !read_bytes(client, deadline_us, error))
            return NULL;
        client->at += pst_frame_reader_take(client->reader, client->bytes + client->at,
                                            client->len - client->at, &text, &len);
        if (pst_frame_reader_dropped(client->reader) > 0) {
            fail(error, PST_ERROR_PROTOCOL, "answers with what is no frame");
            return NULL;
        }
    }
    g_autoptr(JsonObject) json = pst_json_parse_validated(text, len, error);
    return json != NULL ? pst_message_decode(json, error) : NULL;
}

static gboolean
is_answer(const PstApiClient *client, const PstMessage *message)
{
    if (message->type == PST_MESSAGE_ERROR && message->id.session[0] == '\0')
        return TRUE; /* it turns the caller away */
    return (message->type == PST_MESSAGE_RESULT || message->type == PST_MESSAGE_ERROR) &&
           g_str_equal(message->id.session, client->id.session) &&
           message->id.number == client->id.number;
}

static gboolean
is_part(const PstApiClient *client, const PstMessage *message)
{
    const char *text = NULL;
    PstMessageId id;

    return message->type == PST_MESSAGE_NOTIFICATION && message->params != NULL &&
           pst_json_get_string(message->params, "id", PST_JSON_REQUIRED, &text, NULL) &&
           pst_message_parse_id(text, &id) && g_str_equal(id.session, client->id.session) &&
           id.number == client->id.number;
}

/* The error as the daemon means it: what only a host can know has its reason. */
static GError *
error_of(const PstMessage *message)
{
    PstErrorCode code = (PstErrorCode)message->error->code;

    if (message->reason != NULL)
        (void)pst_error_from_reason(message->reason, &code);
    return g_error_new_literal(PST_ERROR, (int)code, message->error->message);
}

JsonObject *
pst_api_client_call(PstApiClient *client, const char *method, JsonObject *params,
                    gint64 deadline_us, PstApiClientPart part, gpointer user_data, gboolean *lost,
                    GError **error)
{
    client->id.number++;
    client->answer_left = client->max_answer;
    g_autofree char *request = pst_message_request(&client->id, method, params);

    *lost = TRUE;
    if (!send_text(client, request, deadline_us, error))
        return NULL;
    for (;;) {
        g_autoptr(PstMessage) message = read_message(client, deadline_us, error);

        if (message == NULL)
            return NULL;
        if (part != NULL && is_part(client, message))
            part(message->method, message->params, user_data);
        if (!is_answer(client, message))
            continue;
        *lost = FALSE;
        if (message->type == PST_MESSAGE_RESULT)
            return g_steal_pointer(&message->result);
        g_propagate_error(error, error_of(message));
        return NULL;
    }
}

int
pst_api_client_reach(const char *path, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (g_strlcpy(address.sun_path, path, sizeof(address.sun_path)) >= sizeof(address.sun_path))
        errno = ENAMETOOLONG;
    else if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    g_set_error(error, PST_ERROR,
                errno == EACCES || errno == EPERM ? PST_ERROR_NO_PERMISSION : PST_ERROR_UNAVAILABLE,
                "%s: %s", path, g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static gboolean
greet(PstApiClient *client, gint64 deadline_us, GError **error)
{
    g_autoptr(JsonObject) params =
        pst_hello_request(client->id.session, "postern " PST_VERSION, NULL);
    gboolean lost = FALSE;
    const char *uri = NULL;
    g_autoptr(JsonObject) result =
        pst_api_client_call(client, "hello", params, deadline_us, NULL, NULL, &lost, error);

    if (result == NULL || !pst_json_get_string(result, "uri", PST_JSON_REQUIRED, &uri, error))
        return FALSE;
    client->uri = g_strdup(uri);
    return TRUE;
}

PstApiClient *
pst_api_client_open_fd(int fd, gint64 deadline_us, GDestroyNotify release, gpointer data,
                       GError **error)
{
    g_autoptr(PstApiClient) client = g_new0(PstApiClient, 1);

    client->fd = fd;
    client->release = release;
    client->data = data;
    client->reader = pst_frame_reader_new(&pst_validate_from_api);
    pst_message_new_session(client->id.session);
    client->id.number = -1;
    client->max_answer = MAX_ANSWER;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return greet(client, deadline_us, error) ? g_steal_pointer(&client) : NULL;
}

PstApiClient *
pst_api_client_open(const char *path, gint64 deadline_us, GError **error)
{
    int fd = pst_api_client_reach(path, error);

    return fd >= 0 ? pst_api_client_open_fd(fd, deadline_us, NULL, NULL, error) : NULL;
}
