// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/answer.h"
#include "protocol/fields.h"

/* What packet filters did with a port, and do, by their answers to the question that names no port:
 * pure functions. */

typedef enum {
    PST_GATE_PORT_FILTERS_UNTOLD, /* or not known, or it was asked from elsewhere */
    PST_GATE_PORT_FILTERS_OPEN,   /* to some at least */
    PST_GATE_PORT_FILTERS_SHUT,
} PstGatePortFilters;

/* What they did over that version of IP by BEFORE, for whoever comes as NOW was asked. */
PstGatePortFilters pst_gate_port_filters_before(const PstAnswer *before, const PstAnswer *now,
                                                gint64 port, const char *protocol, gboolean six);

/* Whether they let everybody in now who is meant. */
gboolean pst_gate_port_filters_opens(const PstAnswer *now, gint64 port, const char *protocol,
                                     gboolean six);

/* Whether they do the same as before, whatever that is: by the same rules, in a guest whose
 * addresses and interfaces make no difference to them. */
gboolean pst_gate_port_filters_same(const PstAnswer *before, const PstAnswer *now, gint64 port,
                                    const char *protocol, gboolean six);
