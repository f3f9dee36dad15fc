// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/carrier.h"
#include "protocol/hello.h"

/* An inquiry's questions put to a guest's shim: a whole conversation, from the turn to the last
 * answer. */

/* Is told what the shim said of itself, before it is asked anything. */
typedef struct {
    void (*greeted)(const PstHello *hello, gpointer user_data);
    gpointer user_data;
} PstConverseListener;

/* What the rung `channel` does: see PstBackend's ask. The listener may be NULL. */
gboolean pst_converse(const PstCarrierEnd *end, PstInquiry *inquiry,
                      const PstConverseListener *listener, GError **error);
