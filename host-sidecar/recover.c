// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/recover.h"

#include <string.h>

#include "host-sidecar/api-request.h"
#include "host-sidecar/audit-writer.h"
#include "host-sidecar/loop-tell.h"
#include "host-sidecar/naming.h"
#include "host-sidecar/server-state.h"
#include "host-sidecar/task.h"
#include "protocol/error.h"
#include "protocol/json.h"

/* An act ends at its deadline by itself, and then its outcome has to be written down. */
#define GRACE_MS 2000

struct PstRecover {
    GMainContext *context;
    PstServer *server;
    const PstRecoverMethod *const *methods;
    PstServerMethod *rows;
    PstServerDoor door;
    PstRecoverBackend backend;
    PstAuditWriter *writer;
    guint n_running;
    GHashTable *n_of_user; /* how many of them, by uid: they go on when a caller has gone */
    GMutex lock;
    GHashTable *claimed; /* the UUIDs of the guests that something is done to */
};

/* One request, on its way through a task. */
typedef struct {
    PstRecover *recover;
    const PstRecoverMethod *method;
    guint64 caller;
    PstMessageId id;
    char *words, *executable;
    PstAuditProcess process;
    char *domain, *uuid; /* the guest's that is meant; NULL: whatever is called so */
    char *params;        /* as JSON: objects are not shared between threads */
    gint64 deadline_us;
} Act;

/* What came of it, for the loop. */
typedef struct {
    PstRecover *recover;
    guint64 caller;
    guint uid;
    PstMessageId id;
    JsonObject *result; /* NULL: */
    GError *error;
    guint64 record; /* in the audit, not on the disk yet; 0: it is */
} Outcome;

static void
free_act(gpointer data)
{
    Act *act = data;

    g_free(act->words);
    g_free(act->executable);
    g_free(act->domain);
    g_free(act->uuid);
    g_free(act->params);
    g_free(act);
}

static void
free_outcome(gpointer data)
{
    Outcome *outcome = data;

    g_clear_pointer(&outcome->result, json_object_unref);
    g_clear_error(&outcome->error);
    g_free(outcome);
}

/* Returns how many they are then. */
static guint
count_running(PstRecover *recover, guint uid, int change)
{
    gpointer key = GUINT_TO_POINTER(uid);
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(recover->n_of_user, key)) + (guint)change;

    recover->n_running += (guint)change;
    if (n == 0)
        g_hash_table_remove(recover->n_of_user, key);
    else
        g_hash_table_insert(recover->n_of_user, key, GUINT_TO_POINTER(n));
    return n;
}

/* ---- the loop's end of it */

/* NULL where nobody waits any more. */
static PstServerRequest *
find_request(const Outcome *outcome)
{
    PstServerCaller *caller =
        g_hash_table_lookup(outcome->recover->server->callers, &outcome->caller);

    for (guint i = 0; caller != NULL && i < caller->requests->len; i++) {
        PstServerRequest *request = caller->requests->pdata[i];

        if (request->id.number == outcome->id.number &&
            g_str_equal(request->id.session, outcome->id.session))
            return request;
    }
    return NULL;
}

static gboolean
on_outcome(gpointer data)
{
    const Outcome *outcome = data;
    PstServerRequest *request = find_request(outcome);

    count_running(outcome->recover, outcome->uid, -1);
    if (request == NULL)
        return G_SOURCE_REMOVE;
    pst_server_pace_recorded(request->caller, outcome->record, 0);
    if (outcome->result != NULL)
        pst_server_state_send_result(request->caller, &request->id, outcome->result);
    else
        pst_server_state_send_error(request->caller, &request->id, outcome->error);
    pst_server_requests_drop(request);
    return G_SOURCE_REMOVE;
}

static gboolean
on_late(gpointer data)
{
    PstServerRequest *request = data;
    g_autoptr(GError) error =
        g_error_new(PST_ERROR, PST_ERROR_DEADLINE,
                    "it is not over, and may yet be done: the audit will tell what came of it");

    pst_server_state_clear_source(&request->timer);
    pst_server_state_send_error(request->caller, &request->id, error);
    pst_server_requests_drop(request);
    return G_SOURCE_REMOVE;
}

/* ---- in the task */

