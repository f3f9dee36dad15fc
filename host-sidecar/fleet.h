// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/health.h"

/* The health of many hypervisors: each one's own sweep, by whoever reaches it, all at the same time
 * and none in another's way. */

#define PST_FLEET_MAX_HOSTS 256

typedef struct {
    char *host;
    PstHealth *health; /* NULL where there is no verdict, for: */
    GError *error;
    gint64 took_ms;
    int status; /* PstStatus; unknown where there is no verdict */
} PstFleetHost;

typedef struct {
    GPtrArray *hosts; /* of PstFleetHost, the worst first */
    int status;       /* of the worst */
    gint64 took_ms;
} PstFleet;

void pst_fleet_free(PstFleet *fleet);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstFleet, pst_fleet_free)

/* The hosts that the file at PATH names, one in a line; what stands behind # is a comment. NULL
 * with PST_ERROR_USAGE that names the line, where one is no host as ssh knows it, is named twice,
 * or there are none or too many. Free with g_strfreev(). */
char **pst_fleet_read_hosts(const char *path, GError **error);

/* A host's verdict, within DEADLINE_US (monotonic clock); NULL with the error. Called in a thread
 * of its own; may hang, and is then abandoned. */
typedef PstHealth *(*PstFleetAsk)(const char *host, gint64 deadline_us, GError **error);

/* Every one of HOSTS is in it, whatever became of it. Returns soon after DEADLINE_US. */
PstFleet *pst_fleet_sweep(char *const *hosts, PstFleetAsk ask, gint64 deadline_us);

/* How many hosts, or domains of all of them, have that status. */
guint pst_fleet_count_hosts(const PstFleet *fleet, PstStatus status);
guint pst_fleet_count_domains(const PstFleet *fleet, PstStatus status);

/* How many hosts are without a verdict. */
guint pst_fleet_count_unseen(const PstFleet *fleet);

/* Whether anything is other than the last sweeps told. A host without a verdict always is. */
gboolean pst_fleet_has_news(const PstFleet *fleet);
