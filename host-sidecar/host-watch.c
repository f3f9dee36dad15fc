// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/host-watch.h"

#include "host-sidecar/host-judge.h"

/* How long the counters are watched before anything is said of them: with what comes before and
 * after, a guest that is dead is known to be within five seconds. */
#define WATCH_US (3 * G_USEC_PER_SEC)
/* Console and newest record are read meanwhile. */
#define EXPLAIN_US (2 * G_USEC_PER_SEC)
/* What it takes to hand over in time. */
#define MARGIN_US (G_USEC_PER_SEC / 3)
/* The records that answer are worth waiting for, but not for long. */
#define RECORDS_US (2 * G_USEC_PER_SEC)

static void
note_pulse(PstHostData *data, PstInquiryPulse pulse)
{
    data->asked = pulse == PST_INQUIRY_PULSE_WAITING ? PST_TRI_UNKNOWN
                                                     : PST_TRI(pulse != PST_INQUIRY_PULSE_NOBODY);
    data->answered = pulse == PST_INQUIRY_PULSE_WAITING ? PST_TRI_UNKNOWN
                                                        : PST_TRI(pulse == PST_INQUIRY_PULSE_ALIVE);
}

/* Nobody is asked because QEMU does not answer, or no port is held after a panic: what the
 * processors do is seen by one watch. */
static gboolean
is_worth_a_watch(const PstHostData *data)
{
    return data->asked == PST_TRI_UNKNOWN &&
           (pst_host_judge_is_monitor_silent(data) || pst_host_judge_may_have_panicked(data));
}

/* What the guest wrote while it was watched may belie its console. */
static void
explain_again(const PstHostWatchWorld *does, gpointer world, gint64 deadline_us)
{
    if (pst_host_judge_may_have_panicked(does->data(world)))
        does->explain(world, MIN(deadline_us, does->now_us(world) + EXPLAIN_US));
}

/* Watches from BEGUN_US on. FALSE where nothing is left to be watched for: nor is there where no
 * port is open that anybody could be asked through, nor once a guest that nobody waits for any more
 * was watched for long enough. */
static gboolean
watch_on(const PstHostWatchWorld *does, gpointer world, gint64 begun_us, gint64 deadline_us)
{
    gint64 until_us = begun_us + WATCH_US;

    if ((does->pulse(world, begun_us) == PST_INQUIRY_PULSE_NOBODY &&
         !is_worth_a_watch(does->data(world))) ||
        pst_host_judge_is_certain(does->data(world)) || until_us > deadline_us ||
        !does->stay(world, until_us) || !does->look(world, deadline_us, NULL))
        return FALSE;
    PstInquiryPulse pulse = does->pulse(world, begun_us);
    note_pulse(does->data(world), pulse);
    explain_again(does, world, deadline_us);
    return pulse != PST_INQUIRY_PULSE_MUTE && !pst_host_judge_is_certain(does->data(world));
}

/* What is certain of a guest that has just said something is so once it was silent for a watch: it
 * was paused in the middle of an answer, say. FALSE where there is no time for that, or nothing
 * left to be asked. */
static gboolean
look_later(const PstHostWatchWorld *does, gpointer world, gint64 *begun_us, gint64 deadline_us)
{
    gint64 until_us = does->now_us(world) + WATCH_US;

    *begun_us = does->now_us(world);
    if (until_us > deadline_us || !does->stay(world, until_us) ||
        !does->look(world, deadline_us, NULL))
        return FALSE;
    note_pulse(does->data(world), does->pulse(world, *begun_us));
    explain_again(does, world, deadline_us);
    return TRUE;
}

gboolean
pst_host_watch(const PstHostWatchWorld *does, gpointer world, gint64 deadline_us, GError **error)
{
    gint64 end_us = deadline_us - MARGIN_US;
    gint64 start_us = does->now_us(world), begun_us = start_us;

    if (!does->look(world, end_us, error))
        return FALSE;
    does->explain(world, MIN(end_us, does->now_us(world) + EXPLAIN_US));
    do {
        while (watch_on(does, world, begun_us, end_us))
            begun_us = does->now_us(world);
        PstHostData *data = does->data(world);
        if (data->asked == PST_TRI_UNKNOWN)
            note_pulse(data, does->pulse(world, start_us));
        if (!pst_host_judge_is_certain(data)) {
            does->tell(world);
            return TRUE;
        }
        does->await_records(world, MIN(end_us, does->now_us(world) + RECORDS_US));
        if (does->pulse(world, begun_us) != PST_INQUIRY_PULSE_ALIVE) {
            does->give_up(world, begun_us);
            return TRUE;
        }
    } while (look_later(does, world, &begun_us, end_us));
    does->tell(world);
    return TRUE;
}
