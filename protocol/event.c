// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/event.h"

#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/nearest.h"

typedef struct {
    char **kinds;
} Subscribe;

#define REQUIRED(type, T, member, text, ...)                                                       \
    PST_ROW(type, T, member, .doc = text, .required = TRUE, ##__VA_ARGS__)

static const PstField subscribe_rows[] = {
    REQUIRED(PST_FIELD_STRV, Subscribe, kinds, "of which events are to be told; none: of none"),
};
static const PstFields subscribe_fields = PST_FIELDS(Subscribe, subscribe_rows);

static const PstField body_rows[] = {
    REQUIRED(PST_FIELD_ENUM, PstEventBody, event, "its kind", .names = pst_record_event_names),
    PST_REQUIRED_STRING(PstEventBody, message, "one line for people"),
    PST_STRING(PstEventBody, path, "of the file, or where the disk is mounted"),
    PST_STRING(PstEventBody, unit, "whose event it is"),
    PST_STRING(PstEventBody, text, "further lines"),
    PST_INT(PstEventBody, suppressed, "how many of its kind were left out before it"),
};
static const PstFields body_fields = PST_FIELDS(PstEventBody, body_rows);

static const PstField event_rows[] = {
    PST_REQUIRED_STRING(PstEvent, id, "of the request that asked for it"),
    REQUIRED(PST_FIELD_INT, PstEvent, seq, "counts up within the session"),
    PST_INT(PstEvent, lost, "how many right before it were dropped"),
    REQUIRED(PST_FIELD_INT, PstEvent, realtime_us, "CLOCK_REALTIME in microseconds"),
    REQUIRED(PST_FIELD_INT, PstEvent, boottime_us, "CLOCK_BOOTTIME in microseconds"),
    REQUIRED(PST_FIELD_OBJECT, PstEvent, body, "as of a record", .fields = &body_fields),
};
static const PstFields event_fields = PST_FIELDS(PstEvent, event_rows);

JsonObject *
pst_event_subscribe_params(guint32 kinds)
{
    JsonObject *params = json_object_new();
    JsonArray *names = json_array_new();

    for (guint i = 0; i < PST_EVENT_KINDS; i++)
        if ((kinds & PST_EVENT_BIT(i)) != 0)
            json_array_add_string_element(names, pst_record_event_names[i]);
    json_object_set_array_member(params, "kinds", names);
    return params;
}

static gboolean
add_kind(const char *name, guint32 *kinds, GError **error)
{
    for (guint i = 0; i < PST_EVENT_KINDS; i++) {
        if (g_str_equal(name, pst_record_event_names[i])) {
            *kinds |= PST_EVENT_BIT(i);
            return TRUE;
        }
    }
    g_autofree char *hint = pst_nearest_hint(name, pst_record_event_names, PST_EVENT_KINDS);
    g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "unknown kind '%.64s'%s", name, hint);
    return FALSE;
}

gboolean
pst_event_read_subscribe(JsonObject *params, guint32 *kinds, GError **error)
{
    Subscribe *subscribe;
    gboolean known = TRUE;

    *kinds = 0;
    if (params == NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "'params' is missing");
        return FALSE;
    }
    subscribe = pst_fields_decode(&subscribe_fields, params, error);
    if (subscribe == NULL)
        return FALSE;
    for (guint i = 0; known && subscribe->kinds[i] != NULL; i++)
        known = add_kind(subscribe->kinds[i], kinds, error);
    pst_fields_free(&subscribe_fields, subscribe);
    return known;
}

char *
pst_event_to_text(const PstEvent *event, const char *body)
{
    g_autofree char *lost = event->lost > 0
                                ? g_strdup_printf("\"lost\":%" G_GINT64_FORMAT ",", event->lost)
                                : g_strdup("");

    return g_strdup_printf("{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"id\":\"%s\","
                           "\"seq\":%" G_GINT64_FORMAT ",%s\"realtime_us\":%" G_GINT64_FORMAT
                           ",\"boottime_us\":%" G_GINT64_FORMAT ",\"body\":%s}}",
                           event->id, event->seq, lost, event->realtime_us, event->boottime_us,
                           body);
}

/* Whoever reckons with them need not ask again. */
static gboolean
check_numbers(PstEvent *event, GError **error)
{
    event->lost = event->lost == PST_INT_UNKNOWN ? 0 : event->lost;
    event->body->suppressed =
        event->body->suppressed == PST_INT_UNKNOWN ? 0 : event->body->suppressed;
    if (event->lost >= 0 && event->seq > event->lost && event->realtime_us >= 0 &&
        event->boottime_us >= 0 && event->body->suppressed >= 0)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "an event's numbers are out of bounds");
    return FALSE;
}

PstEvent *
pst_event_read(JsonObject *params, GError **error)
{
    g_autoptr(PstEvent) event = NULL;
    PstMessageId id;

    if (params == NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "'params' is missing");
        return NULL;
    }
    event = pst_fields_decode(&event_fields, params, error);
    if (event == NULL || !check_numbers(event, error))
        return NULL;
    if (!pst_message_parse_id(event->id, &id)) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "'id' is not SESSION-N");
        return NULL;
    }
    return g_steal_pointer(&event);
}

void
pst_event_free(PstEvent *event)
{
    pst_fields_free(&event_fields, event);
}
