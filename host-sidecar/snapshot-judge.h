// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/snapshot-xml.h"

/* What is to be known of a snapshot before and after it is made or reverted to. Pure functions. */

/* libvirt's own version as virConnectGetLibVersion() tells it; 0 where it does not. */
typedef unsigned long PstSnapshotVersion;

/* Whether DOMAIN can be reverted to it by this libvirt: else FALSE with PST_ERROR_PATH_SHUT and the
 * way out. What is not known to fail may be tried. */
gboolean pst_snapshot_judge_may_revert(const PstSnapshot *snapshot,
                                       const PstSnapshotXmlDomain *domain,
                                       PstSnapshotVersion version, GError **error);

/* What a revert loses, and how the guest will be: sentences, the first of which tells the time
 * since; NULL-terminated, freed with g_strfreev(). */
char **pst_snapshot_judge_lost(const PstSnapshot *snapshot);

/* The domain's disks that are not in it: they stay as they are. As above. */
char **pst_snapshot_judge_stays(const PstSnapshot *snapshot, const PstSnapshotXmlDomain *domain);

/* What is known to be fragile of one that was just made. As above. */
char **pst_snapshot_judge_fragile(const PstSnapshot *snapshot, const PstSnapshotWish *wish,
                                  const PstSnapshotXmlDomain *domain, PstSnapshotVersion version);

/* What of DOMAIN is known to keep libvirt from making what WISH asks for, to be said where it has
 * refused: one line, or NULL. Free with g_free(). */
char *pst_snapshot_judge_obstacle(const PstSnapshotWish *wish, const PstSnapshotXmlDomain *domain);

/* A span of milliseconds in words, as "2 h 5 min". Free with g_free(). */
char *pst_snapshot_judge_span(gint64 span_ms);
