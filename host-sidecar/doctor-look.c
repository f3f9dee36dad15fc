// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/doctor-look.h"

#include <stdlib.h>
#include <string.h>

#include <libvirt/virterror.h>

#include "host-sidecar/agent.h"
#include "host-sidecar/backend-agent.h"
#include "host-sidecar/doctor-commands.h"
#include "host-sidecar/guest-channel.h"
#include "host-sidecar/recorder-check.h"
#include "host-sidecar/recorder-judge.h"
#include "host-sidecar/task.h"
#include "host-sidecar/virt-error.h"
#include "host-sidecar/volume-pool.h"
#include "protocol/error.h"
#include "protocol/json.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStoragePool, virStoragePoolFree)

/* A shim that is stopped must not cost what the agent tells. */
#define GREETING_US (3 * G_USEC_PER_SEC)
/* Who waits in vain says better what for than who watches over it. */
#define GRACE_US (100 * G_GINT64_CONSTANT(1000))

static void
free_host(gpointer host)
{
    pst_fields_free(&pst_report_doctor_host_fields, host);
}

static void
free_domain(gpointer domain)
{
    pst_fields_free(&pst_report_doctor_domain_fields, domain);
}

/* What libvirt's last call failed for. */
static char *
last_error(const char *what)
{
    g_autoptr(GError) error = NULL;

    pst_virt_error_set(&error, what);
    return g_strdup(error->message);
}

/* ---- the host ---- */

static PstDoctorPool *
look_at_pool(virConnectPtr connection)
{
    PstDoctorPool *facts = pst_fields_new(&pst_report_doctor_pool_fields);
    g_autoptr(virStoragePool) pool = virStoragePoolLookupByName(connection, PST_VOLUME_POOL);
    int autostart = 0;

    if (pool == NULL) {
        if (virGetLastErrorCode() == VIR_ERR_NO_STORAGE_POOL)
            facts->there = PST_TRI_NO;
        else
            facts->problem = last_error("the storage pool " PST_VOLUME_POOL);
        return facts;
    }
    int active = virStoragePoolIsActive(pool);
    facts->there = PST_TRI_YES;
    if (active < 0 || virStoragePoolGetAutostart(pool, &autostart) < 0) {
        facts->problem = last_error("the storage pool " PST_VOLUME_POOL);
        return facts;
    }
    const PstVolumePool opened = {connection, pool};
    facts->active = PST_TRI(active > 0);
    facts->autostart = PST_TRI(autostart != 0);
    facts->folder = pst_volume_pool_folder(&opened);
    return facts;
}

static gpointer
look_at_host(gpointer data, GError **error)
{
    virConnectPtr connection = pst_hypervisor_connect(data, error);

    if (connection == NULL)
        return NULL;
    PstDoctorHost *host = pst_fields_new(&pst_report_doctor_host_fields);
    host->uri = pst_hypervisor_uri(connection);
    host->here = PST_TRI(pst_hypervisor_is_here(host->uri));
    host->pool = look_at_pool(connection);
    virConnectClose(connection);
    return host;
}

