// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/flights-state.h"

#include "protocol/error.h"

/* Who has less time than this beyond the deadline at which a shared question failed does not ask it
 * anew: it would get no further. */
#define WORTH_ASKING_US (250 * G_GINT64_CONSTANT(1000))
/* What a guest told earlier is its answer where it says that it has no time left: which it does so
 * much before the deadline. */
#define LATE_US G_USEC_PER_SEC

static void
free_flight(gpointer data)
{
    PstFlight *flight = data;

    pst_answer_free(flight->question);
    g_array_unref(flight->waiters);
    g_free(flight->key);
    g_free(flight);
}

static void
free_job(gpointer data)
{
    PstFlightsConversation *job = data;

    g_ptr_array_unref(job->parts);
    g_ptr_array_unref(job->requests);
    g_free(job->domain);
    g_free(job->caller);
    g_free(job);
}

static void
free_request(PstFlightsRequest *request)
{
    for (guint i = 0; i < request->n; i++) {
        pst_answer_free(request->questions[i]);
        g_clear_pointer(&request->recent[i], pst_answer_free);
    }
    g_free(request->questions);
    g_free(request->recent);
    g_free(request->told);
    g_clear_pointer(&request->host, json_object_unref);
    g_ptr_array_unref(request->jobs);
    g_free(request->guest);
    g_free(request->caller);
    g_free(request->domain);
    g_free(request);
}

PstFlights *
pst_flights_new(PstFlightsStart start, gpointer user_data)
{
    PstFlights *flights = g_new0(PstFlights, 1);

    flights->start = start;
    flights->user_data = user_data;
    flights->jobs = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_job);
    flights->flights = g_hash_table_new(g_str_hash, g_str_equal);
    flights->guests = pst_flights_lines_new_counts();
    flights->recent = pst_recent_new();
    g_queue_init(&flights->lines);
    return flights;
}

void
pst_flights_free(PstFlights *flights)
{
    PstFlightsLine *line;

    while ((line = g_queue_pop_head(&flights->lines)) != NULL)
        pst_flights_lines_free(line);
    g_hash_table_unref(flights->flights);
    g_hash_table_unref(flights->jobs);
    g_hash_table_unref(flights->guests);
    pst_recent_free(flights->recent);
    g_free(flights);
}

PstRecent *
pst_flights_recent(PstFlights *flights)
{
    return flights->recent;
}

guint
pst_flights_n_running(const PstFlights *flights)
{
    return flights->n_running;
}

/* ---- boarding */

static PstFlightsConversation *
new_job(PstFlightsRequest *request)
{
    PstFlights *flights = request->flights;
    PstFlightsConversation *job = g_new0(PstFlightsConversation, 1);

    job->flights = flights;
    job->number = ++flights->last_number;
    job->line = pst_flights_lines_of(flights, request->user);
    job->domain = g_strdup(request->domain);
    job->caller = g_strdup(request->caller);
    job->deadline_us = request->deadline_us;
    job->with_host = request->with_host;
    job->parts = g_ptr_array_new_with_free_func(free_flight);
    job->requests = g_ptr_array_new();
    g_hash_table_insert(flights->jobs, &job->number, job);
    g_queue_push_tail(&job->line->waiting, job);
    return job;
}

/* Takes KEY. */
static PstFlight *
new_flight(PstFlightsConversation *job, char *key, const PstAnswer *question)
{
    PstFlight *flight = g_new0(PstFlight, 1);

    flight->job = job;
    flight->key = key;
    flight->question = pst_answer_copy(question);
    flight->waiters = g_array_new(FALSE, FALSE, sizeof(PstFlightsWaiter));
    flight->open = TRUE;
    g_ptr_array_add(job->parts, flight);
    g_hash_table_insert(job->flights->flights, flight->key, flight);
    return flight;
}

static void
board_flight(PstFlightsRequest *request, guint place, PstFlight *flight)
{
    const PstFlightsWaiter waiter = {request, place};

    g_array_append_val(flight->waiters, waiter);
    if (!g_ptr_array_find(flight->job->requests, request, NULL))
        g_ptr_array_add(flight->job->requests, request);
    if (!g_ptr_array_find(request->jobs, flight->job, NULL))
        g_ptr_array_add(request->jobs, flight->job);
}

/* Nobody shares it from now on. */
static void
close_flight(PstFlight *flight)
{
    if (flight->open)
        g_hash_table_remove(flight->job->flights->flights, flight->key);
    flight->open = FALSE;
}

/* One that does for the request. Who wants the answer afresh is not told what was begun before; who
 * comes later is told theirs. */
static PstFlight *
find_flight(const PstFlightsRequest *request, const char *key)
{
    PstFlight *flight = g_hash_table_lookup(request->flights->flights, key);

    if (flight == NULL || !request->afresh || !flight->job->started)
        return flight;
    close_flight(flight);
    return NULL;
}

