// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/probe-pam.h"

#include <string.h>

#include "guest-shim/faillock.h"
#include "guest-shim/log-queue.h"
#include "guest-shim/pam-blame.h"
#include "guest-shim/sshd-config.h"
#include "protocol/error.h"

#define COULD_NOT_LOOK "pam.could-not-look"
#define SECONDS_A_DAY 86400
#define MAX_SERVICES 64
/* What takes from a queue on a busy machine has done so within this; with less nobody waits. */
#define QUEUE_MS 2000

typedef struct {
    const PstProbeContext *context;
    const PstSysroot *sysroot;
    const PstPamArgs *args;
    PstReport *report;
    PstPamData *data;
    PstPamBlames *blames;
    PstPamMemory *memory; /* of modules */
    GPtrArray *stacks;    /* of PstPamStack; the blames point into them */
    PstAccounts *accounts;
    const PstAccount *user, *root;
    GArray *groups, *root_groups;
    PstAccountShadow *shadow;
    gboolean shadow_known;
    GDateTime *now;
    char *host;
} Probe;

/* A service on its way through the phases. */
typedef struct {
    Probe *probe;
    PstPamService row;
    const PstPamStack *stack;
    PstPamServiceReport *report;
    PstPamSubject subject;
    const PstPamLine *truncated; /* whose loading kills the program, NULL for none */
} Service;

/* ---- whom it is about ---- */

static void
read_shadow(Probe *probe)
{
    g_autoptr(GError) cause = NULL;

    probe->shadow = pst_accounts_shadow(probe->sysroot, probe->user, &cause);
    probe->shadow_known =
        probe->shadow != NULL || (cause->code == PST_ERROR_ABSENT &&
                                  pst_accounts_elsewhere(probe->accounts, "shadow") == NULL);
}

static void
read_user(Probe *probe)
{
    g_autoptr(GError) cause = NULL;

    probe->accounts = pst_accounts_load(probe->sysroot, &cause);
    if (probe->accounts == NULL) {
        pst_probe_add_unlooked(probe->report, COULD_NOT_LOOK, "/etc/passwd", cause);
        return;
    }
    probe->root = pst_accounts_find_uid(probe->accounts, 0);
    if (probe->root != NULL)
        probe->root_groups = pst_accounts_groups(probe->accounts, probe->root);
    if (probe->args->user == NULL)
        return;
    probe->user = pst_accounts_find(probe->accounts, probe->args->user);
    if (probe->user == NULL)
        return; /* the probe `account` tells it */
    probe->groups = pst_accounts_groups(probe->accounts, probe->user);
    read_shadow(probe);
}

static PstPamOrigin
origin_of(const Probe *probe, const PstPamService *row)
{
    const char *terminal = probe->args->terminal;

    if (row->from == PST_PAM_FROM_AFAR)
        return (PstPamOrigin){TRUE, probe->args->from, "ssh"};
    if (row->from == PST_PAM_FROM_TERMINAL)
        return (PstPamOrigin){FALSE, terminal, terminal};
    return (PstPamOrigin){FALSE, row->word, row->word};
}

/* su asks for root on behalf of the user; nothing of the user's own account bears on it but who
 * asks. */
static PstPamSubject
subject_of(const Probe *probe, const PstPamService *row, PstPamPhase phase)
{
    gboolean as_root = row->to_root || (row->root_session && phase == PST_PAM_SESSION);
    gboolean to_root = as_root && probe->user != NULL;

    return (PstPamSubject){
        .sysroot = probe->sysroot,
        .accounts = probe->accounts,
        .user = to_root ? probe->root : probe->user,
        .asking = row->run_by_user ? probe->user : probe->root,
        .groups = to_root ? probe->root_groups : probe->groups,
        .asking_groups = row->run_by_user ? probe->groups : probe->root_groups,
        .shadow = to_root ? NULL : probe->shadow,
        .shadow_known = !to_root && probe->shadow_known,
        .today = g_date_time_to_unix(probe->now) / SECONDS_A_DAY,
        .now = probe->now,
        .service = row->name,
        .host = probe->host,
        .origin = origin_of(probe, row),
    };
}