static void
tell(const Act *act, JsonObject *result, GError *error, guint64 record)
{
    Outcome *outcome = g_new0(Outcome, 1);

    *outcome = (Outcome){act->recover, act->caller, (guint)act->process.uid, act->id, result,
                         error,        record};
    pst_loop_tell(act->recover->context, on_outcome, outcome, free_outcome);
}

static JsonObject *
params_of(const Act *act)
{
    JsonObject *params =
        pst_json_parse(act->params, strlen(act->params), &pst_validate_to_api, NULL);

    return params != NULL ? params : json_object_new();
}

/* Of what is fed to a command, the record has its digest. */
static const char *const unrecorded[] = {"domain", "uuid", "deadline_ms", "input_b64"};

/* What is to be done, or what came of it. */
static PstAnswer *
describe(const Act *act, const char *name, gboolean done, const GError *error)
{
    g_autoptr(JsonObject) args = params_of(act);

    for (guint i = 0; i < G_N_ELEMENTS(unrecorded); i++)
        json_object_remove_member(args, unrecorded[i]);
    json_object_set_boolean_member(args, "done", done);
    PstAnswer *answer = pst_answer_new(name, act->method->act, args);
    answer->error = error != NULL ? g_error_copy(error) : NULL;
    return answer;
}

/* On the disk when this returns. */
static gboolean
record(const Act *act, const char *uuid, const PstAnswer *answer, GError **error)
{
    const PstAuditRecord audit = {act->words, &act->process, act->method->name,
                                  uuid,       answer,        .synced = TRUE};

    return act->recover->backend.record(&audit, error);
}

/* What was not begun, and why. Returns the record's number. */
static guint64
record_refusal(const Act *act, const char *name, const char *uuid, const GError *why)
{
    const PstAuditCaller who = {act->words, act->process};
    g_autoptr(PstAnswer) answer = describe(act, name, FALSE, why);

    answer->uuid = g_strdup(uuid);
    return pst_audit_writer_add(act->recover->writer, &who, act->method->name, answer, NULL);
}

static gboolean
claim(PstRecover *recover, const char *uuid, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&recover->lock);

    if (g_hash_table_add(recover->claimed, g_strdup(uuid)))
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_BUSY,
                "something is being done to this guest by way of this door: nothing was changed");
    return FALSE;
}

static void
give_back(PstRecover *recover, const char *uuid)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&recover->lock);

    g_hash_table_remove(recover->claimed, uuid);
}

/* Whether it may begin: only what is written down may. */
static gboolean
announce(const Act *act, const char *name, const char *uuid, GError **error)
{
    g_autoptr(PstAnswer) before = describe(act, name, FALSE, NULL);
    g_autoptr(GError) cause = NULL;

    if (!record(act, uuid, before, &cause)) {
        act->recover->backend.complain(cause);
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                    "nothing was changed, since it could not be recorded before: %s",
                    cause->message);
        return FALSE;
    }
    if (g_get_monotonic_time() < act->deadline_us)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_DEADLINE,
                "nothing was changed: the deadline had passed before it could begin");
    return FALSE;
}

/* What came of it, as far as the result tells: `exited` with which status. */
static void
add_outcome(PstAnswer *answer, JsonObject *result)
{
    static const char *const told[] = {"state", "status", "signal", "why", "via"};

    for (guint i = 0; i < G_N_ELEMENTS(told); i++)
        if (json_object_has_member(result, told[i]))
            json_object_set_member(answer->args, told[i],
                                   json_node_copy(json_object_get_member(result, told[i])));
}

static gboolean
is_worth_a_record(const Act *act, JsonObject *result)
{
    const char *state = NULL;

    if (!act->method->follows || result == NULL)
        return TRUE;
    return pst_json_get_string(result, "state", PST_JSON_REQUIRED, &state, NULL) &&
           !g_str_equal(state, "running");
}

