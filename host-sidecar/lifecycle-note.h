// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <libvirt/libvirt.h>

#include "host-sidecar/lifecycle.h"

/* What a verb that passes by sees of a domain's lifecycle, noted in the store. */

/* The state of DOMAIN now, on its connection. Blocks. Running and waiting for a resource, which
 * some hypervisors tell apart from moment to moment, are both running. */
gboolean pst_lifecycle_note_look(virDomainPtr domain, PstLifecycleSight *sight, GError **error);

/* Has the store of the hypervisor at URI note it of DOMAIN (NULL where it is not known any more),
 * and returns all that it knows, in *HAS_RECORDS (may be NULL) whether that has records of it; NULL
 * where that took until DEADLINE_US, or there is no store. Nothing is said where it can't be kept:
 * it is of use to whoever asks later, and no answer waits for it. Where file systems hang, so does
 * what writes there: of such notes eight are left behind at most. */
PstLifecycle *pst_lifecycle_note_until(const char *uri, const char *uuid, const char *domain,
                                       const PstLifecycleSight *sight, gboolean *has_records,
                                       gint64 deadline_us);
