// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/api-client.h"

/* The daemon of another host, by `ssh HOST postern proxy`: that host's own access, keys and audit
 * decide, and no libvirt is spoken between the two. */

/* What may follow --host: a name, an address or an alias of ssh's configuration, with USER@ before
 * it. FALSE with PST_ERROR_USAGE. */
gboolean pst_remote_check_host(const char *host, GError **error);

/* NULL with PST_ERROR_NO_HYPERVISOR, which has ssh's own last word, or PST_ERROR_DEADLINE. ssh ends
 * with the client. */
PstApiClient *pst_remote_open(const char *host, gint64 deadline_us, GError **error);