static JsonObject *
carry_out(const Act *act, gpointer guest, const char *name, const char *uuid, GError **error)
{
    g_autoptr(JsonObject) params = params_of(act);
    gint64 begun_us = g_get_monotonic_time();
    g_autoptr(GError) cause = NULL, unwritten = NULL;

    json_object_remove_member(params, "uuid");
    pst_json_set_string(params, "caller", act->words);
    JsonObject *result = act->method->run(guest, params, act->deadline_us, &cause);
    g_autoptr(PstAnswer) after = describe(act, name, result != NULL, cause);

    after->took_ms = (g_get_monotonic_time() - begun_us) / 1000;
    if (result != NULL)
        add_outcome(after, result);
    if (is_worth_a_record(act, result) && !record(act, uuid, after, &unwritten))
        act->recover->backend.complain(unwritten);
    if (result == NULL)
        g_propagate_error(error, g_steal_pointer(&cause));
    return result;
}

static JsonObject *
act_on(const Act *act, gpointer guest, const char *name, const char *uuid, guint64 *refusal,
       GError **error)
{
    JsonObject *result = NULL;
    g_autoptr(GError) cause = NULL;

    if (!act->method->beside && !claim(act->recover, uuid, error)) {
        *refusal = record_refusal(act, name, uuid, *error);
        return NULL;
    }
    if (act->method->follows || announce(act, name, uuid, &cause)) {
        result = carry_out(act, guest, name, uuid, error);
    } else {
        *refusal = record_refusal(act, name, uuid, cause);
        g_propagate_error(error, g_steal_pointer(&cause));
    }
    if (!act->method->beside)
        give_back(act->recover, uuid);
    return result;
}

/* Grants know names, which another guest may have been given meanwhile. */
static gboolean
is_meant(const Act *act, const char *uuid, GError **error)
{
    if (act->uuid == NULL || g_str_equal(act->uuid, uuid))
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_NO_DOMAIN,
                "%s: another domain is called so by now than the one that was meant: nothing was "
                "changed",
                act->domain);
    return FALSE;
}

static gpointer
run_act(gpointer data, GError **unused G_GNUC_UNUSED)
{
    const Act *act = data;
    const PstRecoverBackend *backend = &act->recover->backend;
    g_autofree char *name = NULL, *uuid = NULL;
    GError *error = NULL;
    guint64 refusal = 0;
    gpointer guest =
        backend->find(act->domain, act->deadline_us, &name, &uuid, backend->user_data, &error);

    if (guest == NULL) {
        refusal = record_refusal(act, act->domain, NULL, error);
        tell(act, NULL, error, refusal);
        return NULL;
    }
    JsonObject *result = NULL;
    if (is_meant(act, uuid, &error))
        result = act_on(act, guest, name, uuid, &refusal, &error);
    else
        refusal = record_refusal(act, name, uuid, error);
    backend->release(guest);
    tell(act, result, error, refusal);
    return NULL;
}

/* ---- a request */

static const PstRecoverMethod *
find_method(const PstRecover *recover, const char *name)
{
    const PstRecoverMethod *const *method = recover->methods;

    while (*method != NULL && !g_str_equal((*method)->name, name))
        method++;
    return *method;
}

static Act *
new_act(PstRecover *recover, const PstServerCaller *caller, const PstRecoverMethod *method,
        const PstMessage *message, const char *domain, const char *uuid)
{
    Act *act = g_new0(Act, 1);

    act->recover = recover;
    act->method = method;
    act->caller = caller->number;
    act->id = message->id;
    act->words = g_strdup(caller->name);
    act->executable = g_strdup(caller->executable);
    act->process = (PstAuditProcess){caller->uid, caller->groups[0], caller->pid, act->executable};
    act->domain = g_strdup(domain);
    act->uuid = g_strdup(uuid);
    act->params = pst_json_to_text(message->params, NULL);
    return act;
}

static gboolean
is_allowed(const PstServerCaller *caller, const PstRecoverMethod *method, const char *domain,
           GError **error)
{
    if (pst_server_state_may(caller, domain, method->right))
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_NOT_ALLOWED,
                "no grant gives this caller '%s' of this domain", method->name);
    return FALSE;
}

static gboolean
knows_params(const PstRecoverMethod *method, JsonObject *params, GError **error)
{
    static const char *const of_all[] = {"domain", "uuid", "deadline_ms", NULL};
    JsonObjectIter iter;
    const char *name = NULL;

    json_object_iter_init(&iter, params);
    while (json_object_iter_next(&iter, &name, NULL)) {
        if (g_strv_contains(of_all, name) || g_strv_contains(method->params, name))
            continue;
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS,
                    "'%s' has no parameter '%.64s': nothing was changed", method->name, name);
        return FALSE;
    }
    return TRUE;
}

