// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/probe-network.h"
#include "guest-shim/probe.h"
#include "protocol/report-network.h"

const PstProbe pst_probe_table[] = {
    {&pst_report_network_kind, pst_probe_network_run},
};
const guint pst_probe_table_n = G_N_ELEMENTS(pst_probe_table);
