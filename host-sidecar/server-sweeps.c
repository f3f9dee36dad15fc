// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sweeps for callers: one at a time, each for one user, whose news it tells. Who asks while their
 * own is under way or waits for its turn has that one's verdict too. */
#include "host-sidecar/api-request.h"
#include "host-sidecar/server-state.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/report-host.h"

#define VERB "health"
/* With less than that left a sweep would take guests for silent that had no time. */
#define LEAST_US (3 * G_USEC_PER_SEC)

void
pst_server_sweeps_free(gpointer data)
{
    PstServerSweep *sweep = data;

    g_ptr_array_unref(sweep->requests);
    g_free(sweep->caller);
    g_free(sweep);
}

static PstServerSweep *
find(PstServer *server, guint64 number)
{
    for (guint i = 0; i < server->sweeps->len; i++)
        if (((PstServerSweep *)server->sweeps->pdata[i])->number == number)
            return server->sweeps->pdata[i];
    return NULL;
}

static PstServerSweep *
find_of_user(PstServer *server, guint uid)
{
    for (guint i = 0; i < server->sweeps->len; i++)
        if (((PstServerSweep *)server->sweeps->pdata[i])->uid == uid)
            return server->sweeps->pdata[i];
    return NULL;
}

static PstServerRequest *
take_request(PstServerSweep *sweep)
{
    PstServerRequest *request = g_ptr_array_remove_index(sweep->requests, sweep->requests->len - 1);

    request->sweep = NULL;
    return request;
}

static void
refuse(PstServerRequest *request, const GError *error)
{
    pst_server_state_audit_refusal(request->caller, VERB, "-", VERB, error);
    pst_server_state_send_error(request->caller, &request->id, error);
    pst_server_requests_drop(request);
}

/* Who has waited for too long for it to be worth while. */
static void
turn_away(PstServerSweep *sweep)
{
    g_autoptr(GError) error =
        g_error_new(PST_ERROR, PST_ERROR_BUSY, "another user's sweep was under way for too long");

    while (sweep->requests->len > 0)
        refuse(take_request(sweep), error);
}

/* The first of the line, unless it is under way; those whose callers have all gone are left out. */
static void
begin_next(PstServer *server)
{
    while (server->sweeps->len > 0) {
        PstServerSweep *sweep = server->sweeps->pdata[0];

        if (sweep->begun)
            return;
        if (sweep->waited && sweep->deadline_us < g_get_monotonic_time() + LEAST_US)
            turn_away(sweep);
        if (sweep->requests->len > 0) {
            sweep->begun = TRUE;
            server->backend.sweep(sweep->number, sweep->uid, sweep->caller, sweep->deadline_us,
                                  server->backend.user_data);
            return;
        }
        g_ptr_array_remove_index(server->sweeps, 0);
    }
}

static PstServerSweep *
take_place(PstServerCaller *caller, gint64 deadline_us)
{
    PstServer *server = caller->server;
    PstServerSweep *sweep = find_of_user(server, caller->uid);

    if (sweep == NULL) {
        sweep = g_new0(PstServerSweep, 1);
        sweep->number = ++server->last_number;
        sweep->uid = caller->uid;
        sweep->caller = g_strdup(caller->name);
        sweep->requests = g_ptr_array_new();
        sweep->waited = server->sweeps->len > 0;
        g_ptr_array_add(server->sweeps, sweep);
    }
    if (!sweep->begun)
        sweep->deadline_us = MAX(sweep->deadline_us, deadline_us);
    return sweep;
}

gboolean
pst_server_sweeps_ask(PstServerCaller *caller, PstMessage *message, GError **error)
{
    gint64 deadline_ms = 0;

    if (!pst_api_request_deadline(message->params, &deadline_ms, error))
        return FALSE;
    if (!pst_server_state_may_all(caller, PST_GRANT_LIST | PST_GRANT_ASK)) {
        g_set_error(error, PST_ERROR, PST_ERROR_NOT_ALLOWED,
                    "a sweep is of all domains: no grant lets this caller list and ask each");
        return FALSE;
    }
    PstServerRequest *request =
        pst_server_requests_begin(caller, &message->id, VERB, deadline_ms, error);
    if (request == NULL)
        return FALSE;
    g_autoptr(PstAnswer) record = pst_answer_new("-", VERB, NULL);
    pst_server_state_audit(caller, VERB, &record, 1);
    request->sweep = take_place(caller, request->deadline_us);
    g_ptr_array_add(request->sweep->requests, request);
    begin_next(caller->server);
    return TRUE;
}

static void
tell(PstServerRequest *request, JsonObject *health, JsonArray *rows)
{
    for (guint i = 0; i < json_array_get_length(rows); i++) {
        JsonObject *row = json_array_get_object_element(rows, i);

        pst_server_requests_part(request, "domain", json_object_ref(row), "domain", -1);
    }
    pst_server_state_send_result(request->caller, &request->id, health);
}

/* What came of it, for one who was told what another had asked for. */
static void
record_whole(PstServerRequest *request, JsonObject *health)
{
    g_autoptr(PstAnswer) record = pst_answer_new("-", VERB, NULL);
    const char *status = NULL;

    record->report = pst_report_new(&pst_report_host_kind);
    record->report->status = PST_STATUS_UNKNOWN;
    (void)pst_json_get_string(health, "status", PST_JSON_OPTIONAL, &status, NULL);
    for (int i = 0; status != NULL && pst_report_status_names[i] != NULL; i++)
        if (g_str_equal(pst_report_status_names[i], status))
            record->report->status = (PstStatus)i;
    pst_server_state_audit(request->caller, VERB, &record, 1);
}

void
pst_server_swept(PstServer *server, guint64 number, JsonObject *health, JsonArray *rows,
                 PstAnswer *const *records, guint n, const GError *error)
{
    PstServerSweep *sweep = find(server, number);

    if (sweep == NULL)
        return;
    while (sweep->requests->len > 0) {
        PstServerRequest *request = take_request(sweep);

        /* The guests once, for who was first: of a thousand with many callers the log would be full
         * of the same. */
        if (sweep->requests->len == 0)
            pst_server_state_audit(request->caller, VERB, records, n);
        if (error != NULL) {
            refuse(request, error);
            continue;
        }
        record_whole(request, health);
        tell(request, health, rows);
        pst_server_requests_drop(request);
    }
    g_ptr_array_remove(server->sweeps, sweep);
    begin_next(server);
}
