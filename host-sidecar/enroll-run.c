// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/enroll-run.h"

#include "host-sidecar/ask.h"
#include "host-sidecar/config.h"
#include "host-sidecar/enroll-install.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/report-system.h"

/* What libvirt and the agent may need to be looked at. */
#define LOOK_US (60 * (gint64)G_USEC_PER_SEC)
/* How long a guest may need to find its new port, and of that one question. */
#define PROOF_US (60 * (gint64)G_USEC_PER_SEC)
#define QUESTION_US (10 * (gint64)G_USEC_PER_SEC)
#define PAUSE_US (G_USEC_PER_SEC / 2)
/* The longest that a shim's configuration may be, as the shim has it. */
#define MAX_CONFIGURATION (64 * 1024)

static const char *
method_of(const PstEnrollJob *job)
{
    return job->undo ? "unenroll" : "enroll";
}

/* ---- looking ---- */

static gboolean
read_files(const PstEnrollAsked *asked, PstEnrollJob *job, GError **error)
{
    if (asked->configuration != NULL) {
        job->configuration =
            pst_enroll_package_read_file(asked->configuration, MAX_CONFIGURATION, error);
        if (job->configuration == NULL)
            return FALSE;
        job->configuration_sha256 =
            g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, job->configuration);
    }
    if (asked->package != NULL)
        job->package = pst_enroll_package_read(asked->package, error);
    return asked->package == NULL || job->package != NULL;
}

static char *
package_folder(GError **error)
{
    g_autoptr(GKeyFile) config = pst_config_load(error);

    if (config == NULL)
        return NULL;
    char *folder = g_key_file_get_string(config, "enroll", "packages", NULL);
    return folder != NULL ? folder : g_strdup(PST_ENROLL_PACKAGE_FOLDER);
}

/* A package that nobody named; *PROBLEM says why there is none. */
static gboolean
find_package(PstEnrollJob *job, char **problem, GError **error)
{
    const PstEnrollGuest *guest = &job->facts->guest;
    g_autofree char *folder = package_folder(error);
    g_autoptr(GError) cause = NULL;

    if (folder == NULL)
        return FALSE;
    job->package = pst_enroll_package_find(folder, (PstEnrollPackageKind)guest->kind,
                                           guest->architecture, &cause);
    if (job->package == NULL)
        *problem = g_strdup(cause->message);
    return TRUE;
}

static gboolean
plan(const PstEnrollAsked *asked, PstEnrollJob *job, GError **error)
{
    PstEnrollWish wish = asked->wish;
    g_autofree char *problem = NULL;

    if (asked->undo) {
        job->steps = pst_enroll_plan_undo(job->facts);
        return TRUE;
    }
    if (asked->package == NULL && !find_package(job, &problem, error))
        return FALSE;
    wish.package = job->package;
    wish.package_said = asked->package != NULL;
    wish.package_problem = problem;
    wish.configuration = job->configuration_sha256;
    job->steps = pst_enroll_plan(job->facts, &wish);
    return TRUE;
}

static gboolean
may_enroll(const PstGuest *guest, GError **error)
{
    if (pst_guest_check_running(guest, error))
        return TRUE;
    g_prefix_error(error, "enroll is for a guest that runs ('postern enroll --xml' is for one that "
                          "does not): ");
    return FALSE;
}

PstEnrollJob *
pst_enroll_run_look(const PstOptions *options, const char *domain, const PstEnrollAsked *asked,
                    GError **error)
{
    gint64 deadline_us = g_get_monotonic_time() + MIN(options->deadline_us, LOOK_US);
    g_autoptr(PstGuest) guest =
        pst_ask_open(options, asked->undo ? "unenroll" : "enroll", domain, deadline_us, error);

    if (guest == NULL || (!asked->undo && !may_enroll(guest, error)))
        return NULL;
    g_autoptr(PstEnrollJob) job = pst_enroll_do_new(guest, asked->undo);
    return read_files(asked, job, error) && pst_enroll_do_look(job, deadline_us, error) &&
                   plan(asked, job, error)
               ? g_steal_pointer(&job)
               : NULL;
}

/* ---- the proof ---- */

