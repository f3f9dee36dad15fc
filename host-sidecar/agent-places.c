// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/agent-places.h"

#define DIGITS 16

PstTurn *
pst_agent_places_take(const char *uri, gboolean modest, gint64 deadline_us, GError **error)
{
    /* A URI makes no file name, and may be longer than one. */
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, uri, -1);
    g_autofree char *name = g_strdup_printf("agents-%.*s", DIGITS, digest);

    guint n = PST_AGENT_PLACES - (modest ? PST_AGENT_PLACES_KEPT : 0);

    return pst_turn_take_place(name, n, deadline_us, error);
}
