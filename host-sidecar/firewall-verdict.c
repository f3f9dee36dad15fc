// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/firewall-verdict.h"

static PstTri
lets_in(const char *decision)
{
    if (g_strcmp0(decision, "drop") == 0 || g_strcmp0(decision, "reject") == 0)
        return PST_TRI_NO;
    return g_strcmp0(decision, "accept") == 0 ? PST_TRI_YES : PST_TRI_UNKNOWN;
}

PstTri
pst_firewall_verdict_passes(const PstFirewallVerdict *verdict)
{
    PstTri parts[] = {lets_in(verdict->verdict),
                      verdict->later != NULL ? lets_in(verdict->later) : PST_TRI_YES,
                      verdict->replies};
    PstTri all = PST_TRI_YES;

    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (parts[i] == PST_TRI_NO)
            return PST_TRI_NO;
        if (parts[i] == PST_TRI_UNKNOWN)
            all = PST_TRI_UNKNOWN;
    }
    return all;
}
