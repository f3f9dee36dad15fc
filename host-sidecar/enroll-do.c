// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/enroll-do.h"

#include "host-sidecar/agent.h"
#include "host-sidecar/backend-agent.h"
#include "host-sidecar/enroll-domain.h"
#include "host-sidecar/enroll-install.h"
#include "host-sidecar/guest-channel.h"
#include "host-sidecar/task.h"
#include "protocol/error.h"

/* One call of the agent's: it answers at once, or not at all. */
#define CALL_US (30 * (gint64)G_USEC_PER_SEC)
#define GREETING_US (3 * (gint64)G_USEC_PER_SEC)

PstEnrollJob *
pst_enroll_do_new(PstGuest *guest, gboolean undo)
{
    PstEnrollJob *job = g_new0(PstEnrollJob, 1);

    job->references = 1;
    job->guest = pst_guest_ref(guest);
    job->undo = undo;
    return job;
}

static PstEnrollJob *
ref_job(PstEnrollJob *job)
{
    g_atomic_int_inc(&job->references);
    return job;
}

void
pst_enroll_do_unref(PstEnrollJob *job)
{
    if (!g_atomic_int_dec_and_test(&job->references))
        return;
    g_clear_pointer(&job->facts, pst_enroll_facts_free);
    g_clear_pointer(&job->package, pst_enroll_package_free);
    g_clear_pointer(&job->configuration, g_bytes_unref);
    g_clear_pointer(&job->steps, g_ptr_array_unref);
    g_free(job->configuration_sha256);
    pst_guest_unref(job->guest);
    g_free(job);
}

/* What a task is given. */
typedef struct {
    PstEnrollJob *job;
    gint64 deadline_us;
} Task;

static void
free_task(gpointer data)
{
    Task *task = data;

    pst_enroll_do_unref(task->job);
    g_free(task);
}

static gboolean
call(PstTaskRun run, PstEnrollJob *job, gint64 deadline_us, GError **error)
{
    Task *task = g_new0(Task, 1);

    *task = (Task){ref_job(job), deadline_us};
    return pst_task_call(run, task, free_task, NULL, deadline_us, "libvirt or the guest's agent",
                         error) != NULL;
}

/* ---- the agent ---- */

static JsonObject *
ask(gpointer agent, const char *command, JsonObject *arguments, gint64 deadline_us, GError **error)
{
    return pst_agent_command(agent, command, arguments,
                             MIN(deadline_us, g_get_monotonic_time() + CALL_US), error);
}

static PstAgent *
open_agent(PstGuest *guest, gint64 deadline_us, GError **error)
{
    return pst_backend_agent_is_open(guest, error)
               ? pst_agent_open(guest, FALSE, deadline_us, error)
               : NULL;
}

/* ---- looking ---- */

static void
look_at_guest(PstEnrollJob *job, gint64 deadline_us, PstEnrollFacts *facts)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstAgent) agent = open_agent(job->guest, deadline_us, &error);
    gboolean configuration =
        job->configuration != NULL || (facts->mark & PST_ENROLL_MARK_CONFIGURATION) != 0;

    if (agent == NULL) {
        facts->guest.agent_problem = g_strdup(error->message);
        return;
    }
    const PstEnrollAgent asked = {ask, agent, deadline_us};
    pst_enroll_guest_look(&asked, configuration, &facts->guest);
}

static void
look_at_shim(PstEnrollJob *job, gint64 deadline_us, PstEnrollFacts *facts)
{
    PstGuestXmlPort port = job->guest->xml.shim;

    if (port == PST_GUEST_XML_PORT_ABSENT || port == PST_GUEST_XML_PORT_DISCONNECTED ||
        !pst_guest_check_running(job->guest, NULL))
        return;
    PstHello *hello = pst_guest_channel_greet(
        job->guest, MIN(deadline_us, g_get_monotonic_time() + GREETING_US), NULL);
    if (hello == NULL)
        return;
    facts->shim = g_strdup(hello->shim != NULL ? hello->shim : "not known");
    pst_hello_free(hello);
}

