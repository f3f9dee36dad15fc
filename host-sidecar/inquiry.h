// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/answer.h"

/* An inquiry: questions to one guest that several rungs may be working on at once, each in a thread
 * of its own that may hang and be abandoned. It is the only thing they share; the first answer to a
 * question wins, and what comes after pst_inquiry_close() changes nothing. Reference-counted and
 * thread-safe. */

typedef struct PstInquiry PstInquiry;

/* Takes N questions over. DEADLINE_US is on the monotonic clock. CALLER is who asks. */
PstInquiry *pst_inquiry_new(PstAnswer **questions, guint n, const char *caller, gint64 deadline_us);
PstInquiry *pst_inquiry_ref(PstInquiry *inquiry);
void pst_inquiry_unref(PstInquiry *inquiry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstInquiry, pst_inquiry_unref)

/* How far an inquiry got with the guest itself. */
typedef struct {
    gboolean asked; /* something was sent to it, by whatever path */
    gboolean late;  /* it said of a question that no time was left for it */
} PstInquiryContact;

/* Who hears, in the thread that waits for the inquiry, how it gets on. It must not call back. Each
 * function may be NULL. */
typedef struct {
    /* A question was answered or refused, just now; the answer is still the inquiry's. */
    void (*told)(PstAnswer *answer, gpointer user_data);
    gpointer user_data;
    /* TRUE once the guest has been asked QUIET_US ago and has shown no sign of life since; FALSE as
     * soon as it does after all. */
    void (*quiet)(gboolean quiet, gpointer user_data);
    gint64 quiet_us;
    PstInquiryContact *contact; /* filled in when the inquiry is closed */
} PstInquiryListener;

/* Before anybody is asked; LISTENER may be NULL. */
void pst_inquiry_listen(PstInquiry *inquiry, const PstInquiryListener *listener);

gint64 pst_inquiry_deadline_us(const PstInquiry *inquiry);
const char *pst_inquiry_caller(const PstInquiry *inquiry);

/* For the rungs. A question's number is its place in the order of asking, in which those that take
 * longest are first; its words do not change. */
guint pst_inquiry_size(const PstInquiry *inquiry);
const char *pst_inquiry_probe(const PstInquiry *inquiry, guint i);
/* The question's arguments, a new object owned by the caller. */
JsonObject *pst_inquiry_args(const PstInquiry *inquiry, guint i);
gboolean pst_inquiry_is_open(PstInquiry *inquiry, guint i);

/* Whether the guest is still to be asked: the question is open, and the guest has not said that it
 * had no time for it. */
gboolean pst_inquiry_is_wanted(PstInquiry *inquiry, guint i);

/* Whether the guest is to be asked nothing any more. */
gboolean pst_inquiry_is_exhausted(PstInquiry *inquiry);

/* Whether every question is answered, or nobody waits any more. */
gboolean pst_inquiry_is_settled(PstInquiry *inquiry);

/* The rung has a report (taken over). */
void pst_inquiry_answer(PstInquiry *inquiry, guint i, PstVia via, PstReport *report);

/* The rung has a report (taken over) of AGE_MS before now, to which a look found nothing new
 * NO_NEWS_MS before now (PST_INT_UNKNOWN: not since): it is the answer where no rung has one of
 * the moment, and older by then. */
void pst_inquiry_offer(PstInquiry *inquiry, guint i, PstVia via, PstReport *report, gint64 age_ms,
                       gint64 no_news_ms);

/* The guest itself refuses the question: no other rung would do better. */
void pst_inquiry_refuse(PstInquiry *inquiry, guint i, PstVia via, const GError *error);

/* The guest itself had no time for the question. Nobody asks the guest anew; an answer that another
 * rung has under way wins over this, and so does an offer. */
void pst_inquiry_note_late(PstInquiry *inquiry, guint i, PstVia via, const GError *error);

/* The rung can't answer this question, another may. */
void pst_inquiry_fail(PstInquiry *inquiry, guint i, PstVia via, gint64 took_ms, const char *reason);

/* The rung is being tried from now on. */
void pst_inquiry_rung_started(PstInquiry *inquiry, PstVia via);

