// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/backend-agent-builtin.h"

#include "host-sidecar/agent.h"
#include "host-sidecar/backend-agent.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/report-network.h"
#include "protocol/report-system.h"

/* An agent whose commands are partly blocked answers the others; each has this long. */
#define COMMAND_US (3 * G_USEC_PER_SEC)

static gint64
command_deadline(const PstInquiry *inquiry)
{
    return MIN(pst_inquiry_deadline_us(inquiry), g_get_monotonic_time() + COMMAND_US);
}

/* The object that COMMAND returns, or NULL: what is blocked stays absent in the report. */
static JsonObject *
ask_object(PstAgent *agent, const PstInquiry *inquiry, const char *command)
{
    g_autoptr(JsonObject) json =
        pst_agent_command(agent, command, NULL, command_deadline(inquiry), NULL);
    JsonObject *result = NULL;

    if (json == NULL || !pst_json_get_object(json, "return", PST_JSON_REQUIRED, &result, NULL))
        return NULL;
    return json_object_ref(result);
}

static JsonArray *
ask_array(PstAgent *agent, const PstInquiry *inquiry, const char *command)
{
    g_autoptr(JsonObject) json =
        pst_agent_command(agent, command, NULL, command_deadline(inquiry), NULL);
    JsonArray *result = NULL;

    if (json == NULL || !pst_json_get_array(json, "return", PST_JSON_REQUIRED, &result, NULL))
        return NULL;
    return json_array_ref(result);
}

static char *
dup_string(JsonObject *json, const char *name)
{
    const char *value = NULL;

    pst_json_get_string(json, name, PST_JSON_OPTIONAL, &value, NULL);
    return g_strdup(value);
}

static JsonObject *
element_object(JsonArray *array, guint i)
{
    JsonNode *node = json_array_get_element(array, i);

    return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static void
read_os(PstAgent *agent, const PstInquiry *inquiry, PstSystemData *data)
{
    g_autoptr(JsonObject) os = ask_object(agent, inquiry, "guest-get-osinfo");

    if (os == NULL)
        return;
    data->os = pst_fields_new(&pst_report_system_os_fields);
    data->os->id = dup_string(os, "id");
    data->os->version = dup_string(os, "version-id");
    data->os->name = dup_string(os, "pretty-name");
    data->kernel = pst_fields_new(&pst_report_system_kernel_fields);
    data->kernel->release = dup_string(os, "kernel-release");
    data->kernel->version = dup_string(os, "kernel-version");
    data->kernel->arch = dup_string(os, "machine");
}

static void
read_clock(PstAgent *agent, const PstInquiry *inquiry, PstSystemData *data)
{
    gint64 before_us = g_get_real_time(), realtime_us = 0;

    if (!pst_agent_time(agent, command_deadline(inquiry), &realtime_us, NULL))
        return;
    data->clock = pst_fields_new(&pst_report_system_clock_fields);
    data->clock->realtime_us = realtime_us;
    data->clock->drift_ms = (realtime_us - (before_us + g_get_real_time()) / 2) / 1000;
}

static void
read_users(PstAgent *agent, const PstInquiry *inquiry, PstSystemData *data)
{
    g_autoptr(JsonArray) users = ask_array(agent, inquiry, "guest-get-users");

    for (guint i = 0; users != NULL && i < json_array_get_length(users); i++) {
        JsonObject *user = element_object(users, i);
        if (user == NULL)
            continue;
        PstSystemUser *row = pst_fields_append(&pst_report_system_user_fields, &data->users);
        row->name = dup_string(user, "user");
    }
}

static void
read_file_systems(PstAgent *agent, const PstInquiry *inquiry, PstSystemData *data)
{
    g_autoptr(JsonArray) mounts = ask_array(agent, inquiry, "guest-get-fsinfo");

    for (guint i = 0; mounts != NULL && i < json_array_get_length(mounts); i++) {
        JsonObject *mount = element_object(mounts, i);
        if (mount == NULL)
            continue;
        PstSystemFileSystem *row =
            pst_fields_append(&pst_report_system_file_system_fields, &data->file_systems);
        row->path = dup_string(mount, "mountpoint");
        row->type = dup_string(mount, "type");
        pst_json_get_int(mount, "total-bytes", PST_JSON_OPTIONAL, &row->total_bytes, NULL);
        pst_json_get_int(mount, "used-bytes", PST_JSON_OPTIONAL, &row->used_bytes, NULL);
    }
}

/* FALSE where the agent told nothing at all. */
static gboolean
tell_system(PstAgent *agent, const PstInquiry *inquiry, PstReport *report)
{
    PstSystemData *data = report->data;
    g_autoptr(JsonObject) host = ask_object(agent, inquiry, "guest-get-host-name");

    data->hostname = host != NULL ? dup_string(host, "host-name") : NULL;
    read_os(agent, inquiry, data);
    read_clock(agent, inquiry, data);
    read_users(agent, inquiry, data);
    read_file_systems(agent, inquiry, data);
    if (data->os == NULL && data->clock == NULL)
        return FALSE;
    pst_report_add(report, "system.agent-only", PST_SEVERITY_UNKNOWN,
                   "only the guest agent answers: %s, %s; what systemd says is not known",
                   data->os != NULL && data->os->name != NULL ? data->os->name : "unknown system",
                   data->hostname != NULL ? data->hostname : "unknown name");
    return TRUE;
}

static char **
read_addresses(JsonObject *interface)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    JsonArray *addresses = NULL;

    pst_json_get_array(interface, "ip-addresses", PST_JSON_OPTIONAL, &addresses, NULL);
    for (guint i = 0; addresses != NULL && i < json_array_get_length(addresses); i++) {
        JsonObject *address = element_object(addresses, i);
        const char *text = NULL;
        gint64 prefix = 0;

        if (address == NULL ||
            !pst_json_get_string(address, "ip-address", PST_JSON_REQUIRED, &text, NULL) ||
            !pst_json_get_int(address, "prefix", PST_JSON_REQUIRED, &prefix, NULL))
            continue;
        g_autofree char *with_prefix = g_strdup_printf("%s/%" G_GINT64_FORMAT, text, prefix);
        g_strv_builder_add(builder, with_prefix);
    }
    return g_strv_builder_end(builder);
}

