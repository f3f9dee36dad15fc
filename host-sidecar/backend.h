// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/inquiry.h"

/* A rung of the ladder. It does not know what the questions mean. */

typedef struct PstGuest PstGuest;

typedef struct {
    PstVia via;
    /* Asks nothing of the guest: begun beside a rung that lives and takes long. */
    gboolean asks_nobody;
    /* Tells only of earlier: also where the guest has no time. */
    gboolean recalls;
    /* Whether the path can be open, by libvirt's word alone and without waiting for anything; else
     * FALSE with PST_ERROR_PATH_SHUT and the reason. */
    gboolean (*is_open)(const PstGuest *guest, GError **error);
    /* Asks the open questions of the inquiry and hands it what comes. Runs in a thread of its own;
     * it keeps to the inquiry's deadline as far as libvirt lets it. FALSE with the reason why the
     * questions that are still open could not be answered this way. */
    gboolean (*ask)(PstGuest *guest, PstInquiry *inquiry, GError **error);
} PstBackend;
