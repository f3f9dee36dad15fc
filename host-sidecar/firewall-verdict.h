// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report-firewall.h"

/* What a packet filter's verdict is worth to whoever wants to use the port: a connection is one
 * where its first packet is let in, what follows it too, and the answers get out. Unknown where
 * one of these is, and none of them denied. A shim that does not tell what follows is taken at its
 * word for the first packet. */
PstTri pst_firewall_verdict_passes(const PstFirewallVerdict *verdict);
