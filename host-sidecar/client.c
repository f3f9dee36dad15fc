// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/client.h"

#include <string.h>

#include "protocol/frame.h"
#include "protocol/json.h"
#include "protocol/limits.h"

#define MINUTE_US (60 * G_USEC_PER_SEC)
/* An end of the line that does not come, in bytes a minute. */
#define MAX_STRAY_BYTES (1024 * 1024)

typedef struct {
    gint64 number;
    gsize bytes;
    PstMessage *answer;
} Request;

struct PstClient {
    char session[PST_SESSION_DIGITS + 1];
    gint64 next;
    GSList *requests; /* of Request: in flight, or answered and not taken yet */
    PstFrameReader *reader;
    PstClientEvent listener; /* NULL: none */
    gpointer listener_data;
    guint64 strangers;
    guint64 events;
    gint64 minute_us; /* when the current count of bad frames began */
    guint64 bad_before, stray_before, events_before;
    gboolean broken;
};

PstClient *
pst_client_new(void)
{
    PstClient *client = g_new0(PstClient, 1);

    client->reader = pst_frame_reader_new(&pst_validate_from_guest);
    return client;
}

PstClient *
pst_client_new_one_shot(void)
{
    PstClient *client = pst_client_new();

    pst_message_new_session(client->session);
    return client;
}

static void
free_request(gpointer data)
{
    Request *request = data;

    g_clear_pointer(&request->answer, pst_message_free);
    g_free(request);
}

void
pst_client_free(PstClient *client)
{
    g_slist_free_full(client->requests, free_request);
    pst_frame_reader_free(client->reader);
    g_free(client);
}

/* The text of the next request's frame. */
static char *
next_text(const PstClient *client, const char *method, JsonObject *params)
{
    PstMessageId id = {.number = client->next};

    memcpy(id.session, client->session, sizeof(id.session));
    return pst_message_request(&id, method, params);
}

static gsize
frame_size(const char *text)
{
    return strlen(text) + 2;
}

static gint64
add_request(PstClient *client, const char *text, GByteArray *out)
{
    Request *request = g_new0(Request, 1);

    request->number = client->next++;
    request->bytes = frame_size(text);
    client->requests = g_slist_prepend(client->requests, request);
    pst_frame_append(out, text, strlen(text));
    return request->number;
}

gint64
pst_client_hello(PstClient *client, const char *domain, GByteArray *out)
{
    g_slist_free_full(client->requests, free_request);
    client->requests = NULL;
    pst_message_new_session(client->session);

    g_autoptr(JsonObject) params =
        pst_hello_request(client->session, "postern " PST_VERSION, domain);
    g_autofree char *text = next_text(client, "hello", params);
    return add_request(client, text, out);
}

/* More than this unanswered can block a libvirt connection for good: docs/decisions/streams.md. */
static gboolean
has_room(const PstClient *client, gsize wanted, GError **error)
{
    gsize n = 0, bytes = wanted;

    for (GSList *item = client->requests; item != NULL; item = item->next) {
        const Request *request = item->data;
        n += request->answer == NULL;
        bytes += request->answer == NULL ? request->bytes : 0;
    }
    if (n < PST_LIMIT_IN_FLIGHT && bytes <= PST_LIMIT_IN_FLIGHT_BYTES)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_BUSY,
                "%" G_GSIZE_FORMAT " requests are in flight already", n);
    return FALSE;
}

gint64
pst_client_request(PstClient *client, const char *method, JsonObject *params, GByteArray *out,
                   GError **error)
{
    g_autofree char *text = next_text(client, method, params);

    if (frame_size(text) > PST_LIMIT_FRAME_FROM_HOST) {
        g_set_error(error, PST_ERROR, PST_ERROR_TOO_LARGE, "the question is larger than %d bytes",
                    PST_LIMIT_FRAME_FROM_HOST);
        return -1;
    }
    return has_room(client, frame_size(text), error) ? add_request(client, text, out) : -1;
}

gint64
pst_client_hello_again(PstClient *client, const char *domain, GByteArray *out, GError **error)
{
    g_autoptr(JsonObject) params =
        pst_hello_request(client->session, "postern " PST_VERSION, domain);

    return pst_client_request(client, "hello", params, out, error);
}

static Request *
find_request(const PstClient *client, gint64 number)
{
    for (GSList *item = client->requests; item != NULL; item = item->next)
        if (((Request *)item->data)->number == number)
            return item->data;
    return NULL;
}

