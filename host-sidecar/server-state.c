// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/server-state.h"

#include <string.h>
#include <unistd.h>

#include "protocol/json.h"
#include "protocol/limits.h"

/* Of a name that somebody made up. */
#define MAX_AUDITED 256

void
pst_server_state_clear_source(GSource **source)
{
    if (*source == NULL)
        return;
    g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

GSource *
pst_server_state_attach(PstServer *server, GSource *source, GSourceFunc function, gpointer data)
{
    g_source_set_callback(source, function, data, NULL);
    g_source_attach(source, server->context);
    return source;
}

PstServerAccount *
pst_server_state_account(PstServer *server, guint uid)
{
    PstServerAccount *account = g_hash_table_lookup(server->accounts, GUINT_TO_POINTER(uid));

    if (account == NULL) {
        account = g_new0(PstServerAccount, 1);
        account->server = server;
        account->uid = uid;
        g_hash_table_insert(server->accounts, GUINT_TO_POINTER(uid), account);
    }
    return account;
}

void
pst_server_state_send_error(PstServerCaller *caller, const PstMessageId *id, const GError *error)
{
    g_autofree char *text = pst_message_error(id, error);

    pst_peer_send(caller->peer, text);
}

void
pst_server_state_send_result(PstServerCaller *caller, const PstMessageId *id, JsonObject *result)
{
    g_autofree char *text = pst_message_result(id, result);

    if (strlen(text) <= PST_LIMIT_FRAME_FROM_API) {
        pst_peer_send(caller->peer, text);
        return;
    }
    g_autoptr(GError) error =
        g_error_new(PST_ERROR, PST_ERROR_TOO_LARGE, "the answer does not fit into a frame");
    pst_server_state_send_error(caller, id, error);
}

void
pst_server_state_audit(PstServerCaller *caller, const char *verb, PstAnswer *const *answers,
                       guint n)
{
    const PstServerBackend *backend = &caller->server->backend;
    const PstAuditCaller who = {caller->name,
                                {caller->uid, caller->groups[0], caller->pid, caller->executable}};

    guint n_waiting = 0;
    guint64 number = backend->audit(&who, verb, answers, n, &n_waiting, backend->user_data);

    pst_server_pace_recorded(caller, number, n_waiting);
}

void
pst_server_state_audit_refusal(PstServerCaller *caller, const char *method, const char *domain,
                               const char *what, const GError *error)
{
    g_autoptr(PstAnswer) answer = pst_answer_new(domain, what, NULL);

    if (!pst_server_pace_pay(caller, 1)) {
        pst_server_turned_note(caller->server, PST_SERVER_TURNED_REFUSED, caller->uid, caller->pid,
                               1, error->message);
        return;
    }
    answer->error = g_error_copy(error);
    pst_server_state_audit(caller, method, &answer, 1);
}

void
pst_server_state_audit_message(PstServerCaller *caller, const PstMessage *message,
                               const GError *error)
{
    const char *domain = "-";

    if (message->params != NULL)
        (void)pst_json_get_string(message->params, "domain", PST_JSON_OPTIONAL, &domain, NULL);
    g_autofree char *method = pst_json_clean_cut(message->method, MAX_AUDITED, NULL);
    g_autofree char *named = pst_json_clean_cut(domain, MAX_AUDITED, NULL);
    pst_server_state_audit_refusal(caller, method, named, method, error);
}

/* Who has libvirt's access, or the daemon's own, would get no more here than without it. */
static gboolean
has_all(const PstServerCaller *caller)
{
    return caller->uid == 0 || caller->uid == geteuid();
}

gboolean
pst_server_state_may(const PstServerCaller *caller, const char *domain, PstGrant right)
{
    const PstGrants *grants = caller->server->grants;
    const PstGrantsCaller who = {caller->uid, caller->groups, caller->n_groups};

    if (has_all(caller))
        return TRUE;
    if (grants == NULL)
        return FALSE;
    return domain != NULL ? pst_grants_allow(grants, &who, domain, right)
                          : pst_grants_allow_any(grants, &who, right);
}

gboolean
pst_server_state_may_all(const PstServerCaller *caller, guint rights)
{
    const PstGrants *grants = caller->server->grants;
    const PstGrantsCaller who = {caller->uid, caller->groups, caller->n_groups};

    return has_all(caller) || (grants != NULL && pst_grants_allow_all(grants, &who, rights));
}

gboolean
pst_server_state_may_found(const PstServerCaller *caller, const char *name, const char *uuid,
                           PstGrant right)
{
    const PstGrants *grants = caller->server->grants;
    const PstGrantsCaller who = {caller->uid, caller->groups, caller->n_groups};

    return has_all(caller) ||
           (grants != NULL && pst_grants_allow_found(grants, &who, name, uuid, right));
}

gboolean
pst_server_state_may_see(const PstServerCaller *caller, JsonObject *row)
{
    const char *name = NULL, *uuid = NULL;

    if (has_all(caller))
        return TRUE;
    return pst_json_get_string(row, "name", PST_JSON_REQUIRED, &name, NULL) &&
           pst_json_get_string(row, "uuid", PST_JSON_OPTIONAL, &uuid, NULL) &&
           pst_server_state_may_found(caller, name, uuid, PST_GRANT_LIST);
}

void
pst_server_state_end_if_finished(PstServerCaller *caller)
{
    if (pst_peer_has_finished(caller->peer) && caller->requests->len == 0)
        pst_peer_end(caller->peer);
}
