// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/carrier.h"
#include "host-sidecar/guest.h"

/* The host's end of a guest's virtio-serial channel: a libvirt stream on a connection of its own.
 * docs/decisions/streams.md tells what libvirt's streams were seen to do and how that is met here.
 */

typedef struct PstStream PstStream;

/* Opens the channel called NAME; where another program holds it, tries again until DEADLINE_US.
 * RECEIVE is called in the thread of libvirt's events. USER_DATA is freed with FREE_DATA when no
 * callback can come any more. Blocks: only inside of tasks. */
PstStream *pst_stream_open(const PstGuest *guest, const char *name, PstCarrierReceive receive,
                           gpointer user_data, GDestroyNotify free_data, gint64 deadline_us,
                           GError **error);

/* Sends all of it. At most PST_LIMIT_IN_FLIGHT_BYTES may be unread by the guest at any time, or
 * this blocks for good: the caller counts. */
gboolean pst_stream_send(PstStream *stream, const guint8 *data, gsize len, GError **error);

/* Closes the stream and its connection, in a task of its own that may hang; waits for that at most
 * half a second. */
void pst_stream_close(PstStream *stream);
