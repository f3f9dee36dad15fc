// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/hello.h"

#include <string.h>

#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/message.h"

static const PstField params_rows[] = {
    PST_REQUIRED_STRING(PstHelloParams, session, "128 random bits in hex"),
    PST_STRING(PstHelloParams, client, "program and version"),
    PST_STRING(PstHelloParams, domain, "what the host calls this guest"),
};
static const PstFields params_fields = PST_FIELDS(PstHelloParams, params_rows);

#define PST_REQUIRED_INT(T, member, text)                                                          \
    PST_ROW(PST_FIELD_INT, T, member, .doc = text, .required = TRUE)

static const PstField recorder_rows[] = {
    PST_INT(PstHelloRecorder, written_bytes, "that the port has taken since the shim began"),
    PST_INT(PstHelloRecorder, seq, "the number of the last record"),
    PST_INT(PstHelloRecorder, last_us, "CLOCK_BOOTTIME of the last record"),
};
const PstFields pst_hello_recorder_fields = PST_FIELDS(PstHelloRecorder, recorder_rows);

static const PstField hello_rows[] = {
    PST_REQUIRED_INT(PstHello, protocol, "the protocol that is spoken from here on"),
    PST_REQUIRED_STRING(PstHello, shim, "the shim's version"),
    PST_REQUIRED_STRING(PstHello, boot_id, "of this boot"),
    PST_REQUIRED_STRING(PstHello, machine_id, "of this guest, empty where it has none"),
    PST_REQUIRED_INT(PstHello, boottime_us, "CLOCK_BOOTTIME in microseconds"),
    PST_REQUIRED_INT(PstHello, realtime_us, "CLOCK_REALTIME in microseconds"),
    PST_STRINGS(PstHello, capabilities, "the methods that it knows"),
    PST_OBJECT(PstHello, recorder, pst_hello_recorder_fields, "where it has the recorder's port"),
    PST_BOOL(PstHello, resumed, "the session was under way, and goes on"),
};
const PstFields pst_hello_fields = PST_FIELDS(PstHello, hello_rows);

JsonObject *
pst_hello_request(const char *session, const char *client, const char *domain)
{
    JsonObject *params = json_object_new();
    JsonArray *protocols = json_array_new();

    json_array_add_int_element(protocols, PST_HELLO_PROTOCOL);
    json_object_set_string_member(params, "session", session);
    json_object_set_array_member(params, "protocol", protocols);
    pst_json_set_string(params, "client", client);
    pst_json_set_string(params, "domain", domain);
    return params;
}

static gboolean
speaks_ours(JsonObject *params, GError **error)
{
    JsonArray *protocols = NULL;

    if (!pst_json_get_array(params, "protocol", PST_JSON_REQUIRED, &protocols, error))
        return FALSE;
    for (guint i = 0; i < json_array_get_length(protocols); i++) {
        JsonNode *node = json_array_get_element(protocols, i);
        if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64 &&
            json_node_get_int(node) == PST_HELLO_PROTOCOL)
            return TRUE;
    }
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                "no common protocol: this shim speaks %d; update the older side",
                PST_HELLO_PROTOCOL);
    return FALSE;
}

PstHelloParams *
pst_hello_read_request(JsonObject *params, GError **error)
{
    g_autoptr(PstHelloParams) request = NULL;

    if (params == NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "'params' is missing");
        return NULL;
    }
    request = pst_fields_decode(&params_fields, params, error);
    if (request == NULL || !speaks_ours(params, error))
        return NULL;
    if (!pst_message_is_session(request->session)) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "'session' is not %d hex digits",
                    PST_SESSION_DIGITS);
        return NULL;
    }
    return g_steal_pointer(&request);
}

void
pst_hello_params_free(PstHelloParams *params)
{
    pst_fields_free(&params_fields, params);
}

JsonObject *
pst_hello_answer(const PstHello *hello)
{
    PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;

    return pst_fields_encode(&pst_hello_fields, hello, &cut);
}

#define MAX_VERSION 32

/* It is shown to people as it is. */
static gboolean
is_version(const char *text)
{
    gsize len = strlen(text);

    return len >= 1 && len <= MAX_VERSION &&
           strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+~-") ==
               len;
}

PstHello *
pst_hello_read_answer(JsonObject *result, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(PstHello) hello = pst_fields_decode(&pst_hello_fields, result, &cause);

    if (hello == NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "the shim's hello is not valid: %s",
                    cause->message);
        return NULL;
    }
    if (!is_version(hello->shim)) {
        g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL,
                    "the shim's hello is not valid: 'shim' is not a version");
        return NULL;
    }
    if (hello->protocol != PST_HELLO_PROTOCOL) {
        g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL,
                    "the shim speaks protocol %" G_GINT64_FORMAT ", not %d: update the older side",
                    hello->protocol, PST_HELLO_PROTOCOL);
        return NULL;
    }
    return g_steal_pointer(&hello);
}

void
pst_hello_free(PstHello *hello)
{
    pst_fields_free(&pst_hello_fields, hello);
}
