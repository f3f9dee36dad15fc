// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/probe-account.h"
#include "guest-shim/probe-changes.h"
#include "guest-shim/probe-checks.h"
#include "guest-shim/probe-containers.h"
#include "guest-shim/probe-file.h"
#include "guest-shim/probe-firewall.h"
#include "guest-shim/probe-journal.h"
#include "guest-shim/probe-list.h"
#include "guest-shim/probe-memory.h"
#include "guest-shim/probe-network.h"
#include "guest-shim/probe-pam.h"
#include "guest-shim/probe-security.h"
#include "guest-shim/probe-services.h"
#include "guest-shim/probe-ssh.h"
#include "guest-shim/probe-storage.h"
#include "guest-shim/probe-sudo.h"
#include "guest-shim/probe-system.h"
#include "guest-shim/probe.h"
#include "protocol/report-account.h"
#include "protocol/report-changes.h"
#include "protocol/report-checks.h"
#include "protocol/report-containers.h"
#include "protocol/report-file.h"
#include "protocol/report-firewall.h"
#include "protocol/report-journal.h"
#include "protocol/report-list.h"
#include "protocol/report-memory.h"
#include "protocol/report-network.h"
#include "protocol/report-pam.h"
#include "protocol/report-security.h"
#include "protocol/report-services.h"
#include "protocol/report-ssh.h"
#include "protocol/report-storage.h"
#include "protocol/report-sudo.h"
#include "protocol/report-system.h"

const PstProbe pst_probe_table[] = {
    {&pst_report_system_kind, pst_probe_system_run, .early = TRUE},
    {&pst_report_sudo_kind, pst_probe_sudo_run},
    {&pst_report_services_kind, pst_probe_services_run},
    {&pst_report_journal_kind, pst_probe_journal_run, TRUE},
    {&pst_report_network_kind, pst_probe_network_run, TRUE, .early = TRUE},
    {&pst_report_ssh_kind, pst_probe_ssh_run},
    {&pst_report_account_kind, pst_probe_account_run, TRUE},
    {&pst_report_pam_kind, pst_probe_pam_run, TRUE},
    {&pst_report_firewall_kind, pst_probe_firewall_run, TRUE},
    {&pst_report_storage_kind, pst_probe_storage_run, TRUE},
    {&pst_report_memory_kind, pst_probe_memory_run, TRUE, .early = TRUE},
    {&pst_report_security_kind, pst_probe_security_run, TRUE},
    {&pst_report_changes_kind, pst_probe_changes_run, TRUE},
    {&pst_report_containers_kind, pst_probe_containers_run, TRUE},
    {&pst_report_checks_kind, pst_probe_checks_run, TRUE},
    {&pst_report_file_kind, pst_probe_file_run},
    {&pst_report_list_kind, pst_probe_list_run},
};
const guint pst_probe_table_n = G_N_ELEMENTS(pst_probe_table);
