// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/inquiry-parts.h"

#include <string.h>

#include "protocol/error.h"
#include "protocol/json.h"

PstInquiry *
pst_inquiry_new(PstAnswer **questions, guint n, const char *caller, gint64 deadline_us)
{
    PstInquiry *inquiry = g_new0(PstInquiry, 1);

    inquiry->references = 1;
    g_mutex_init(&inquiry->lock);
    g_cond_init(&inquiry->changed);
    inquiry->places = g_new0(guint, n + 1);
    inquiry->answers = pst_answer_arrange(questions, n, inquiry->places);
    inquiry->n = n;
    inquiry->caller = g_strdup(caller);
    inquiry->begun_us = g_get_monotonic_time();
    inquiry->deadline_us = deadline_us;
    g_queue_init(&inquiry->untold);
    inquiry->settled = g_new0(gboolean, n);
    inquiry->offers = g_new0(PstInquiryOffer, n);
    inquiry->late = g_new0(PstInquiryLateness, n);
    inquiry->args = g_new0(char *, n + 1);
    inquiry->probes = g_new0(char *, n + 1);
    /* Copies, because a rung may still read them when the answers are long with their owner. */
    for (guint i = 0; i < n; i++) {
        inquiry->args[i] = pst_json_to_text(inquiry->answers[i]->args, NULL);
        inquiry->probes[i] = g_strdup(inquiry->answers[i]->probe);
    }
    return inquiry;
}

PstInquiry *
pst_inquiry_ref(PstInquiry *inquiry)
{
    g_atomic_int_inc(&inquiry->references);
    return inquiry;
}

void
pst_inquiry_unref(PstInquiry *inquiry)
{
    if (!g_atomic_int_dec_and_test(&inquiry->references))
        return;
    for (guint i = 0; inquiry->answers != NULL && i < inquiry->n; i++)
        pst_answer_free(inquiry->answers[i]);
    for (guint i = 0; i < inquiry->n; i++) {
        g_clear_pointer(&inquiry->offers[i].report, pst_report_free);
        g_clear_error(&inquiry->late[i].error);
    }
    g_free(inquiry->offers);
    g_free(inquiry->late);
    g_free(inquiry->answers);
    g_free(inquiry->places);
    g_strfreev(inquiry->args);
    g_strfreev(inquiry->probes);
    g_free(inquiry->settled);
    g_queue_clear(&inquiry->untold);
    g_clear_pointer(&inquiry->host, pst_report_free);
    g_free(inquiry->caller);
    g_mutex_clear(&inquiry->lock);
    g_cond_clear(&inquiry->changed);
    g_free(inquiry);
}

void
pst_inquiry_listen(PstInquiry *inquiry, const PstInquiryListener *listener)
{
    if (listener != NULL)
        inquiry->listener = *listener;
}

gint64
pst_inquiry_deadline_us(const PstInquiry *inquiry)
{
    return inquiry->deadline_us;
}

const char *
pst_inquiry_caller(const PstInquiry *inquiry)
{
    return inquiry->caller;
}

guint
pst_inquiry_size(const PstInquiry *inquiry)
{
    return inquiry->n;
}

const char *
pst_inquiry_probe(const PstInquiry *inquiry, guint i)
{
    return inquiry->probes[i];
}

JsonObject *
pst_inquiry_args(const PstInquiry *inquiry, guint i)
{
    return pst_json_parse(inquiry->args[i], strlen(inquiry->args[i]), &pst_validate_from_guest,
                          NULL);
}

static gboolean
is_open(const PstInquiry *inquiry, guint i)
{
    return !inquiry->closed && !inquiry->given_up && !inquiry->settled[i];
}

static gboolean
is_settled(const PstInquiry *inquiry)
{
    for (guint i = 0; i < inquiry->n; i++)
        if (is_open(inquiry, i))
            return FALSE;
    return TRUE;
}

static gboolean
is_wanted(const PstInquiry *inquiry, guint i)
{
    return is_open(inquiry, i) && inquiry->late[i].error == NULL;
}

static gboolean
is_exhausted(const PstInquiry *inquiry)
{
    for (guint i = 0; i < inquiry->n; i++)
        if (is_wanted(inquiry, i))
            return FALSE;
    return TRUE;
}

gboolean
pst_inquiry_is_open(PstInquiry *inquiry, guint i)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);

    return is_open(inquiry, i);
}

gboolean
pst_inquiry_is_wanted(PstInquiry *inquiry, guint i)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);

    return is_wanted(inquiry, i);
}

gboolean
pst_inquiry_is_exhausted(PstInquiry *inquiry)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);

    return is_exhausted(inquiry);
}

gboolean
pst_inquiry_is_settled(PstInquiry *inquiry)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);

    return is_settled(inquiry);
}