/* ---- a phase ---- */

static PstSeverity
harm_of(const Service *service, PstPamPhase phase, int result)
{
    const char *name = service->row.name;

    if (g_str_equal(name, "sshd") && service->probe->data->sshd_asks == PST_TRI_NO)
        return PST_SEVERITY_INFORMATION;
    /* To sudo, PAM_SESSION_ERR is no obstacle. */
    if (g_str_equal(name, "sudo") && phase == PST_PAM_SESSION && result == PST_PAM_SESSION_ERR)
        return PST_SEVERITY_WARNING;
    return (PstSeverity)service->row.harm[phase];
}

/* The worst that can come of a service that fails altogether. */
static PstSeverity
worst_harm(const Service *service)
{
    PstSeverity worst = PST_SEVERITY_INFORMATION;

    for (guint i = 0; i < PST_PAM_N_PHASES; i++)
        if (service->row.harm[i] != PST_PAM_UNASKED)
            worst = MAX(worst, harm_of(service, (PstPamPhase)i, PST_PAM_PERM_DENIED));
    return worst;
}

static void
note_line(PstPamPhaseReport *report, const PstPamLine *line, const char *finding)
{
    report->file = g_strdup(line->file);
    report->line = line->line;
    report->text = g_strdup(line->text);
    report->finding = g_strdup(finding);
}

/* What fails for everybody. TRUE where it does. */
static gboolean
judge_for_all(Service *service, PstPamPhase phase, PstPamPhaseReport *report)
{
    PstPamBlames *blames = service->probe->blames;
    PstPamSubject nobody = {.user = NULL};
    PstPamJudgement judgement = pst_pam_judge(service->stack, phase, pst_pam_answer, &nobody);
    PstSeverity harm = harm_of(service, phase, judgement.result);

    report->outcome = g_strdup(pst_pam_answer_outcomes[judgement.outcome]);
    if (judgement.outcome != PST_PAM_FAILS)
        return FALSE;
    if (judgement.culprit != NULL)
        note_line(report, judgement.culprit,
                  pst_pam_blame_line(blames, judgement.culprit, harm, service->row.name));
    else
        report->finding = g_strdup(pst_pam_blame_no_line(blames, service->stack, phase, harm));
    return TRUE;
}

static const char *
finding_of_account(const Service *service)
{
    const PstPamSubject *subject = &service->subject;

    switch (pst_accounts_validity(subject->user, subject->shadow, subject->today)) {
    case PST_ACCOUNT_EXPIRED:
        return "account.expired";
    case PST_ACCOUNT_CHANGE_PASSWORD:
        return "account.must-change-password";
    case PST_ACCOUNT_PASSWORD_EXPIRED:
        return "account.password-expired";
    case PST_ACCOUNT_NO_SHADOW:
        return "account.no-shadow-entry";
    case PST_ACCOUNT_VALID:
        break;
    }
    return NULL;
}

/* What is the account's own matter, and told by the probe `account`; *finding is then its id, or
 * NULL where the account's state is none. */
static gboolean
is_of_account(const Service *service, const PstPamLine *line, PstPamPhase phase,
              const char **finding)
{
    g_autofree char *name = g_path_get_basename(line->module);

    *finding = NULL;
    if (g_str_equal(name, "pam_faillock.so"))
        *finding = "account.faillock";
    else if (g_str_equal(name, "pam_unix.so") && phase == PST_PAM_ACCOUNT)
        *finding = finding_of_account(service);
    else if (!g_str_equal(name, "pam_unix.so") && !g_str_equal(name, "pam_rootok.so"))
        return FALSE;
    return TRUE;
}

