// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/answer.h"

/* What the methods of the host's API socket take, and how their results are written;
 * docs/protocol.md is the text. Pure. */

/* The params of `ask`. */
typedef struct {
    char *domain;          /* name, UUID or number */
    char *verb;            /* what the caller calls it, for the audit */
    PstAnswer **questions; /* unanswered */
    guint n;
    gint64 deadline_ms; /* from when it is read */
    gint64 max_age_ms;  /* an answer that was given so recently will do; 0: none */
    gboolean afresh;    /* nor will one to a question that began before this one was asked */
    gboolean with_host; /* wants what the host sees, where the guest does not answer */
} PstApiAsk;

/* Checks the params, each question by its probe's table included; NULL with
 * PST_ERROR_INVALID_PARAMS. */
PstApiAsk *pst_api_request_read_ask(JsonObject *params, GError **error);
JsonObject *pst_api_request_ask(const PstApiAsk *ask);
void pst_api_request_free_ask(PstApiAsk *ask);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstApiAsk, pst_api_request_free_ask)

/* `deadline_ms` of any method: 1 to 60,000. */
gboolean pst_api_request_deadline(JsonObject *params, gint64 *deadline_ms, GError **error);

/* `domain` of any method, which is not longer than a name may be; lent. */
gboolean pst_api_request_domain(JsonObject *params, const char **domain, GError **error);

/* What makes two questions the same one: the domain as it was called, the probe, and the arguments,
 * in whatever order, without the moment of asking. Free with g_free(). */
char *pst_api_request_key(const char *domain, const PstAnswer *question);
