// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/breaker.h"
#include "host-sidecar/health-sight.h"

/* What a sweep leaves for the next: of each domain when and what it last answered, how often it did
 * not, and which problems were told. Losing it harms nothing: silent guests are asked once more,
 * and every problem is news. Times are the host's real time in microseconds. */

#define PST_HEALTH_MEMORY_MAX 2000
/* Of it as text. */
#define PST_HEALTH_MEMORY_MAX_BYTES (8 * 1024 * 1024)
/* Of the problems of a domain. */
#define PST_HEALTH_MEMORY_MAX_TOLD 32

typedef struct {
    char *uuid;
    char *name;
    gint64 seen_us;                /* the last sweep that it was part of */
    gint64 misses, missed_us, run; /* as of a PstBreaker */
    char *missed_id;               /* what was found of it then, the worst of that */
    gint64 missed_severity;        /* PstSeverity */
    char *missed_text;
    gint64 silent_us;   /* since when it has run and not answered; else absent */
    gint64 answered_us; /* absent: never */
    char *status;       /* of that answer, as it counted then */
    char *summary;      /* the same */
    char *condition;    /* at the last sweep */
    char **told;        /* its problems then, as pst_health_memory_key() has them */
} PstHealthEntry;

typedef struct {
    gint64 swept_us;   /* when the last sweep was; absent: never */
    GPtrArray *guests; /* of PstHealthEntry, one for each UUID; NULL where there are none */
} PstHealthMemory;

PstHealthMemory *pst_health_memory_new(void);
void pst_health_memory_free(PstHealthMemory *memory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstHealthMemory, pst_health_memory_free)

/* The memory of a text that it was written to; NULL with PST_ERROR_PARSE or
 * PST_ERROR_INVALID_PARAMS where it is too long, or not whole, or holds what nothing could have
 * written. */
PstHealthMemory *pst_health_memory_parse(const char *text, gsize len, GError **error);

/* A line of JSON within the bounds; what has no room is forgotten, from the end of the list on.
 * Free with g_free(). */
char *pst_health_memory_to_text(PstHealthMemory *memory, gsize *len);

/* Of the domain with that UUID, or, where UUID is NULL, with that name; borrowed, NULL for none. */
PstHealthEntry *pst_health_memory_find(const PstHealthMemory *memory, const char *uuid,
                                       const char *name);

/* The same, made where it is missing. NULL where the memory is full. */
PstHealthEntry *pst_health_memory_take(PstHealthMemory *memory, const char *uuid, const char *name);

/* Forgets all that was not part of a sweep at or after SEEN_US. */
void pst_health_memory_forget(PstHealthMemory *memory, gint64 seen_us);

PstBreaker pst_health_memory_breaker(const PstHealthEntry *entry);

/* What stands for a problem from one sweep to the next: its id, and what it is about. Free with
 * g_free(). */
char *pst_health_memory_key(const PstProblem *problem);

/* Whether it was told of the domain before. */
gboolean pst_health_memory_was_told(const PstHealthEntry *entry, const char *key);