static gboolean
tell_network(PstAgent *agent, const PstInquiry *inquiry, PstReport *report)
{
    PstNetworkData *data = report->data;
    g_autoptr(JsonArray) links = ask_array(agent, inquiry, "guest-network-get-interfaces");

    if (links == NULL)
        return FALSE;
    for (guint i = 0; i < json_array_get_length(links); i++) {
        JsonObject *link = element_object(links, i);
        if (link == NULL)
            continue;
        PstNetworkLink *row = pst_fields_append(&pst_report_network_link_fields, &data->links);
        row->name = dup_string(link, "name");
        row->mac = dup_string(link, "hardware-address");
        row->addresses = read_addresses(link);
    }
    pst_report_add(report, "network.agent-only", PST_SEVERITY_UNKNOWN,
                   "only the guest agent answers: addresses are known, links and routes are not");
    return TRUE;
}

static const struct {
    const PstReportKind *kind;
    gboolean (*tell)(PstAgent *agent, const PstInquiry *inquiry, PstReport *report);
} tellers[] = {
    {&pst_report_system_kind, tell_system},
    {&pst_report_network_kind, tell_network},
};

static gboolean
tell(PstAgent *agent, PstInquiry *inquiry, guint i)
{
    gint64 start_us = g_get_monotonic_time();

    for (guint j = 0; j < G_N_ELEMENTS(tellers); j++) {
        if (!g_str_equal(tellers[j].kind->name, pst_inquiry_probe(inquiry, i)))
            continue;
        g_autoptr(PstReport) report = pst_report_new(tellers[j].kind);
        if (!tellers[j].tell(agent, inquiry, report))
            return FALSE;
        report->took_ms = (g_get_monotonic_time() - start_us) / 1000;
        pst_report_conclude(report, "");
        pst_inquiry_answer(inquiry, i, PST_VIA_AGENT_BUILTIN, g_steal_pointer(&report));
        return TRUE;
    }
    return FALSE;
}

static void
on_heard(gpointer inquiry)
{
    pst_inquiry_heard(inquiry);
}

static gboolean
ask(PstGuest *guest, PstInquiry *inquiry, GError **error)
{
    gboolean all = TRUE;

    /* Both wait for the agent's turn: the one that can tell everything comes first. */
    if (!pst_inquiry_await_end(inquiry, PST_VIA_AGENT, pst_inquiry_deadline_us(inquiry)) ||
        !pst_inquiry_yield(inquiry, PST_VIA_AGENT_BUILTIN))
        return TRUE;
    gboolean modest = pst_inquiry_has_silent(inquiry, PST_VIA_AGENT);
    g_autoptr(PstAgent) agent =
        pst_agent_open(guest, modest, pst_inquiry_deadline_us(inquiry), error);
    if (agent == NULL)
        return FALSE;
    pst_agent_listen(agent, on_heard, inquiry);
    pst_inquiry_guest_is_asked(inquiry, PST_VIA_AGENT_BUILTIN);
    if (!pst_agent_ping(agent, command_deadline(inquiry), error))
        return FALSE;
    pst_inquiry_progress(inquiry, PST_VIA_AGENT_BUILTIN);
    for (guint i = 0; i < pst_inquiry_size(inquiry); i++)
        if (pst_inquiry_is_wanted(inquiry, i))
            all &= tell(agent, inquiry, i);
    if (!all)
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                    "the agent by itself does not know this");
    return all;
}

const PstBackend pst_backend_agent_builtin = {
    .via = PST_VIA_AGENT_BUILTIN,
    .is_open = pst_backend_agent_is_open,
    .ask = ask,
};