static gpointer
run_look(gpointer data, GError **error)
{
    const Task *task = data;
    g_autoptr(PstEnrollFacts) facts = g_new0(PstEnrollFacts, 1);
    virDomainPtr domain = pst_guest_connect(task->job->guest, error);

    if (domain == NULL)
        return NULL;
    gboolean looked = pst_enroll_domain_look(domain, facts, error);
    pst_guest_disconnect(domain);
    if (!looked)
        return NULL;
    look_at_shim(task->job, task->deadline_us, facts);
    look_at_guest(task->job, task->deadline_us, facts);
    task->job->facts = g_steal_pointer(&facts);
    return task->job;
}

gboolean
pst_enroll_do_look(PstEnrollJob *job, gint64 deadline_us, GError **error)
{
    return call(run_look, job, deadline_us, error);
}

/* ---- doing ---- */

typedef struct {
    PstEnrollJob *job;
    virDomainPtr domain;
    PstAgent *agent; /* once it is needed */
    gint64 deadline_us;
} Doing;

static gboolean
with_agent(Doing *doing, PstEnrollAgent *agent, GError **error)
{
    if (doing->agent == NULL)
        doing->agent = open_agent(doing->job->guest, doing->deadline_us, error);
    *agent = (PstEnrollAgent){ask, doing->agent, doing->deadline_us};
    return doing->agent != NULL;
}

/* In the guest; what was done, in words, or NULL with the error. */
static char *
do_in_guest(Doing *doing, const PstEnrollStep *step, GError **error)
{
    const PstEnrollJob *job = doing->job;
    PstEnrollAgent agent = {NULL, NULL, 0};

    if (!with_agent(doing, &agent, error))
        return NULL;
    if (step->step == PST_ENROLL_UNIT && job->undo)
        return job->facts->guest.loaded
                   ? pst_enroll_install_disable_unit(
                         &agent, (step->parts & PST_ENROLL_MARK_UNIT_STARTED) != 0, error)
                   : g_strdup(step->detail);
    if (step->step == PST_ENROLL_UNIT)
        return pst_enroll_install_unit(&agent, error);
    if (step->step == PST_ENROLL_CONFIGURATION)
        return job->undo ? pst_enroll_install_remove_configuration(&agent, job->facts->guest.loaded,
                                                                   error)
                         : pst_enroll_install_configuration(&agent, job->configuration, error);
    if (!job->undo)
        return pst_enroll_install_package(&agent, job->package, error);
    /* Somebody else has removed it: it is forgotten. */
    return job->facts->guest.version == NULL && !job->facts->guest.partly
               ? g_strdup(step->detail)
               : pst_enroll_install_remove(&agent, (PstEnrollPackageKind)job->facts->guest.kind,
                                           error);
}

/* What is there with the next start only is noted as a whole, and not attached to what runs. */
static PstEnrollMark
parts_now(const PstEnrollStep *step)
{
    const PstEnrollMark live = PST_ENROLL_MARK_CHANNEL_LIVE | PST_ENROLL_MARK_RECORDER_LIVE;

    return (PstEnrollMark)step->parts & (step->later ? ~live : PST_ENROLL_MARK_ALL);
}

static gboolean
do_to_domain(Doing *doing, const PstEnrollStep *step, GError **error)
{
    const PstEnrollJob *job = doing->job;
    PstEnrollMark parts = parts_now(step);
    gboolean port = step->step == PST_ENROLL_CHANNEL || step->step == PST_ENROLL_RECORDER;

    if (job->undo)
        return port ? pst_enroll_domain_detach(doing->domain, parts, doing->deadline_us, error)
                    : pst_enroll_domain_take(doing->domain, parts, error);
    return port ? pst_enroll_domain_attach(doing->domain, job->facts, parts, error)
                : pst_enroll_domain_add(doing->domain, job->facts, parts, error);
}

