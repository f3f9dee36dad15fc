// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

#include "protocol/report-containers.h"

/* What docker and podman say alike. */

#define PST_CONTAINERS_MAX 200
#define PST_CONTAINERS_LINES 5

/* The members of an array of objects as one JSON object {"list": …}, behind the validator; NULL
 * with an error. Free with json_object_unref(). */
JsonObject *pst_containers_words_list(const char *text, gsize len, GError **error);

/* An RFC 3339 moment in microseconds since 1970; PST_INT_UNKNOWN for none, and for the year 1,
 * which is how Go writes never. */
gint64 pst_containers_words_time(const char *text);

/* healthy, unhealthy or starting out of `Up 2 hours (unhealthy)`; NULL where nothing checks. */
const char *pst_containers_words_health(const char *status);

/* The first 12 digits of an id. Free with g_free(). */
char *pst_containers_words_id(const char *id);

/* The state, exit code, times and error of a `State`, the restart policy and the number of restarts
 * of a container's details, as far as they are there. */
void pst_containers_words_details(JsonObject *details, JsonObject *host_config,
                                  PstContainersContainer *container);

/* A string, an integer of OBJECT where there is one of that type; else NULL, PST_INT_UNKNOWN. */
const char *pst_containers_words_string(JsonObject *object, const char *name);
gint64 pst_containers_words_int(JsonObject *object, const char *name);
JsonObject *pst_containers_words_object(JsonObject *object, const char *name);

/* Adds the lines of TEXT, which came over STREAM (NULL: unknown), to *LINES; then the last few are
 * kept, and each of them bounded. */
void pst_containers_words_add_lines(GPtrArray **lines, const char *stream, const char *text);
