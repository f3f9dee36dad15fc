// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/backend-agent.h"

#include "host-sidecar/agent.h"
#include "host-sidecar/client.h"
#include "host-sidecar/question.h"
#include "protocol/error.h"
#include "protocol/limits.h"

/* Where distributions put it. */
static const char *const shim_paths[] = {"/usr/sbin/postern-shim", "/usr/local/sbin/postern-shim",
                                         "/run/current-system/sw/bin/postern-shim", NULL};

/* In base64 and with its envelope this stays below PST_LIMIT_AGENT_ANSWER. */
#define OUTPUT_LIMIT "700000"
/* The shim ends this long before our own deadline, so that there is time to fetch what it wrote. */
#define MARGIN_US (500 * G_GINT64_CONSTANT(1000))
/* A guest that is alive says its time at once, even a slow one. */
#define ALIVE_US (3 * G_USEC_PER_SEC)
/* What is left of the deadline for the rung below, where the guest starts no program any more. */
#define MAX_RESERVE_US (1500 * G_GINT64_CONSTANT(1000))

gboolean
pst_backend_agent_is_open(const PstGuest *guest, GError **error)
{
    if (!pst_guest_check_running(guest, error))
        return FALSE;
    if (guest->xml.agent == PST_GUEST_XML_PORT_CONNECTED)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "%s",
                guest->xml.agent == PST_GUEST_XML_PORT_ABSENT
                    ? "the domain has no channel org.qemu.guest_agent.0"
                    : "no guest agent runs");
    return FALSE;
}

/* Up to as many questions as one call of the shim takes, from *next on. */
static guint
make_requests(PstClient *client, PstInquiry *inquiry, gint64 not_after_us, guint *next,
              gint64 *numbers, GByteArray *input)
{
    PstCall call = {.not_after_realtime_us = not_after_us};
    guint n = 0;

    for (; *next < pst_inquiry_size(inquiry) && n < PST_LIMIT_IN_FLIGHT; (*next)++) {
        numbers[*next] = -1;
        if (!pst_inquiry_is_wanted(inquiry, *next))
            continue;
        g_autoptr(JsonObject) params = pst_question_params(inquiry, *next, &call);
        numbers[*next] = pst_client_request(client, "probe", params, input, NULL);
        n += numbers[*next] >= 0;
    }
    return n;
}

static void
settle_all(PstClient *client, PstInquiry *inquiry, guint first, guint end, const gint64 *numbers)
{
    for (guint i = first; i < end; i++) {
        g_autoptr(PstMessage) answer = numbers[i] >= 0 ? pst_client_take(client, numbers[i]) : NULL;
        if (answer != NULL)
            pst_question_settle(inquiry, i, PST_VIA_AGENT, answer);
        else if (numbers[i] >= 0)
            pst_inquiry_fail(inquiry, i, PST_VIA_AGENT, 0, "the shim did not answer this question");
    }
}

/* One run of the shim for the questions from *next on. */
static gboolean
run_shim(PstAgent *agent, PstInquiry *inquiry, gint64 deadline_us, gint64 guest_deadline_us,
         guint *next, gint64 *numbers, GError **error)
{
    static const char *const argv[] = {"--oneshot", "--output-limit", OUTPUT_LIMIT, NULL};
    g_autoptr(PstClient) client = pst_client_new_one_shot();
    g_autoptr(GByteArray) input = g_byte_array_new();
    guint first = *next;

    if (make_requests(client, inquiry, guest_deadline_us, next, numbers, input) == 0)
        return TRUE;
    g_autoptr(GByteArray) output =
        pst_agent_run(agent, shim_paths, argv, input, deadline_us, error);
    if (output == NULL)
        return FALSE;
    pst_client_feed(client, output->data, output->len);
    settle_all(client, inquiry, first, *next, numbers);
    return TRUE;
}

/* Reads the guest's clock, at *read_us of ours. */
static gboolean
read_clock(PstAgent *agent, PstInquiry *inquiry, gint64 *realtime_us, gint64 *read_us,
           GError **error)
{
    gint64 until_us = MIN(pst_inquiry_deadline_us(inquiry), g_get_monotonic_time() + ALIVE_US);

    pst_inquiry_guest_is_asked(inquiry, PST_VIA_AGENT);
    gboolean told = pst_agent_time(agent, until_us, realtime_us, error);
    *read_us = g_get_monotonic_time();
    /* libvirt has one code for an agent that is silent and for one that is gone. */
    if (!told && *read_us >= until_us)
        pst_inquiry_guest_is_mute(inquiry, PST_VIA_AGENT);
    return told;
}

static void
on_heard(gpointer inquiry)
{
    pst_inquiry_heard(inquiry);
}

/* The agent, alive, with the guest's clock read at *read_us of ours; NULL without an error where
 * nothing is left to be asked. The agent is not held while this rung waits for a better one: there
 * are few places. */
static PstAgent *
open_agent(PstGuest *guest, PstInquiry *inquiry, gint64 *realtime_us, gint64 *read_us,
           GError **error)
{
    gint64 deadline_us = pst_inquiry_deadline_us(inquiry);

    while (pst_inquiry_yield(inquiry, PST_VIA_AGENT)) {
        gboolean modest = pst_inquiry_has_silent(inquiry, PST_VIA_AGENT);
        g_autoptr(PstAgent) agent = pst_agent_open(guest, modest, deadline_us, error);

        if (agent == NULL)
            return NULL;
        pst_agent_listen(agent, on_heard, inquiry);
        if (!read_clock(agent, inquiry, realtime_us, read_us, error))
            return NULL;
        if (!pst_inquiry_has_better(inquiry, PST_VIA_AGENT))
            return g_steal_pointer(&agent);
    }
    return NULL;
}

static gboolean
ask(PstGuest *guest, PstInquiry *inquiry, GError **error)
{
    g_autofree gint64 *numbers = g_new(gint64, pst_inquiry_size(inquiry));
    gint64 realtime_us = 0, read_us = 0;
    g_autoptr(GError) cause = NULL;
    g_autoptr(PstAgent) agent = open_agent(guest, inquiry, &realtime_us, &read_us, &cause);
    guint next = 0;

    /* Without a cause a better rung had come to life: there is nothing left to do. */
    if (agent == NULL && cause == NULL)
        return TRUE;
    if (agent == NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    pst_inquiry_progress(inquiry, PST_VIA_AGENT);

    gint64 left_us = pst_inquiry_deadline_us(inquiry) - read_us;
    gint64 ours_us = left_us - MIN(MAX_RESERVE_US, left_us / 4);
    while (next < pst_inquiry_size(inquiry) && !pst_inquiry_is_exhausted(inquiry))
        if (!run_shim(agent, inquiry, read_us + ours_us, realtime_us + ours_us - MARGIN_US, &next,
                      numbers, error))
            return FALSE;
    return TRUE;
}

const PstBackend pst_backend_agent = {
    .via = PST_VIA_AGENT,
    .is_open = pst_backend_agent_is_open,
    .ask = ask,
};
