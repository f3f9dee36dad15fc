// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/flights-state.h"

GHashTable *
pst_flights_lines_new_counts(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void
pst_flights_lines_free(PstFlightsLine *line)
{
    g_queue_clear(&line->waiting);
    g_hash_table_unref(line->guests);
    g_free(line);
}

PstFlightsLine *
pst_flights_lines_of(PstFlights *flights, guint user)
{
    for (GList *at = flights->lines.head; at != NULL; at = at->next)
        if (((PstFlightsLine *)at->data)->user == user)
            return at->data;

    PstFlightsLine *line = g_new0(PstFlightsLine, 1);
    line->user = user;
    line->guests = pst_flights_lines_new_counts();
    g_queue_init(&line->waiting);
    g_queue_push_tail(&flights->lines, line);
    return line;
}

void
pst_flights_lines_drop_if_idle(PstFlights *flights, PstFlightsLine *line)
{
    if (line->n_running > 0 || !g_queue_is_empty(&line->waiting))
        return;
    g_queue_remove(&flights->lines, line);
    pst_flights_lines_free(line);
}

static guint
n_with(GHashTable *guests, const char *domain)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(guests, domain));
}

static void
count_guest(GHashTable *guests, const char *domain, int change)
{
    guint n = n_with(guests, domain) + (guint)change;

    if (n == 0)
        g_hash_table_remove(guests, domain);
    else
        g_hash_table_insert(guests, g_strdup(domain), GUINT_TO_POINTER(n));
}

/* The conversation has begun, or has ended. */
void
pst_flights_lines_count(const PstFlightsConversation *job, int change)
{
    PstFlights *flights = job->flights;

    job->line->n_running += (guint)change;
    flights->n_running += (guint)change;
    count_guest(job->line->guests, job->domain, change);
    count_guest(flights->guests, job->domain, change);
}

static gboolean
has_place(const PstFlightsConversation *job)
{
    const PstFlights *flights = job->flights;
    const PstFlightsLine *line = job->line;
    guint with = n_with(flights->guests, job->domain), own = n_with(line->guests, job->domain);
    guint max = line->n_running == 0 ? PST_FLIGHTS_RUNNING_MAX : PST_FLIGHTS_RUNNING;
    guint max_with = own == 0 ? PST_FLIGHTS_RUNNING_OF_GUEST_MAX : PST_FLIGHTS_RUNNING_OF_GUEST;

    return line->n_running < PST_FLIGHTS_RUNNING_OF_USER && flights->n_running < max &&
           with < max_with;
}

static void
start(PstFlightsConversation *job)
{
    PstFlights *flights = job->flights;
    g_autofree PstAnswer **questions = g_new0(PstAnswer *, job->parts->len);

    for (guint i = 0; i < job->parts->len; i++)
        questions[i] = ((PstFlight *)job->parts->pdata[i])->question;
    const PstFlightsJob told = {job->number, job->domain,      questions,     job->parts->len,
                                job->caller, job->deadline_us, job->with_host};
    job->started = TRUE;
    job->started_us = flights->now_us;
    pst_flights_lines_count(job, 1);
    flights->start(&told, flights->user_data);
}

/* The first in the line that has a place. */
static gboolean
start_one_of(PstFlightsLine *line)
{
    for (GList *at = line->waiting.head; at != NULL; at = at->next) {
        PstFlightsConversation *job = at->data;

        if (!has_place(job))
            continue;
        g_queue_delete_link(&line->waiting, at);
        start(job);
        return TRUE;
    }
    return FALSE;
}

void
pst_flights_lines_start(PstFlights *flights)
{
    guint idle = 0;

    while (idle < g_queue_get_length(&flights->lines)) {
        PstFlightsLine *line = g_queue_pop_head(&flights->lines);

        g_queue_push_tail(&flights->lines, line);
        idle = start_one_of(line) ? 0 : idle + 1;
    }
}
