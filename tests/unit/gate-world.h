// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string.h>

#include "host-sidecar/gate.h"
#include "protocol/error.h"
#include "protocol/report-changes.h"
#include "protocol/report-checks.h"
#include "protocol/report-host.h"
#include "protocol/report-journal.h"
#include "protocol/report-security.h"
#include "protocol/report-services.h"
#include "protocol/report-system.h"
#include "tests/unit/access-guest.h"

#define BOOT "9296ef3853e5406c868deba62384c27e"
#define MACHINE "5fd06ac3b6a44bbca5a0a2bd1a2b3c4d"
#define MOMENT (1000 * G_USEC_PER_SEC)
#define MARK_TEXT                                                                                  \
    "mark1,machine=" MACHINE ",boot=" BOOT                                                         \
    ",up=100.000000,clock=1970-01-01T00:16:40.000000Z,cursor=s=8d1f;i=2a;b=" BOOT                  \
    ",host=1970-01-01T00:16:40.000000Z"
#define MAX_ANSWERS 24

/* The answers of a sound guest, as the gate asks it; a test spoils some. */
typedef struct {
    Guest guest;
    PstAnswer *answers[MAX_ANSWERS];
    guint n;
    PstServicesData *services;
    PstSystemData *system;
    PstJournalData *journal;
    PstChangesData *changes, *files;
    PstChecksData *checks;
    PstSecurityData *security;
    PstFirewallData *port; /* 443 */
    PstFirewallData *ssh_port;
    PstReport *host;
    PstSince *since;
    GDateTime *now;
    PstPolicy *policy;
    PstBaseline *before; /* NULL: none */
    guint n_hung;
} World;

static G_GNUC_UNUSED PstAnswer *
world_find(World *world, const char *probe, const char *argument)
{
    for (guint i = 0; i < world->n; i++)
        if (g_str_equal(world->answers[i]->probe, probe) &&
            (argument == NULL || json_object_has_member(world->answers[i]->args, argument)))
            return world->answers[i];
    g_assert_not_reached();
}

static gpointer
world_add(World *world, const PstReportKind *kind, JsonObject *args)
{
    PstAnswer *answer = pst_answer_new("web", kind->name, args);

    answer->via = PST_VIA_CHANNEL;
    answer->report = pst_report_new(kind);
    answer->report->realtime_us = 2 * MOMENT;
    answer->report->summary = g_strdup("all is well");
    world->answers[world->n++] = answer;
    if (args != NULL)
        json_object_unref(args);
    return answer->report->data;
}

static PstServicesUnit *
world_add_unit(World *world, const char *name, const char *active)
{
    PstServicesUnit *unit =
        pst_fields_append(&pst_report_services_unit_fields, &world->services->units);

    unit->name = g_strdup(name);
    unit->load = g_strdup("loaded");
    unit->active = g_strdup(active);
    unit->since_us = MOMENT + G_USEC_PER_SEC;
    return unit;
}

static G_GNUC_UNUSED PstNetworkListening *
world_listen(World *world, gint64 port, const char *address)
{
    PstNetworkListening *row =
        pst_fields_append(&pst_report_network_listening_fields, &world->guest.network->listening);

    row->protocol = g_strdup("tcp");
    row->address = g_strdup(address);
    row->port = port;
    return row;
}

/* Only the first is listened on any more. */
static G_GNUC_UNUSED void
world_listen_once(World *world)
{
    GPtrArray *rows = world->guest.network->listening;

    for (guint i = 1; i < rows->len; i++)
        pst_fields_free(&pst_report_network_listening_fields, rows->pdata[i]);
    g_ptr_array_set_size(rows, 1);
}

static JsonObject *
args_of(const char *text)
{
    JsonNode *node = json_from_string(text, NULL);
    JsonObject *args = json_node_dup_object(node);

    json_node_unref(node);
    return args;
}

