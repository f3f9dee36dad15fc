// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/firewall-tracking.h"

#include "protocol/report-firewall.h"

#define FOLDER "/proc/sys/net/netfilter/"

/* PST_INT_UNKNOWN where nothing is tracked. */
static gint64
read_number(const PstProbeContext *context, const char *path)
{
    g_autofree char *line = pst_sysroot_read_line(context->sysroot, path, NULL);
    guint64 number;

    if (line == NULL || !g_ascii_string_to_unsigned(line, 10, 0, G_MAXINT64, &number, NULL))
        return PST_INT_UNKNOWN;
    return (gint64)number;
}

void
pst_firewall_tracking_judge(const PstProbeContext *context, PstReport *report)
{
    PstFirewallData *data = report->data;

    data->tracked = read_number(context, FOLDER "nf_conntrack_count");
    data->tracked_max = read_number(context, FOLDER "nf_conntrack_max");
    /* A maximum of 0 is none. */
    if (data->tracked == PST_INT_UNKNOWN || data->tracked_max <= 0 ||
        data->tracked < data->tracked_max)
        return;
    PstFinding *finding =
        pst_report_add(report, "firewall.tracking-full", PST_SEVERITY_WARNING,
                       "the kernel's table of connections is full (%" G_GINT64_FORMAT
                       " of %" G_GINT64_FORMAT "): new connections may be dropped",
                       data->tracked, data->tracked_max);

    finding->evidence->path = g_strdup(FOLDER "nf_conntrack_max");
    finding->evidence->text = g_strdup_printf("%" G_GINT64_FORMAT, data->tracked_max);
    finding->remedy =
        g_strdup("sysctl net.netfilter.nf_conntrack_max=262144, or more; what sets it "
                 "is in /etc/sysctl.d");
}
