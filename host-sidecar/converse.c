// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/converse.h"

#include "host-sidecar/channel-keep.h"
#include "host-sidecar/question.h"
#include "protocol/error.h"
#include "protocol/limits.h"

/* So that the shim's own word on a passed deadline still arrives before ours. */
#define MARGIN_US (150 * G_GINT64_CONSTANT(1000))

/* One place is kept for a ping. */
#define MAX_QUESTIONS (PST_LIMIT_IN_FLIGHT - 1)

/* A probe may take long, but the shim's own loop never does: after this much silence it is asked
 * whether it still lives, and it has that long to say so, on a starved guest too. */
#define SILENCE_US (gint64) G_USEC_PER_SEC
#define PULSE_US (2 * (gint64)G_USEC_PER_SEC)

typedef struct {
    PstChannel *channel;
    PstInquiry *inquiry;
    gint64 deadline_us;
    guint n;         /* questions */
    gint64 *numbers; /* of their requests, -1 where none is in flight; behind them the ping's */
    guint next;      /* the first question that was not sent yet */
    guint in_flight;
} Conversation;

/* Sends as many questions as may be in flight. */
static gboolean
send_questions(Conversation *talk, GError **error)
{
    gint64 deadline_us = talk->deadline_us - MARGIN_US;
    PstCall call = {.not_after_us = pst_channel_guest_time_us(talk->channel, deadline_us)};

    for (; talk->next < talk->n && talk->in_flight < MAX_QUESTIONS; talk->next++) {
        if (!pst_inquiry_is_wanted(talk->inquiry, talk->next))
            continue;
        g_autoptr(JsonObject) params = pst_question_params(talk->inquiry, talk->next, &call);
        gint64 number = pst_channel_request(talk->channel, "probe", params, error);
        if (number < 0)
            return FALSE;
        talk->numbers[talk->next] = number;
        talk->in_flight++;
    }
    return TRUE;
}

/* Nothing came for a while: FALSE where that means that the shim is gone. */
static gboolean
bear_silence(Conversation *talk, GError **error)
{
    gint64 *ping = &talk->numbers[talk->n];

    if (*ping < 0) {
        *ping = pst_channel_request(talk->channel, "ping", NULL, error);
        return *ping >= 0;
    }
    pst_inquiry_guest_is_mute(talk->inquiry, PST_VIA_CHANNEL);
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "the shim said hello and then nothing more");
    return FALSE;
}

/* A shim that was killed and started anew does not know our session, and says so to whatever it is
 * asked: that answers no question. */
static gboolean
check_session(const PstMessage *answer, gboolean is_ping, GError **error)
{
    if (answer->type == PST_MESSAGE_RESULT ||
        (!is_ping && !g_error_matches(answer->error, PST_ERROR, PST_ERROR_INVALID_REQUEST)))
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "the shim was started anew meanwhile");
    return FALSE;
}

/* Waits for one answer and hands it on, as long as the shim lives. */
static gboolean
hear(Conversation *talk, GError **error)
{
    g_autoptr(PstMessage) answer = NULL;
    g_autoptr(GError) cause = NULL;
    gint64 patience_us = talk->numbers[talk->n] < 0 ? SILENCE_US : PULSE_US;
    gint64 until_us = MIN(talk->deadline_us, g_get_monotonic_time() + patience_us);
    int i = pst_channel_wait(talk->channel, talk->numbers, talk->n + 1, until_us, &answer, &cause);

    if (i >= 0) {
        pst_inquiry_heard(talk->inquiry);
        if (!check_session(answer, i == (int)talk->n, error))
            return FALSE;
    }
    if (i == (int)talk->n) {
        talk->numbers[i] = -1;
        return TRUE;
    }
    if (i >= 0) {
        talk->numbers[i] = -1;
        talk->in_flight--;
        pst_question_settle(talk->inquiry, (guint)i, PST_VIA_CHANNEL, answer);
        return TRUE;
    }
    if (g_error_matches(cause, PST_ERROR, PST_ERROR_DEADLINE) && until_us < talk->deadline_us)
        return bear_silence(talk, error);
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}

static gboolean
converse(PstChannelLoan *loan, PstChannel *channel, PstInquiry *inquiry, GError **error)
{
    Conversation talk = {
        .channel = channel,
        .inquiry = inquiry,
        .deadline_us = pst_inquiry_deadline_us(inquiry),
        .n = pst_inquiry_size(inquiry),
    };
    g_autofree gint64 *numbers = g_new(gint64, talk.n + 1);

    talk.numbers = numbers;
    for (guint i = 0; i <= talk.n; i++)
        numbers[i] = -1;
    while (send_questions(&talk, error)) {
        if (talk.in_flight == 0) {
            if (numbers[talk.n] < 0)
                pst_channel_keep_settle(loan);
            return TRUE;
        }
        if (!hear(&talk, error))
            return FALSE;
    }
    return FALSE;
}

gboolean
pst_converse(const PstCarrierEnd *end, PstInquiry *inquiry, const PstConverseListener *listener,
             GError **error)
{
    gint64 deadline_us = pst_inquiry_deadline_us(inquiry);
    g_autoptr(PstChannelLoan) loan = pst_channel_keep_borrow(end, deadline_us, error);

    if (loan == NULL)
        return FALSE;
    pst_inquiry_guest_is_asked(inquiry, PST_VIA_CHANNEL);
    PstChannel *channel = pst_channel_keep_open(loan, deadline_us, error);
    if (channel == NULL)
        return FALSE;
    if (listener != NULL)
        listener->greeted(pst_channel_hello(channel), listener->user_data);
    pst_inquiry_progress(inquiry, PST_VIA_CHANNEL);
    return converse(loan, channel, inquiry, error);
}
