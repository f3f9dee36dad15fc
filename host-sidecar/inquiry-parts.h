// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/inquiry.h"

/* What the parts of an inquiry share; whoever calls these holds its lock. */

/* What a rung had of earlier. */
typedef struct {
    PstReport *report; /* NULL: nothing */
    PstVia via;
    gint64 age_ms, no_news_ms;
    gint64 made_us; /* when it was so old, on the monotonic clock */
} PstInquiryOffer;

/* The guest's word that it had no time for a question. */
typedef struct {
    GError *error; /* NULL: it did not say so */
    PstVia via;
    gint64 took_ms;
} PstInquiryLateness;

struct PstInquiry {
    gint references;
    GMutex lock;
    GCond changed;
    PstAnswer **answers;
    guint *places; /* where each of them stood in the list of the asker */
    char **args;   /* JSON texts: a JsonObject must not be shared between threads */
    char **probes;
    gboolean *settled;
    PstInquiryOffer *offers;
    PstInquiryLateness *late;
    guint n;
    PstInquiryListener listener;
    GQueue untold;  /* of PstAnswer, settled and not told yet */
    gboolean quiet; /* as the listener was told last */
    gint64 begun_us, deadline_us;
    char *caller;
    gboolean closed, given_up;
    gint64 answered_us; /* the last answer of all; 0: none yet */
    gint64 heard_us;    /* the last word of the guest's, answer or not; 0: none yet */
    PstReport *host;    /* NULL: nobody looked */
    gboolean alive[PST_VIA_NONE];
    gboolean ended[PST_VIA_NONE];
    gint64 started_us[PST_VIA_NONE]; /* 0: not tried */
    gboolean mute[PST_VIA_NONE];     /* it ended because the guest was silent */
    gint64 asked_us[PST_VIA_NONE];   /* when the rung began to send; 0: not yet */
    guint n_ended;
};

/* Why the rungs above the one that answered question I did not: one that hangs can't say so itself.
 */
void pst_inquiry_tell_better(PstInquiry *inquiry, guint i, PstVia answered);

/* Tells the listener of what is settled. It may take long, where it prints: the lock is given back
 * meanwhile, and the rungs go on. What is settled changes no more. */
void pst_inquiry_tell_settled(PstInquiry *inquiry);