/* The rung has met a sign of life, so that it is worth waiting for. */
void pst_inquiry_progress(PstInquiry *inquiry, PstVia via);

/* Before a rung does what costs the guest something: waits while a better one shows signs of life.
 * FALSE where nothing is left to be asked. */
gboolean pst_inquiry_yield(PstInquiry *inquiry, PstVia via);

/* Before a rung uses what rung OTHER uses too, and has less to say: waits until that one has ended,
 * where it was begun, or UNTIL_US. FALSE where nothing is left to be asked. */
gboolean pst_inquiry_await_end(PstInquiry *inquiry, PstVia other, gint64 until_us);

/* Whether a better rung than VIA shows signs of life now. */
gboolean pst_inquiry_has_better(PstInquiry *inquiry, PstVia via);

/* Whether a better rung than VIA has sent to the guest, and heard nothing so far. */
gboolean pst_inquiry_has_silent(PstInquiry *inquiry, PstVia via);

/* The guest has said something, which need not be an answer to any of the questions: one that lives
 * does so every second or two, however long a probe takes. */
void pst_inquiry_heard(PstInquiry *inquiry);

/* The rung has its turn, and begins to send to the guest. */
void pst_inquiry_guest_is_asked(PstInquiry *inquiry, PstVia via);

/* The rung is about to end because the guest owes it an answer for longer than a living one needs:
 * one that spins or stands still is as silent after that as before. */
void pst_inquiry_guest_is_mute(PstInquiry *inquiry, PstVia via);

/* For the rung that looks at the guest from outside: how those that ask the guest itself get on. */
typedef enum {
    PST_INQUIRY_PULSE_NOBODY,  /* none of them is at work */
    PST_INQUIRY_PULSE_WAITING, /* they wait for their turn, or have only just begun to send */
    PST_INQUIRY_PULSE_SILENT,  /* what was sent before SINCE_US has had no answer since */
    PST_INQUIRY_PULSE_MUTE,    /* nor will it have one: who sent it waited long enough */
    PST_INQUIRY_PULSE_ALIVE,   /* the guest has said something since then */
} PstInquiryPulse;

PstInquiryPulse pst_inquiry_pulse(PstInquiry *inquiry, gint64 since_us);

/* Waits until UNTIL_US. FALSE as soon as nothing is left to be asked. */
gboolean pst_inquiry_stay(PstInquiry *inquiry, gint64 until_us);

/* What the host sees of the guest (taken over), of which nobody is told where the guest has
 * answered everything. */
void pst_inquiry_see_host(PstInquiry *inquiry, PstReport *report);

/* It is certain that nothing in the guest will answer, as HOST (taken over) tells: what is still
 * open stays so. FALSE, and nothing is given up, where it has come to life since SINCE_US. */
gboolean pst_inquiry_give_up(PstInquiry *inquiry, PstReport *host, gint64 since_us);

/* The rung has done all that it can. */
void pst_inquiry_rung_ended(PstInquiry *inquiry, PstVia via);

/* For the ladder: waits until nothing is left to be waited for, rung VIA has ended, SILENT_UNTIL_US
 * has come while it showed no sign of life, or UNTIL_US. TRUE where it lives and goes on. */
gboolean pst_inquiry_wait(PstInquiry *inquiry, PstVia via, gint64 silent_until_us, gint64 until_us);

/* Waits until nothing is left to be waited for, all N_RUNGS started rungs have ended, or the
 * deadline. Where the guest is to be asked nothing any more, that is as soon as no rung that lives
 * has anything under way and the volume is read. */
void pst_inquiry_wait_all(PstInquiry *inquiry, guint n_rungs);

/* Ends it and gives the answers back, in the order of the questions: N of them, the array owned by
 * the caller. Those that nobody answered have an error: the guest's own, where it had no time; each
 * tells why the rungs above the one that answered it did not, the best rung first. */
PstAnswer **pst_inquiry_close(PstInquiry *inquiry);

/* After that: what the host saw, where anybody looked; owned by the caller. */
PstReport *pst_inquiry_steal_host(PstInquiry *inquiry);
