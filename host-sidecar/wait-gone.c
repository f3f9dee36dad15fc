// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/wait-gone.h"

#include <libvirt/libvirt.h>

#include "host-sidecar/domain-state.h"

static gboolean
is_port_open(PstGuestXmlPort port)
{
    return port == PST_GUEST_XML_PORT_CONNECTED || port == PST_GUEST_XML_PORT_UNKNOWN;
}

static gboolean
is_running(const PstWaitDomain *domain)
{
    return domain->state == VIR_DOMAIN_RUNNING || domain->state == VIR_DOMAIN_BLOCKED;
}

static gboolean
has_port(const PstWaitGoal *goal, const PstWaitDomain *domain)
{
    return domain->shim != PST_GUEST_XML_PORT_ABSENT ||
           (goal->state != PST_WAIT_SHIM && domain->agent != PST_GUEST_XML_PORT_ABSENT);
}

gboolean
pst_wait_gone_may_answer(const PstWaitGoal *goal, const PstWaitDomain *domain, char **seen)
{
    const char *reason = pst_domain_state_reason(domain->state, domain->reason);

    if (!is_running(domain)) {
        *seen = g_strdup_printf("the domain is %s%s%s%s", pst_domain_state_name(domain->state),
                                reason != NULL ? " (" : "", reason != NULL ? reason : "",
                                reason != NULL ? ")" : "");
        return FALSE;
    }
    if (!has_port(goal, domain)) {
        *seen = g_strdup(goal->state == PST_WAIT_SHIM
                             ? "the domain has no channel for the shim"
                             : "the domain has no channel for the shim, and none for an agent");
        return FALSE;
    }
    if (is_port_open(domain->shim) || (goal->state != PST_WAIT_SHIM && is_port_open(domain->agent)))
        return TRUE;
    *seen = g_strdup(goal->state == PST_WAIT_SHIM
                         ? "the domain runs, and no shim holds the channel open"
                         : "the domain runs, and neither a shim nor an agent holds its port open");
    return FALSE;
}

/* By nothing in the guest, and nothing that libvirt does by itself. */
static gboolean
is_gone(const PstWaitGoal *goal, const PstWaitDomain *domain)
{
    return domain->state == VIR_DOMAIN_SHUTOFF || domain->state == VIR_DOMAIN_CRASHED ||
           (domain->state == VIR_DOMAIN_PAUSED && domain->reason == VIR_DOMAIN_PAUSED_CRASHED) ||
           !has_port(goal, domain);
}

gboolean
pst_wait_gone_note(PstWaitGone *gone, const PstWaitGoal *goal, const PstWaitDomain *domain,
                   gboolean began, gint64 now_us)
{
    if (!is_gone(goal, domain)) {
        gone->gone_since_us = 0;
        return FALSE;
    }
    if (began || gone->gone_since_us == 0)
        gone->gone_since_us = now_us;
    return now_us - gone->gone_since_us >= PST_WAIT_GONE_US;
}
