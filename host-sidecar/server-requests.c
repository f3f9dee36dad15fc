// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/server-state.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/limits.h"

/* A request's own conversation ends at its deadline, and tells more than the clock can. */
#define GRACE_MS 150
/* Who would wait no more than this much longer than a list that is being made is told that one. */
#define SAME_LIST_US G_USEC_PER_SEC
/* Being made at a time; each looks at eight domains at once. One user's keep no other from having
 * one. */
#define MAX_LISTS_OF_USER 4
#define MAX_LISTS 16

/* A notification that belongs to a request; takes CONTENT. */
static char *
part_text(const PstServerRequest *request, const char *method, JsonObject *content,
          const char *name, gint64 place)
{
    g_autoptr(JsonObject) params = json_object_new();
    g_autofree char *id = pst_message_format_id(&request->id);

    json_object_set_string_member(params, "id", id);
    if (place >= 0)
        json_object_set_int_member(params, "place", place);
    json_object_set_object_member(params, name, content);
    return pst_message_request(NULL, method, params);
}

void
pst_server_requests_free(gpointer data)
{
    PstServerRequest *request = data;
    PstServer *server = request->caller->server;

    pst_server_state_clear_source(&request->timer);
    g_clear_pointer(&request->flight, pst_flights_leave);
    if (request->hearing != NULL)
        server->backend.unhear(request->hearing, server->backend.user_data);
    if (request->list != NULL)
        g_ptr_array_remove(request->list->requests, request);
    pst_server_state_account(server, request->caller->uid)->requests--;
    if (request->sweep != NULL)
        g_ptr_array_remove(request->sweep->requests, request);
    g_free(request->verb);
    g_free(request->uuid);
    g_free(request);
}

/* The request is over. */
void
pst_server_requests_drop(PstServerRequest *request)
{
    PstServerCaller *caller = request->caller;

    g_ptr_array_remove(caller->requests, request);
    pst_server_state_end_if_finished(caller);
}

static void
on_answer(guint place, const PstAnswer *answer, gpointer data)
{
    PstServerRequest *request = data;
    g_autofree char *text =
        part_text(request, "answer", pst_answer_to_json(answer), "answer", place);
    PstAnswer *record = (PstAnswer *)answer;

    if (request->uuid == NULL)
        request->uuid = g_strdup(answer->uuid);
    pst_server_state_audit(request->caller, request->verb, &record, 1);
    if (strlen(text) > PST_LIMIT_FRAME_FROM_API) {
        g_autoptr(PstAnswer) refusal = pst_answer_new(answer->guest, answer->probe, NULL);

        refusal->via = answer->via;
        refusal->error =
            g_error_new(PST_ERROR, PST_ERROR_TOO_LARGE, "the answer does not fit into a frame");
        g_free(text);
        text = part_text(request, "answer", pst_answer_to_json(refusal), "answer", place);
    }
    pst_peer_send(request->caller->peer, text);
}

static void
on_end(const char *guest, JsonObject *host, const GError *error, gpointer data)
{
    PstServerRequest *request = data;
    g_autoptr(JsonObject) result = json_object_new();

    request->flight = NULL;
    if (error != NULL) {
        pst_server_state_audit_refusal(request->caller, request->verb, guest, "-", error);
        pst_server_state_send_error(request->caller, &request->id, error);
    } else {
        pst_json_set_string(result, "guest", guest);
        pst_json_set_string(result, "uuid", request->uuid);
        if (host != NULL)
            json_object_set_object_member(result, "host", json_object_ref(host));
        pst_server_state_send_result(request->caller, &request->id, result);
    }
    pst_server_requests_drop(request);
}

static gboolean
on_deadline(gpointer data)
{
    PstServerRequest *request = data;

    pst_server_state_clear_source(&request->timer);
    if (request->flight != NULL) {
        pst_flights_expire(request->flight);
        return G_SOURCE_REMOVE;
    }
    g_autoptr(GError) error =
        request->sweep != NULL
            ? pst_server_sweeps_explain(request)
            : g_error_new(PST_ERROR, PST_ERROR_DEADLINE, "the domains were not listed in time");
    pst_server_state_audit_refusal(request->caller, request->verb, "-",
                                   request->sweep != NULL ? request->verb : "-", error);
    pst_server_state_send_error(request->caller, &request->id, error);
    pst_server_requests_drop(request);
    return G_SOURCE_REMOVE;
}

