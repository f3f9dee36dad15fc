// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/peer.h"
#include "host-sidecar/server.h"

/* What the files of the server share, and nobody else includes. */

typedef struct PstServerAccount PstServerAccount;
typedef struct PstServerCaller PstServerCaller;
typedef struct PstServerList PstServerList;
typedef struct PstServerSweep PstServerSweep;

/* A method of a door. */
typedef struct {
    const char *name;
    /* A request; FALSE with what is to be answered at once. NULL: it is none. */
    gboolean (*run)(PstServerCaller *caller, PstMessage *message, GError **error);
    gboolean records; /* what it refuses, better than the server could */
    /* A notification; NULL: it is none. */
    void (*hear)(PstServerCaller *caller, PstMessage *message);
} PstServerMethod;

struct PstServerDoor {
    const PstServerMethod *methods;
    guint n_methods;
};

typedef enum {
    PST_SERVER_TURNED_AWAY,    /* a connection */
    PST_SERVER_TURNED_REFUSED, /* a question, of more than have a record each */
    PST_SERVER_TURNED_KINDS,
} PstServerTurnedKind;

struct PstServer {
    const PstServerDoor *door;
    GMainContext *context;
    char *uri;
    PstServerLimits limits;
    PstGrants *grants; /* NULL: none */
    PstServerBackend backend;
    PstFlights *flights;
    int listener;
    GSource *accept_source, *pause_source;
    guint64 last_number;
    guint64 recorded;     /* of the audit: all up to this record */
    GHashTable *callers;  /* of PstServerCaller, by number */
    GHashTable *accounts; /* of PstServerAccount, by uid */
    GPtrArray *lists;     /* of PstServerList */
    GPtrArray *sweeps;    /* of PstServerSweep: the line, the one under way in front */
    GHashTable *turned[PST_SERVER_TURNED_KINDS]; /* see pst_server_turned_note(), by uid */
};

/* What a user has of the door. */
struct PstServerAccount {
    PstServer *server;
    guint uid;
    guint callers, requests;
    /* See server-pace.c. */
    guint64 held_until; /* this record is written; 0: it is not held for that */
    gint64 refused_us;  /* until then, in monotonic time, its refusals are paid for */
};

struct PstServerCaller {
    PstServer *server;
    guint64 number;
    guint uid;
    gint64 pid;
    guint *groups; /* its own one first */
    guint n_groups;
    char *name;       /* NULL until it is known */
    char *executable; /* NULL where it is not */
    PstPeer *peer;
    char session[PST_SESSION_DIGITS + 1]; /* "" before the first hello */
    GPtrArray *requests;                  /* of PstServerRequest */
    GSource *silence_source;
    guint64 unwritten; /* the last record of what it is told; 0: all are written */
};

struct PstServerList {
    guint64 number;
    guint uid; /* who asked for it first */
    gint64 deadline_us;
    GPtrArray *requests; /* of PstServerRequest */
};

/* Of one user: under way, or waiting for its turn. */
struct PstServerSweep {
    guint64 number;
    guint uid;
    char *caller;           /* the first one's name, for the guests' own records */
    gboolean begun, waited; /* was not the first of the line */
    guint64 round;          /* of the users' turns */
    gint64 asked_us, begun_us, deadline_us;
    GPtrArray *requests; /* of PstServerRequest */
};

/* A request in flight: a question to a guest, a list, or a sweep. */
struct PstServerRequest {
    PstServerCaller *caller;
    PstMessageId id;
    char *verb;
    char *uuid; /* of the guest that answered; NULL: not known */
    gint64 deadline_us;
    PstFlightsRequest *flight; /* NULL once it is over, and of the others */
    PstServerList *list;
    PstServerSweep *sweep;
    gpointer hearing; /* the backend's, of one that watches */
    GSource *timer;   /* NULL: it has no deadline */
};

void pst_server_state_clear_source(GSource **source);

/* Sets its function, and runs it in the server's loop; the reference stays the caller's. */
GSource *pst_server_state_attach(PstServer *server, GSource *source, GSourceFunc function,
                                 gpointer data);

/* What the user has, from nothing on; goes when the last of their connections does. */
PstServerAccount *pst_server_state_account(PstServer *server, guint uid);

