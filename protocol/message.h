// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

#include "protocol/error.h"

/* The envelope: JSON-RPC 2.0 without batches; `params` and `result` are always objects. */

#define PST_SESSION_DIGITS 32 /* 128 random bits in lower-case hex */

/* A request's id, `SESSION-N` on the wire. */
typedef struct {
    char session[PST_SESSION_DIGITS + 1];
    gint64 number; /* 0 … 2^53 − 1 */
} PstMessageId;

typedef enum {
    PST_MESSAGE_REQUEST,
    PST_MESSAGE_NOTIFICATION,
    PST_MESSAGE_RESULT,
    PST_MESSAGE_ERROR,
} PstMessageType;

typedef struct {
    PstMessageType type;
    PstMessageId id;    /* not of a notification; session is "" in an error that names no request */
    char *method;       /* of a request or a notification */
    JsonObject *params; /* the same; NULL where it was absent */
    JsonObject *result; /* of a result */
    GError *error;      /* of an error: PST_ERROR with the peer's message, cleaned and cut */
    char *reason;       /* of an error: its data.reason; NULL where it has none */
} PstMessage;

void pst_message_free(PstMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstMessage, pst_message_free)

PstMessage *pst_message_copy(const PstMessage *message);

/* Reads the envelope; NULL with PST_ERROR_INVALID_REQUEST. */
PstMessage *pst_message_decode(JsonObject *json, GError **error);

/* A new random session, from getrandom(2). */
void pst_message_new_session(char session[PST_SESSION_DIGITS + 1]);

gboolean pst_message_is_session(const char *text);
gboolean pst_message_parse_id(const char *text, PstMessageId *id);
char *pst_message_format_id(const PstMessageId *id);

/* JSON texts, one line each, ready for a frame. PARAMS may be NULL. ID is NULL for a notification,
 * and for an error that answers something unreadable. Free with g_free(). */
char *pst_message_request(const PstMessageId *id, const char *method, JsonObject *params);
char *pst_message_result(const PstMessageId *id, JsonObject *result);
char *pst_message_error(const PstMessageId *id, const GError *cause);

/* As pst_message_result(), around the text of a validated JSON object: what comes from a worker is
 * passed on without being parsed again. */
char *pst_message_result_text(const PstMessageId *id, const char *result, gsize len);
