// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/domain-busy.h"

gint64
pst_domain_busy_ms(virDomainPtr domain)
{
    virDomainControlInfo info;

    if (virDomainGetControlInfo(domain, &info, 0) < 0 || info.state != VIR_DOMAIN_CONTROL_OCCUPIED)
        return 0;
    return (gint64)MIN(info.stateTime, (unsigned long long)G_MAXINT64);
}

gboolean
pst_domain_busy_is(virDomainPtr domain)
{
    virDomainControlInfo info;

    return virDomainGetControlInfo(domain, &info, 0) == 0 &&
           (info.state == VIR_DOMAIN_CONTROL_JOB || info.state == VIR_DOMAIN_CONTROL_OCCUPIED);
}
