// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/channel.h"
#include "host-sidecar/guest.h"

/* The channel of a guest of libvirt's: a stream to its port of the shim's name. */

/* Where it is to be had; borrows from GUEST. */
PstCarrierEnd pst_guest_channel_end(const PstGuest *guest);

/* Greets the shim, over the channel that is kept or over one of its own, and lets go of it at once,
 * for others: what the shim says of itself, or NULL with the error. */
PstHello *pst_guest_channel_greet(const PstGuest *guest, gint64 deadline_us, GError **error);

/* pst_channel_open() there. */
PstChannel *pst_guest_channel_open(const PstGuest *guest, gint64 deadline_us, GError **error);
