// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/access.h"
#include "protocol/error.h"
#include "protocol/report-account.h"
#include "protocol/report-firewall.h"
#include "protocol/report-network.h"
#include "protocol/report-pam.h"
#include "protocol/report-ssh.h"
#include "protocol/report-sudo.h"

/* The reports of a guest whose harness gets in by key and becomes root; a test spoils some. */
typedef struct {
    PstAnswer *answers[6];
    PstNetworkData *network;
    PstFirewallData *firewall;
    PstSshData *ssh;
    PstAccountData *account;
    PstPamData *pam;
    PstSudoData *sudo;
    JsonObject *vantage;
} Guest;

static PstAnswer *
answer_of(Guest *guest, const char *probe)
{
    for (guint i = 0; i < G_N_ELEMENTS(guest->answers); i++)
        if (g_str_equal(guest->answers[i]->probe, probe))
            return guest->answers[i];
    g_assert_not_reached();
}

static gpointer
add(Guest *guest, guint i, const PstReportKind *kind)
{
    PstAnswer *answer = pst_answer_new("web", kind->name, NULL);

    answer->via = PST_VIA_CHANNEL;
    answer->report = pst_report_new(kind);
    guest->answers[i] = answer;
    return answer->report->data;
}

static void
add_route(PstNetworkData *network, const char *destination)
{
    PstNetworkRoute *route =
        pst_fields_append(&pst_report_network_route_fields, &network->routes);

    route->destination = g_strdup(destination);
}
