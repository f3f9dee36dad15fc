// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <libvirt/libvirt.h>

#include "host-sidecar/enroll.h"

/* A domain's part of enrolling: what it has of it by libvirt, and each change of that. All of it
 * blocks: only inside of tasks. Errors as of pst_virt_error_set(). */

/* Fills what libvirt knows of FACTS: all but the guest and the shim. */
gboolean pst_enroll_domain_look(virDomainPtr domain, PstEnrollFacts *facts, GError **error);

/* Keeps what enroll has added, in the definitions that the domain has; 0 takes the note away. It
 * needs all rights of libvirt's that the other changes need but one. */
gboolean pst_enroll_domain_mark(virDomainPtr domain, const PstEnrollFacts *facts,
                                PstEnrollMark mark, GError **error);

/* Attaches what PARTS say of one port, to where they say. */
gboolean pst_enroll_domain_attach(virDomainPtr domain, const PstEnrollFacts *facts,
                                  PstEnrollMark parts, GError **error);

/* Detaches them. What is not there any more is no error. */
gboolean pst_enroll_domain_detach(virDomainPtr domain, PstEnrollMark parts, gint64 deadline_us,
                                  GError **error);

/* Adds a device of the next start, PST_ENROLL_MARK_PANIC, _VIDEO or _CONSOLE_LOG, to the lasting
 * definition, or takes away what enroll added so. This reads the definition with what libvirt keeps
 * secret, so that it is defined anew as it was. */
gboolean pst_enroll_domain_add(virDomainPtr domain, const PstEnrollFacts *facts, PstEnrollMark part,
                               GError **error);
gboolean pst_enroll_domain_take(virDomainPtr domain, PstEnrollMark part, GError **error);
