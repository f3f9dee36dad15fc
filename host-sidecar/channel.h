// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/carrier.h"
#include "host-sidecar/client.h"
#include "host-sidecar/turn.h"
#include "protocol/hello.h"
#include "protocol/message.h"

/* An open conversation with a guest's shim: the turn, what carries the bytes, and the protocol
 * together. Only for one thread at a time; blocks, so only inside of tasks. */

typedef struct PstChannel PstChannel;

/* Takes the turn, opens the port and says hello; within DEADLINE_US (monotonic). Where nothing at
 * all comes for two seconds the port is opened once more. An error says which of these failed. */
PstChannel *pst_channel_open(const PstCarrierEnd *end, gint64 deadline_us, GError **error);

/* The same for who has the guest's turn already: takes it over, also where it fails. */
PstChannel *pst_channel_open_in_turn(const PstCarrierEnd *end, PstTurn *turn, gint64 deadline_us,
                                     GError **error);
void pst_channel_free(PstChannel *channel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstChannel, pst_channel_free)

/* What the shim said of itself, and when it came: in microseconds of the host's monotonic clock. */
const PstHello *pst_channel_hello(const PstChannel *channel);
gint64 pst_channel_greeted_us(const PstChannel *channel);

/* Which CLOCK_BOOTTIME of the guest, in microseconds, belongs to this moment of the host's
 * monotonic clock, as far as the hello told. */
gint64 pst_channel_guest_time_us(const PstChannel *channel, gint64 monotonic_us);

/* The same the other way round, while a listener is told: which moment of the host's monotonic
 * clock the guest's BOOTTIME_US was. */
gint64 pst_channel_host_time_us(const PstChannel *channel, gint64 boottime_us);

/* Who is told what a guest says unasked. Both are called with the channel locked, by the thread
 * that reads or frees it: they only note it down. */
typedef struct {
    /* What is to be told is asked for with the request `subscribe`. */
    void (*event)(const PstChannel *channel, const PstEvent *event, gpointer user_data);
    /* Nothing more will come, and why; once, and no later than the channel is freed. */
    void (*ended)(const char *reason, gpointer user_data);
    GDestroyNotify release; /* of the user data, after that */
} PstChannelListener;

/* Takes USER_DATA over. One listener a channel, from here to its end. */
void pst_channel_listen(PstChannel *channel, const PstChannelListener *listener,
                        gpointer user_data);
gboolean pst_channel_is_listened_to(const PstChannel *channel);

/* ENDED is called, as above, when nothing more can come of it; NULL: nobody. */
void pst_channel_on_end(PstChannel *channel, void (*ended)(gpointer user_data), gpointer user_data);

/* Whether something may still come of it. */
gboolean pst_channel_is_open(const PstChannel *channel);

/* Before a conversation over a channel that was kept: whether the shim that was greeted still
 * answers, within DEADLINE_US and the patience for a hello, and what it says of itself now. NAME is
 * what the host calls the guest. */
gboolean pst_channel_renew(PstChannel *channel, const char *name, gint64 deadline_us,
                           GError **error);

/* Before it is freed: the reason that whoever listens is told. */
void pst_channel_tell_end(PstChannel *channel, const char *reason);

/* Frees the channel and hands the guest's turn on. */
PstTurn *pst_channel_free_in_turn(PstChannel *channel);

/* Sends a request; returns its number or -1. */
gint64 pst_channel_request(PstChannel *channel, const char *method, JsonObject *params,
                           GError **error);

/* Waits for the answer to any of the N requests in NUMBERS (those below 0 are passed over). Returns
 * the index of the one that is answered, with *answer owned by the caller, or -1 with
 * PST_ERROR_DEADLINE, PST_ERROR_PROTOCOL, or PST_ERROR_PATH_SHUT where the channel has ended. */
int pst_channel_wait(PstChannel *channel, const gint64 *numbers, guint n, gint64 deadline_us,
                     PstMessage **answer, GError **error);
