// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sweeps for callers: one at a time, each for one user, whose news it tells. Who asks while one of
 * their own is under way or waits for its turn has that one's verdict too, where it serves them. */
#include "host-sidecar/api-request.h"
#include "host-sidecar/server-state.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/report-host.h"

#define VERB "health"
/* With less than that left, or than half of what was asked for where that is less, a sweep that had
 * to wait would tell little but that it had no time. */
#define LEAST_US (3 * G_USEC_PER_SEC)
/* By how much of what they ask for who shares a sweep may come off worse: a tenth. */
#define SLACK 10
/* By how much it may end later than they would have it: it ends before its own deadline. */
#define MAX_LATE_US (100 * G_GINT64_CONSTANT(1000))

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

/* It has to be over before they go, or they would be told nothing; and to have had as much time for
 * the guests as they would give, or it takes one for silent that they would have heard. So it is
 * the time from its begin that counts, not how much earlier it ends. */
static gboolean
serves(const PstServerSweep *sweep, const PstServerRequest *request)
{
    gint64 now_us = g_get_monotonic_time(), asked_us = request->deadline_us - now_us;
    gint64 begun_us = sweep->begun ? sweep->begun_us : now_us;

    return sweep->deadline_us <= request->deadline_us + MIN(asked_us / SLACK, MAX_LATE_US) &&
           sweep->deadline_us - begun_us >= asked_us - asked_us / SLACK;
}

static PstServerSweep *
find_shared(PstServer *server, const PstServerRequest *request)
{
    for (guint i = 0; i < server->sweeps->len; i++) {
        PstServerSweep *sweep = server->sweeps->pdata[i];

        if (sweep->uid == request->caller->uid && serves(sweep, request))
            return sweep;
    }
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

GError *
pst_server_sweeps_explain(const PstServerRequest *request)
{
    const PstServerSweep *first = request->caller->server->sweeps->pdata[0];

    if (request->sweep->begun)
        return g_error_new(PST_ERROR, PST_ERROR_DEADLINE, "the sweep did not end in time");
    gint64 left_us = MAX(0, first->deadline_us - g_get_monotonic_time());
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autoptr(GDateTime) end = g_date_time_add(now, left_us);
    g_autofree char *until = g_date_time_format(end, "%H:%M:%S");
    return g_error_new(PST_ERROR, PST_ERROR_BUSY,
                       "a sweep for %s is under way, until %s at the latest: there are never two",
                       first->caller, until);
}

/* Who has waited for too long for it to be worth while. */
static void
turn_away(PstServerSweep *sweep, const char *before)
{
    g_autoptr(GError) error =
        g_error_new(PST_ERROR, PST_ERROR_BUSY,
                    "a sweep for %s was under way until now: too little time is left", before);

    while (sweep->requests->len > 0)
        refuse(take_request(sweep), error);
}

static gboolean
is_too_late(const PstServerSweep *sweep, gint64 now_us)
{
    return sweep->waited && sweep->deadline_us - now_us < MIN(LEAST_US, sweep->asked_us / 2);
}

/* The first of the line, unless it is under way; those whose callers have all gone are left out.
 * BEFORE is for whom the last one was. */
static void
begin_next(PstServer *server, const char *before)
{
    while (server->sweeps->len > 0) {
        PstServerSweep *sweep = server->sweeps->pdata[0];
        gint64 now_us = g_get_monotonic_time();

        if (sweep->begun)
            return;
        if (is_too_late(sweep, now_us))
            turn_away(sweep, before);
        if (sweep->requests->len > 0) {
            sweep->begun = TRUE;
            sweep->begun_us = now_us;
            server->backend.sweep(sweep->number, sweep->uid, sweep->caller, sweep->deadline_us,
                                  server->backend.user_data);
            return;
        }
        g_ptr_array_remove_index(server->sweeps, 0);
    }
}

/* The users take turns: a user's second sweep waits for the first one of each of the others, and so
 * on. */
static void
line_up(PstServer *server, PstServerSweep *sweep)
{
    guint place = server->sweeps->len;

    if (place > 0)
        sweep->round = ((PstServerSweep *)server->sweeps->pdata[0])->round;
    for (guint i = 0; i < server->sweeps->len; i++) {
        const PstServerSweep *other = server->sweeps->pdata[i];
        if (other->uid == sweep->uid)
            sweep->round = MAX(sweep->round, other->round + 1);
    }
    while (place > 0 && ((PstServerSweep *)server->sweeps->pdata[place - 1])->round > sweep->round)
        place--;
    sweep->waited = place > 0;
    g_ptr_array_insert(server->sweeps, (int)place, sweep);
}

static PstServerSweep *
take_place(PstServerRequest *request)
{
    PstServer *server = request->caller->server;
    PstServerSweep *sweep = find_shared(server, request);

    if (sweep != NULL)
        return sweep;
    sweep = g_new0(PstServerSweep, 1);
    sweep->number = ++server->last_number;
    sweep->uid = request->caller->uid;
    sweep->caller = g_strdup(request->caller->name);
    sweep->requests = g_ptr_array_new();
    sweep->deadline_us = request->deadline_us;
    sweep->asked_us = request->deadline_us - g_get_monotonic_time();
    line_up(server, sweep);
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
    request->sweep = take_place(request);
    g_ptr_array_add(request->sweep->requests, request);
    begin_next(caller->server, NULL);
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
    g_autofree char *before = g_steal_pointer(&sweep->caller);
    g_ptr_array_remove(server->sweeps, sweep);
    begin_next(server, before);
}
