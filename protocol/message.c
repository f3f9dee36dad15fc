// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/message.h"

#include <string.h>
#include <sys/random.h>

#include "protocol/json.h"
#include "protocol/limits.h"

#define MAX_METHOD 64
#define MAX_ERROR_MESSAGE 1024

void
pst_message_free(PstMessage *message)
{
    g_free(message->method);
    g_clear_pointer(&message->params, json_object_unref);
    g_clear_pointer(&message->result, json_object_unref);
    g_clear_error(&message->error);
    g_free(message->reason);
    g_free(message);
}

PstMessage *
pst_message_copy(const PstMessage *message)
{
    PstMessage *copy = g_new0(PstMessage, 1);

    copy->type = message->type;
    copy->id = message->id;
    copy->method = g_strdup(message->method);
    copy->params = message->params != NULL ? json_object_ref(message->params) : NULL;
    copy->result = message->result != NULL ? json_object_ref(message->result) : NULL;
    copy->error = message->error != NULL ? g_error_copy(message->error) : NULL;
    copy->reason = g_strdup(message->reason);
    return copy;
}

void
pst_message_new_session(char session[PST_SESSION_DIGITS + 1])
{
    guint8 bits[PST_SESSION_DIGITS / 2];

    /* Up to 256 bytes are never interrupted and never short once the pool is ready (getrandom(2)).
     */
    if (getrandom(bits, sizeof(bits), 0) != (gssize)sizeof(bits))
        g_error("getrandom: no random bits");
    for (gsize i = 0; i < sizeof(bits); i++)
        g_snprintf(session + 2 * i, 3, "%02x", bits[i]);
}

gboolean
pst_message_is_session(const char *text)
{
    return strlen(text) == PST_SESSION_DIGITS &&
           strspn(text, "0123456789abcdef") == PST_SESSION_DIGITS;
}

gboolean
pst_message_parse_id(const char *text, PstMessageId *id)
{
    guint64 number = 0;

    if (strspn(text, "0123456789abcdef") != PST_SESSION_DIGITS || text[PST_SESSION_DIGITS] != '-')
        return FALSE;
    const char *digits = text + PST_SESSION_DIGITS + 1;
    if (digits[0] == '0' && digits[1] != '\0') /* one number, one spelling */
        return FALSE;
    if (!g_ascii_string_to_unsigned(digits, 10, 0, PST_LIMIT_INTEGER, &number, NULL))
        return FALSE;
    memcpy(id->session, text, PST_SESSION_DIGITS);
    id->session[PST_SESSION_DIGITS] = '\0';
    id->number = (gint64)number;
    return TRUE;
}

char *
pst_message_format_id(const PstMessageId *id)
{
    return g_strdup_printf("%s-%" G_GINT64_FORMAT, id->session, id->number);
}

static gboolean
invalid(GError **error, const char *what)
{
    g_set_error(error, PST_ERROR, PST_ERROR_INVALID_REQUEST, "not a JSON-RPC 2.0 message: %s",
                what);
    return FALSE;
}

static gboolean
decode_id(PstMessage *message, JsonObject *json, gboolean *has_id, GError **error)
{
    const char *text = NULL;
    /* Only an error may carry a null id: that of a request which could not be read. */
    gboolean error_answer = json_object_has_member(json, "error");

    if (!pst_json_get_string(json, "id", error_answer ? PST_JSON_NULLABLE : PST_JSON_OPTIONAL,
                             &text, NULL))
        return invalid(error, "'id' is not a string");
    *has_id = text != NULL;
    if (text != NULL && !pst_message_parse_id(text, &message->id))
        return invalid(error, "'id' is not SESSION-N");
    return TRUE;
}

static gboolean
decode_call(PstMessage *message, JsonObject *json, gboolean has_id, GError **error)
{
    const char *method = NULL;
    JsonObject *params = NULL;

    if (json_object_has_member(json, "result") || json_object_has_member(json, "error"))
        return invalid(error, "both a call and an answer");
    if (!pst_json_get_string(json, "method", PST_JSON_REQUIRED, &method, NULL) ||
        strlen(method) > MAX_METHOD)
        return invalid(error, "'method' is not a short string");
    if (!pst_json_get_object(json, "params", PST_JSON_OPTIONAL, &params, NULL))
        return invalid(error, "'params' is not an object");

    message->type = has_id ? PST_MESSAGE_REQUEST : PST_MESSAGE_NOTIFICATION;
    message->method = g_strdup(method);
    message->params = params != NULL ? json_object_ref(params) : NULL;
    return TRUE;
}