static G_GNUC_UNUSED void
world_add_own(World *world)
{
    world->services = world_add(world, &pst_report_services_kind, NULL);
    world->services->source = g_strdup("systemd");
    world->system = world_add(world, &pst_report_system_kind, NULL);
    world->system->boot_id = g_strdup(BOOT);
    world->system->machine_id = g_strdup(MACHINE);
    world->system->clock = pst_fields_new(&pst_report_system_clock_fields);
    world->system->clock->boottime_us = 1100 * G_USEC_PER_SEC;
    world->system->clock->realtime_us = 2 * MOMENT;
    world->system->manager = pst_fields_new(&pst_report_system_manager_fields);
    world->system->manager->state = g_strdup("running");
    world->system->manager->n_jobs = 0;
    world->journal = world_add(world, &pst_report_journal_kind,
                               args_of("{\"priority\": 3, \"lines\": 200, \"after\": \"s=1\"}"));
    world->journal->journald = g_strdup("running");
    world->journal->storage = g_strdup("persistent");
    world->journal->after_found = PST_TRI_YES;
    world->changes = world_add(world, &pst_report_changes_kind, NULL);
    world->changes->complete = PST_TRI_YES;
    world->files = world_add(world, &pst_report_changes_kind, args_of("{\"paths\": [\"/etc\"]}"));
    world->files->complete = PST_TRI_YES;
    world->files->looked_at = g_strsplit("/etc", ";", -1);
    world->checks = world_add(world, &pst_report_checks_kind, NULL);
    world->security = world_add(world, &pst_report_security_kind, NULL);
    world->security->selinux = pst_fields_new(&pst_report_security_selinux_fields);
    world->security->selinux->mode = g_strdup("enforcing");
    world->port = world_add(world, &pst_report_firewall_kind,
                            args_of("{\"port\": 443, \"protocol\": \"tcp\"}"));
    PstFirewallVerdict *verdict =
        pst_fields_append(&pst_report_firewall_verdict_fields, &world->port->verdicts);
    verdict->port = 443;
    verdict->verdict = g_strdup("accept");
    verdict->replies = PST_TRI_YES;
    world->ssh_port = world_add(world, &pst_report_firewall_kind,
                                args_of("{\"port\": 22, \"protocol\": \"tcp\"}"));
    verdict = pst_fields_append(&pst_report_firewall_verdict_fields, &world->ssh_port->verdicts);
    verdict->port = 22;
    verdict->verdict = g_strdup("accept");
    verdict->replies = PST_TRI_YES;
    world_add_unit(world, "nginx.service", "active");
    world_listen(world, 22, "0.0.0.0");
    world_listen(world, 443, "::");
}

static G_GNUC_UNUSED void
world_init(World *world)
{
    init(&world->guest);
    for (guint i = 0; i < G_N_ELEMENTS(world->guest.answers); i++) {
        world->guest.answers[i]->report->realtime_us = 2 * MOMENT;
        world->guest.answers[i]->report->summary = g_strdup("all is well");
        world->answers[world->n++] = world->guest.answers[i];
    }
    world_add_own(world);
    world->now = g_date_time_new_local(2026, 11, 27, 12, 0, 0);
    world->since = pst_since_parse(MARK_TEXT, NULL);
    g_assert_nonnull(world->since);
}

static G_GNUC_UNUSED void
world_clear(World *world)
{
    for (guint i = G_N_ELEMENTS(world->guest.answers); i < world->n; i++)
        pst_answer_free(world->answers[i]);
    clear(&world->guest);
    g_clear_pointer(&world->host, pst_report_free);
    g_clear_pointer(&world->since, pst_since_free);
    g_clear_pointer(&world->policy, pst_policy_free);
    g_clear_pointer(&world->before, pst_baseline_free);
    g_date_time_unref(world->now);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(World, world_clear)

static G_GNUC_UNUSED void
world_set_policy(World *world, const char *text)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) error = NULL;

    g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, &error);
    g_assert_no_error(error);
    world->policy = pst_policy_read(file, "test", &error);
    g_assert_no_error(error);
}

static G_GNUC_UNUSED PstGateVerdict *
world_judge(const World *world)
{
    const PstGateCase one = {
        .policy = world->policy,
        .guest = "web",
        .vantage = world->guest.vantage,
        .since = world->since,
        .answers = world->answers,
        .n_answers = world->n,
        .host = world->host,
        .before = world->before,
        .n_hung = world->n_hung,
        .now = world->now,
    };

    return pst_gate_judge(&one);
}

/* The guest as it is. */
static G_GNUC_UNUSED PstBaseline *
world_baseline(const World *world)
{
    PstAnswer **copies = g_new0(PstAnswer *, world->n);
    const PstBaselineWish wish = {.vantage = world->guest.vantage};

    for (guint i = 0; i < world->n; i++)
        copies[i] = pst_answer_copy(world->answers[i]);
    return pst_baseline_make(copies, world->n, &wish, NULL, NULL, MOMENT);
}

/* What a guest does not tell, and why. */
static G_GNUC_UNUSED void
world_silence(PstAnswer *answer, const char *why)
{
    g_clear_pointer(&answer->report, pst_report_free);
    answer->via = PST_VIA_NONE;
    answer->error = g_error_new_literal(PST_ERROR, PST_ERROR_DEADLINE, why);
}

/* ---- what is done to it ---- */

static G_GNUC_UNUSED PstFinding *
add_finding(World *world, const char *probe, const char *id, PstSeverity severity)
{
    PstReport *report = world_find(world, probe, NULL)->report;
    PstFinding *finding = pst_report_add(report, id, severity, "%s is so", id);

    report->status = MAX(report->status, (PstStatus)severity);
    return finding;
}