static gboolean
is_in_flight(const PstServerCaller *caller, gint64 number)
{
    for (guint i = 0; i < caller->requests->len; i++)
        if (((PstServerRequest *)caller->requests->pdata[i])->id.number == number)
            return TRUE;
    return FALSE;
}

static gboolean
check_room(PstServerCaller *caller, const PstMessageId *id, GError **error)
{
    PstServer *server = caller->server;

    if (is_in_flight(caller, id->number)) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_REQUEST, "this id is in flight already");
        return FALSE;
    }
    if (pst_server_state_account(server, caller->uid)->requests < server->limits.requests_of_user)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_BUSY, "this user has %u requests in flight",
                server->limits.requests_of_user);
    return FALSE;
}

static gboolean
check_grants(const PstServerCaller *caller, const PstApiAsk *ask, GError **error)
{
    for (guint i = 0; i < ask->n; i++) {
        const char *probe = ask->questions[i]->probe;

        if (pst_server_state_may(caller, ask->domain, pst_grants_needed(probe)))
            continue;
        g_set_error(error, PST_ERROR, PST_ERROR_NOT_ALLOWED,
                    "no grant lets this caller ask '%s' of this domain", probe);
        return FALSE;
    }
    return TRUE;
}

/* One record for each question. */
static void
audit_refused(PstServerCaller *caller, const PstApiAsk *ask, const GError *error)
{
    if (!pst_server_pace_pay(caller, ask->n)) {
        pst_server_turned_note(caller->server, PST_SERVER_TURNED_REFUSED, caller->uid, caller->pid,
                               ask->n, error->message);
        return;
    }
    for (guint i = 0; i < ask->n; i++)
        ask->questions[i]->error = g_error_copy(error);
    pst_server_state_audit(caller, ask->verb, ask->questions, ask->n);
}

static PstServerRequest *
new_request(PstServerCaller *caller, const PstMessageId *id, const char *verb, gint64 deadline_ms)
{
    PstServerRequest *request = g_new0(PstServerRequest, 1);

    request->caller = caller;
    request->id = *id;
    request->verb = g_strdup(verb);
    request->deadline_us = g_get_monotonic_time() + deadline_ms * 1000;
    if (deadline_ms > 0)
        request->timer = pst_server_state_attach(
            caller->server, g_timeout_source_new((guint)deadline_ms + GRACE_MS), on_deadline,
            request);
    pst_server_state_account(caller->server, caller->uid)->requests++;
    g_ptr_array_add(caller->requests, request);
    return request;
}

PstServerRequest *
pst_server_requests_begin(PstServerCaller *caller, const PstMessageId *id, const char *verb,
                          gint64 deadline_ms, GError **error)
{
    return check_room(caller, id, error) ? new_request(caller, id, verb, deadline_ms) : NULL;
}

void
pst_server_requests_part(PstServerRequest *request, const char *method, JsonObject *content,
                         const char *name, gint64 place)
{
    g_autofree char *text = part_text(request, method, content, name, place);

    pst_peer_send(request->caller->peer, text);
}

gboolean
pst_server_requests_ask(PstServerCaller *caller, PstMessage *message, GError **error)
{
    static const PstFlightsListener listener = {on_answer, on_end};
    PstServer *server = caller->server;
    g_autoptr(PstApiAsk) ask = pst_api_request_read_ask(message->params, error);

    if (ask == NULL) {
        pst_server_state_audit_message(caller, message, *error);
        return FALSE;
    }
    if (!check_grants(caller, ask, error) || !check_room(caller, &message->id, error)) {
        audit_refused(caller, ask, *error);
        return FALSE;
    }
    /* Before and after: who is hung up on has asked all the same. */
    pst_server_state_audit(caller, ask->verb, ask->questions, ask->n);
    PstServerRequest *request = new_request(caller, &message->id, ask->verb, ask->deadline_ms);
    if (ask->max_age_ms > 0)
        server->backend.watch(server->backend.user_data);
    request->flight =
        pst_flights_ask(server->flights, caller->uid, caller->name, ask, g_get_monotonic_time(),
                        request->deadline_us, &listener, request);
    pst_flights_tell_recent(request->flight);
    return TRUE;
}