/* Asks once; NULL where it did not come by the channel, with what is in the way. */
static char *
ask_system(const PstOptions *options, PstEnrollJob *job, gint64 deadline_us, GError **error)
{
    g_autoptr(PstGuest) guest =
        pst_ask_open(options, method_of(job), job->guest->uuid, deadline_us, error);

    if (guest == NULL)
        return NULL;
    if (guest->xml.shim == PST_GUEST_XML_PORT_DISCONNECTED) {
        g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "no shim holds the channel open");
        return NULL;
    }
    PstAnswer **question = g_new0(PstAnswer *, 1);
    question[0] = pst_answer_new(guest->name, pst_report_system_kind.name, NULL);
    g_autofree PstAnswer **answers =
        pst_ask_guest(guest, method_of(job), question, 1,
                      MIN(deadline_us, g_get_monotonic_time() + QUESTION_US), NULL, NULL);
    g_autoptr(PstAnswer) answer = answers[0];
    if (answer->via == PST_VIA_CHANNEL && answer->report != NULL)
        return g_strdup("the probe system was answered by the channel");
    g_autofree char *why = pst_answer_explain(answer);
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "%s", why);
    return NULL;
}

/* The guest finds a port that is attached to it when it does. */
static void
prove(const PstOptions *options, PstEnrollJob *job, gint64 deadline_us)
{
    PstEnrollStep *step = pst_enroll_find(job->steps, PST_ENROLL_PROOF);
    gint64 begun_us = g_get_monotonic_time();
    gint64 until_us = MIN(deadline_us, begun_us + PROOF_US);
    g_autoptr(GError) error = NULL;
    char *words = NULL;

    if (step == NULL || step->state != PST_ENROLL_DUE)
        return;
    while (words == NULL && g_get_monotonic_time() + PAUSE_US < until_us) {
        g_clear_error(&error);
        words = ask_system(options, job, until_us, &error);
        if (words == NULL)
            g_usleep(PAUSE_US);
    }
    step->state = words != NULL ? PST_ENROLL_DONE : PST_ENROLL_FAILED;
    step->took_ms = (g_get_monotonic_time() - begun_us) / 1000;
    g_free(step->detail);
    step->detail = words != NULL
                       ? words
                       : g_strdup_printf("nothing is answered by the channel (%s): postern doctor "
                                         "tells what is in the way",
                                         error != NULL ? error->message : "no time was left");
}

/* ---- doing ---- */

/* What the audit is told of it. */
static JsonObject *
params_of(const PstEnrollJob *job)
{
    JsonObject *params = json_object_new();
    JsonArray *due = json_array_new();

    for (guint i = 0; i < job->steps->len; i++) {
        const PstEnrollStep *step = job->steps->pdata[i];
        if (step->state == PST_ENROLL_DUE && step->step != PST_ENROLL_PROOF)
            json_array_add_string_element(due, pst_enroll_kind_names[step->step]);
    }
    json_object_set_array_member(params, "steps", due);
    if (!job->undo && job->package != NULL) {
        pst_json_set_string(params, "package", job->package->path);
        pst_json_set_string(params, "sha256", job->package->sha256);
    }
    return params;
}

/* The first step that failed, as an error; NULL: none did. */
static GError *
failure_of(const PstEnrollJob *job)
{
    for (guint i = 0; i < job->steps->len; i++) {
        const PstEnrollStep *step = job->steps->pdata[i];
        if (step->state == PST_ENROLL_FAILED)
            return g_error_new(PST_ERROR, PST_ERROR_PATH_SHUT, "%s: %s",
                               pst_enroll_kind_names[step->step], step->detail);
    }
    return NULL;
}

