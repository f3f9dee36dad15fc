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

/* What the shim said of itself. */
const PstHello *pst_channel_hello(const PstChannel *channel);

/* Which CLOCK_BOOTTIME of the guest, in microseconds, belongs to this moment of the host's
 * monotonic clock, as far as the hello told. */
gint64 pst_channel_guest_time_us(const PstChannel *channel, gint64 monotonic_us);

/* Events of the guest's are handed to LISTENER, in the thread that reads and with the channel
 * locked: it only notes them down. NULL: to nobody, from when this returns. What is to be told
 * is asked for with the request `subscribe`. */
void pst_channel_listen(PstChannel *channel, PstClientEvent listener, gpointer user_data);

/* Sends a request; returns its number or -1. */
gint64 pst_channel_request(PstChannel *channel, const char *method, JsonObject *params,
                           GError **error);

/* Waits for the answer to any of the N requests in NUMBERS (those below 0 are passed over). Returns
 * the index of the one that is answered, with *answer owned by the caller, or -1 with
 * PST_ERROR_DEADLINE, PST_ERROR_PROTOCOL, or PST_ERROR_PATH_SHUT where the channel has ended. */
int pst_channel_wait(PstChannel *channel, const gint64 *numbers, guint n, gint64 deadline_us,
                     PstMessage **answer, GError **error);