/* Nothing has to be remembered of the account; and its end, DATA being one. */
gboolean pst_server_pace_is_idle(const PstServerAccount *account);
void pst_server_pace_free(gpointer data);

/* The record NUMBER is the caller's, and N_WAITING of this user's are not written yet. */
void pst_server_pace_recorded(PstServerCaller *caller, guint64 number, guint n_waiting);

/* Whether N more refusals of the caller's have a record each; the others have one together:
 * pst_server_turned_note(). */
gboolean pst_server_pace_pay(PstServerCaller *caller, guint n);

/* A caller that comes is held where its user is. */
void pst_server_pace_admit(PstServerCaller *caller);

void pst_server_state_send_error(PstServerCaller *caller, const PstMessageId *id,
                                 const GError *error);
void pst_server_state_send_result(PstServerCaller *caller, const PstMessageId *id,
                                  JsonObject *result);

/* What the grants say of the caller; DOMAIN as with pst_grants_allow(), NULL for any at all. */
gboolean pst_server_state_may(const PstServerCaller *caller, const char *domain, PstGrant right);

/* Whether the grants give the caller all of RIGHTS, for every domain. */
gboolean pst_server_state_may_all(const PstServerCaller *caller, guint rights);

/* The same of a domain that was found. */
gboolean pst_server_state_may_found(const PstServerCaller *caller, const char *name,
                                    const char *uuid, PstGrant right);

/* Whether it may see a row of `list`. */
gboolean pst_server_state_may_see(const PstServerCaller *caller, JsonObject *row);

/* Hangs up on a caller who sends no more and has got all answers. */
void pst_server_state_end_if_finished(PstServerCaller *caller);

/* For the audit: records of the caller. */
void pst_server_state_audit(PstServerCaller *caller, const char *verb, PstAnswer *const *answers,
                            guint n);

/* For the audit: what the caller asked for, by whatever METHOD, and did not get. DOMAIN and WHAT
 * are
 * "-" where that is not known. */
void pst_server_state_audit_refusal(PstServerCaller *caller, const char *method, const char *domain,
                                    const char *what, const GError *error);

/* The same of what is no question to a guest; nothing that the message holds is trusted. */
void pst_server_state_audit_message(PstServerCaller *caller, const PstMessage *message,
                                    const GError *error);

/* For the audit: N connections that were turned away, or refusals that have no record each, with
 * the last one's reason. What would be many records of a user is one that tells how many. */
void pst_server_turned_note(PstServer *server, PstServerTurnedKind kind, guint uid, gint64 pid,
                            guint n, const char *reason);

/* Records what was not yet; before the end. */
void pst_server_turned_flush(PstServer *server);
void pst_server_turned_free(gpointer data);

/* The methods that take time. FALSE with what is to be answered at once; `ask` has recorded it
 * then.
 */
gboolean pst_server_requests_ask(PstServerCaller *caller, PstMessage *message, GError **error);
gboolean pst_server_requests_list(PstServerCaller *caller, PstMessage *message, GError **error);

gboolean pst_server_watch_ask(PstServerCaller *caller, PstMessage *message, GError **error);

gboolean pst_server_sweeps_ask(PstServerCaller *caller, PstMessage *message, GError **error);

/* Why a request for a sweep has nothing at its deadline: PST_ERROR_BUSY where it waits still. */
GError *pst_server_sweeps_explain(const PstServerRequest *request);

/* A request of the caller's that ends at its deadline by itself, 0: at none; NULL with
 * PST_ERROR_BUSY where there is no room for one, PST_ERROR_INVALID_REQUEST where its id is in use.
 */
PstServerRequest *pst_server_requests_begin(PstServerCaller *caller, const PstMessageId *id,
                                            const char *verb, gint64 deadline_ms, GError **error);

/* Sends a part of the answer, a notification METHOD with CONTENT, which is taken over, as its
 * member NAME, and PLACE where that is not negative. */
void pst_server_requests_part(PstServerRequest *request, const char *method, JsonObject *content,
                              const char *name, gint64 place);

/* Ends a request without a word. */
void pst_server_requests_drop(PstServerRequest *request);

/* The same, for the array of a caller. */
void pst_server_requests_free(gpointer data);
void pst_server_requests_free_list(gpointer data);
void pst_server_sweeps_free(gpointer data);