gboolean
pst_enroll_run_do(const PstOptions *options, PstEnrollJob *job, GError **error)
{
    gint64 deadline_us = g_get_monotonic_time() + options->deadline_us;
    const char *name = job->guest->name, *uuid = job->guest->uuid, *method = method_of(job);
    g_autoptr(JsonObject) params = params_of(job);
    const PstAskAct act = {method, params};
    g_autoptr(GError) cause = NULL;

    /* What was looked at and found to be there is no act. */
    gboolean acts =
        pst_enroll_is_due(job->steps) ||
        pst_enroll_find(job->steps, PST_ENROLL_PACKAGE)->state == PST_ENROLL_ADMINISTRATOR;
    if (acts && !pst_ask_audit_begin(name, uuid, method, &act, error))
        return FALSE;
    if (acts && !pst_enroll_do(job, deadline_us, &cause)) {
        pst_ask_audit_act(name, uuid, method, &act, FALSE, cause);
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    prove(options, job, deadline_us);
    cause = failure_of(job);
    if (acts)
        pst_ask_audit_act(name, uuid, method, &act, cause == NULL, cause);
    return TRUE;
}

/* ---- telling ---- */

static gboolean
is_changed(const PstEnrollJob *job)
{
    for (guint i = 0; i < job->steps->len; i++) {
        const PstEnrollStep *step = job->steps->pdata[i];
        if (step->step != PST_ENROLL_PROOF &&
            (step->state == PST_ENROLL_DONE || step->state == PST_ENROLL_LATER))
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_administrators(const PstEnrollJob *job, PstEnrollKind kind)
{
    const PstEnrollStep *step = pst_enroll_find(job->steps, kind);

    return step != NULL && step->state == PST_ENROLL_ADMINISTRATOR;
}

/* Of a guest that tells nothing it is not known which packages it has either. */
static char **
lines_of_undo(const PstEnrollJob *job)
{
    static const char *const removals[] = {
        [PST_ENROLL_PACKAGE_UNKNOWN] =
            "dpkg --purge " PST_ENROLL_PACKAGE_NAME " || rpm -e " PST_ENROLL_PACKAGE_NAME,
        [PST_ENROLL_PACKAGE_DEB] = "dpkg --purge " PST_ENROLL_PACKAGE_NAME,
        [PST_ENROLL_PACKAGE_RPM] = "rpm -e " PST_ENROLL_PACKAGE_NAME,
    };
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();

    if (is_administrators(job, PST_ENROLL_CONFIGURATION))
        g_strv_builder_add(lines, "rm -f /etc/postern/shim.conf");
    if (is_administrators(job, PST_ENROLL_UNIT))
        g_strv_builder_add(lines, (job->facts->mark & PST_ENROLL_MARK_UNIT_STARTED) != 0
                                      ? "systemctl disable --now postern-shim.service"
                                      : "systemctl disable postern-shim.service");
    if (is_administrators(job, PST_ENROLL_PACKAGE))
        g_strv_builder_add(lines, removals[job->facts->guest.kind]);
    return g_strv_builder_end(lines);
}

static void
tell_lines(const PstEnrollJob *job, PstEnrollTold *told)
{
    if (job->undo) {
        g_auto(GStrv) lines = lines_of_undo(job);
        told->lines = *lines != NULL ? g_steal_pointer(&lines) : NULL;
    } else if (is_administrators(job, PST_ENROLL_PACKAGE) && job->package != NULL) {
        told->lines = pst_enroll_install_lines(job->package);
        if (!job->left)
            told->bring = g_strdup_printf("%s into the guest as %s", job->package->path,
                                          pst_enroll_install_place(job->package->kind));
    }
}

static void
copy_step(const PstEnrollStep *step, PstEnrollTold *told)
{
    PstEnrollStep *copy = pst_fields_append(&pst_enroll_step_fields, &told->steps);

    copy->step = step->step;
    copy->state = step->state;
    copy->detail = pst_json_clean(step->detail);
    copy->took_ms = step->took_ms;
}

PstEnrollTold *
pst_enroll_run_tell(const PstEnrollJob *job, gboolean dry_run)
{
    PstEnrollTold *told = pst_fields_new(&pst_enroll_told_fields);

    told->guest = g_strdup(job->guest->name);
    told->dry_run = PST_TRI(dry_run);
    told->complete = PST_TRI(pst_enroll_is_complete(job->steps));
    told->changed = PST_TRI(is_changed(job));
    for (guint i = 0; i < job->steps->len; i++)
        copy_step(job->steps->pdata[i], told);
    tell_lines(job, told);
    return told;
}
