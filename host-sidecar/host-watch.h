// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/inquiry.h"
#include "protocol/report-host.h"

/* How long a guest is watched from outside while others ask it, and what then is done about it. It
 * needs no libvirt and no clock: what it sees and does is a world's. */

typedef struct {
    /* Of the monotonic clock. */
    gint64 (*now_us)(gpointer world);
    /* Takes a sample, the first or another, which replaces the last and is compared with it; until
     * DEADLINE_US at most. */
    gboolean (*look)(gpointer world, gint64 deadline_us, GError **error);
    /* What the last sample says, borrowed until the next. */
    PstHostData *(*data)(gpointer world);
    /* Reads what explains it, console and newest record, again where it was read before. */
    void (*explain)(gpointer world, gint64 until_us);
    /* As pst_inquiry_pulse() and pst_inquiry_stay(). */
    PstInquiryPulse (*pulse)(gpointer world, gint64 since_us);
    gboolean (*stay)(gpointer world, gint64 until_us);
    /* Waits until the records that answer have been read, or UNTIL_US. */
    void (*await_records)(gpointer world, gint64 until_us);
    /* Hands over what was seen: as pst_inquiry_see_host() where it is not certain that nothing in
     * the guest will answer, as pst_inquiry_give_up() where it is. */
    void (*tell)(gpointer world);
    void (*give_up)(gpointer world, gint64 since_us);
} PstHostWatchWorld;

/* Watches until nothing is left to be watched for, and hands over what was seen before DEADLINE_US.
 * FALSE with the error of the first sample, where there was none: nothing is handed over. */
gboolean pst_host_watch(const PstHostWatchWorld *does, gpointer world, gint64 deadline_us,
                        GError **error);
