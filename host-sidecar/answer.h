// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* A question to a guest, and its answer with the way by which it came. */

/* The rungs of the ladder, best first. */
typedef enum {
    PST_VIA_CHANNEL,
    PST_VIA_AGENT,
    PST_VIA_AGENT_BUILTIN,
    PST_VIA_VOLUME, /* what its recorder wrote earlier */
    PST_VIA_HOST,   /* what is seen of it from outside */
    PST_VIA_NONE,   /* no rung answered */
} PstVia;

extern const char *const pst_answer_via_names[];

/* One rung that was tried, or skipped, and why it gave no answer. */
typedef struct {
    int via;
    char *reason;
    gint64 took_ms; /* 0 where libvirt's word was enough */
} PstAttempt;

typedef struct {
    char *probe;
    JsonObject *args; /* never NULL */
    char *guest;
    char *uuid; /* of the guest; NULL: not known. For the audit alone */
    int via;
    gint64 age_ms;       /* of what it tells */
    gint64 no_news_ms;   /* since the guest last looked and found nothing new; PST_INT_UNKNOWN: it
                            has not since */
    gint64 took_ms;      /* from the question to this; PST_INT_UNKNOWN. For the audit alone */
    GPtrArray *attempts; /* of PstAttempt; may be NULL */
    PstReport *report;   /* NULL where none came */
    GError *error;       /* why none came, or why the guest refused the question */
} PstAnswer;

extern const PstFields pst_answer_attempt_fields;

/* A question that is not answered yet; ARGS may be NULL. */
PstAnswer *pst_answer_new(const char *guest, const char *probe, JsonObject *args);
/* N questions in the order of asking: those that take longest first, otherwise as they stood. Takes
 * QUESTIONS over, and notes in PLACES where each of them stood. The array is the caller's. */
PstAnswer **pst_answer_arrange(PstAnswer **questions, guint n, guint *places);

/* What it tells is MS older by now. */
void pst_answer_let_age(PstAnswer *answer, gint64 ms);

/* Of the N answers that are of earlier, how long ago a look at each of them found nothing new:
 * PST_INT_UNKNOWN where that is not known of one of them, or none is. */
gint64 pst_answer_no_news_ms(PstAnswer *const *answers, guint n);

PstAnswer *pst_answer_copy(const PstAnswer *answer);
void pst_answer_free(PstAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstAnswer, pst_answer_free)

void pst_answer_add_attempt(PstAnswer *answer, PstVia via, gint64 took_ms, const char *reason);

gboolean pst_answer_has_attempt(const PstAnswer *answer, PstVia via);

/* The best rung's first. */
void pst_answer_sort_attempts(PstAnswer *answer);

/* Of the rungs below VIA, which were only tried beside it and failed nobody. */
void pst_answer_forget_attempts(PstAnswer *answer, PstVia via);

/* The report's status; unknown where there is no report. What a record said is no word on what is
 * now: that it was well is unknown. */
PstStatus pst_answer_status(const PstAnswer *answer);

/* Why there is no report, in one line: the error and what every path said. Free with g_free(). */
char *pst_answer_explain(const PstAnswer *answer);

/* As it goes over the API: guest, probe, via, age_ms, no_news_ms,
 * attempts, and report or error. */
JsonObject *pst_answer_to_json(const PstAnswer *answer);

/* The way back; ARGS are those of the question, which the object does not tell (may be NULL). NULL
 * with PST_ERROR_PROTOCOL or the report's own error. */
PstAnswer *pst_answer_from_json(JsonObject *json, JsonObject *args, GError **error);