static gboolean
decode_error(PstMessage *message, JsonObject *json, GError **error)
{
    JsonObject *object = NULL, *data = NULL;
    gint64 number = 0;
    const char *text = NULL, *reason = NULL;

    if (!pst_json_get_object(json, "error", PST_JSON_REQUIRED, &object, NULL) ||
        !pst_json_get_int(object, "code", PST_JSON_REQUIRED, &number, NULL) ||
        !pst_json_get_string(object, "message", PST_JSON_REQUIRED, &text, NULL))
        return invalid(error, "'error' is not an object with code and message");

    message->type = PST_MESSAGE_ERROR;
    g_autofree char *clean = pst_json_clean_cut(text, MAX_ERROR_MESSAGE, NULL);
    message->error = g_error_new_literal(PST_ERROR, (int)pst_error_from_rpc(number), clean);
    if (pst_json_get_object(object, "data", PST_JSON_NULLABLE, &data, NULL) && data != NULL &&
        pst_json_get_string(data, "reason", PST_JSON_NULLABLE, &reason, NULL))
        message->reason = g_strdup(reason);
    return TRUE;
}

static gboolean
decode_answer(PstMessage *message, JsonObject *json, gboolean has_id, GError **error)
{
    JsonObject *result = NULL;

    if (json_object_has_member(json, "error")) {
        if (json_object_has_member(json, "result"))
            return invalid(error, "both a result and an error");
        return decode_error(message, json, error);
    }
    if (!has_id)
        return invalid(error, "an answer without 'id'");
    if (!pst_json_get_object(json, "result", PST_JSON_REQUIRED, &result, NULL))
        return invalid(error, "'result' is not an object");
    message->type = PST_MESSAGE_RESULT;
    message->result = json_object_ref(result);
    return TRUE;
}

PstMessage *
pst_message_decode(JsonObject *json, GError **error)
{
    g_autoptr(PstMessage) message = g_new0(PstMessage, 1);
    const char *version = NULL;
    gboolean has_id = FALSE;

    if (!pst_json_get_string(json, "jsonrpc", PST_JSON_REQUIRED, &version, NULL) ||
        !g_str_equal(version, "2.0")) {
        invalid(error, "'jsonrpc' is not \"2.0\"");
        return NULL;
    }
    if (!decode_id(message, json, &has_id, error))
        return NULL;
    if (json_object_has_member(json, "method")) {
        if (!decode_call(message, json, has_id, error))
            return NULL;
    } else if (!decode_answer(message, json, has_id, error)) {
        return NULL;
    }
    return g_steal_pointer(&message);
}

static JsonObject *
envelope(const PstMessageId *id)
{
    JsonObject *json = json_object_new();

    json_object_set_string_member(json, "jsonrpc", "2.0");
    if (id != NULL) {
        g_autofree char *text = pst_message_format_id(id);
        json_object_set_string_member(json, "id", text);
    }
    return json;
}

char *
pst_message_request(const PstMessageId *id, const char *method, JsonObject *params)
{
    g_autoptr(JsonObject) json = envelope(id);

    json_object_set_string_member(json, "method", method);
    if (params != NULL)
        json_object_set_object_member(json, "params", json_object_ref(params));
    return pst_json_to_text(json, NULL);
}

char *
pst_message_result(const PstMessageId *id, JsonObject *result)
{
    g_autoptr(JsonObject) json = envelope(id);

    json_object_set_object_member(json, "result", json_object_ref(result));
    return pst_json_to_text(json, NULL);
}

char *
pst_message_result_text(const PstMessageId *id, const char *result, gsize len)
{
    return g_strdup_printf("{\"jsonrpc\":\"2.0\",\"id\":\"%s-%" G_GINT64_FORMAT
                           "\",\"result\":%.*s}",
                           id->session, id->number, (int)len, result);
}

char *
pst_message_error(const PstMessageId *id, const GError *cause)
{
    g_autoptr(JsonObject) json = envelope(id);
    JsonObject *error = json_object_new();
    JsonObject *data = json_object_new();
    PstErrorCode code = cause->domain == PST_ERROR ? (PstErrorCode)cause->code : PST_ERROR_INTERNAL;

    if (id == NULL)
        json_object_set_null_member(json, "id");
    json_object_set_string_member(data, "reason", pst_error_reason(code));
    json_object_set_int_member(error, "code", pst_error_to_rpc(code));
    pst_json_set_string(error, "message", cause->message);
    json_object_set_object_member(error, "data", data);
    json_object_set_object_member(json, "error", error);
    return pst_json_to_text(json, NULL);
}
