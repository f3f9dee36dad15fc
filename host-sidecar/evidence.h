// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/forensics.h"

/* The evidence of a guest before something is done to it that destroys it: a sealed bundle, where
 * those are kept that somebody's act was the reason for. */

/* Seals the bundle, in a folder that is only its owner's, by a name of guest and time. METHOD is
 * the verb, for the audit. It takes a half of the time until the deadline, and 20 seconds at most.
 * NULL with the error, which says that nothing was changed and how to go on without; so too where
 * the bundle was sealed and not all that was had could be written. */
PstForensics *pst_evidence_keep(PstGuest *guest, const char *method, gint64 deadline_us,
                                GError **error);

/* Its path, the digest of its manifest and its status. */
JsonObject *pst_evidence_to_json(const PstForensics *forensics);
