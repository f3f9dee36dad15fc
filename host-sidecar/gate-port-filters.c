// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/gate-port-filters.h"

#include <string.h>

#include "host-sidecar/vantage.h"
#include "protocol/report-firewall.h"

#define DIGEST_DIGITS 64 /* of SHA-256 */

static const PstFirewallData *
data_of(const PstAnswer *answer)
{
    return answer != NULL && answer->report != NULL ? answer->report->data : NULL;
}

/* Their word on it; NULL where they say none. Borrowed. */
static const char *
verdict_of(const PstAnswer *answer, gint64 port, const char *protocol, gboolean six)
{
    const PstFirewallData *data = data_of(answer);

    for (guint i = 0; data != NULL && data->listened != NULL && i < data->listened->len; i++) {
        const PstFirewallListened *row = data->listened->pdata[i];

        if (row->port == port && g_strcmp0(row->protocol, protocol) == 0 &&
            g_strcmp0(row->family, six ? "ipv6" : "ipv4") == 0)
            return row->verdict;
    }
    return NULL;
}

static gboolean
is_asked_alike(const PstAnswer *before, const PstAnswer *now)
{
    g_autofree char *differs =
        before != NULL && now != NULL ? pst_vantage_differs(before->args, now->args) : NULL;

    return before != NULL && now != NULL && differs == NULL;
}

PstGatePortFilters
pst_gate_port_filters_before(const PstAnswer *before, const PstAnswer *now, gint64 port,
                             const char *protocol, gboolean six)
{
    const char *verdict =
        is_asked_alike(before, now) ? verdict_of(before, port, protocol, six) : NULL;

    if (g_strcmp0(verdict, "accept") == 0 || g_strcmp0(verdict, "depends") == 0)
        return PST_GATE_PORT_FILTERS_OPEN;
    return g_strcmp0(verdict, "drop") == 0 ? PST_GATE_PORT_FILTERS_SHUT
                                           : PST_GATE_PORT_FILTERS_UNTOLD;
}

gboolean
pst_gate_port_filters_opens(const PstAnswer *now, gint64 port, const char *protocol, gboolean six)
{
    return g_strcmp0(verdict_of(now, port, protocol, six), "accept") == 0;
}

/* Whatever else stands in its place, such as what hides a secret, is none. */
static gboolean
is_digest(const char *text)
{
    return text != NULL && strlen(text) == DIGEST_DIGITS &&
           strspn(text, "0123456789abcdef") == DIGEST_DIGITS;
}

gboolean
pst_gate_port_filters_same(const PstAnswer *before, const PstAnswer *now, gint64 port,
                           const char *protocol, gboolean six)
{
    const PstFirewallData *former = data_of(before), *data = data_of(now);
    const char *then = verdict_of(before, port, protocol, six);

    return former != NULL && data != NULL && is_digest(former->digest) && is_digest(data->digest) &&
           g_str_equal(former->digest, data->digest) && is_asked_alike(before, now) &&
           then != NULL && g_strcmp0(then, verdict_of(now, port, protocol, six)) == 0;
}
