// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/backend-host.h"

#include "host-sidecar/guest.h"
#include "host-sidecar/host-judge.h"
#include "host-sidecar/host-look.h"

/* How long the counters are watched before anything is said of them: with what comes before and
 * after, a guest that is dead is known to be within five seconds. */
#define WATCH_US (3 * G_USEC_PER_SEC)
/* Console and newest record are read meanwhile. */
#define EXPLAIN_US (2 * G_USEC_PER_SEC)
/* What it takes to hand over in time. */
#define MARGIN_US (G_USEC_PER_SEC / 3)
/* The records that answer are worth waiting for, but not for long. */
#define RECORDS_US (2 * G_USEC_PER_SEC)

static gboolean
is_open(const PstGuest *guest G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    return TRUE;
}

static void
note_pulse(PstHostLook *look, PstInquiryPulse pulse)
{
    PstHostData *data = pst_host_look_data(look);

    data->asked = pulse == PST_INQUIRY_PULSE_WAITING ? PST_TRI_UNKNOWN
                                                     : PST_TRI(pulse != PST_INQUIRY_PULSE_NOBODY);
    data->answered = pulse == PST_INQUIRY_PULSE_WAITING ? PST_TRI_UNKNOWN
                                                        : PST_TRI(pulse == PST_INQUIRY_PULSE_ALIVE);
}

/* Watches from BEGUN_US on. FALSE where nothing is left to be watched for: nor is there where no
 * port is open that anybody could be asked through. */
static gboolean
watch(PstHostLook *look, PstInquiry *inquiry, gint64 begun_us, gint64 deadline_us)
{
    gint64 until_us = begun_us + WATCH_US;

    if (pst_inquiry_pulse(inquiry, begun_us) == PST_INQUIRY_PULSE_NOBODY ||
        pst_host_judge_is_certain(pst_host_look_data(look)) || until_us > deadline_us ||
        !pst_inquiry_stay(inquiry, until_us) || !pst_host_look_again(look, deadline_us, NULL))
        return FALSE;
    note_pulse(look, pst_inquiry_pulse(inquiry, begun_us));
    return !pst_host_judge_is_certain(pst_host_look_data(look));
}

static gboolean
ask(PstGuest *guest, PstInquiry *inquiry, GError **error)
{
    gint64 deadline_us = pst_inquiry_deadline_us(inquiry) - MARGIN_US;
    gint64 start_us = g_get_monotonic_time(), begun_us = start_us;
    g_autoptr(PstHostLook) look = pst_host_look_new(guest, deadline_us, error);

    if (look == NULL)
        return FALSE;
    pst_host_look_explain(look, MIN(deadline_us, g_get_monotonic_time() + EXPLAIN_US));
    while (watch(look, inquiry, begun_us, deadline_us))
        begun_us = g_get_monotonic_time();
    PstHostData *data = pst_host_look_data(look);
    if (data->asked == PST_TRI_UNKNOWN)
        note_pulse(look, pst_inquiry_pulse(inquiry, start_us));
    if (!pst_host_judge_is_certain(data)) {
        pst_inquiry_see_host(inquiry, pst_host_look_finish(look));
        return TRUE;
    }
    pst_inquiry_await_end(inquiry, PST_VIA_VOLUME,
                          MIN(deadline_us, g_get_monotonic_time() + RECORDS_US));
    pst_inquiry_give_up(inquiry, pst_host_look_finish(look), begun_us);
    return TRUE;
}

const PstBackend pst_backend_host = {
    .via = PST_VIA_HOST,
    .is_open = is_open,
    .ask = ask,
};
