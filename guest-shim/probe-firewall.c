// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/probe-firewall.h"

#include <arpa/inet.h>

#include "guest-shim/firewall-judge.h"
#include "guest-shim/firewall-listened.h"
#include "guest-shim/firewall-load.h"
#include "guest-shim/firewall-sets.h"
#include "guest-shim/firewall-tracking.h"
#include "protocol/error.h"

#define MAX_PORT 65535

static gboolean
is_address(const char *text)
{
    guint8 bytes[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

/* Arguments come from outside, and are refused rather than guessed at. */
static gboolean
check_args(const PstFirewallArgs *args, GError **error)
{
    const char *protocol = args->protocol;

    if (args->port != PST_INT_UNKNOWN && (args->port < 1 || args->port > MAX_PORT))
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS,
                    "%" G_GINT64_FORMAT " is no port: 1 to 65535", args->port);
    else if (args->from != NULL && !is_address(args->from))
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "'%.64s' is no address",
                    args->from);
    else if (protocol != NULL && !g_str_equal(protocol, "tcp") && !g_str_equal(protocol, "udp"))
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS,
                    "'%.64s' is no protocol that is judged: tcp or udp", protocol);
    else
        return TRUE;
    return FALSE;
}

static void
judge(const PstProbeContext *context, const PstFirewallArgs *args, PstReport *report)
{
    gboolean complete;
    g_autoptr(PstFilterRules) rules = pst_firewall_load(context, &complete, report);
    g_autoptr(PstFirewallScene) scene = pst_firewall_scene_new(context, args, report);
    g_autoptr(PstFirewallSets) sets = pst_firewall_sets_new(context);

    pst_firewall_judge_chains(rules, report->data);
    pst_firewall_tracking_judge(context, report);
    /* Of a folder's rules nothing is known, and of half of them nothing is certain. */
    if (!complete || !pst_sysroot_is_live(context->sysroot))
        return;
    pst_firewall_judge(rules, scene, args, pst_firewall_sets_ask, sets, report);
    if (!scene->asked && ((const PstFirewallData *)report->data)->chains != NULL) {
        pst_firewall_listened_tell(context, rules, scene, args, report->data);
        ((PstFirewallData *)report->data)->digest = pst_firewall_listened_digest(rules);
    }
}

void
pst_probe_firewall_run(const PstProbeContext *context, gconstpointer args, PstReport *report)
{
    const PstFirewallData *data = report->data;
    g_autoptr(GError) cause = NULL;

    if (check_args(args, &cause))
        judge(context, args, report);
    else
        pst_probe_add_unlooked(report, "firewall.could-not-look", "the firewall", cause);
    pst_report_conclude(report, data->chains != NULL && data->chains->len > 0
                                    ? "no packet filter shuts the port"
                                    : "no packet filter is loaded");
}