static G_GNUC_UNUSED void
lock_out(World *world)
{
    PstFinding *finding =
        add_finding(world, "sudo", "sudo.password-required", PST_SEVERITY_CRITICAL);
    PstChangesFile *file =
        pst_fields_append(&pst_report_changes_file_fields, &world->changes->files);

    world->guest.sudo->verdict = PST_SUDO_GRANTED_WITH_PASSWORD;
    finding->evidence->path = g_strdup("/etc/sudoers.d/harness");
    finding->evidence->line = 1;
    file->path = g_strdup("/etc/sudoers.d/harness");
    file->kind = g_strdup("written");
    file->control_plane = PST_TRI_YES;
    file->changed_us = MOMENT + 5;
}

static G_GNUC_UNUSED void
stop_sshd(World *world)
{
    add_finding(world, "ssh", "ssh.not-running", PST_SEVERITY_CRITICAL);
    world->guest.ssh->running = PST_TRI_NO;
}

static G_GNUC_UNUSED void
hide_sudo(World *world)
{
    world_silence(world_find(world, "sudo", NULL), "it took too long");
}

static G_GNUC_UNUSED void
unit_failed(World *world)
{
    PstFinding *finding = add_finding(world, "services", "services.failed", PST_SEVERITY_CRITICAL);
    PstServicesUnit *unit = world->services->units->pdata[0];
    PstServicesLine *line;

    finding->evidence->unit = g_strdup("nginx.service");
    g_free(unit->active);
    unit->active = g_strdup("failed");
    unit->result = g_strdup("exit-code");
    line = pst_fields_append(&pst_report_services_line_fields, &unit->lines);
    line->priority = 3;
    line->message = g_strdup("bind() to 0.0.0.0:80 failed");
}

static G_GNUC_UNUSED void
unit_starts(World *world)
{
    PstServicesUnit *unit = world->services->units->pdata[0];

    g_free(unit->active);
    unit->active = g_strdup("activating");
}

static G_GNUC_UNUSED void
see_host(World *world, const char *state, const char *reason)
{
    PstHostData *data;

    world->host = pst_report_new(&pst_report_host_kind);
    data = world->host->data;
    data->state = g_strdup(state);
    data->reason = g_strdup(reason);
    pst_report_add(world->host, "host.not-running", PST_SEVERITY_CRITICAL, "the domain is %s",
                   state);
    pst_report_conclude(world->host, "it runs");
    for (guint i = 0; i < world->n; i++)
        world_silence(world->answers[i], "no path to the guest answered");
}

static G_GNUC_UNUSED void
paused(World *world)
{
    see_host(world, "paused", "user");
}

static G_GNUC_UNUSED void
unit_failed_before(World *world)
{
    unit_failed(world);
    ((PstServicesUnit *)world->services->units->pdata[0])->since_us = MOMENT - G_USEC_PER_SEC;
}

/* Entries that the expectation of the journal leaves out, counted by a finding as well. */
static G_GNUC_UNUSED void
log_noise(World *world)
{
    PstJournalLine *line =
        pst_fields_append(&pst_report_journal_line_fields, &world->journal->entries);

    line->priority = 3;
    line->identifier = g_strdup("sshd");
    line->message = g_strdup("error: kex_exchange_identification: read: Connection reset by peer");
    line->realtime_us = MOMENT + 5;
    pst_report_add(world_find(world, "journal", "priority")->report, "journal.errors",
                   PST_SEVERITY_WARNING, "1 entry is an error");
}

static G_GNUC_UNUSED void
log_error(World *world)
{
    PstJournalLine *entry =
        pst_fields_append(&pst_report_journal_line_fields, &world->journal->entries);

    entry->identifier = g_strdup("nginx");
    entry->unit = g_strdup("nginx.service");
    entry->message = g_strdup("worker died");
    entry->priority = 3;
}

static G_GNUC_UNUSED void
permissive(World *world)
{
    g_free(world->security->selinux->mode);
    world->security->selinux->mode = g_strdup("permissive");
}

static G_GNUC_UNUSED void
criticise(World *world)
{
    add_finding(world, "memory", "memory.low", PST_SEVERITY_CRITICAL);
}

static G_GNUC_UNUSED void
add_chain(World *world, const char *hook, const char *type, const char *policy, gint64 rules)
{
    PstFirewallChain *chain =
        pst_fields_append(&pst_report_firewall_chain_fields, &world->guest.firewall->chains);

    chain->hook = g_strdup(hook);
    chain->type = g_strdup(type);
    chain->policy = g_strdup(policy);
    chain->rules = rules;
}

static G_GNUC_UNUSED void
was_filtered(World *world)
{
    add_chain(world, "input", "filter", "accept", 1);
}
