// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/expect.h"
#include "host-sidecar/health-memory.h"

/* The verdict of a sweep: a pure function of what was seen, what the sweeps before left, and what
 * is expected. Nothing that failed to look counts as well. */

/* One domain. */
typedef struct {
    char *name;
    char *uuid;
    int status;    /* PstStatus, after what is expected */
    int condition; /* PstCondition */
    char *state, *reason;
    char *summary; /* one line: the worst thing first */
    char *via;     /* absent where it did not answer */
    char *why;     /* why no path to it answered; absent where one did, or none was asked */
    gint64 took_ms;
    gint64 answered_us;  /* when it last answered; absent: not known */
    char *last_status;   /* of the last answer, where that is not of now */
    char *last_summary;  /* the same */
    gint64 misses;       /* how often in a row it did not answer; absent where it did */
    gint64 ask_again_us; /* it is left alone until then */
    char *job;           /* what libvirt does with it */
    gint64 job_ms;
    GPtrArray *problems; /* of PstProblem, as they were found; what counts most is in front */
    char **notes;        /* expired acknowledgements */
    PstTri fresh;        /* something of it is other than the last sweep told */
    char *was;           /* the condition that the last sweep told, where it is another now */
    char **gone;         /* problems that the last sweep told and that are no more */
} PstHealthRow;

typedef struct {
    int status;
    gint64 begun_us; /* real time */
    gint64 took_ms;
    gint64 last_us;     /* when the last sweep was; absent: never, or not known */
    char *uri;          /* of the hypervisor */
    GPtrArray *domains; /* of PstHealthRow, the worst first; NULL where there are none */
    char **vanished;    /* domains of the last sweep that are no more */
    char **notes;       /* of the sweep itself */
} PstHealth;

extern const PstFields pst_health_row_fields;
extern const PstFields pst_health_fields;

void pst_health_free(PstHealth *health);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstHealth, pst_health_free)

typedef struct {
    const PstHealthMemory *memory;
    const PstExpect *expect;
    GDateTime *now;    /* real time, in the time zone of the expectations */
    gboolean complete; /* all domains of the hypervisor are among the sights */
} PstHealthView;

/* SIGHTS, of PstHealthSight, are used up, but still the caller's to free. */
PstHealth *pst_health_judge(GPtrArray *sights, const PstHealthView *view);

/* What the next sweep is to know: MEMORY with what was seen at NOW_US. SIGHTS as they were judged.
 * Of a sweep that is not COMPLETE only what was answered: nobody's news are taken away by somebody
 * who looked at one guest. */
void pst_health_note(PstHealthMemory *memory, const PstHealth *health, const GPtrArray *sights,
                     gboolean complete, gint64 now_us);

/* The worst first, by their names otherwise. */
void pst_health_sort(PstHealth *health);

/* How many rows have that status. */
guint pst_health_count(const PstHealth *health, PstStatus status);
/* How many are in that condition. */
guint pst_health_count_condition(const PstHealth *health, PstCondition condition);

/* A verdict as the daemon's socket carries it: the whole without its domains, and *ROWS, an object
 * for each, the worst first. All of them have some MiB: of a domain with more problems than fit
 * those that count most are told. */
JsonObject *pst_health_to_parts(const PstHealth *health, JsonArray **rows);

/* And back; NULL with PST_ERROR_INVALID_PARAMS. */
PstHealth *pst_health_from_parts(JsonObject *json, JsonArray *rows, GError **error);

/* Whether anything is other than the last sweep told. */
gboolean pst_health_has_news(const PstHealth *health);
