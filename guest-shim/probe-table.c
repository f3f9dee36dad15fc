// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/probe-account.h"
#include "guest-shim/probe-file.h"
#include "guest-shim/probe-journal.h"
#include "guest-shim/probe-list.h"
#include "guest-shim/probe-network.h"
#include "guest-shim/probe-services.h"
#include "guest-shim/probe-ssh.h"
#include "guest-shim/probe-sudo.h"
#include "guest-shim/probe-system.h"
#include "guest-shim/probe.h"
#include "protocol/report-account.h"
#include "protocol/report-file.h"
#include "protocol/report-journal.h"
#include "protocol/report-list.h"
#include "protocol/report-network.h"
#include "protocol/report-services.h"
#include "protocol/report-ssh.h"
#include "protocol/report-sudo.h"
#include "protocol/report-system.h"

const PstProbe pst_probe_table[] = {
    {&pst_report_system_kind, pst_probe_system_run},
    {&pst_report_sudo_kind, pst_probe_sudo_run},
    {&pst_report_services_kind, pst_probe_services_run},
    {&pst_report_journal_kind, pst_probe_journal_run},
    {&pst_report_network_kind, pst_probe_network_run},
    {&pst_report_ssh_kind, pst_probe_ssh_run},
    {&pst_report_account_kind, pst_probe_account_run},
    {&pst_report_file_kind, pst_probe_file_run},
    {&pst_report_list_kind, pst_probe_list_run},
};
const guint pst_probe_table_n = G_N_ELEMENTS(pst_probe_table);
