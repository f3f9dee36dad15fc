// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/vocabulary.h"

#include "protocol/error.h"
#include "protocol/nearest.h"
#include "protocol/report-access.h"
#include "protocol/report-account.h"
#include "protocol/report-changes.h"
#include "protocol/report-checks.h"
#include "protocol/report-containers.h"
#include "protocol/report-doctor.h"
#include "protocol/report-file.h"
#include "protocol/report-firewall.h"
#include "protocol/report-host.h"
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

const PstReportKind *const pst_vocabulary[] = {
    &pst_report_system_kind,  &pst_report_sudo_kind,       &pst_report_services_kind,
    &pst_report_journal_kind, &pst_report_network_kind,    &pst_report_ssh_kind,
    &pst_report_account_kind, &pst_report_pam_kind,        &pst_report_firewall_kind,
    &pst_report_storage_kind, &pst_report_memory_kind,     &pst_report_security_kind,
    &pst_report_changes_kind, &pst_report_containers_kind, &pst_report_checks_kind,
    &pst_report_file_kind,    &pst_report_list_kind,       &pst_report_access_kind,
    &pst_report_host_kind,    &pst_report_doctor_kind,
};
const guint pst_vocabulary_n = G_N_ELEMENTS(pst_vocabulary);

const PstReportKind *
pst_vocabulary_find(const char *name)
{
    for (guint i = 0; i < pst_vocabulary_n; i++)
        if (g_str_equal(pst_vocabulary[i]->name, name))
            return pst_vocabulary[i];
    return NULL;
}

const PstReportKind *
pst_vocabulary_require(const char *name, GError **error)
{
    const PstReportKind *kind = pst_vocabulary_find(name);
    const char *names[G_N_ELEMENTS(pst_vocabulary)];

    if (kind != NULL)
        return kind;
    for (guint i = 0; i < pst_vocabulary_n; i++)
        names[i] = pst_vocabulary[i]->name;

    g_autofree char *hint = pst_nearest_hint(name, names, pst_vocabulary_n);
    g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "unknown probe '%.64s'%s", name, hint);
    return NULL;
}

JsonObject *
pst_vocabulary_describe(const PstReportKind *kind)
{
    JsonObject *json = json_object_new();

    json_object_set_string_member(json, "name", kind->name);
    json_object_set_string_member(json, "question", kind->question);
    json_object_set_string_member(json, "footprint", kind->footprint);
    json_object_set_object_member(json, "args", pst_fields_schema(kind->args));
    json_object_set_object_member(json, "report", pst_report_schema(kind));
    return json;
}
