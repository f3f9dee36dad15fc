// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/access.h"
#include "protocol/report-account.h"
#include "protocol/report-firewall.h"
#include "protocol/report-memory.h"
#include "protocol/report-network.h"
#include "protocol/report-pam.h"
#include "protocol/report-ssh.h"
#include "protocol/report-sudo.h"

#define MEBI (1024 * 1024)

/* The reports of a guest whose harness gets in by key and becomes root; a test spoils some. */
typedef struct {
    PstAnswer *answers[7];
    PstNetworkData *network;
    PstFirewallData *firewall;
    PstSshData *ssh;
    PstAccountData *account;
    PstPamData *pam;
    PstSudoData *sudo;
    PstMemoryData *memory;
    JsonObject *vantage;
} Guest;

static G_GNUC_UNUSED PstAnswer *
answer_of(Guest *guest, const char *probe)
{
    for (guint i = 0; i < G_N_ELEMENTS(guest->answers); i++)
        if (g_str_equal(guest->answers[i]->probe, probe))
            return guest->answers[i];
    g_assert_not_reached();
}

static gpointer
add(Guest *guest, guint i, const PstReportKind *kind)
{
    PstAnswer *answer = pst_answer_new("web", kind->name, NULL);

    answer->via = PST_VIA_CHANNEL;
    answer->report = pst_report_new(kind);
    guest->answers[i] = answer;
    return answer->report->data;
}

static void
add_route(PstNetworkData *network, const char *destination)
{
    PstNetworkRoute *route = pst_fields_append(&pst_report_network_route_fields, &network->routes);

    route->destination = g_strdup(destination);
}

static void
add_pam(PstPamData *pam, const char *name)
{
    PstPamServiceReport *service =
        pst_fields_append(&pst_report_pam_service_fields, &pam->services);

    service->service = g_strdup(name);
    service->auth = pst_fields_new(&pst_report_pam_phase_fields);
    service->auth->outcome = g_strdup("depends");
    service->account = pst_fields_new(&pst_report_pam_phase_fields);
    service->account->outcome = g_strdup("passes");
}

static void
add_verdict(PstFirewallData *firewall, const char *family)
{
    PstFirewallVerdict *verdict =
        pst_fields_append(&pst_report_firewall_verdict_fields, &firewall->verdicts);

    verdict->port = 22;
    verdict->family = g_strdup(family);
    verdict->verdict = g_strdup("accept");
    verdict->replies = PST_TRI_YES;
    verdict->replies = PST_TRI_YES;
}

static void
init(Guest *guest)
{
    guest->network = add(guest, 0, &pst_report_network_kind);
    guest->firewall = add(guest, 1, &pst_report_firewall_kind);
    guest->ssh = add(guest, 2, &pst_report_ssh_kind);
    guest->account = add(guest, 3, &pst_report_account_kind);
    guest->pam = add(guest, 4, &pst_report_pam_kind);
    guest->sudo = add(guest, 5, &pst_report_sudo_kind);
    guest->memory = add(guest, 6, &pst_report_memory_kind);
    guest->vantage = json_object_new();
    json_object_set_string_member(guest->vantage, "user", "harness");

    add_route(guest->network, "192.0.2.0/24");
    add_route(guest->network, "0.0.0.0/0");
    add_verdict(guest->firewall, "ipv4");
    add_verdict(guest->firewall, "ipv6");
    guest->ssh->running = guest->ssh->user_allowed = guest->ssh->key_accepted = PST_TRI_YES;
    guest->ssh->restart_pending = PST_TRI_NO;
    guest->ssh->methods = g_strsplit("publickey password", " ", -1);
    guest->account->key_login = PST_TRI_YES;
    guest->account->password_login = guest->account->console_login = PST_TRI_YES;
    guest->pam->sshd_asks = PST_TRI_YES;
    add_pam(guest->pam, "sshd");
    add_pam(guest->pam, "login");
    guest->sudo->verdict = PST_SUDO_GRANTED;
    guest->memory->sizes = pst_fields_new(&pst_report_memory_sizes_fields);
    guest->memory->sizes->available_bytes = 256 * MEBI;
    guest->memory->sizes->swap_free_bytes = 0;
}

static void
clear(Guest *guest)
{
    for (guint i = 0; i < G_N_ELEMENTS(guest->answers); i++)
        pst_answer_free(guest->answers[i]);
    json_object_unref(guest->vantage);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Guest, clear)
