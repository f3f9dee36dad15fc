// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report-network.h"

/* Who can come to a port from outside, by who listens on it: pure functions of what the probe
 * `network` tells. */

/* Whether it is listened on over that version of IP, outside of the loopback. Unknown where only a
 * socket on "::" does, of which the report does not tell whether it takes IPv4 too. */
PstTri pst_gate_listening_over(const PstNetworkData *data, gint64 port, const char *protocol,
                               gboolean six);

gboolean pst_gate_listening_is_loopback(const char *address);

typedef enum {
    PST_GATE_LISTENING_KEPT,   /* or it was not listened on before */
    PST_GATE_LISTENING_UNSURE, /* perhaps */
    PST_GATE_LISTENING_LOST_AT /* at an address that the guest still has */,
    PST_GATE_LISTENING_LOST, /* altogether */
} PstGateListeningFate;

/* What became of the port over that version of IP. A socket for all addresses whose place one for a
 * single address took is lost at the others that the guest had, and has. *AT is such an address, or
 * why it is not known, in words; to be freed with g_free(), NULL for the rest. */
PstGateListeningFate pst_gate_listening_fate(const PstNetworkData *former,
                                             const PstNetworkData *now, gint64 port,
                                             const char *protocol, gboolean six, char **at);