/* sudo passes over a password that is too old, where it asks for none. */
static gboolean
is_tolerated(const Service *service, int result)
{
    return g_str_has_prefix(service->row.name, "sudo") &&
           (result == PST_PAM_NEW_AUTHTOK_REQD || result == PST_PAM_AUTHTOK_EXPIRED);
}

/* That a rule keeps one user from the console, from su or from passwords can be what its author
 * meant; who is shut out of SSH or sudo has lost the way in. */
static PstSeverity
harm_of_rule(const Service *service, PstPamPhase phase)
{
    PstSeverity harm = harm_of(service, phase, PST_PAM_PERM_DENIED);

    return harm == PST_SEVERITY_CRITICAL ? harm : PST_SEVERITY_INFORMATION;
}

static void
blame_rule(Service *service, PstPamPhase phase, const PstPamLine *line, PstPamPhaseReport *report)
{
    g_auto(PstPamRuling) ruling = {.answer = PST_PAM_ANY};
    const char *finding;

    note_line(report, line, NULL);
    if (is_of_account(service, line, phase, &finding)) {
        report->finding = g_strdup(finding);
        return;
    }
    pst_pam_answer_rule(line, phase, &service->subject, &ruling);
    report->rule_file = g_strdup(ruling.path);
    if (ruling.path != NULL && ruling.line > 0)
        report->rule_line = ruling.line;
    report->finding =
        g_strdup(pst_pam_blame_ruling(service->probe->blames, line, harm_of_rule(service, phase),
                                      service->row.name, service->probe->user->name, &ruling));
}

/* The line that shuts the user out: the account's own faults first, then what else does. */
static const PstPamLine *
find_rule(Service *service, PstPamPhase phase, const PstPamLine *culprit)
{
    PstPamSubject sound = service->subject;

    sound.account_sound = TRUE;
    PstPamJudgement judgement = pst_pam_judge(service->stack, phase, pst_pam_answer, &sound);
    return judgement.outcome == PST_PAM_FAILS && judgement.culprit != NULL ? judgement.culprit
                                                                           : culprit;
}

/* Of a phase that depends on what nobody knows of: the line, and what it is told as. */
static void
name_hinge(Service *service, PstPamPhase phase, PstPamPhaseReport *report)
{
    g_auto(PstPamRuling) ruling = {.answer = PST_PAM_ANY};
    const PstPamLine *line = pst_pam_judge_hinge(service->stack, phase, pst_pam_answer,
                                                 &service->subject, pst_pam_answer_is_trusted);

    if (line == NULL)
        return;
    pst_pam_answer_rule(line, phase, &service->subject, &ruling);
    note_line(report, line,
              pst_pam_blame_hinge(service->probe->blames, line, service->row.name,
                                  service->probe->user->name, &ruling));
}

static void
judge_for_user(Service *service, PstPamPhase phase, PstPamPhaseReport *report)
{
    PstPamJudgement judgement =
        pst_pam_judge(service->stack, phase, pst_pam_answer, &service->subject);
    gboolean tolerated = is_tolerated(service, judgement.result);

    g_free(report->outcome);
    report->outcome =
        g_strdup(pst_pam_answer_outcomes[tolerated && judgement.outcome == PST_PAM_FAILS
                                             ? PST_PAM_DEPENDS
                                             : judgement.outcome]);
    if (judgement.outcome == PST_PAM_DEPENDS)
        name_hinge(service, phase, report);
    if (judgement.outcome != PST_PAM_FAILS || judgement.culprit == NULL || tolerated)
        return;
    const PstPamLine *line = find_rule(service, phase, judgement.culprit);
    if (pst_pam_judge_is_faulty(line))
        note_line(report, line,
                  pst_pam_blame_line(service->probe->blames, line,
                                     harm_of(service, phase, judgement.result), service->row.name));
    else if (line->module != NULL)
        blame_rule(service, phase, line, report);
}

/* ---- what harms without shutting the phase ---- */

/* Lines that can't be loaded and decide nothing, unless their author said by a dash that they may
 * be missing. A distribution's own files name what only some guests have (systemd-user's optional
 * pam_systemd). */