static void
drop_request(PstClient *client, Request *request)
{
    client->requests = g_slist_remove(client->requests, request);
    free_request(request);
}

void
pst_client_cancel(PstClient *client, gint64 number, GByteArray *out)
{
    Request *request = find_request(client, number);
    PstMessageId id = {.number = number};

    if (request == NULL)
        return;
    memcpy(id.session, client->session, sizeof(id.session));
    drop_request(client, request);

    g_autoptr(JsonObject) params = json_object_new();
    g_autofree char *text_id = pst_message_format_id(&id);
    json_object_set_string_member(params, "id", text_id);
    g_autofree char *text = pst_message_request(NULL, "cancel", params);
    pst_frame_append(out, text, strlen(text));
}

static gboolean
is_answer(const PstMessage *message)
{
    return message->type == PST_MESSAGE_RESULT || message->type == PST_MESSAGE_ERROR;
}

static void
take_message(PstClient *client, PstMessage *message)
{
    Request *request = NULL;

    if (is_answer(message) && g_str_equal(message->id.session, client->session))
        request = find_request(client, message->id.number);
    if (request == NULL || request->answer != NULL) {
        client->strangers++;
        pst_message_free(message);
        return;
    }
    request->answer = message;
}

void
pst_client_listen(PstClient *client, PstClientEvent listener, gpointer user_data)
{
    client->listener = listener;
    client->listener_data = user_data;
}

static gboolean
is_of_session(const PstClient *client, const PstEvent *event)
{
    PstMessageId id;

    return pst_message_parse_id(event->id, &id) && g_str_equal(id.session, client->session);
}

/* What an earlier session was still to be told may come after the hello: that is no rubbish, but
 * nobody's any more. */
static void
take_event(PstClient *client, JsonObject *params, gsize len)
{
    g_autoptr(PstEvent) event = NULL;

    if (len <= PST_LIMIT_EVENT &&
        client->events - client->events_before < PST_LIMIT_EVENTS_A_MINUTE)
        event = pst_event_read(params, NULL);
    if (event == NULL) {
        client->strangers++;
        return;
    }
    client->events++;
    if (client->listener != NULL && is_of_session(client, event))
        client->listener(event, client->listener_data);
}

static gboolean
is_event(const PstMessage *message)
{
    return message->type == PST_MESSAGE_NOTIFICATION && g_str_equal(message->method, "event");
}

static void
take_text(PstClient *client, const char *text, gsize len)
{
    g_autoptr(JsonObject) json = pst_json_parse_validated(text, len, NULL);
    g_autoptr(PstMessage) message = json != NULL ? pst_message_decode(json, NULL) : NULL;

    if (message == NULL)
        client->strangers++;
    else if (is_event(message))
        take_event(client, message->params, len);
    else
        take_message(client, g_steal_pointer(&message));
}

static void
count_rubbish(PstClient *client)
{
    const PstFrameCounters *counters = pst_frame_reader_counters(client->reader);
    guint64 bad = pst_frame_reader_dropped(client->reader) + client->strangers;
    gint64 now_us = g_get_monotonic_time();

    if (now_us - client->minute_us > MINUTE_US) {
        client->minute_us = now_us;
        client->bad_before = bad;
        client->stray_before = counters->stray_bytes;
        client->events_before = client->events;
    }
    if (bad - client->bad_before >= PST_LIMIT_BAD_FRAMES_A_MINUTE ||
        counters->stray_bytes - client->stray_before >= MAX_STRAY_BYTES)
        client->broken = TRUE;
}

void
pst_client_feed(PstClient *client, const guint8 *data, gsize len)
{
    if (client->minute_us == 0)
        client->minute_us = g_get_monotonic_time();
    while (len > 0 && !client->broken) {
        const char *text;
        gsize text_len;
        gsize n = pst_frame_reader_take(client->reader, data, len, &text, &text_len);

        data += n;
        len -= n;
        if (text != NULL)
            take_text(client, text, text_len);
        count_rubbish(client);
    }
}

PstMessage *
pst_client_take(PstClient *client, gint64 number)
{
    Request *request = find_request(client, number);

    if (request == NULL || request->answer == NULL)
        return NULL;
    PstMessage *answer = g_steal_pointer(&request->answer);
    drop_request(client, request);
    return answer;
}

gboolean
pst_client_check(const PstClient *client, GError **error)
{
    if (!client->broken)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL,
                "the guest sends rubbish: the channel was given up");
    return FALSE;
}

guint64
pst_client_strangers(const PstClient *client)
{
    return client->strangers;
}
