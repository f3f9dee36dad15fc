// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/doctor-run.h"

#include "host-sidecar/ask-daemon.h"
#include "host-sidecar/ask.h"
#include "host-sidecar/audit.h"
#include "host-sidecar/config.h"
#include "host-sidecar/consult.h"
#include "host-sidecar/doctor-guest.h"
#include "host-sidecar/doctor-host.h"
#include "host-sidecar/doctor-look.h"
#include "host-sidecar/doctor-profile.h"
#include "host-sidecar/doctor.h"
#include "host-sidecar/overview.h"
#include "host-sidecar/server-settings.h"
#include "protocol/error.h"

#define SYSTEM_URI "qemu:///system"
/* A daemon that lists nothing within that is told as such; the rest of the time is the guest's. */
#define LIST_US (3 * G_USEC_PER_SEC)
#define GREETING_US G_USEC_PER_SEC

static PstDoctorData *
data_of(PstDoctorRender *subject)
{
    return subject->report->data;
}

/* ---- the host ---- */

static const char *
meant_uri(const PstOptions *options, const PstDoctorHost *host)
{
    const char *uri = options->connect;

    if (uri == NULL || *uri == '\0')
        uri = g_getenv("LIBVIRT_DEFAULT_URI");
    if (uri == NULL || *uri == '\0')
        uri = host->uri;
    return uri != NULL && *uri != '\0' ? uri : SYSTEM_URI;
}

/* Who is there; NULL where nobody is, and nobody is asked who does not let this caller in. */
static PstApiClient *
knock(PstDoctorDoor *door, gint64 deadline_us)
{
    g_autoptr(GError) error = NULL;

    if (door->path == NULL || door->there == PST_TRI_NO)
        return NULL;
    gint64 until_us = MIN(deadline_us, g_get_monotonic_time() + GREETING_US);
    PstApiClient *client = pst_api_client_open(door->path, until_us, &error);
    door->answers = PST_TRI(client != NULL);
    door->shut = PST_TRI(g_error_matches(error, PST_ERROR, PST_ERROR_NO_PERMISSION));
    if (client != NULL)
        door->uri = g_strdup(pst_api_client_uri(client));
    else
        door->problem = g_strdup(error->message);
    return client;
}

static char **
names_of(const GPtrArray *rows)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (guint i = 0; i < rows->len; i++) {
        const PstOverview *row = rows->pdata[i];
        if (row->name != NULL)
            g_strv_builder_add(builder, row->name);
    }
    return g_strv_builder_end(builder);
}

/* What libvirt lets it do is known by its doing it. */
static char **
ask_list(PstApiClient *client, PstDoctorDoor *door, gint64 deadline_us)
{
    g_autoptr(GError) error = NULL;
    gboolean lost = FALSE;
    gint64 until_us = MIN(deadline_us, g_get_monotonic_time() + LIST_US);
    g_autoptr(JsonArray) domains = pst_ask_daemon_list(client, until_us, &lost, &error);
    GPtrArray *rows = domains != NULL ? pst_overview_from_json(domains, &error) : NULL;

    if (rows == NULL) {
        door->libvirt = g_strdup(error != NULL ? error->message : "it hung up");
        return NULL;
    }
    char **names = names_of(rows);
    pst_overview_free(rows);
    return names;
}

static void
look_at_doors(const PstOptions *options, PstDoctorHost *host, char ***domains, gint64 deadline_us)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GKeyFile) config = pst_config_load(&error);
    const char *uri = meant_uri(options, host);
    g_autofree char *path = options->no_daemon ? NULL : pst_server_settings_socket(config, uri);
    g_autofree char *other = options->no_daemon ? NULL : pst_server_settings_recover_socket(config);

    if (config == NULL)
        host->config = g_strdup(error->message);
    host->diagnose = pst_doctor_host_door("", path);
    host->recover = pst_doctor_host_door("", other);
    g_autoptr(PstApiClient) client = knock(host->diagnose, deadline_us);
    if (client != NULL && g_str_equal(pst_api_client_uri(client), uri))
        *domains = ask_list(client, host->diagnose, deadline_us);
    g_autoptr(PstApiClient) recoverer = knock(host->recover, deadline_us);
}

PstDoctorRender *
pst_doctor_run_host(const PstOptions *options, char ***domains, gint64 deadline_us)
{
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new(options->connect);
    PstDoctorRender *subject = pst_doctor_render_new(PST_DOCTOR_RENDER_HOST, NULL);
    PstDoctorHost *host = data_of(subject)->host = pst_doctor_look_host(hypervisor, deadline_us);

    *domains = NULL;
    if (host->here == PST_TRI_UNKNOWN)
        host->here = PST_TRI(pst_hypervisor_is_here(meant_uri(options, host)));
    host->user = g_strdup(g_get_user_name());
    if (host->here == PST_TRI_YES)
        look_at_doors(options, host, domains, deadline_us);
    if (host->here == PST_TRI_YES && g_str_equal(meant_uri(options, host), SYSTEM_URI))
        host->virtlogd = pst_doctor_host_virtlogd("");
    pst_doctor_judge(subject->report);
    return subject;
}