static void
list_faulty(Service *service, PstPamPhase phase)
{
    const GPtrArray *lines = service->stack->lines[phase];

    for (guint i = 0; i < lines->len; i++) {
        const PstPamLine *line = lines->pdata[i];
        gboolean vendors = g_str_has_prefix(line->file, "/usr/");

        if (pst_pam_judge_is_faulty(line) && line->text[0] != '-' && !vendors)
            pst_pam_blame_line(service->probe->blames, line, PST_SEVERITY_INFORMATION,
                               service->row.name);
    }
}

/* A limit that is set and lets no shell begin, and what else holds in a session that is let in;
 * rules of access.conf that only a look-up decides. */
static void
list_doubts(Service *service, PstPamPhase phase)
{
    const GPtrArray *lines = service->stack->lines[phase];

    for (guint i = 0; i < lines->len; i++) {
        const PstPamLine *line = lines->pdata[i];
        g_auto(PstPamRuling) ruling = {.answer = PST_PAM_ANY};

        if (line->module == NULL || line->state != PST_PAM_MODULE_SOUND)
            continue;
        pst_pam_answer_rule(line, phase, &service->subject, &ruling);
        if (ruling.answer != PST_PAM_ANY || ruling.path == NULL)
            continue;
        PstSeverity harm = harm_of_rule(service, phase);
        if (!ruling.holds && harm == PST_SEVERITY_CRITICAL)
            harm = ruling.lack ? PST_SEVERITY_INFORMATION : PST_SEVERITY_UNKNOWN;
        pst_pam_blame_ruling(service->probe->blames, line, harm, service->row.name,
                             service->probe->user->name, &ruling);
    }
}

/* libpam loads the modules of all phases at once. */
static void
list_truncated(Service *service, const GPtrArray *lines)
{
    for (guint i = 0; i < lines->len; i++) {
        const PstPamLine *line = lines->pdata[i];
        if (line->substack || line->must_fail || line->state != PST_PAM_MODULE_TRUNCATED)
            continue;
        service->truncated = line;
        pst_pam_blame_truncated(service->probe->blames, line, worst_harm(service),
                                service->row.name);
    }
}

/* ---- a service ---- */

static PstPamPhaseReport *
judge_phase(Service *service, PstPamPhase phase)
{
    PstPamPhaseReport *report;

    if (service->row.harm[phase] == PST_PAM_UNASKED)
        return NULL;
    report = pst_fields_new(&pst_report_pam_phase_fields);
    if (service->stack->aborts) {
        report->outcome = g_strdup("fails");
        report->file = g_strdup(service->stack->abort_file);
        return report;
    }
    if (service->truncated != NULL) {
        report->outcome = g_strdup("fails");
        note_line(report, service->truncated, "pam.module-truncated");
        return report;
    }
    service->subject = subject_of(service->probe, &service->row, phase);
    if (!judge_for_all(service, phase, report) && service->subject.user != NULL) {
        judge_for_user(service, phase, report);
        list_doubts(service, phase);
    }
    list_faulty(service, phase);
    return report;
}

/* Where the service has no line for any phase that it asks. */
static void
judge_other(Service *service)
{
    g_autoptr(GStrvBuilder) phases = g_strv_builder_new();
    const PstPamStack *stack = service->stack;
    gboolean all = TRUE, fails = FALSE;
    PstPamSubject nobody = {.user = NULL};

    for (guint i = 0; i < PST_PAM_N_PHASES; i++) {
        gboolean asked = service->row.harm[i] != PST_PAM_UNASKED;

        all &= !asked || stack->from_other[i];
        if (stack->from_other[i] && stack->lines[i]->len > 0)
            g_strv_builder_add(phases, pst_pam_stack_phase_names[i]);
        fails |=
            asked && service->row.harm[i] == PST_SEVERITY_CRITICAL &&
            pst_pam_judge(stack, (PstPamPhase)i, pst_pam_answer, &nobody).outcome == PST_PAM_FAILS;
    }
    service->report->from_other = g_strv_builder_end(phases);
    if (!all || stack->aborts || g_str_equal(stack->service, "other"))
        return;
    PstSeverity harm = worst_harm(service);
    pst_pam_blame_empty(service->probe->blames, stack,
                        fails ? harm : MIN(harm, PST_SEVERITY_WARNING));
}