/* Acts go on when their callers have gone: requests in flight do not bound them. */
static gboolean
has_room(const PstRecover *recover, guint uid, GError **error)
{
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(recover->n_of_user, GUINT_TO_POINTER(uid)));
    guint most = recover->server->limits.requests_of_user;

    if (n < most)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_BUSY,
                "%u acts of this user are not over: nothing was changed", n);
    return FALSE;
}

/* A request for any of the door's methods. */
static gboolean
ask(PstServerCaller *caller, PstMessage *message, GError **error)
{
    PstRecover *recover = caller->server->backend.user_data;
    const PstRecoverMethod *method = find_method(recover, message->method);
    const char *domain = NULL, *uuid = NULL;
    gint64 deadline_ms = 0;

    if (!pst_api_request_deadline(message->params, &deadline_ms, error) ||
        !pst_api_request_domain(message->params, &domain, error) ||
        !pst_json_get_string(message->params, "uuid", PST_JSON_OPTIONAL, &uuid, error) ||
        !is_allowed(caller, method, domain, error) ||
        !knows_params(method, message->params, error) || !method->check(message->params, error) ||
        !has_room(recover, caller->uid, error))
        return FALSE;
    Act *act = new_act(recover, caller, method, message, domain, uuid);
    PstServerRequest *request =
        pst_server_requests_begin(caller, &message->id, method->name, deadline_ms, error);
    if (request == NULL) {
        free_act(act);
        return FALSE;
    }
    act->deadline_us = request->deadline_us;
    pst_server_state_clear_source(&request->timer);
    request->timer = pst_server_state_attach(
        caller->server, g_timeout_source_new((guint)deadline_ms + GRACE_MS), on_late, request);
    if (!pst_task_start(run_act, act, free_act, "act", error)) {
        pst_server_requests_drop(request);
        return FALSE;
    }
    count_running(recover, caller->uid, 1);
    return TRUE;
}

/* ---- the whole */

static void
begin_naming(guint64 number, int fd, gpointer user_data)
{
    PstRecover *recover = user_data;

    pst_naming_begin(recover->context, recover->server, number, fd);
}

/* What the server itself refuses. */
static guint64
write_records(const PstAuditCaller *caller, const char *verb, PstAnswer *const *answers, guint n,
              guint *n_waiting, gpointer user_data)
{
    PstRecover *recover = user_data;
    guint64 number = 0;

    for (guint i = 0; i < n; i++)
        number = pst_audit_writer_add(recover->writer, caller, verb, answers[i], n_waiting);
    return number;
}

static void
tell_recorded(guint64 number, gpointer user_data)
{
    pst_server_recorded(((PstRecover *)user_data)->server, number);
}

PstRecover *
pst_recover_new(GMainContext *context, const char *uri, const PstServerLimits *limits,
                const PstRecoverMethod *const *methods, const PstRecoverBackend *backend)
{
    PstRecover *recover = g_new0(PstRecover, 1);
    const PstAuditWriterFuncs audit = {backend->record, backend->complain, tell_recorded, context,
                                       recover};
    const PstServerBackend server = {
        .name = begin_naming, .audit = write_records, .user_data = recover};
    guint n = g_strv_length((char **)methods);

    recover->context = g_main_context_ref(context);
    recover->methods = methods;
    recover->backend = *backend;
    recover->writer = pst_audit_writer_new(&audit);
    recover->n_of_user = g_hash_table_new(NULL, NULL);
    recover->claimed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_mutex_init(&recover->lock);
    recover->rows = g_new0(PstServerMethod, n);
    for (guint i = 0; i < n; i++)
        recover->rows[i] = (PstServerMethod){methods[i]->name, ask, FALSE, NULL};
    recover->door = (PstServerDoor){recover->rows, n};
    recover->server = pst_server_new(context, uri, limits, &recover->door, &server);
    return recover;
}

PstServer *
pst_recover_server(PstRecover *recover)
{
    return recover->server;
}

guint
pst_recover_n_running(const PstRecover *recover)
{
    return recover->n_running;
}

gboolean
pst_recover_flush(PstRecover *recover, gint64 deadline_us)
{
    return pst_audit_writer_flush(recover->writer, deadline_us);
}