/* Each of the PLACES goes with a question that is asked already, or with a new one; the new ones
 * are one conversation. */
static void
board(PstFlightsRequest *request, const GArray *places)
{
    PstFlights *flights = request->flights;
    PstFlightsConversation *own = NULL;

    for (guint i = 0; i < places->len; i++) {
        guint place = g_array_index(places, guint, i);
        g_autofree char *key = pst_api_request_key(request->domain, request->questions[place]);
        PstFlight *flight = find_flight(request, key);

        if (flight == NULL) {
            own = own != NULL ? own : new_job(request);
            flight = new_flight(own, g_steal_pointer(&key), request->questions[place]);
        }
        board_flight(request, place, flight);
    }
    pst_flights_lines_start(flights);
}

static PstAnswer *
find_recent(const PstFlightsRequest *request, guint place, gint64 max_age_ms)
{
    PstFlights *flights = request->flights;
    g_autofree char *key = pst_api_request_key(request->domain, request->questions[place]);

    return pst_recent_find(flights->recent, key, max_age_ms * 1000, flights->now_us);
}

PstFlightsRequest *
pst_flights_ask(PstFlights *flights, guint user, const char *caller, const PstApiAsk *ask,
                gint64 now_us, gint64 deadline_us, const PstFlightsListener *listener,
                gpointer user_data)
{
    PstFlightsRequest *request = g_new0(PstFlightsRequest, 1);
    g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(guint));

    flights->now_us = now_us;
    request->flights = flights;
    request->user = user;
    request->caller = g_strdup(caller);
    request->domain = g_strdup(ask->domain);
    request->with_host = ask->with_host;
    request->afresh = ask->afresh;
    request->deadline_us = deadline_us;
    request->listener = *listener;
    request->user_data = user_data;
    request->jobs = g_ptr_array_new();
    request->n = request->n_open = ask->n;
    request->questions = g_new0(PstAnswer *, ask->n);
    request->recent = g_new0(PstAnswer *, ask->n);
    request->told = g_new0(gboolean, ask->n);
    for (guint i = 0; i < ask->n; i++) {
        request->questions[i] = pst_answer_copy(ask->questions[i]);
        if (ask->max_age_ms > 0)
            request->recent[i] = find_recent(request, i, ask->max_age_ms);
        if (request->recent[i] == NULL)
            g_array_append_val(places, i);
    }
    board(request, places);
    return request;
}

/* ---- leaving */

/* Nobody waits for it, and it was not begun. */
static void
drop_job(PstFlightsConversation *job)
{
    PstFlights *flights = job->flights;
    PstFlightsLine *line = job->line;

    for (guint i = 0; i < job->parts->len; i++)
        close_flight(job->parts->pdata[i]);
    g_queue_remove(&line->waiting, job);
    g_hash_table_remove(flights->jobs, &job->number);
    pst_flights_lines_drop_if_idle(flights, line);
}

static void
forget_waiter(PstFlight *flight, const PstFlightsRequest *request)
{
    for (guint i = flight->waiters->len; i > 0; i--)
        if (g_array_index(flight->waiters, PstFlightsWaiter, i - 1).request == request)
            g_array_remove_index(flight->waiters, i - 1);
}

static void
detach(PstFlightsRequest *request)
{
    while (request->jobs->len > 0) {
        PstFlightsConversation *job =
            g_ptr_array_remove_index_fast(request->jobs, request->jobs->len - 1);

        for (guint i = 0; i < job->parts->len; i++)
            forget_waiter(job->parts->pdata[i], request);
        g_ptr_array_remove(job->requests, request);
        if (!job->started && job->requests->len == 0)
            drop_job(job);
    }
}

void
pst_flights_leave(PstFlightsRequest *request)
{
    detach(request);
    free_request(request);
}

static void
finish(PstFlightsRequest *request, const GError *error)
{
    detach(request);
    request->listener.end(request->guest != NULL ? request->guest : request->domain, request->host,
                          error, request->user_data);
    free_request(request);
}

static void
tell(PstFlightsRequest *request, guint place, const PstAnswer *answer)
{
    if (request->told[place])
        return;
    request->told[place] = TRUE;
    request->n_open--;
    request->listener.answer(place, answer, request->user_data);
}

void
pst_flights_tell_recent(PstFlightsRequest *request)
{
    for (guint i = 0; i < request->n; i++) {
        if (request->recent[i] == NULL)
            continue;
        if (request->guest == NULL)
            request->guest = g_strdup(request->recent[i]->guest);
        tell(request, i, request->recent[i]);
    }
    if (request->n_open == 0 && request->jobs->len == 0)
        finish(request, NULL);
}

static gboolean
was_begun(const PstFlightsRequest *request)
{
    for (guint i = 0; i < request->jobs->len; i++)
        if (((PstFlightsConversation *)request->jobs->pdata[i])->started)
            return TRUE;
    return request->n_open < request->n;
}