static gboolean
is_in_guest(const PstEnrollStep *step)
{
    return step->step == PST_ENROLL_PACKAGE || step->step == PST_ENROLL_CONFIGURATION ||
           step->step == PST_ENROLL_UNIT;
}

static gboolean
is_of_next_start(const PstEnrollStep *step)
{
    return step->later || step->step == PST_ENROLL_PANIC || step->step == PST_ENROLL_VIDEO ||
           step->step == PST_ENROLL_CONSOLE_LOG || step->step == PST_ENROLL_CONTROLLER;
}

/* What libvirt said of a definition, and not that somebody may not change it or does so as well. */
static gboolean
is_spared(const PstEnrollStep *step, const GError *error)
{
    return step->spare && (g_error_matches(error, PST_ERROR, PST_ERROR_PATH_SHUT) ||
                           g_error_matches(error, PST_ERROR, PST_ERROR_INVALID_PARAMS));
}

/* FALSE where nothing more is to be done. */
static gboolean
do_step(Doing *doing, PstEnrollStep *step)
{
    g_autoptr(GError) error = NULL;
    gint64 begun_us = g_get_monotonic_time();
    char *words = NULL;
    gboolean done = FALSE;

    if (is_in_guest(step)) {
        words = do_in_guest(doing, step, &error);
        done = words != NULL;
    } else {
        done = do_to_domain(doing, step, &error);
    }
    step->took_ms = (g_get_monotonic_time() - begun_us) / 1000;
    step->state = !done && is_spared(step, error)                     ? PST_ENROLL_CANNOT
                  : !done                                             ? PST_ENROLL_FAILED
                  : is_of_next_start(step) && doing->job->facts->runs ? PST_ENROLL_LATER
                                                                      : PST_ENROLL_DONE;
    if (!done)
        words = g_strdup(error->message);
    if (words != NULL) {
        g_free(step->detail);
        step->detail = words;
    }
    return step->state != PST_ENROLL_FAILED;
}

/* For an administrator, where the agent takes files and runs no programs. */
static void
leave_package(Doing *doing)
{
    const PstEnrollJob *job = doing->job;
    const PstEnrollGuest *guest = &job->facts->guest;
    const PstEnrollStep *step = pst_enroll_find(job->steps, PST_ENROLL_PACKAGE);
    PstEnrollAgent agent = {NULL, NULL, 0};

    if (job->undo || step == NULL || step->state != PST_ENROLL_ADMINISTRATOR ||
        job->package == NULL || guest->agent_problem != NULL || guest->file_problem != NULL)
        return;
    doing->job->left =
        with_agent(doing, &agent, NULL) && pst_enroll_install_leave(&agent, job->package, NULL);
}

static void
do_steps(Doing *doing)
{
    GPtrArray *steps = doing->job->steps;
    gboolean failed = FALSE;

    for (guint i = 0; i < steps->len; i++) {
        PstEnrollStep *step = steps->pdata[i];

        if (step->state != PST_ENROLL_DUE)
            continue;
        if (failed) {
            step->state = PST_ENROLL_NOT_REACHED;
            g_free(step->detail);
            step->detail = g_strdup("a step before it failed");
        } else if (step->step != PST_ENROLL_PROOF) {
            failed = !do_step(doing, step);
        }
    }
}

/* Which of the parts that libvirt knows of are there. */
static PstEnrollMark
parts_in(const PstEnrollFacts *facts)
{
    const PstEnrollSight *live = &facts->live, *lasting = &facts->definition;
    const struct {
        gboolean there;
        PstEnrollMark part;
    } rows[] = {
        {live->channel, PST_ENROLL_MARK_CHANNEL_LIVE},
        {lasting->channel, PST_ENROLL_MARK_CHANNEL_LASTING},
        {live->recorder, PST_ENROLL_MARK_RECORDER_LIVE},
        {lasting->recorder, PST_ENROLL_MARK_RECORDER_LASTING},
        {lasting->panic, PST_ENROLL_MARK_PANIC},
        {lasting->video, PST_ENROLL_MARK_VIDEO},
        {lasting->console_log, PST_ENROLL_MARK_CONSOLE_LOG},
    };
    PstEnrollMark parts = 0;

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        parts |= rows[i].there ? rows[i].part : 0;
    return parts;
}

