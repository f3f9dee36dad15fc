// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report-network.h"

/* What only rtnetlink(7) tells: neighbours with their state, and the rules that choose a table of
 * routes. The kernel is asked for a dump, which changes nothing. */

/* Into DATA. FALSE with PST_ERROR_UNAVAILABLE where the kernel did not answer. */
gboolean pst_network_netlink_read(PstNetworkData *data, GError **error);

/* The messages of one answer, LEN bytes at BYTES, into DATA: a pure function. FALSE once the dump
 * is done, or makes no sense. */
gboolean pst_network_netlink_parse(const guint8 *bytes, gsize len, PstNetworkData *data);
