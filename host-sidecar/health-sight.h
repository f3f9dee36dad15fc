// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/answer.h"

/* What a sweep saw of one domain: no verdict yet. */

/* What a domain is doing. Only the first three have asked it anything. */
typedef enum {
    PST_CONDITION_ANSWERS,
    PST_CONDITION_FROZEN, /* it answers, and a file system of it is frozen */
    PST_CONDITION_SILENT, /* it runs, and does not answer */
    PST_CONDITION_PAUSED,
    PST_CONDITION_MIGRATING,
    PST_CONDITION_HELD, /* libvirt holds it still: to be saved, dumped, for a snapshot */
    PST_CONDITION_SAVED,
    PST_CONDITION_OFF,
    PST_CONDITION_CRASHED,
    PST_CONDITION_UNSEEN, /* libvirt did not tell, or no time was left for its answer */
    PST_CONDITION_N
} PstCondition;

extern const char *const pst_condition_names[];

/* A finding above information, or a question that nobody answered. */
typedef struct {
    char *id;
    int severity; /* PstSeverity, as it was found */
    char *message;
    char *subject;       /* the unit, path or user that it is about; absent where there is none */
    char *cause;         /* the id of the root cause that it follows from; absent for that itself */
    gint64 used_percent; /* of a file system that is nearly full */
    /* Set by the verdict: */
    int counted;  /* PstSeverity, as it counts; information where it does not */
    char *excuse; /* why it counts less than it was found; absent where it does not */
    PstTri fresh; /* the last sweep did not tell it */
} PstProblem;

typedef struct {
    char *name;
    char *uuid;          /* absent where libvirt did not tell */
    char *state;         /* as libvirt says: running, paused, off … */
    char *reason;        /* that goes with it */
    gint64 run;          /* libvirt's number of the running domain */
    gboolean asked;      /* questions were put to it */
    gboolean answered;   /* by itself, one of them at least */
    gboolean missed;     /* it was asked, and silent */
    gboolean rushed;     /* no time was left for its answer: it may be well */
    gboolean left_alone; /* it was not asked, for it did not answer before */
    char *via;           /* the best path that answered */
    char *why;           /* none did: what became of each; NULL where one did, or none was asked */
    gint64 took_ms;      /* the answer */
    gint64 answered_us;  /* when it last answered anybody here, as far as that is known */
    char *summary;       /* of what it answered, one line */
    char **looked;       /* probes that it answered wholly */
    GPtrArray *problems; /* of PstProblem, what is to be mended first in front; NULL for none */
    char *job;           /* what libvirt does with it */
    gint64 job_ms;
} PstHealthSight;

extern const PstFields pst_problem_fields;

PstHealthSight *pst_health_sight_new(const char *name);
void pst_health_sight_free(PstHealthSight *sight);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstHealthSight, pst_health_sight_free)

/* Adds a problem and returns it, borrowed. */
PstProblem *pst_health_sight_add(PstHealthSight *sight, const char *id, PstSeverity severity,
                                 const char *format, ...) G_GNUC_PRINTF(4, 5);

/* Fills in what was asked and answered: N answers (0: it was not asked), and HOST, what the host
 * saw of it, which may be NULL. Takes HOST and the answers over, the array with them. */
void pst_health_sight_take(PstHealthSight *sight, PstAnswer **answers, guint n, PstReport *host);

/* Of one that gave no answer: no time was left for it, and WHY. That is no silence of its own. */
void pst_health_sight_rush(PstHealthSight *sight, const char *why);

/* Of libvirt's job with it, where the host's report does not tell. A job under ten seconds is told
 * and no problem. */
void pst_health_sight_note_job(PstHealthSight *sight, const char *operation, gint64 running_ms);

PstCondition pst_health_sight_condition(const PstHealthSight *sight);