static void
settle(PstInquiry *inquiry, guint i, PstVia via)
{
    pst_inquiry_tell_better(inquiry, i, via);
    pst_answer_forget_attempts(inquiry->answers[i], via);
    inquiry->settled[i] = TRUE;
    inquiry->answered_us = inquiry->heard_us = g_get_monotonic_time();
    inquiry->answers[i]->via = (int)via;
    inquiry->answers[i]->took_ms = (inquiry->answered_us - inquiry->begun_us) / 1000;
    if (inquiry->listener.told != NULL)
        g_queue_push_tail(&inquiry->untold, inquiry->answers[i]);
    g_cond_broadcast(&inquiry->changed);
}

void
pst_inquiry_answer(PstInquiry *inquiry, guint i, PstVia via, PstReport *report)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);

    if (!is_open(inquiry, i)) {
        pst_report_free(report);
        return;
    }
    inquiry->answers[i]->report = report;
    settle(inquiry, i, via);
}

void
pst_inquiry_offer(PstInquiry *inquiry, guint i, PstVia via, PstReport *report, gint64 age_ms,
                  gint64 no_news_ms)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);

    if (!is_open(inquiry, i) || inquiry->offers[i].report != NULL) {
        pst_report_free(report);
        return;
    }
    inquiry->offers[i] = (PstInquiryOffer){report, via, age_ms, no_news_ms, g_get_monotonic_time()};
}

void
pst_inquiry_refuse(PstInquiry *inquiry, guint i, PstVia via, const GError *error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);

    if (!is_open(inquiry, i))
        return;
    inquiry->answers[i]->error = g_error_copy(error);
    settle(inquiry, i, via);
}

void
pst_inquiry_fail(PstInquiry *inquiry, guint i, PstVia via, gint64 took_ms, const char *reason)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);

    /* How a rung ended is less than what the guest said through it. */
    if (is_open(inquiry, i) && (inquiry->late[i].error == NULL || inquiry->late[i].via != via))
        pst_answer_add_attempt(inquiry->answers[i], via, took_ms, reason);
}

void
pst_inquiry_note_late(PstInquiry *inquiry, guint i, PstVia via, const GError *error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);
    gint64 now_us = g_get_monotonic_time(), start_us = inquiry->started_us[via];

    if (!is_wanted(inquiry, i))
        return;
    inquiry->late[i] = (PstInquiryLateness){g_error_copy(error), via,
                                            start_us > 0 ? (now_us - start_us) / 1000 : 0};
    inquiry->answered_us = inquiry->heard_us = now_us;
    g_cond_broadcast(&inquiry->changed);
}

void
pst_inquiry_rung_started(PstInquiry *inquiry, PstVia via)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);

    inquiry->started_us[via] = g_get_monotonic_time();
}

void
pst_inquiry_progress(PstInquiry *inquiry, PstVia via)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);

    inquiry->alive[via] = TRUE;
    inquiry->heard_us = g_get_monotonic_time();
    g_cond_broadcast(&inquiry->changed);
}

void
pst_inquiry_heard(PstInquiry *inquiry)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);

    inquiry->heard_us = g_get_monotonic_time();
}

void
pst_inquiry_rung_ended(PstInquiry *inquiry, PstVia via)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);

    inquiry->ended[via] = TRUE;
    inquiry->n_ended++;
    g_cond_broadcast(&inquiry->changed);
}

static gboolean
has_better(const PstInquiry *inquiry, PstVia via)
{
    for (guint i = 0; i < (guint)via; i++)
        if (inquiry->alive[i] && !inquiry->ended[i])
            return TRUE;
    return FALSE;
}

gboolean
pst_inquiry_has_better(PstInquiry *inquiry, PstVia via)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);

    return has_better(inquiry, via);
}

gboolean
pst_inquiry_has_silent(PstInquiry *inquiry, PstVia via)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);

    for (guint i = 0; i < (guint)via; i++)
        if (inquiry->asked_us[i] > 0 && !inquiry->alive[i] && !inquiry->ended[i])
            return TRUE;
    return FALSE;
}

gboolean
pst_inquiry_yield(PstInquiry *inquiry, PstVia via)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);

    while (!is_exhausted(inquiry) && has_better(inquiry, via))
        if (!g_cond_wait_until(&inquiry->changed, &inquiry->lock, inquiry->deadline_us))
            return FALSE;
    return !is_exhausted(inquiry);
}

static gboolean
is_under_way(const PstInquiry *inquiry, PstVia via)
{
    return inquiry->started_us[via] > 0 && !inquiry->ended[via];
}

gboolean
pst_inquiry_await_end(PstInquiry *inquiry, PstVia other, gint64 until_us)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);

    while (!is_settled(inquiry) && is_under_way(inquiry, other))
        if (!g_cond_wait_until(&inquiry->changed, &inquiry->lock, until_us))
            break;
    return !is_settled(inquiry) && g_get_monotonic_time() < inquiry->deadline_us;
}

void
pst_inquiry_guest_is_asked(PstInquiry *inquiry, PstVia via)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);

    inquiry->asked_us[via] = g_get_monotonic_time();
    g_cond_broadcast(&inquiry->changed);
}

void
pst_inquiry_guest_is_mute(PstInquiry *inquiry, PstVia via)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);

    inquiry->mute[via] = TRUE;
}

