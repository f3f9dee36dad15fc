// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the read-only door can be asked for. */
#include "host-sidecar/describe.h"
#include "host-sidecar/server-state.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/vocabulary.h"

static gboolean
answer_ping(PstServerCaller *caller, PstMessage *message, GError **error G_GNUC_UNUSED)
{
    g_autoptr(JsonObject) result = json_object_new();

    pst_server_state_send_result(caller, &message->id, result);
    return TRUE;
}

static gboolean
answer_describe(PstServerCaller *caller, PstMessage *message, GError **error)
{
    const PstReportKind *only = NULL;
    const char *name = NULL;

    if (message->params != NULL &&
        !pst_json_get_string(message->params, "name", PST_JSON_OPTIONAL, &name, error))
        return FALSE;
    if (name != NULL && (only = pst_vocabulary_find(name)) == NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "unknown probe '%.64s'", name);
        return FALSE;
    }
    g_autoptr(JsonObject) result = pst_describe_json(only);
    pst_server_state_send_result(caller, &message->id, result);
    return TRUE;
}

static void
cancel(PstServerCaller *caller, PstMessage *message)
{
    const char *text = NULL;
    PstMessageId id;

    if (message->params == NULL ||
        !pst_json_get_string(message->params, "id", PST_JSON_REQUIRED, &text, NULL) ||
        !pst_message_parse_id(text, &id) || !g_str_equal(id.session, caller->session))
        return;
    for (guint i = 0; i < caller->requests->len; i++) {
        PstServerRequest *request = caller->requests->pdata[i];
        if (request->id.number != id.number)
            continue;
        pst_server_requests_drop(request);
        return;
    }
}

static const PstServerMethod methods[] = {
    {"ping", answer_ping, FALSE, NULL},
    {"describe", answer_describe, FALSE, NULL},
    {"list", pst_server_requests_list, FALSE, NULL},
    {"health", pst_server_sweeps_ask, FALSE, NULL},
    {"ask", pst_server_requests_ask, TRUE, NULL},
    {"watch", pst_server_watch_ask, TRUE, NULL},
    {"cancel", NULL, FALSE, cancel},
};

const PstServerDoor pst_server_diagnose_door = {methods, G_N_ELEMENTS(methods)};
