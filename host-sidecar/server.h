// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/audit.h"
#include "host-sidecar/flights.h"
#include "host-sidecar/grants.h"
#include "host-sidecar/watch-event.h"

/* A door: callers on a Unix socket, their requests, and what bounds them. What it can be asked for
 * is its PstServerDoor's, what asks guests is behind PstServerBackend; this knows no libvirt. Of
 * the thread of its context. */

typedef struct PstServer PstServer;
typedef struct PstServerRequest PstServerRequest;

/* The methods of a door, besides `hello`. */
typedef struct PstServerDoor PstServerDoor;

/* The read-only one. It has none that changes a guest. */
extern const PstServerDoor pst_server_diagnose_door;

/* How much there may be of what. A caller beyond that is told `busy`. */
typedef struct {
    guint callers, callers_of_user;
    guint requests_of_user; /* in flight */
} PstServerLimits;

#define PST_SERVER_LIMITS_DEFAULT ((PstServerLimits){128, 32, 64})

/* In place of a hello, and while nothing is in flight. */
#define PST_SERVER_SILENCE_S 10

typedef struct {
    /* Begins a conversation with a guest; see PstFlightsStart. */
    PstFlightsStart ask;
    /* Somebody takes recent answers: what happens to guests is to be told to
     * pst_flights_recent() for at least as long as one may be old. */
    void (*watch)(gpointer user_data);
    /* Begins to list the domains, and tells by pst_server_listed(). */
    void (*list)(guint64 number, gint64 deadline_us, gpointer user_data);
    /* Begins a sweep over all domains for the user UID, called CALLER, and tells by
     * pst_server_swept(). There are never two. */
    void (*sweep)(guint64 number, guint uid, const char *caller, gint64 deadline_us,
                  gpointer user_data);
    /* Who that is, in words that NSS may have to be waited for: told by pst_server_named(). */
    void (*name)(guint64 number, int fd, gpointer user_data);
    /* One record for each question: before it is asked, and with what came of it. Returns the last
     * one's number, which grows, and tells by pst_server_recorded() when it is written; sets
     * *N_WAITING to how many of the caller's user are not. */
    guint64 (*audit)(const PstAuditCaller *caller, const char *verb, PstAnswer *const *answers,
                     guint n, guint *n_waiting, gpointer user_data);
    /* Tells REQUEST what happens to and in the guests called DOMAINS (NULL: all) of which
     * pst_server_may_watch() says so, by pst_server_watched(), until `unhear` is called with what
     * this returns. */
    gpointer (*hear)(const char *const *domains, PstServerRequest *request, gpointer user_data);
    void (*unhear)(gpointer hearing, gpointer user_data);
    gpointer user_data;
} PstServerBackend;

/* URI is what `hello` tells: the hypervisor that is asked. DOOR is lent. Of the backend is called
 * what the door's methods need, and always `name` and `audit`. */
PstServer *pst_server_new(GMainContext *context, const char *uri, const PstServerLimits *limits,
                          const PstServerDoor *door, const PstServerBackend *backend);

/* Hangs up on everybody. */
void pst_server_free(PstServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstServer, pst_server_free)

void pst_server_set_limits(PstServer *server, const PstServerLimits *limits);

/* Who may ask what, from now on: GRANTS are taken over. Before the first, nothing is granted to
 * anybody but root and the user that the process runs as, who have all of it anyway. */
void pst_server_set_grants(PstServer *server, PstGrants *grants);

/* Serves whoever connects to the listening socket FD, which is taken over. */
void pst_server_listen(PstServer *server, int fd);

/* Nobody is served any more who is not yet; what is in flight goes on. */
void pst_server_stop_listening(PstServer *server);

PstFlights *pst_server_flights(PstServer *server);

/* From the backend, in the server's thread. What nobody waits for any more is passed over. NAME
 * is NULL where the kernel does not say who it is, EXECUTABLE where that can't be seen. DOMAINS is
 * an array of objects; RECORDS are those that were greeted, for the audit. */
void pst_server_named(PstServer *server, guint64 number, const char *name, const char *executable);
void pst_server_listed(PstServer *server, guint64 number, JsonArray *domains,
                       PstAnswer *const *records, guint n, const GError *error);

/* HEALTH is the result, ROWS are what comes before it, RECORDS the guests that were asked. */
void pst_server_swept(PstServer *server, guint64 number, JsonObject *health, JsonArray *rows,
                      PstAnswer *const *records, guint n, const GError *error);

/* All records up to NUMBER are written, or can't be: what was answered since is told. */
void pst_server_recorded(PstServer *server, guint64 number);

/* For who watches: whether it may know of that domain; and what it is told. */
gboolean pst_server_may_watch(const char *name, const char *uuid, gpointer request);
void pst_server_watched(const PstWatchEvent *event, gpointer request);

/* How many callers have answers that are not theirs yet: not recorded, or not written to them. */
guint pst_server_n_untold(const PstServer *server);
/* Requests in flight that end by themselves: all but those that watch. */
guint pst_server_n_awaited(const PstServer *server);

/* Nobody is connected. */
gboolean pst_server_is_idle(const PstServer *server);

/* Binds a socket at PATH, for its owner and their group; a socket that nobody listens on any more
 * is replaced. -1 with PST_ERROR_USAGE where it can't be, PST_ERROR_BUSY where somebody listens. */
int pst_server_bind(const char *path, GError **error);
