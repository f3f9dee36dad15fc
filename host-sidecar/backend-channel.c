// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/backend-channel.h"

#include "host-sidecar/channel.h"
#include "host-sidecar/question.h"
#include "protocol/error.h"
#include "protocol/limits.h"

/* So that the shim's own word on a passed deadline still arrives before ours. */
#define MARGIN_US (150 * G_GINT64_CONSTANT(1000))

static gboolean
is_open(const PstGuest *guest, GError **error)
{
    if (!pst_guest_check_running(guest, error))
        return FALSE;

    switch (guest->xml.shim) {
    case PST_GUEST_XML_PORT_CONNECTED:
        return TRUE;
    case PST_GUEST_XML_PORT_ABSENT:
        g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT,
                    "the domain has no channel org.postern.shim.0");
        return FALSE;
    case PST_GUEST_XML_PORT_DISCONNECTED:
    case PST_GUEST_XML_PORT_UNKNOWN:
        g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "no shim holds the channel open");
        return FALSE;
    }
    g_return_val_if_reached(FALSE);
}

/* Sends as many questions as may be in flight; numbers[i] becomes -1 for those that are not. */
static gboolean
send_questions(PstChannel *channel, PstInquiry *inquiry, gint64 *numbers, guint *next,
               guint *in_flight, GError **error)
{
    gint64 deadline_us = pst_inquiry_deadline_us(inquiry) - MARGIN_US;
    PstCall call = {.not_after_us = pst_channel_guest_time_us(channel, deadline_us)};

    for (; *next < pst_inquiry_size(inquiry) && *in_flight < PST_LIMIT_IN_FLIGHT; (*next)++) {
        if (!pst_inquiry_is_open(inquiry, *next))
            continue;
        g_autoptr(JsonObject) params = pst_question_params(inquiry, *next, &call);
        numbers[*next] = pst_channel_request(channel, "probe", params, error);
        if (numbers[*next] < 0)
            return FALSE;
        (*in_flight)++;
    }
    return TRUE;
}

static gboolean
converse(PstChannel *channel, PstInquiry *inquiry, GError **error)
{
    guint n = pst_inquiry_size(inquiry), next = 0, in_flight = 0;
    g_autofree gint64 *numbers = g_new(gint64, n);

    for (guint i = 0; i < n; i++)
        numbers[i] = -1;
    for (;;) {
        g_autoptr(PstMessage) answer = NULL;

        if (!send_questions(channel, inquiry, numbers, &next, &in_flight, error))
            return FALSE;
        if (in_flight == 0)
            return TRUE;
        int i =
            pst_channel_wait(channel, numbers, n, pst_inquiry_deadline_us(inquiry), &answer, error);
        if (i < 0)
            return FALSE;
        numbers[i] = -1;
        in_flight--;
        pst_question_settle(inquiry, (guint)i, PST_VIA_CHANNEL, answer);
    }
}

static gboolean
ask(PstGuest *guest, PstInquiry *inquiry, GError **error)
{
    g_autoptr(PstChannel) channel =
        pst_channel_open(guest, pst_inquiry_deadline_us(inquiry), error);

    if (channel == NULL)
        return FALSE;
    pst_inquiry_progress(inquiry, PST_VIA_CHANNEL);
    return converse(channel, inquiry, error);
}

const PstBackend pst_backend_channel = {PST_VIA_CHANNEL, is_open, ask};