/* The same of the guest, where it may have come anywhere if the agent does not tell. */
static PstEnrollMark
parts_in_guest(Doing *doing, PstEnrollGuest *guest)
{
    const PstEnrollMark in_guest = PST_ENROLL_MARK_PACKAGE | PST_ENROLL_MARK_CONFIGURATION |
                                   PST_ENROLL_MARK_UNIT | PST_ENROLL_MARK_UNIT_STARTED;
    PstEnrollAgent agent;

    if (!with_agent(doing, &agent, NULL))
        return in_guest;
    pst_enroll_guest_look(&agent, FALSE, guest);
    gboolean told = guest->agent_problem == NULL && guest->exec_problem == NULL &&
                    guest->kind != PST_ENROLL_PACKAGE_UNKNOWN;
    return told && guest->version == NULL && !guest->partly ? PST_ENROLL_MARK_CONFIGURATION
                                                            : in_guest;
}

/* Of what failed it is looked at how far it came. */
static PstEnrollMark
parts_of_failed(Doing *doing)
{
    PstEnrollFacts *now = g_new0(PstEnrollFacts, 1);
    PstEnrollMark parts = PST_ENROLL_MARK_ALL;

    if (pst_enroll_domain_look(doing->domain, now, NULL))
        parts = parts_in(now) | parts_in_guest(doing, &now->guest);
    pst_enroll_facts_free(now);
    return parts;
}

/* What is enroll's now. */
static PstEnrollMark
mark_after(Doing *doing)
{
    const PstEnrollJob *job = doing->job;
    PstEnrollMark mark = job->facts->mark;

    for (guint i = 0; i < job->steps->len; i++) {
        const PstEnrollStep *step = job->steps->pdata[i];
        gboolean done = step->state == PST_ENROLL_DONE || step->state == PST_ENROLL_LATER;
        PstEnrollMark parts = (PstEnrollMark)step->parts;

        if (job->undo && done)
            mark &= ~parts;
        else if (!job->undo && done)
            mark |= parts;
        else if (!job->undo && step->state == PST_ENROLL_FAILED && parts != 0)
            mark |= parts & parts_of_failed(doing);
    }
    return mark;
}

static gboolean
do_all(Doing *doing, GError **error)
{
    const PstEnrollJob *job = doing->job;
    PstEnrollMark before = job->facts->mark | pst_enroll_parts(job->steps);
    g_autoptr(GError) cause = NULL;

    /* Noted first: what is added and not noted nobody would take away. */
    if ((before != job->facts->mark || (job->undo && pst_enroll_is_due(job->steps))) &&
        !pst_enroll_domain_mark(doing->domain, job->facts, before, error)) {
        g_prefix_error(error, "nothing was changed: ");
        return FALSE;
    }
    leave_package(doing);
    do_steps(doing);
    PstEnrollMark after = mark_after(doing);
    if (after == before || pst_enroll_domain_mark(doing->domain, job->facts, after, &cause))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}

static gpointer
run_do(gpointer data, GError **error)
{
    const Task *task = data;
    Doing doing = {task->job, pst_guest_connect(task->job->guest, error), NULL, task->deadline_us};

    if (doing.domain == NULL)
        return NULL;
    gboolean done = do_all(&doing, error);
    g_clear_pointer(&doing.agent, pst_agent_free);
    pst_guest_disconnect(doing.domain);
    return done ? task->job : NULL;
}

gboolean
pst_enroll_do(PstEnrollJob *job, gint64 deadline_us, GError **error)
{
    if (call(run_do, job, deadline_us, error))
        return TRUE;
    if (error != NULL && g_error_matches(*error, PST_ERROR, PST_ERROR_DEADLINE))
        g_prefix_error(error, "what was done by then is not known, and it may go on: say it again, "
                              "which begins with a look: ");
    return FALSE;
}
