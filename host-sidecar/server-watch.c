// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/server-state.h"

#include <string.h>

#include "protocol/error.h"
#include "protocol/fields.h"
#include "protocol/limits.h"

#define MAX_DOMAINS 256

/* The params: no member says all domains. */
typedef struct {
    char **domains;
} Watch;

static const PstField rows[] = {
    PST_STRINGS(Watch, domains, "their names or UUIDs"),
};
static const PstFields fields = PST_FIELDS(Watch, rows);

gboolean
pst_server_may_watch(const char *name, const char *uuid, gpointer request)
{
    const PstServerRequest *watching = request;

    return pst_server_state_may_found(watching->caller, name, uuid, PST_GRANT_ASK);
}

void
pst_server_watched(const PstWatchEvent *event, gpointer request)
{
    pst_server_requests_part(request, "event", pst_watch_event_to_json(event), "event", -1);
}

static gboolean
check(const PstServerCaller *caller, const Watch *watch, GError **error)
{
    const char *refused = NULL;

    if (watch->domains != NULL && g_strv_length(watch->domains) > MAX_DOMAINS) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS,
                    "more than %d domains: say none for all", MAX_DOMAINS);
        return FALSE;
    }
    if (watch->domains != NULL && watch->domains[0] == NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS,
                    "'domains' has none: leave it out for all");
        return FALSE;
    }
    if (watch->domains == NULL && !pst_server_state_may(caller, NULL, PST_GRANT_ASK))
        refused = "any domain";
    for (char **domain = watch->domains; refused == NULL && domain != NULL && *domain != NULL;
         domain++)
        if (!pst_server_state_may(caller, *domain, PST_GRANT_ASK))
            refused = "this domain";
    if (refused == NULL)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_NOT_ALLOWED, "no grant lets this caller ask %s",
                refused);
    return FALSE;
}

/* One record for each domain that was named, or one for all, or for none. */
static void
audit(PstServerCaller *caller, const Watch *watch, const GError *error)
{
    const char *const all[] = {"-", NULL};
    gboolean named = watch->domains != NULL && watch->domains[0] != NULL;
    const char *const *domains = named ? (const char *const *)watch->domains : all;

    for (; *domains != NULL; domains++) {
        g_autoptr(PstAnswer) record = pst_answer_new(*domains, "watch", NULL);

        record->error = error != NULL ? g_error_copy(error) : NULL;
        pst_server_state_audit(caller, "watch", &record, 1);
    }
}

static gboolean
begin(PstServerCaller *caller, const PstMessageId *id, const Watch *watch, GError **error)
{
    const PstServerBackend *backend = &caller->server->backend;

    if (!check(caller, watch, error))
        return FALSE;
    PstServerRequest *request = pst_server_requests_begin(caller, id, "watch", 0, error);
    if (request == NULL)
        return FALSE;
    audit(caller, watch, NULL);
    request->hearing =
        backend->hear((const char *const *)watch->domains, request, backend->user_data);
    return TRUE;
}

gboolean
pst_server_watch_ask(PstServerCaller *caller, PstMessage *message, GError **error)
{
    g_autoptr(JsonObject) none = json_object_new();
    Watch *watch =
        pst_fields_decode(&fields, message->params != NULL ? message->params : none, error);

    if (watch == NULL) {
        pst_server_state_audit_message(caller, message, *error);
        return FALSE;
    }
    gboolean begun = begin(caller, &message->id, watch, error);
    if (!begun)
        audit(caller, watch, *error);
    pst_fields_free(&fields, watch);
    return begun;
}
