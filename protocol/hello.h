// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/fields.h"

/* The first words on every open channel: which protocol, which boot of which guest, and what the
 * guest's clocks say, from which every later deadline is reckoned. */

#define PST_HELLO_PROTOCOL 1

/* What the host says. */
typedef struct {
    char *session; /* PST_SESSION_DIGITS hex digits, the same as in the request's id */
    char *client;  /* program and version, for people */
    char *domain;  /* what the host calls the guest; NULL where it does not say */
} PstHelloParams;

/* How far the recorder is, so that a host can hold it against what has arrived. */
typedef struct {
    gint64 written_bytes; /* that the port has taken since the shim began */
    gint64 seq;           /* of the last record; 0 where there is none yet */
    gint64 last_us;       /* its boottime_us; the first shims did not tell it */
} PstHelloRecorder;

extern const PstFields pst_hello_recorder_fields;

/* What the guest answers. */
typedef struct {
    gint64 protocol;
    char *shim; /* version */
    char *boot_id;
    char *machine_id;
    gint64 boottime_us;         /* CLOCK_BOOTTIME */
    gint64 realtime_us;         /* CLOCK_REALTIME */
    char **capabilities;        /* the methods that it knows */
    PstHelloRecorder *recorder; /* NULL where the guest has no recorder's port */
    PstTri resumed;             /* the session was under way, and goes on */
} PstHello;

extern const PstFields pst_hello_fields;

/* The params of `hello`, with the protocols that this version speaks; DOMAIN may be NULL. */
JsonObject *pst_hello_request(const char *session, const char *client, const char *domain);

/* Checks the params; NULL with PST_ERROR_INVALID_PARAMS, or PST_ERROR_UNAVAILABLE where there is no
 * protocol that both sides speak. Free with pst_hello_params_free(). */
PstHelloParams *pst_hello_read_request(JsonObject *params, GError **error);
void pst_hello_params_free(PstHelloParams *params);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstHelloParams, pst_hello_params_free)

JsonObject *pst_hello_answer(const PstHello *hello);

/* Checks an answer; NULL with PST_ERROR_PROTOCOL. */
PstHello *pst_hello_read_answer(JsonObject *result, GError **error);
void pst_hello_free(PstHello *hello);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstHello, pst_hello_free)
