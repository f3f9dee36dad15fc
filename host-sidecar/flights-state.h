// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/flights.h"

/* What the files of the flights share, and nobody else includes. */

typedef struct PstFlight PstFlight;

/* The conversations of one user that wait, and how many go on. */
typedef struct {
    guint user;
    GQueue waiting; /* of PstFlightsConversation */
    guint n_running;
    GHashTable *guests; /* how many of them go on with a domain, by its name */
} PstFlightsLine;

struct PstFlights {
    PstFlightsStart start;
    gpointer user_data;
    guint64 last_number;
    GHashTable *jobs;    /* of PstFlightsConversation, by number */
    GHashTable *flights; /* of PstFlight that are open, by key */
    GHashTable *guests;  /* how many conversations go on with a domain, by its name */
    GQueue lines;        /* of PstFlightsLine; the first is the next */
    guint n_running;
    PstRecent *recent;
    gint64 now_us; /* as it was handed in last */
};

typedef struct {
    PstFlights *flights;
    guint64 number;
    PstFlightsLine *line;
    char *domain, *caller;
    gint64 deadline_us, started_us;
    gboolean with_host, started;
    GPtrArray *parts;    /* of PstFlight */
    GPtrArray *requests; /* each once */
} PstFlightsConversation;

/* A place in a request. */
typedef struct {
    PstFlightsRequest *request;
    guint place;
} PstFlightsWaiter;

/* One question. */
struct PstFlight {
    PstFlightsConversation *job;
    char *key;
    PstAnswer *question;
    GArray *waiters; /* of PstFlightsWaiter */
    gboolean open;
};

struct PstFlightsRequest {
    PstFlights *flights;
    guint user;
    char *caller, *domain;
    gboolean with_host, afresh;
    PstAnswer **questions;
    PstAnswer **recent; /* for each of them the answer that does for it, or NULL */
    gboolean *told;
    guint n, n_open;
    gint64 deadline_us;
    char *guest;
    JsonObject *host;
    GPtrArray *jobs; /* those whose end it waits for */
    PstFlightsListener listener;
    gpointer user_data;
};

/* The lines of conversations that wait, one for each user, and what may be begun. */

GHashTable *pst_flights_lines_new_counts(void);
void pst_flights_lines_free(PstFlightsLine *line);

/* The user's, made where it is missing. */
PstFlightsLine *pst_flights_lines_of(PstFlights *flights, guint user);
void pst_flights_lines_drop_if_idle(PstFlights *flights, PstFlightsLine *line);

/* The conversation has begun (1), or has ended (-1). */
void pst_flights_lines_count(const PstFlightsConversation *job, int change);

/* Begins all for which there is a place, the lines in turn. */
void pst_flights_lines_start(PstFlights *flights);
