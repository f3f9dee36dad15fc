// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/flights.h"

/* Askers of a PstFlights, and a runner that only notes what it was told to begin. */

#define ASKED_US 1

/* What the runner was told to begin. */
typedef struct {
    guint64 number;
    guint n;
    gint64 deadline_us;
    char *domain, *caller;
} Begun;

static inline void
free_begun(gpointer data)
{
    Begun *begun = data;

    g_free(begun->domain);
    g_free(begun->caller);
    g_free(begun);
}

static inline void
on_start(const PstFlightsJob *job, gpointer data)
{
    Begun *begun = g_new0(Begun, 1);

    *begun = (Begun){job->number, job->n, job->deadline_us, g_strdup(job->domain),
                     g_strdup(job->caller)};
    g_ptr_array_add(data, begun);
}

typedef struct {
    PstFlights *flights;
    GPtrArray *begun;
} World;

static inline void
set_up(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    world->begun = g_ptr_array_new_with_free_func(free_begun);
    world->flights = pst_flights_new(on_start, world->begun);
}

static inline void
tear_down(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    pst_flights_free(world->flights);
    g_ptr_array_unref(world->begun);
}

static inline const Begun *
begun(const World *world, guint i)
{
    g_assert_cmpuint(i, <, world->begun->len);
    return world->begun->pdata[i];
}

/* A caller, and what was told. */
typedef struct {
    guint n_answers, n_ends;
    int code;       /* of the last answer's error, -1 without one */
    char guest[32]; /* of the end */
    int end_code;   /* of the end's error, -1 without one */
    gboolean has_host;
    PstFlightsRequest *request;
} Asker;

static inline void
on_answer(guint place G_GNUC_UNUSED, const PstAnswer *answer, gpointer data)
{
    Asker *asker = data;

    asker->n_answers++;
    asker->code = answer->error != NULL ? answer->error->code : -1;
}

static inline void
on_end(const char *guest, JsonObject *host, const GError *error, gpointer data)
{
    Asker *asker = data;

    asker->n_ends++;
    asker->end_code = error != NULL ? error->code : -1;
    asker->has_host = host != NULL;
    g_strlcpy(asker->guest, guest, sizeof(asker->guest));
    asker->request = NULL;
}

static const PstFlightsListener listener = {on_answer, on_end};

static inline void
ask_as(World *world, Asker *asker, guint user, const char *domain, const char *const *probes,
       gint64 deadline_us)
{
    PstApiAsk ask = {.domain = (char *)domain, .n = g_strv_length((char **)probes)};

    ask.questions = g_new0(PstAnswer *, ask.n);
    for (guint i = 0; i < ask.n; i++)
        ask.questions[i] = pst_answer_new(domain, probes[i], NULL);
    *asker = (Asker){.code = -2, .end_code = -2};
    g_autofree char *caller = g_strdup_printf("user %u", user);
    asker->request = pst_flights_ask(world->flights, user, caller, &ask, ASKED_US, deadline_us,
                                     &listener, asker);
    pst_flights_tell_recent(asker->request);
    for (guint i = 0; i < ask.n; i++)
        pst_answer_free(ask.questions[i]);
    g_free(ask.questions);
}

static inline void
ask(World *world, Asker *asker, guint user, const char *domain, const char *probe,
    gint64 deadline_us)
{
    const char *const probes[] = {probe, NULL};

    ask_as(world, asker, user, domain, probes, deadline_us);
}

static inline void
ask_with(World *world, Asker *asker, guint user, const char *domain, const char *probe,
         JsonObject *args)
{
    g_autoptr(PstAnswer) question = pst_answer_new(domain, probe, args);
    PstApiAsk ask = {.domain = (char *)domain, .questions = &question, .n = 1};

    *asker = (Asker){.code = -2, .end_code = -2};
    asker->request =
        pst_flights_ask(world->flights, user, "someone", &ask, ASKED_US, 1000000, &listener, asker);
    pst_flights_tell_recent(asker->request);
}
