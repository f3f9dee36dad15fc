// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/backend-host.h"

#include "host-sidecar/guest.h"
#include "host-sidecar/host-judge.h"
#include "host-sidecar/host-look.h"

/* How long the counters are watched before anything is said of them: with what comes before and
 * after, a guest that is dead is known to be within five seconds. */
#define WATCH_US (3 * G_USEC_PER_SEC)
/* What it takes to hand over in time. */
#define MARGIN_US (G_USEC_PER_SEC / 3)
/* The newest record is worth waiting for, but not for long. */
#define RECORDS_US (2 * G_USEC_PER_SEC)

static gboolean
is_open(const PstGuest *guest G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    return TRUE;
}

/* FALSE where nothing is left to be watched for: nor is there where no port is open that anybody
 * could be asked through. */
static gboolean
watch(PstHostLook *look, PstInquiry *inquiry, gint64 deadline_us)
{
    gboolean asked = pst_inquiry_is_guest_asked(inquiry);
    gint64 begun_us = g_get_monotonic_time(), until_us = begun_us + WATCH_US;
    PstHostData *data = pst_host_look_data(look);

    data->asked = PST_TRI(asked);
    data->answered = asked ? PST_TRI_UNKNOWN : PST_TRI_NO;
    if (!asked || pst_host_judge_is_certain(data) || until_us > deadline_us ||
        !pst_inquiry_stay(inquiry, until_us) || !pst_host_look_again(look, deadline_us, NULL))
        return FALSE;
    data = pst_host_look_data(look);
    data->asked = PST_TRI_YES;
    data->answered = PST_TRI(pst_inquiry_is_guest_alive(inquiry, begun_us));
    return !pst_host_judge_is_certain(data);
}

static gboolean
ask(PstGuest *guest, PstInquiry *inquiry, GError **error)
{
    gint64 deadline_us = pst_inquiry_deadline_us(inquiry) - MARGIN_US;
    g_autoptr(PstHostLook) look = pst_host_look_new(guest, deadline_us, error);

    if (look == NULL)
        return FALSE;
    pst_host_look_explain(look, deadline_us);
    while (watch(look, inquiry, deadline_us))
        continue;
    gboolean certain = pst_host_judge_is_certain(pst_host_look_data(look));
    pst_inquiry_see_host(inquiry, pst_host_look_finish(look));
    if (certain && pst_inquiry_await_end(inquiry, PST_VIA_VOLUME,
                                         MIN(deadline_us, g_get_monotonic_time() + RECORDS_US)))
        pst_inquiry_give_up(inquiry);
    return TRUE;
}

const PstBackend pst_backend_host = {
    .via = PST_VIA_HOST,
    .is_open = is_open,
    .ask = ask,
};