static void
note_faillock(Service *service)
{
    Probe *probe = service->probe;
    g_auto(PstFaillockSettings) settings = {NULL};

    if (probe->data->faillock != NULL ||
        !pst_faillock_read_settings(probe->sysroot, service->stack, &settings))
        return;
    PstPamFaillockReport *report = pst_fields_new(&pst_report_pam_faillock_fields);
    probe->data->faillock = report;
    report->service = g_strdup(service->row.name);
    report->conf = g_strdup(settings.conf);
    report->folder = g_strdup(settings.folder);
    report->deny = settings.deny;
    report->unlock_time_s = settings.unlock_time_s;
    if (probe->user == NULL)
        return;
    g_autoptr(PstFaillockTally) tally =
        pst_faillock_read_tally(probe->sysroot, &settings, probe->user->name, NULL);
    if (tally == NULL)
        return;
    report->failures = tally->failures;
    report->locked = PST_TRI(pst_faillock_is_shut(&settings, tally, probe->user->uid == 0,
                                                  g_date_time_to_unix(probe->now)));
}

/* A file that many services include is told once. */
static void
note_unlooked(Probe *probe, const PstPamStack *stack)
{
    for (guint i = 0; i < probe->report->findings->len; i++) {
        const PstFinding *finding = probe->report->findings->pdata[i];
        if (g_strcmp0(finding->evidence->error, stack->unlooked_reason) == 0)
            return;
    }
    PstFinding *finding = pst_report_add(probe->report, COULD_NOT_LOOK, PST_SEVERITY_UNKNOWN,
                                         "a file of the PAM service %s could not be read: %s",
                                         stack->service, stack->unlooked_reason);
    finding->evidence->error = g_strdup(stack->unlooked_reason);
}

static void
judge_service(Probe *probe, const char *name)
{
    PstPamStack *stack = pst_pam_stack_read_with(probe->sysroot, name, probe->memory);
    Service service = {probe, pst_pam_services_row(name), stack, NULL, {NULL}};

    g_ptr_array_add(probe->stacks, stack);
    service.report = pst_fields_append(&pst_report_pam_service_fields, &probe->data->services);
    service.report->service = g_strdup(name);
    service.report->file = g_strdup(stack->file);
    service.report->aborts = PST_TRI(stack->aborts);
    if (stack->unlooked)
        note_unlooked(probe, stack);
    for (guint i = 0; i < PST_PAM_N_PHASES; i++)
        list_truncated(&service, stack->lines[i]);
    list_truncated(&service, stack->also_loaded);
    if (stack->aborts)
        pst_pam_blame_abort(probe->blames, stack, worst_harm(&service));
    judge_other(&service);
    service.report->auth = judge_phase(&service, PST_PAM_AUTH);
    service.report->account = judge_phase(&service, PST_PAM_ACCOUNT);
    service.report->session = judge_phase(&service, PST_PAM_SESSION);
    list_faulty(&service, PST_PAM_PASSWORD);
    note_faillock(&service);
}

/* ---- all of them ---- */

static gboolean
has_pam(const PstSysroot *sysroot)
{
    return pst_sysroot_exists(sysroot, "/etc/pam.d") ||
           pst_sysroot_exists(sysroot, "/usr/lib/pam.d") ||
           pst_sysroot_exists(sysroot, "/usr/etc/pam.d");
}

/* A file's name, and none that leads elsewhere: who asks must not choose which files are read. */
static gboolean
is_name(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && strlen(name) <= NAME_MAX &&
           strchr(name, '/') == NULL;
}