/* ---- the list of domains */

void
pst_server_requests_free_list(gpointer data)
{
    PstServerList *list = data;

    g_ptr_array_unref(list->requests);
    g_free(list);
}

static gboolean
has_room_for_list(const PstServer *server, guint uid, GError **error)
{
    guint n_of_user = 0;

    for (guint i = 0; i < server->lists->len; i++)
        n_of_user += ((const PstServerList *)server->lists->pdata[i])->uid == uid;
    if (n_of_user >= MAX_LISTS_OF_USER)
        g_set_error(error, PST_ERROR, PST_ERROR_BUSY, "%d lists are being made for this user",
                    MAX_LISTS_OF_USER);
    else if (server->lists->len >= MAX_LISTS)
        g_set_error(error, PST_ERROR, PST_ERROR_BUSY, "%d lists are being made", MAX_LISTS);
    else
        return TRUE;
    return FALSE;
}

static PstServerList *
list_until(PstServer *server, guint uid, gint64 deadline_us, GError **error)
{
    for (guint i = 0; i < server->lists->len; i++) {
        PstServerList *list = server->lists->pdata[i];
        /* One that ends later might leave who asks with nothing. */
        if (list->deadline_us <= deadline_us && deadline_us - list->deadline_us <= SAME_LIST_US)
            return list;
    }
    if (!has_room_for_list(server, uid, error))
        return NULL;
    PstServerList *list = g_new0(PstServerList, 1);
    list->uid = uid;
    list->number = ++server->last_number;
    list->deadline_us = deadline_us;
    list->requests = g_ptr_array_new();
    g_ptr_array_add(server->lists, list);
    server->backend.list(list->number, deadline_us, server->backend.user_data);
    return list;
}

gboolean
pst_server_requests_list(PstServerCaller *caller, PstMessage *message, GError **error)
{
    gint64 deadline_ms = 0;

    if (!pst_api_request_deadline(message->params, &deadline_ms, error))
        return FALSE;
    if (!pst_server_state_may(caller, NULL, PST_GRANT_LIST)) {
        g_set_error(error, PST_ERROR, PST_ERROR_NOT_ALLOWED,
                    "no grant lets this caller list domains");
        return FALSE;
    }
    if (!check_room(caller, &message->id, error))
        return FALSE;
    PstServerList *list =
        list_until(caller->server, caller->uid, g_get_monotonic_time() + deadline_ms * 1000, error);
    if (list == NULL)
        return FALSE;
    PstServerRequest *request = new_request(caller, &message->id, "list", deadline_ms);
    request->list = list;
    g_ptr_array_add(list->requests, request);
    return TRUE;
}

static void
send_domains(PstServerRequest *request, JsonArray *domains)
{
    g_autoptr(JsonObject) result = json_object_new();
    gint64 n = 0;

    for (guint i = 0; i < json_array_get_length(domains); i++) {
        JsonObject *row = json_array_get_object_element(domains, i);

        if (!pst_server_state_may_see(request->caller, row))
            continue;
        pst_server_requests_part(request, "domain", json_object_ref(row), "domain", -1);
        n++;
    }
    json_object_set_int_member(result, "domains", n);
    pst_server_state_send_result(request->caller, &request->id, result);
}

static PstServerList *
find_list(PstServer *server, guint64 number)
{
    for (guint i = 0; i < server->lists->len; i++)
        if (((PstServerList *)server->lists->pdata[i])->number == number)
            return server->lists->pdata[i];
    return NULL;
}

void
pst_server_listed(PstServer *server, guint64 number, JsonArray *domains, PstAnswer *const *records,
                  guint n, const GError *error)
{
    PstServerList *list = find_list(server, number);

    if (list == NULL)
        return;
    while (list->requests->len > 0) {
        PstServerRequest *request =
            g_ptr_array_remove_index(list->requests, list->requests->len - 1);

        request->list = NULL;
        pst_server_state_audit(request->caller, "list", records, n);
        if (error != NULL) {
            pst_server_state_audit_refusal(request->caller, "list", "-", "-", error);
            pst_server_state_send_error(request->caller, &request->id, error);
        } else {
            send_domains(request, domains);
        }
        pst_server_requests_drop(request);
    }
    g_ptr_array_remove(server->lists, list);
}
