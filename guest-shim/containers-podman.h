// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"
#include "protocol/report-containers.h"

/* The superuser's podman, asked by its own program: it has no daemon, and its database is its own
 * affair. The first run of podman in a boot resets what it knows of containers (libpod's
 * runtime.go, refresh()): so it is not run where nobody has run it since, and nothing of it can run
 * then. */

/* Adds the runtime and its containers to the report, where it is installed and used. PASSIVE: the
 * program is not run. */
void pst_containers_podman_read(const PstProbeContext *context, gboolean passive,
                                PstReport *report);

/* The output of `podman ps --all --format json`, appended to DATA; FALSE with an error for what is
 * none. */
gboolean pst_containers_podman_parse_list(const char *text, gsize len, PstContainersData *data,
                                          GError **error);

/* The output of `podman container inspect` in our format: a JSON object a line. Each is taken for
 * the container of its id. The files that the containers log to, in the order of DATA's containers
 * and NULL for none, go to LOGS, which may be NULL. */
void pst_containers_podman_parse_details(const char *text, PstContainersData *data,
                                         GHashTable *logs);

/* The last lines of a log in podman's own format, `TIME STREAM F TEXT`, into CONTAINER. */
void pst_containers_podman_lines(const char *text, PstContainersContainer *container);
