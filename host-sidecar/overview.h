// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest.h"
#include "protocol/fields.h"

/* What `list` tells of each domain. The volume's records are told as they are known: what is new in
 * it is harvested if that takes no longer than a part of what there is of time, else the last
 * harvest is told. */

typedef struct {
    char *name;
    char *uuid;
    char *state;
    char *channel;         /* open, shut, none */
    char *agent;           /* the same */
    char *volume;          /* open where there are records of it, shut, none; NULL: not known */
    char *volume_problem;  /* why what the recorder writes is not read or not kept */
    char *shim;            /* its version, where it answered */
    char *problem;         /* why it did not */
    gint64 last_answer_us; /* real time */
    gint64 last_record_us; /* real time of the host; not known where there are none */
} PstOverview;

extern const PstFields pst_overview_fields;

/* Asks every domain at once, each until DEADLINE_US. Returns an array of PstOverview in the order
 * of the names, owned by the caller; a guest that does not answer is in it like all others. */
GPtrArray *pst_overview_make(PstHypervisor *hypervisor, gint64 deadline_us, GError **error);
void pst_overview_free(GPtrArray *array);

/* As objects, and from them; PST_ERROR_INVALID_PARAMS. */
JsonArray *pst_overview_to_json(const GPtrArray *array);
GPtrArray *pst_overview_from_json(JsonArray *json, GError **error);

/* For the audit: what became of the greeting of each shim that was greeted. Sets *n; the array and
 * the answers are the caller's. */
PstAnswer **pst_overview_greetings(const GPtrArray *array, guint *n);