PstDoctorHost *
pst_doctor_look_host(PstHypervisor *hypervisor, gint64 deadline_us)
{
    g_autoptr(GError) error = NULL;
    PstDoctorHost *host = pst_task_call(look_at_host, pst_hypervisor_ref(hypervisor),
                                        (GDestroyNotify)pst_hypervisor_unref, free_host,
                                        deadline_us, "libvirt", &error);

    if (host != NULL)
        return host;
    host = pst_fields_new(&pst_report_doctor_host_fields);
    host->libvirt = g_strdup(error->message);
    host->denied = PST_TRI(error->code == PST_ERROR_NO_PERMISSION);
    return host;
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static gpointer
list_running(gpointer data, GError **error)
{
    virConnectPtr connection = pst_hypervisor_connect(data, error);
    virDomainPtr *domains = NULL;
    GPtrArray *names = g_ptr_array_new();

    if (connection == NULL) {
        g_ptr_array_unref(names);
        return NULL;
    }
    int n = virConnectListAllDomains(connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    if (n < 0)
        pst_virt_error_set(error, "the domains can't be listed");
    for (int i = 0; i < n; i++) {
        g_ptr_array_add(names, g_strdup(virDomainGetName(domains[i])));
        virDomainFree(domains[i]);
    }
    free(domains);
    virConnectClose(connection);
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    char **list = (char **)g_ptr_array_free(names, FALSE);
    if (n < 0)
        g_clear_pointer(&list, g_strfreev);
    return list;
}

char **
pst_doctor_look_running(PstHypervisor *hypervisor, gint64 deadline_us, GError **error)
{
    return pst_task_call(list_running, pst_hypervisor_ref(hypervisor),
                         (GDestroyNotify)pst_hypervisor_unref, (GDestroyNotify)g_strfreev,
                         deadline_us, "libvirt", error);
}

/* ---- the domain ---- */

static int
port_of(PstGuestXmlPort port)
{
    switch (port) {
    case PST_GUEST_XML_PORT_ABSENT:
        return PST_DOCTOR_PORT_ABSENT;
    case PST_GUEST_XML_PORT_DISCONNECTED:
        return PST_DOCTOR_PORT_SHUT;
    case PST_GUEST_XML_PORT_CONNECTED:
        return PST_DOCTOR_PORT_OPEN;
    case PST_GUEST_XML_PORT_UNKNOWN:
        return PST_DOCTOR_PORT_UNKNOWN;
    }
    g_return_val_if_reached(PST_DOCTOR_PORT_UNKNOWN);
}

static PstDoctorXml *
take_xml(const PstGuestXml *xml)
{
    PstDoctorXml *facts = pst_fields_new(&pst_report_doctor_xml_fields);

    facts->channel = port_of(xml->shim);
    facts->agent = port_of(xml->agent);
    facts->room = PST_TRI(xml->free_ports > 0);
    facts->recorder = PST_TRI(xml->recorder);
    if (!xml->recorder)
        return facts;
    facts->recorder_elsewhere = PST_TRI(xml->recorder_elsewhere);
    facts->recorder_emptied = PST_TRI(xml->recorder_emptied);
    facts->recorder_path = g_strdup(xml->recorder_path);
    return facts;
}

static PstDoctorXml *
look_at_lasting(virDomainPtr domain)
{
    /* VIR_DOMAIN_XML_SECURE is not needed, and not granted to everybody. */
    char *text = virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_INACTIVE);
    g_auto(PstGuestXml) xml = {0};
    g_autoptr(GError) error = NULL;

    if (text != NULL && pst_guest_xml_read(text, &xml, &error)) {
        free(text);
        return take_xml(&xml);
    }
    PstDoctorXml *facts = pst_fields_new(&pst_report_doctor_xml_fields);
    facts->problem = text != NULL ? g_strdup(error->message) : last_error("its lasting XML");
    free(text);
    return facts;
}

/* Where the file of a new recorder is to be; who may not see pools is not told. */
static char *
look_at_folder(virConnectPtr connection)
{
    g_autoptr(virStoragePool) pool = virStoragePoolLookupByName(connection, PST_VOLUME_POOL);
    const PstVolumePool opened = {connection, pool};

    return pool != NULL ? pst_volume_pool_folder(&opened) : NULL;
}

static gpointer
look_at_domain(gpointer data, GError **error)
{
    PstGuest *guest = data;
    virDomainPtr domain = pst_guest_connect(guest, error);

    if (domain == NULL)
        return NULL;
    PstDoctorDomain *facts = pst_fields_new(&pst_report_doctor_domain_fields);
    int persistent = virDomainIsPersistent(domain);
    facts->persistent = persistent < 0 ? PST_TRI_UNKNOWN : PST_TRI(persistent > 0);
    if (persistent != 0)
        facts->lasting = look_at_lasting(domain);
    facts->folder = look_at_folder(virDomainGetConnect(domain));
    pst_guest_disconnect(domain);
    return facts;
}

static gboolean
is_active(const PstGuest *guest)
{
    return guest->state != VIR_DOMAIN_SHUTOFF && guest->state != VIR_DOMAIN_CRASHED;
}

PstDoctorDomain *
pst_doctor_look_domain(PstGuest *guest, gint64 deadline_us)
{
    g_autoptr(GError) error = NULL;
    PstDoctorDomain *domain =
        pst_task_call(look_at_domain, pst_guest_ref(guest), (GDestroyNotify)pst_guest_unref,
                      free_domain, deadline_us, "libvirt", &error);

    if (domain == NULL) {
        domain = pst_fields_new(&pst_report_doctor_domain_fields);
        domain->lasting = pst_fields_new(&pst_report_doctor_xml_fields);
        domain->lasting->problem = g_strdup(error->message);
    }
    domain->uri = g_strdup(guest->uri);
    domain->name = g_strdup(guest->name);
    domain->uuid = g_strdup(guest->uuid);
    domain->state = g_strdup(pst_guest_state_name(guest));
    if (is_active(guest))
        domain->live = take_xml(&guest->xml);
    return domain;
}

/* ---- the shim ---- */

typedef struct {
    PstGuest *guest;
    gint64 deadline_us;
} Question;

static void
free_question(gpointer data)
{
    Question *question = data;

    pst_guest_unref(question->guest);
    g_free(question);
}

static gpointer
greet(gpointer data, GError **error)
{
    const Question *question = data;

    return pst_guest_channel_greet(question->guest, question->deadline_us, error);
}

static Question *
new_question(PstGuest *guest, gint64 deadline_us)
{
    Question *question = g_new0(Question, 1);

    question->guest = pst_guest_ref(guest);
    question->deadline_us = deadline_us;
    return question;
}

/* One whom another process keeps waiting is not asked, and is not silent; nor is one of a guest
 * that does not run. */
static PstTri
is_busy(const GError *error)
{
    return PST_TRI(g_error_matches(error, PST_ERROR, PST_ERROR_BUSY));
}

void
pst_doctor_look_shim(PstGuest *guest, PstDoctorDomain *domain, gint64 deadline_us)
{
    gint64 until_us = MIN(deadline_us, g_get_monotonic_time() + GREETING_US);
    g_autoptr(GError) error = NULL;
    g_autoptr(PstHello) hello = NULL;

    if (domain->live == NULL ||
        (pst_guest_greeting(guest) == NULL && domain->live->channel != PST_DOCTOR_PORT_OPEN))
        return;
    /* A guest that is paused has its ports as it left them, and can't answer. */
    gboolean asked = pst_guest_greeting(guest) == NULL && pst_guest_check_running(guest, &error);
    if (asked)
        hello =
            pst_task_call(greet, new_question(guest, until_us), free_question,
                          (GDestroyNotify)pst_hello_free, until_us + GRACE_US, "the shim", &error);
    if (hello != NULL)
        pst_guest_note_greeting(guest, hello);
    const PstGuestGreeting *greeting = pst_guest_greeting(guest);
    domain->shim = pst_fields_new(&pst_report_doctor_shim_fields);
    if (greeting == NULL) {
        domain->shim->problem = g_strdup(error->message);
        domain->shim->busy = asked ? is_busy(error) : PST_TRI_YES;
        return;
    }
    domain->shim->version = g_strdup(greeting->hello->shim);
    domain->shim->methods = g_strdupv(greeting->hello->capabilities);
}

/* ---- the recorder ---- */

void
pst_doctor_look_recorder(PstGuest *guest, PstDoctorDomain *domain, gint64 deadline_us)
{
    g_autoptr(GError) error = NULL;

    if (domain->live == NULL || domain->live->recorder != PST_TRI_YES)
        return;
    PstDoctorRecorder *facts = domain->recorder =
        pst_fields_new(&pst_report_doctor_recorder_fields);
    g_autoptr(PstRecorderCheck) check = pst_recorder_check_until(guest, deadline_us, &error);
    if (check == NULL) {
        facts->problem = g_strdup(error->message);
        return;
    }
    if (check->state == PST_RECORDER_STATE_UNKNOWN) {
        facts->problem =
            g_strdup(pst_guest_greeting(guest) != NULL ? "the shim has written nothing to it yet"
                                                       : "no shim says what it has written");
        return;
    }
    g_autoptr(PstReport) report = pst_recorder_judge(domain->state, check->state, check->note);
    if (report == NULL)
        return;
    const PstFinding *finding = report->findings->pdata[0];
    facts->finding = g_strdup(finding->id);
    facts->message = g_strdup(finding->message);
    facts->remedy = g_strdup(finding->remedy);
}

/* ---- the agent ---- */

static void
free_agent(gpointer agent)
{
    pst_fields_free(&pst_report_doctor_agent_fields, agent);
}

static JsonObject *
find_command(JsonArray *commands, const char *name)
{
    for (guint i = 0; i < json_array_get_length(commands); i++) {
        JsonNode *node = json_array_get_element(commands, i);
        JsonObject *command = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
        const char *told = NULL;

        if (command != NULL &&
            pst_json_get_string(command, "name", PST_JSON_REQUIRED, &told, NULL) &&
            g_str_equal(told, name))
            return command;
    }
    return NULL;
}

/* One that it does not know is as good as blocked. */
static void
take_commands(JsonArray *commands, PstDoctorAgent *facts)
{
    for (guint i = 0; i < pst_doctor_commands_n; i++) {
        JsonObject *told = find_command(commands, pst_doctor_commands[i].name);
        PstDoctorCommand *command =
            pst_fields_append(&pst_report_doctor_command_fields, &facts->commands);
        gboolean enabled = FALSE;

        command->name = g_strdup(pst_doctor_commands[i].name);
        command->enabled = PST_TRI(
            told != NULL && pst_json_get_bool(told, "enabled", PST_JSON_REQUIRED, &enabled, NULL) &&
            enabled);
    }
}

static gpointer
ask_agent(gpointer data, GError **error)
{
    const Question *question = data;
    JsonObject *info = NULL;
    JsonArray *commands = NULL;
    const char *version = NULL;
    g_autoptr(PstAgent) agent =
        pst_agent_open(question->guest, FALSE, question->deadline_us, error);

    if (agent == NULL)
        return NULL;
    g_autoptr(JsonObject) answer =
        pst_agent_command(agent, "guest-info", NULL, question->deadline_us, error);
    if (answer == NULL || !pst_json_get_object(answer, "return", PST_JSON_REQUIRED, &info, error) ||
        !pst_json_get_array(info, "supported_commands", PST_JSON_REQUIRED, &commands, error) ||
        !pst_json_get_string(info, "version", PST_JSON_OPTIONAL, &version, error))
        return NULL;
    PstDoctorAgent *facts = pst_fields_new(&pst_report_doctor_agent_fields);
    facts->version = g_strdup(version);
    take_commands(commands, facts);
    return facts;
}

void
pst_doctor_look_agent(PstGuest *guest, PstDoctorDomain *domain, gint64 deadline_us)
{
    g_autoptr(GError) error = NULL;

    if (domain->live == NULL || domain->live->agent != PST_DOCTOR_PORT_OPEN)
        return;
    gboolean asked = pst_backend_agent_is_open(guest, &error);
    domain->agent =
        !asked ? NULL
               : pst_task_call(ask_agent, new_question(guest, deadline_us), free_question,
                               free_agent, deadline_us + GRACE_US, "the guest agent", &error);
    if (domain->agent != NULL)
        return;
    domain->agent = pst_fields_new(&pst_report_doctor_agent_fields);
    domain->agent->problem = g_strdup(error->message);
    domain->agent->busy = asked ? is_busy(error) : PST_TRI_YES;
}
