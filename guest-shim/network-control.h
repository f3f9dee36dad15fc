// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report-network.h"

/* What can withhold packets from a link beside its packet filter: XDP programs, filters of traffic
 * control (tc(8)), and netem, which loses them on purpose (tc-netem(8)). None of it is in the rules
 * that the probe `firewall` reads. */

/* Into DATA. FALSE with PST_ERROR_UNAVAILABLE where the kernel did not answer. */
gboolean pst_network_control_read(PstNetworkData *data, GError **error);

/* The messages of one answer, LEN bytes at BYTES, into DATA: a pure function. FALSE once the dump
 * is done, or makes no sense. */
gboolean pst_network_control_parse(const guint8 *bytes, gsize len, PstNetworkData *data);

/* Adds the findings, by REPORT's data: of the links that have an address, and are not the loopback.
 * A pure function. */
void pst_network_control_judge(PstReport *report);
