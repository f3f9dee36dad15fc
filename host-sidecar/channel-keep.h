// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/channel.h"

/* Channels that stay open between conversations, of a process that has many of them. Whoever wants
 * to talk to a guest borrows its channel, alone, and gives it back. One that nobody borrowed for a
 * minute is let go of, and at once where it has ended or another process waits for the guest's
 * turn. Of those that nobody listens to 32 are kept at a time. */

#define PST_CHANNEL_KEEP_IDLE_US (60 * G_USEC_PER_SEC)
#define PST_CHANNEL_KEEP_MAX 32
#define PST_CHANNEL_KEEP_RECENT_US (100 * G_GINT64_CONSTANT(1000))
#define PST_CHANNEL_KEEP_CLOCK_US ((gint64)G_USEC_PER_SEC)

/* Its timer and what it hears of other processes are CONTEXT's; everything else is thread-safe. For
 * as long as the process lives: tasks come back late. NULL with PST_ERROR_UNAVAILABLE where it
 * could not hear that another process waits: who keeps channels would shut all others out then. */
PstChannelKeep *pst_channel_keep_new(GMainContext *context, GError **error);

/* The guest of this UUID: its channel is closed now, or when it is given back. */
void pst_channel_keep_let_go(PstChannelKeep *keep, const char *uuid);

/* How many channels are kept that nobody has borrowed. */
guint pst_channel_keep_count(PstChannelKeep *keep);

/* A guest's channel, borrowed. */
typedef struct PstChannelLoan PstChannelLoan;

/* Waits for the guest's turn, in this process and among all of this host. END's members have to
 * outlive the loan. NULL with the errors of pst_turn_take(). Blocks: only inside of tasks. */
PstChannelLoan *pst_channel_keep_borrow(const PstCarrierEnd *end, gint64 deadline_us,
                                        GError **error);

/* The channel, greeted: the one that was kept, where its shim still answers, or a new one. The
 * loan's; NULL with the errors of pst_channel_open(). Blocks. */
PstChannel *pst_channel_keep_open(PstChannelLoan *loan, gint64 deadline_us, GError **error);

/* The channel that was kept, without asking whether its shim still answers, where that one did so
 * less than a tenth of a second ago; NULL else, and once a second however fast one conversation
 * follows another: the guest's clock, by which deadlines go, is only told by a hello, and a guest
 * that was paused falls behind. For who can bear to ask again when no answer comes, or another
 * shim's. Doesn't block. */
PstChannel *pst_channel_keep_recent(const PstChannelLoan *loan);

/* Nothing that was asked is still to be answered, and the channel may be kept: to be said before it
 * is given back. */
void pst_channel_keep_settle(PstChannelLoan *loan);

/* Gives it back. */
void pst_channel_keep_return(PstChannelLoan *loan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstChannelLoan, pst_channel_keep_return)
