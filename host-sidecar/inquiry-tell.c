// SPDX-License-Identifier: LGPL-2.1-or-later
/* What an inquiry tells: its listener meanwhile, and in the end what its questions have for
 * answers, and why some have none. */
#include "host-sidecar/inquiry-parts.h"
#include "protocol/error.h"

void
pst_inquiry_tell_better(PstInquiry *inquiry, guint i, PstVia answered)
{
    gint64 now_us = g_get_monotonic_time();
    const PstInquiryLateness *late = &inquiry->late[i];

    if (late->error != NULL && late->via < answered)
        pst_answer_add_attempt(inquiry->answers[i], late->via, late->took_ms, late->error->message);
    for (PstVia via = PST_VIA_CHANNEL; via < answered; via++)
        if (inquiry->started_us[via] > 0 && !pst_answer_has_attempt(inquiry->answers[i], via))
            pst_answer_add_attempt(
                inquiry->answers[i], via, (now_us - inquiry->started_us[via]) / 1000,
                inquiry->ended[via] ? "it ended without an answer" : "no answer in time");
}

void
pst_inquiry_tell_settled(PstInquiry *inquiry)
{
    PstAnswer *answer;

    while ((answer = g_queue_pop_head(&inquiry->untold)) != NULL) {
        g_mutex_unlock(&inquiry->lock);
        inquiry->listener.told(answer, inquiry->listener.user_data);
        g_mutex_lock(&inquiry->lock);
    }
}

static void
explain(PstInquiry *inquiry, guint i, gboolean in_time)
{
    PstAnswer *answer = inquiry->answers[i];
    PstInquiryLateness *late = &inquiry->late[i];

    if (late->error != NULL) {
        pst_inquiry_tell_better(inquiry, i, late->via);
        answer->error = g_steal_pointer(&late->error);
        answer->via = (int)late->via;
        return;
    }
    if (inquiry->host != NULL)
        pst_answer_add_attempt(answer, PST_VIA_HOST, inquiry->host->took_ms,
                               inquiry->host->summary);
    pst_inquiry_tell_better(inquiry, i, PST_VIA_NONE);
    answer->error = g_error_new(PST_ERROR, in_time ? PST_ERROR_UNAVAILABLE : PST_ERROR_DEADLINE,
                                "no path to the guest answered%s", in_time ? "" : " in time");
}

/* No rung answered: what one had of earlier holds. */
static gboolean
accept_offer(PstInquiry *inquiry, guint i)
{
    PstInquiryOffer *offer = &inquiry->offers[i];

    if (offer->report == NULL)
        return FALSE;
    pst_inquiry_tell_better(inquiry, i, offer->via);
    pst_answer_forget_attempts(inquiry->answers[i], offer->via);
    inquiry->answers[i]->report = g_steal_pointer(&offer->report);
    inquiry->answers[i]->via = (int)offer->via;
    inquiry->answers[i]->age_ms = offer->age_ms;
    inquiry->answers[i]->no_news_ms = offer->no_news_ms;
    pst_answer_let_age(inquiry->answers[i], (g_get_monotonic_time() - offer->made_us) / 1000);
    return TRUE;
}

static void
tell_contact(const PstInquiry *inquiry)
{
    PstInquiryContact *contact = inquiry->listener.contact;

    if (contact == NULL)
        return;
    for (PstVia via = 0; via < PST_VIA_VOLUME; via++)
        contact->asked = contact->asked || inquiry->asked_us[via] > 0;
    for (guint i = 0; i < inquiry->n; i++)
        contact->late = contact->late || inquiry->late[i].error != NULL;
}

PstAnswer **
pst_inquiry_close(PstInquiry *inquiry)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);
    gboolean in_time = g_get_monotonic_time() < inquiry->deadline_us;
    PstAnswer **answers = g_new0(PstAnswer *, inquiry->n + 1);

    /* From here on nobody adds to what is told. */
    inquiry->closed = TRUE;
    pst_inquiry_tell_settled(inquiry);
    tell_contact(inquiry);
    for (guint i = 0; i < inquiry->n; i++) {
        if (!inquiry->settled[i] && !accept_offer(inquiry, i))
            explain(inquiry, i, in_time);
        if (!inquiry->settled[i])
            inquiry->answers[i]->took_ms = (g_get_monotonic_time() - inquiry->begun_us) / 1000;
        pst_answer_sort_attempts(inquiry->answers[i]);
        answers[inquiry->places[i]] = inquiry->answers[i];
    }
    g_clear_pointer(&inquiry->answers, g_free);
    return answers;
}

PstReport *
pst_inquiry_steal_host(PstInquiry *inquiry)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);

    return g_steal_pointer(&inquiry->host);
}