static void
judge_named(Probe *probe)
{
    char **names = probe->args->services;

    for (guint i = 0; i < MAX_SERVICES && names[i] != NULL; i++) {
        PstPamService row = pst_pam_services_row(names[i]);

        if (is_name(names[i]) && pst_pam_services_has(probe->sysroot, &row))
            judge_service(probe, names[i]);
        else
            pst_report_add(probe->report, COULD_NOT_LOOK, PST_SEVERITY_UNKNOWN,
                           "there is no PAM service %s", names[i]);
    }
}

static void
judge_all(Probe *probe)
{
    for (guint i = 0; i < pst_pam_services_n; i++)
        if (pst_pam_services_has(probe->sysroot, &pst_pam_services[i]))
            judge_service(probe, pst_pam_services[i].name);
}

static char *
summary_of(const PstPamData *data)
{
    guint n = data->services != NULL ? data->services->len : 0;

    if (n == 0)
        return g_strdup("nothing asks PAM here");
    return g_strdup_printf("the stacks of %u PAM service%s are sound%s%s", n, n == 1 ? "" : "s",
                           data->user != NULL ? ", also for " : "",
                           data->user != NULL ? data->user : "");
}

static void
clear(Probe *probe)
{
    pst_pam_blame_free(probe->blames);
    g_ptr_array_unref(probe->stacks);
    pst_pam_module_memory_free(probe->memory);
    g_clear_pointer(&probe->groups, g_array_unref);
    g_clear_pointer(&probe->root_groups, g_array_unref);
    g_clear_pointer(&probe->accounts, pst_accounts_free);
    g_date_time_unref(probe->now);
    g_free(probe->shadow);
    g_free(probe->host);
}

/* Whatever the stacks say, a login that can't be logged does not get further. */
static void
look_at_log(const PstProbeContext *context, PstReport *report)
{
    if (!pst_sysroot_is_live(context->sysroot) ||
        pst_probe_time_left_ms(context, QUEUE_MS) < QUEUE_MS ||
        pst_log_queue_is_full(PST_LOG_QUEUE_PATH, QUEUE_MS) != PST_TRI_YES)
        return;
    PstFinding *finding =
        pst_report_add(report, "pam.log-blocked", PST_SEVERITY_CRITICAL,
                       "the queue of " PST_LOG_QUEUE_PATH " is full and nothing takes from it: "
                       "whatever logs waits, and so does each login");
    finding->evidence->path = g_strdup(PST_LOG_QUEUE_PATH);
    finding->evidence->unit = g_strdup("systemd-journald.service");
    finding->remedy = g_strdup("systemctl kill --signal=CONT systemd-journald.service where it was "
                               "stopped by a signal, else systemctl restart of it");
}

void
pst_probe_pam_run(const PstProbeContext *context, gconstpointer args, PstReport *report)
{
    Probe probe = {
        .context = context,
        .sysroot = context->sysroot,
        .args = args,
        .report = report,
        .data = report->data,
        .blames = pst_pam_blame_new(),
        .memory = pst_pam_module_memory_new(context->sysroot),
        .stacks = g_ptr_array_new_with_free_func((GDestroyNotify)pst_pam_stack_free),
        .now = g_date_time_new_now_local(),
        .host = pst_sysroot_read_line(context->sysroot, "/proc/sys/kernel/hostname", NULL),
    };

    probe.data->from = g_strdup(probe.args->from);
    read_user(&probe);
    if (probe.user != NULL)
        probe.data->user = g_strdup(probe.user->name);
    probe.data->sshd_asks = pst_sshd_config_asks_pam(context->sysroot);
    if (has_pam(context->sysroot))
        (probe.args->services != NULL ? judge_named : judge_all)(&probe);
    pst_pam_blame_report(probe.blames, report);
    look_at_log(context, report);
    g_autofree char *summary = summary_of(probe.data);
    pst_report_conclude(report, summary);
    clear(&probe);
}
