// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/domain-watch.h"

/* Has the store note what a domain watch tells, as exactly as it is told. Returns at once: libvirt
 * is asked, and the store written to, in a task that does one after the other. Of hundreds that
 * come at once, and where libvirt or the store hangs, what comes too late is let go: who passes by
 * sees it. Thread-safe. */
void pst_lifecycle_hear(PstHypervisor *hypervisor, const PstDomainNews *news);
