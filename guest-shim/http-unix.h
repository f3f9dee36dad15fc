// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/http-response.h"
#include "guest-shim/sysroot.h"

/* Asks a daemon of the guest over its Unix socket: one GET a connection, nothing else, and never
 * over a network. */

/* Connects without waiting. The descriptor, or -1: PST_ERROR_ABSENT, PST_ERROR_UNAVAILABLE where
 * nobody listens, PST_ERROR_DEADLINE where the listener's queue is full. */
int pst_http_unix_connect(const PstSysroot *sysroot, const char *path, GError **error);

/* GETs TARGET over FD and waits TIMEOUT_MS for all of the answer, of at most MAX bytes with its
 * head. NULL with PST_ERROR_DEADLINE, PST_ERROR_TOO_LARGE, PST_ERROR_PROTOCOL,
 * PST_ERROR_UNAVAILABLE. FD stays the caller's. */
PstHttpResponse *pst_http_unix_get(int fd, const char *target, gint64 timeout_ms, gsize max,
                                   GError **error);
