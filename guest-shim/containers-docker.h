// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"
#include "protocol/report-containers.h"

/* Docker, asked over its own socket with GETs alone (Docker Engine API 1.24 and later:
 * ContainerList, ContainerInspect, ContainerLogs). Nothing is asked where dockerd does not run: its
 * socket would start it. */

#define PST_CONTAINERS_DOCKER_SOCKET "/run/docker.sock"

/* Adds the runtime and its containers to the report, where it is installed. */
void pst_containers_docker_read(const PstProbeContext *context, PstReport *report);

/* Asks the socket for all containers, into DATA. Errors: those of pst_http_unix_get(). What was
 * told before one stays there. */
gboolean pst_containers_docker_ask(const PstProbeContext *context, PstContainersData *data,
                                   GError **error);

/* The containers of a list as the API gives it, appended to DATA; FALSE with an error for what is
 * none. */
gboolean pst_containers_docker_parse_list(const char *text, gsize len, PstContainersData *data,
                                          GError **error);

/* What the API's details of one container say, into CONTAINER. */
gboolean pst_containers_docker_parse_details(const char *text, gsize len,
                                             PstContainersContainer *container, GError **error);

/* The lines of a log as the API streams it, into CONTAINER: in frames of a stream's number, three
 * zeroes and a length, or bare where the container has a terminal. */
void pst_containers_docker_lines(const guint8 *bytes, gsize len, PstContainersContainer *container);
