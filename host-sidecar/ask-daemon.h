// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/api-client.h"
#include "host-sidecar/health.h"
#include "host-sidecar/inquiry.h"
#include "host-sidecar/options.h"

/* The command's way to the daemon. Where there is none that serves the hypervisor which is meant,
 * or it is lost in the middle, the command does it itself: nothing here is ever an error of its
 * own. */

/* NULL where the command is to do it itself, or, of another host's (--host), with
 * PST_ERROR_NO_HYPERVISOR. */
PstApiClient *pst_ask_daemon_find(const PstOptions *options, gint64 deadline_us, GError **error);

/* A daemon at the socket PATH, which may be NULL, that serves the hypervisor which is meant, and
 * says hello soon enough before the deadline. NULL where there is none, or where --no-daemon was
 * said; *SHUT (NULL: not wanted) then tells that the kernel does not let this caller in. */
PstApiClient *pst_ask_daemon_reach(const PstOptions *options, const char *path, gint64 deadline_us,
                                   gboolean *shut);

/* Fills in ANSWERS[0 … N-1], NULL before, for those of the QUESTIONS that were answered, also by
 * answers as old as the OPTIONS allow, and tells the listener (may be NULL) of each. *NAME becomes
 * the guest's name, *HOST (NULL: not wanted) what the host sees. FALSE with *LOST set where what is
 * still NULL is to be asked otherwise, or with the error that ends it. */
gboolean pst_ask_daemon_questions(PstApiClient *client, const char *verb, const char *domain,
                                  PstAnswer *const *questions, guint n, const PstOptions *options,
                                  gint64 deadline_us, const PstInquiryListener *listener,
                                  PstAnswer **answers, char **name, PstReport **host,
                                  gboolean *lost, GError **error);

/* A sweep over all domains; NULL with *LOST set where it is to be made otherwise, or with the error
 * that ends it. */
PstHealth *pst_ask_daemon_health(PstApiClient *client, gint64 deadline_us, gboolean *lost,
                                 GError **error);

/* A sweep over all domains by the daemon of HOST, by ssh. NULL with the error, which names the host
 * once: nobody else can sweep them. */
PstHealth *pst_ask_daemon_health_of(const char *host, gint64 deadline_us, GError **error);

/* The objects of `list`; NULL as above. */
JsonArray *pst_ask_daemon_list(PstApiClient *client, gint64 deadline_us, gboolean *lost,
                               GError **error);