void
pst_flights_expire(PstFlightsRequest *request)
{
    if (!was_begun(request)) {
        g_autoptr(GError) error =
            g_error_new(PST_ERROR, PST_ERROR_BUSY, "its turn did not come before its deadline");
        finish(request, error);
        return;
    }
    for (guint i = 0; i < request->n; i++) {
        g_autoptr(PstAnswer) answer = pst_answer_copy(request->questions[i]);

        answer->error =
            g_error_new(PST_ERROR, PST_ERROR_DEADLINE, "no path to the guest answered in time");
        tell(request, i, answer);
    }
    finish(request, NULL);
}

/* ---- what comes */

static gboolean
has_time_left(const PstFlightsRequest *request, const PstFlightsConversation *job)
{
    return request->deadline_us > job->deadline_us + WORTH_ASKING_US;
}

/* It is not the guest's answer, but that of a deadline which is not everybody's. */
static gboolean
is_late(const PstAnswer *answer, const PstFlightsConversation *job, gint64 now_us)
{
    if (answer->error != NULL && answer->error->code == PST_ERROR_DEADLINE)
        return TRUE;
    return answer->via >= PST_VIA_VOLUME && now_us >= job->deadline_us - LATE_US;
}

void
pst_flights_answered(PstFlights *flights, guint64 number, guint place, const PstAnswer *answer,
                     gint64 now_us)
{
    PstFlightsConversation *job = g_hash_table_lookup(flights->jobs, &number);

    if (job == NULL || place >= job->parts->len)
        return;
    PstFlight *flight = job->parts->pdata[place];
    gboolean late = is_late(answer, job, now_us);
    flights->now_us = now_us;
    pst_recent_keep(flights->recent, flight->key, answer, job->started_us, now_us);
    close_flight(flight);
    /* Those that have time left stay, and ask again when the conversation has ended. */
    for (guint i = flight->waiters->len; i > 0; i--) {
        PstFlightsWaiter waiter = g_array_index(flight->waiters, PstFlightsWaiter, i - 1);

        if (late && has_time_left(waiter.request, job))
            continue;
        g_array_remove_index(flight->waiters, i - 1);
        tell(waiter.request, waiter.place, answer);
    }
}

/* The places of the request that this conversation has left open. */
static GArray *
open_places(const PstFlightsConversation *job, const PstFlightsRequest *request)
{
    GArray *places = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint i = 0; i < job->parts->len; i++) {
        const PstFlight *flight = job->parts->pdata[i];

        for (guint j = 0; j < flight->waiters->len; j++) {
            const PstFlightsWaiter *waiter = &g_array_index(flight->waiters, PstFlightsWaiter, j);
            if (waiter->request == request)
                g_array_append_val(places, waiter->place);
        }
    }
    return places;
}

static void
conclude(PstFlightsRequest *request, PstFlightsConversation *job, const GError *error)
{
    g_autoptr(GArray) places = open_places(job, request);

    g_ptr_array_remove(request->jobs, job);
    if (places->len > 0 && has_time_left(request, job)) {
        /* The next look from outside knows more than the one that went with no answer. */
        g_clear_pointer(&request->host, json_object_unref);
        board(request, places);
        return;
    }
    if (places->len > 0)
        finish(request, error);
    else if (request->n_open == 0 && request->jobs->len == 0)
        finish(request, NULL);
}

static void
note(PstFlightsRequest *request, const char *guest, JsonObject *host)
{
    if (request->guest == NULL)
        request->guest = g_strdup(guest);
    if (request->host == NULL && host != NULL)
        request->host = json_object_ref(host);
}

void
pst_flights_ended(PstFlights *flights, guint64 number, const char *guest, JsonObject *host,
                  const GError *error, gint64 now_us)
{
    PstFlightsConversation *job = g_hash_table_lookup(flights->jobs, &number);
    g_autoptr(GError) unanswered =
        g_error_new(PST_ERROR, PST_ERROR_INTERNAL, "the question was left without an answer");

    flights->now_us = now_us;
    if (job == NULL || !job->started)
        return;
    g_hash_table_steal(flights->jobs, &number);
    for (guint i = 0; i < job->parts->len; i++)
        close_flight(job->parts->pdata[i]);
    /* Only its deadline is a reason to ask again. */
    if (error != NULL && now_us < job->deadline_us)
        job->deadline_us = G_MAXINT64 / 2;
    while (job->requests->len > 0) {
        PstFlightsRequest *request = g_ptr_array_remove_index(job->requests, 0);

        if (error == NULL)
            note(request, guest, host);
        conclude(request, job, error != NULL ? error : unanswered);
    }
    /* Only now: a line that is in use is not dropped by what was dropped from it meanwhile. */
    pst_flights_lines_count(job, -1);
    pst_flights_lines_drop_if_idle(flights, job->line);
    free_job(job);
    pst_flights_lines_start(flights);
}