/* ---- the domain ---- */

/* The record's writer is one, and the visits are several. */
static void
audit(const PstGuest *guest, const char *method, PstAnswer *const *answers, guint n)
{
    static GMutex lock;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);

    pst_ask_audit_guest(guest, method, answers, n);
}

static void
free_answers(PstAnswer **answers, guint n)
{
    for (guint i = 0; i < n; i++)
        pst_answer_free(answers[i]);
    g_free(answers);
}

/* That the agent was asked for its commands, and what came of it. */
static void
audit_agent(const PstGuest *guest, const char *method, const PstDoctorDomain *domain)
{
    g_autoptr(PstAnswer) answer = pst_answer_new(guest->name, "guest-info", NULL);

    if (domain->agent == NULL || domain->agent->busy == PST_TRI_YES)
        return;
    answer->via = PST_VIA_AGENT_BUILTIN;
    if (domain->agent->problem != NULL)
        answer->error = g_error_new_literal(PST_ERROR, PST_ERROR_PATH_SHUT, domain->agent->problem);
    audit(guest, method, &answer, 1);
}

/* Of the time that is left the questions have most; what comes behind them is short. */
static void
visit(PstGuest *guest, const char *method, PstDoctorData *data, gint64 deadline_us)
{
    gint64 now_us = g_get_monotonic_time();
    gint64 asked_until_us = now_us + MAX(0, deadline_us - now_us) * 6 / 10;
    guint n = 0;
    PstAnswer **questions = pst_doctor_guest_questions(guest->name, &n);

    audit(guest, method, questions, n);
    PstAnswer **answers =
        pst_consult_guest(guest, questions, n, pst_audit_caller(), asked_until_us, NULL, NULL);
    audit(guest, method, answers, n);
    data->guest = pst_doctor_guest_facts(answers, n);
    free_answers(answers, n);
    pst_doctor_look_shim(guest, data->domain, deadline_us);
    pst_doctor_look_agent(guest, data->domain, deadline_us);
    audit_agent(guest, method, data->domain);
    pst_doctor_look_recorder(guest, data->domain, deadline_us);
}

/* libvirt can't be asked for it: the daemon may be, for what the guest tells. */
static void
visit_by_daemon(const PstOptions *options, const char *method, const char *name,
                PstDoctorData *data, const GError *cause, gint64 deadline_us)
{
    g_autoptr(PstAsk) ask = pst_ask_new(options, method, name, deadline_us);
    g_autoptr(GError) error = NULL;
    PstDoctorDomain *domain = data->domain = pst_fields_new(&pst_report_doctor_domain_fields);
    guint n = 0;
    PstAnswer **questions = pst_doctor_guest_questions(name, &n);
    PstAnswer **answers = pst_ask_questions(ask, questions, n, NULL, NULL, &error);

    domain->name = g_strdup(pst_ask_name(ask));
    domain->live = pst_fields_new(&pst_report_doctor_xml_fields);
    domain->lasting = pst_fields_new(&pst_report_doctor_xml_fields);
    domain->live->problem = g_strdup(cause->message);
    domain->lasting->problem = g_strdup(cause->message);
    if (answers != NULL) {
        data->guest = pst_doctor_guest_facts(answers, n);
        free_answers(answers, n);
        return;
    }
    data->guest = pst_fields_new(&pst_report_doctor_guest_fields);
    data->guest->problem = g_strdup(error->message);
}

PstDoctorRender *
pst_doctor_run_profile(const char *path, GError **error)
{
    PstDoctorProfile *profile = pst_doctor_profile_load(path, error);

    if (profile == NULL)
        return NULL;
    PstDoctorRender *subject = pst_doctor_render_new(PST_DOCTOR_RENDER_PROFILE, path);
    data_of(subject)->profile = profile;
    pst_doctor_judge(subject->report);
    return subject;
}

PstDoctorRender *
pst_doctor_run_domain(const PstOptions *options, const char *method, const char *name,
                      char *const *domains, gint64 deadline_us, GError **error)
{
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new(options->connect);
    g_autoptr(GError) cause = NULL;
    g_autoptr(PstGuest) guest = pst_guest_open(hypervisor, name, deadline_us, &cause);

    if (guest == NULL && g_error_matches(cause, PST_ERROR, PST_ERROR_NO_DOMAIN)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return NULL;
    }
    PstDoctorRender *subject =
        pst_doctor_render_new(PST_DOCTOR_RENDER_DOMAIN, guest != NULL ? guest->name : name);
    PstDoctorData *data = data_of(subject);
    if (guest != NULL) {
        data->domain = pst_doctor_look_domain(guest, deadline_us);
        visit(guest, method, data, deadline_us);
    } else {
        visit_by_daemon(options, method, name, data, cause, deadline_us);
    }
    if (domains != NULL)
        data->domain->by_daemon =
            PST_TRI(g_strv_contains((const char *const *)domains, data->domain->name));
    pst_doctor_judge(subject->report);
    return subject;
}
