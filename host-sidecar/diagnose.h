// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/answer.h"

/* The questions of a diagnosis, and the verdict on its answers: pure functions. */

typedef struct {
    JsonObject *vantage;       /* as pst_vantage_read() gives it */
    gboolean passive;          /* nothing that leaves a trace in the guest */
    const char *units;         /* comma-separated, that must be active; may be NULL */
    const char *const *probes; /* only these, NULL-terminated; NULL: all that there are */
} PstDiagnoseWish;

/* One question for every probe that is asked of guests and needs no argument, with what each takes
 * of the wish. *n questions; the array and they are owned by the caller. */
PstAnswer **pst_diagnose_questions(const char *guest, const PstDiagnoseWish *wish, guint *n);

/* Adds what is derived from the answers: takes the array over and returns it, with *n raised. */
PstAnswer **pst_diagnose_derive(PstAnswer **answers, guint *n, const PstDiagnoseWish *wish);

/* Whether the guest itself answered every question, by whichever way: what the host saw meanwhile,
 * on a busy machine perhaps, is then of no account. */
gboolean pst_diagnose_is_answered(PstAnswer *const *answers, guint n);

/* Puts what the host saw of the guest before the answers, where it is worth a word: HOST, which may
 * be NULL, and the array are taken over; returns it, with *n raised. */
PstAnswer **pst_diagnose_add_host(PstAnswer **answers, guint *n, const char *guest,
                                  PstReport *host);

typedef struct {
    PstStatus status;
    const PstFinding *first; /* the thing to mend first; NULL where nothing is wrong */
    guint n_critical, n_warning, n_unknown; /* findings, and answers that did not come */
} PstDiagnosis;

/* What comes first is the first of pst_causes_order(). */
PstDiagnosis pst_diagnose_judge(PstAnswer *const *answers, guint n);

/* guest, status, summary and the root causes. */
JsonObject *pst_diagnose_verdict_to_json(const char *guest, PstAnswer *const *answers, guint n);

/* The same, and the answers. */
JsonObject *pst_diagnose_to_json(const char *guest, PstAnswer *const *answers, guint n);

/* The verdict in one line. Free with g_free(). */
char *pst_diagnose_summary(const PstDiagnosis *diagnosis);
