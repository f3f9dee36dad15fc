// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/api-request.h"
#include "host-sidecar/recent.h"

/* Questions of many callers to many guests, in flight. A question that is asked already is not
 * asked again: whoever asks the same meanwhile shares its answer, each until a deadline of its own.
 * What can't be begun yet waits in a line for each user; the lines take turns. Of one thread; time
 * is handed in. */

/* How many conversations with guests there are at a time: each is some threads and connections to
 * libvirt. One user has at most half of them, one guest a few: they take turns at its channel. What
 * takes long, or never ends before its deadline, must not keep others waiting: a user who has none
 * going on, or none with this guest, does not wait for those who have, up to the second bound. */
#define PST_FLIGHTS_RUNNING 32
#define PST_FLIGHTS_RUNNING_MAX 64
#define PST_FLIGHTS_RUNNING_OF_USER 16
#define PST_FLIGHTS_RUNNING_OF_GUEST 4
#define PST_FLIGHTS_RUNNING_OF_GUEST_MAX 12

typedef struct PstFlights PstFlights;
typedef struct PstFlightsRequest PstFlightsRequest;

/* One conversation with a guest. What it points to holds only during the call. */
typedef struct {
    guint64 number;
    const char *domain;
    PstAnswer *const *questions;
    guint n;
    const char *caller;
    gint64 deadline_us;
    gboolean with_host;
} PstFlightsJob;

/* Begins the conversation, and tells what comes of it by pst_flights_answered(), once for each
 * question, and pst_flights_ended(), later and in the same thread. */
typedef void (*PstFlightsStart)(const PstFlightsJob *job, gpointer user_data);

/* What becomes of a request. ANSWER is lent. The end is told once, after all answers: GUEST is its
 * name and HOST what the host sees of it, or NULL; or ERROR says why there is no answer at all. */
typedef struct {
    void (*answer)(guint place, const PstAnswer *answer, gpointer user_data);
    void (*end)(const char *guest, JsonObject *host, const GError *error, gpointer user_data);
} PstFlightsListener;

PstFlights *pst_flights_new(PstFlightsStart start, gpointer user_data);
void pst_flights_free(PstFlights *flights);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstFlights, pst_flights_free)

/* USER is whose line it stands in; CALLER is who asks, for the guest's own records. What is asked
 * now may be begun at once, and what a recent answer does for, is not asked: nothing is told before
 * pst_flights_tell_recent(), which has to follow. The request is over, and freed, when its end is
 * told; pst_flights_leave() ends it without a word. */
PstFlightsRequest *pst_flights_ask(PstFlights *flights, guint user, const char *caller,
                                   const PstApiAsk *ask, gint64 now_us, gint64 deadline_us,
                                   const PstFlightsListener *listener, gpointer user_data);
void pst_flights_tell_recent(PstFlightsRequest *request);
void pst_flights_leave(PstFlightsRequest *request);

/* Its deadline has passed: what is open is told to be so, and the end. */
void pst_flights_expire(PstFlightsRequest *request);

/* Of job NUMBER; NOW_US decides who has time left to ask again where it came too late. */
void pst_flights_answered(PstFlights *flights, guint64 number, guint place, const PstAnswer *answer,
                          gint64 now_us);
void pst_flights_ended(PstFlights *flights, guint64 number, const char *guest, JsonObject *host,
                       const GError *error, gint64 now_us);

/* What was answered a moment ago: what happens to guests is to be told to it. Borrowed. */
PstRecent *pst_flights_recent(PstFlights *flights);

/* Conversations that are going on. */
guint pst_flights_n_running(const PstFlights *flights);