PstInquiryPulse
pst_inquiry_pulse(PstInquiry *inquiry, gint64 since_us)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);
    gboolean at_work = FALSE, waits = FALSE, silent = FALSE;

    if (inquiry->heard_us >= since_us)
        return PST_INQUIRY_PULSE_ALIVE;
    for (PstVia via = 0; via < PST_VIA_VOLUME; via++) {
        at_work = at_work || is_under_way(inquiry, via);
        if (!is_under_way(inquiry, via) && !inquiry->mute[via])
            continue;
        gboolean sent = inquiry->asked_us[via] > 0 && inquiry->asked_us[via] <= since_us;
        silent = silent || sent;
        waits = waits || !sent;
    }
    if (silent)
        return at_work ? PST_INQUIRY_PULSE_SILENT : PST_INQUIRY_PULSE_MUTE;
    return waits ? PST_INQUIRY_PULSE_WAITING : PST_INQUIRY_PULSE_NOBODY;
}

gboolean
pst_inquiry_stay(PstInquiry *inquiry, gint64 until_us)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);

    while (!is_settled(inquiry))
        if (!g_cond_wait_until(&inquiry->changed, &inquiry->lock, until_us))
            return !is_settled(inquiry);
    return FALSE;
}

static gboolean
is_answered(const PstInquiry *inquiry)
{
    for (guint i = 0; i < inquiry->n; i++)
        if (!inquiry->settled[i])
            return FALSE;
    return TRUE;
}

/* Takes REPORT. */
static void
see_host(PstInquiry *inquiry, PstReport *report)
{
    if (inquiry->closed || is_answered(inquiry)) {
        pst_report_free(report);
        return;
    }
    g_clear_pointer(&inquiry->host, pst_report_free);
    inquiry->host = report;
}

void
pst_inquiry_see_host(PstInquiry *inquiry, PstReport *report)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);

    see_host(inquiry, report);
}

gboolean
pst_inquiry_give_up(PstInquiry *inquiry, PstReport *host, gint64 since_us)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);

    if (inquiry->heard_us >= since_us) {
        pst_report_free(host);
        return FALSE;
    }
    see_host(inquiry, host);
    inquiry->given_up = TRUE;
    g_cond_broadcast(&inquiry->changed);
    return TRUE;
}

/* From when on the guest is quiet, if nothing changes; G_MAXINT64 where it is not asked, or lives.
 */
static gint64
quiet_from(const PstInquiry *inquiry)
{
    gint64 from_us = G_MAXINT64;

    if (has_better(inquiry, PST_VIA_VOLUME))
        return G_MAXINT64;
    for (guint i = 0; i < PST_VIA_VOLUME; i++)
        if (inquiry->asked_us[i] > 0 && !inquiry->ended[i])
            from_us = MIN(from_us, MAX(inquiry->asked_us[i], inquiry->answered_us) +
                                       inquiry->listener.quiet_us);
    return from_us;
}

static void
tell_quiet(PstInquiry *inquiry)
{
    gboolean quiet =
        inquiry->listener.quiet != NULL && quiet_from(inquiry) <= g_get_monotonic_time();

    if (quiet == inquiry->quiet)
        return;
    inquiry->quiet = quiet;
    g_mutex_unlock(&inquiry->lock);
    inquiry->listener.quiet(quiet, inquiry->listener.user_data);
    g_mutex_lock(&inquiry->lock);
}

/* FALSE once UNTIL_US has come. */
static gboolean
wait_for_change(PstInquiry *inquiry, gint64 until_us)
{
    gboolean listens = inquiry->listener.quiet != NULL && !inquiry->quiet;
    gint64 wake_us = listens ? MIN(until_us, quiet_from(inquiry)) : until_us;
    gboolean in_time = g_cond_wait_until(&inquiry->changed, &inquiry->lock, wake_us);

    pst_inquiry_tell_settled(inquiry);
    tell_quiet(inquiry);
    return in_time || g_get_monotonic_time() < until_us;
}

/* Whether nothing better would come of waiting. */
static gboolean
is_over(const PstInquiry *inquiry)
{
    return is_settled(inquiry) || (is_exhausted(inquiry) && !has_better(inquiry, PST_VIA_VOLUME) &&
                                   !is_under_way(inquiry, PST_VIA_VOLUME));
}

gboolean
pst_inquiry_wait(PstInquiry *inquiry, PstVia via, gint64 silent_until_us, gint64 until_us)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);
    gint64 last_us = MIN(until_us, inquiry->deadline_us), end_us = MIN(silent_until_us, last_us);

    while (!is_over(inquiry) && !inquiry->ended[via]) {
        if (wait_for_change(inquiry, end_us))
            continue;
        if (!inquiry->alive[via] || end_us >= last_us)
            return inquiry->alive[via];
        end_us = last_us;
    }
    return FALSE;
}

void
pst_inquiry_wait_all(PstInquiry *inquiry, guint n_rungs)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&inquiry->lock);

    while (!is_over(inquiry) && inquiry->n_ended < n_rungs)
        if (!wait_for_change(inquiry, inquiry->deadline_us))
            return;
}
