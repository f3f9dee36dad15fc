// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/backend.h"

/* What carries bytes between the host and a guest's shim. The conversation (channel.h) does not
 * know what that is. */

/* Called in whatever thread reads, with bytes from the guest (borrowed), or, where ENDED is not
 * NULL, with the reason why nothing more is worth waiting for; never again once the carrier's
 * close() has returned. */
typedef void (*PstCarrierReceive)(const guint8 *data, gsize len, const char *ended,
                                  gpointer user_data);

typedef struct {
    /* Opens the guest's port; where another program holds it, tries again until DEADLINE_US
     * (monotonic clock). USER_DATA is freed with FREE_DATA when no callback can come any more,
     * also where this fails: NULL with the error. Blocks: only inside of tasks. */
    gpointer (*open)(const PstGuest *guest, PstCarrierReceive receive, gpointer user_data,
                     GDestroyNotify free_data, gint64 deadline_us, GError **error);
    /* Sends all of it, or FALSE with the error. At most PST_LIMIT_IN_FLIGHT_BYTES are unread by the
     * guest at any time: the conversation counts. */
    gboolean (*send)(gpointer stream, const guint8 *data, gsize len, GError **error);
    /* Whether whoever carries it is alive, so that one more connection is taken: a stopped QEMU
     * keeps what is made in its queue, which holds two. Blocks. NULL: always. */
    gboolean (*is_served)(const PstGuest *guest, gint64 deadline_us);
    void (*close)(gpointer stream);
} PstCarrier;

typedef struct PstChannelKeep PstChannelKeep;

/* Where a guest's shim is to be had; borrowed by whoever uses it. */
typedef struct {
    const PstCarrier *carrier;
    const PstGuest *guest;
    const char *uuid;     /* whose turn has to be taken before the port is opened */
    const char *name;     /* what the host calls the guest */
    PstChannelKeep *keep; /* where its channel stays open between conversations; NULL: nowhere */
} PstCarrierEnd;
