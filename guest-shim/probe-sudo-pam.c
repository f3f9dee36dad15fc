// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/pam-answer.h"
#include "guest-shim/pam-services.h"
#include "guest-shim/probe-sudo-parts.h"
#include "protocol/shell-word.h"

/* Session modules are asked for root, account modules for the user (sudo's auth/pam.c). The auth
 * phase may want another's password (targetpw): of that only what holds for everybody is said. */
static PstPamSubject
subject_of(PstProbeSudo *sudo, PstPamPhase phase, gboolean account_sound)
{
    gboolean as_root = phase == PST_PAM_SESSION;

    return (PstPamSubject){
        .sysroot = sudo->context->sysroot,
        .accounts = sudo->accounts,
        .user = phase == PST_PAM_AUTH ? NULL
                : as_root             ? sudo->runas
                                      : sudo->user,
        .asking = sudo->user,
        .groups = as_root ? NULL : sudo->groups,
        .asking_groups = sudo->groups,
        .shadow = as_root ? NULL : sudo->shadow,
        .shadow_known = !as_root && sudo->shadow_known,
        .account_sound = account_sound,
        .today = sudo->data->account != NULL ? sudo->data->account->today : 0,
        .now = sudo->now,
        .service = "sudo",
        .host = sudo->host,
        .origin = {FALSE, "", ""},
    };
}

static PstPamJudgement
judge(PstProbeSudo *sudo, const PstPamStack *stack, PstPamPhase phase, gboolean account_sound)
{
    PstPamSubject subject = subject_of(sudo, phase, account_sound);

    return pst_pam_judge(stack, phase, pst_pam_answer, &subject);
}

static void
blame_line(PstProbeSudo *sudo, const PstPamLine *line, PstPamPhase phase, PstSeverity severity)
{
    const char *phase_name = pst_pam_stack_phase_names[phase];
    PstFinding *finding;

    if (line->must_fail) {
        finding = pst_report_add(sudo->report, "sudo.pam-line-faulty", severity,
                                 "%s:%u fails PAM's %s phase: %s", line->file, line->line,
                                 phase_name, line->fault);
        finding->remedy = g_strdup_printf("mend line %u of %s, or restore the file from its "
                                          "package",
                                          line->line, line->file);
    } else if (line->state == PST_PAM_MODULE_MISSING) {
        finding = pst_report_add(sudo->report, "sudo.pam-module-missing", severity,
                                 "%s:%u names the PAM module %s, which is not there (%s)",
                                 line->file, line->line, line->module, phase_name);
        finding->remedy =
            g_strdup_printf("install the package that has %s, or take the line away", line->path);
    } else if (line->state == PST_PAM_MODULE_DAMAGED) {
        finding = pst_report_add(sudo->report, "sudo.pam-module-damaged", severity,
                                 "%s:%u names the PAM module %s, which can't be loaded: %s",
                                 line->file, line->line, line->path, line->reason);
        finding->remedy = g_strdup_printf("reinstall the package that has %s", line->path);
    } else {
        finding = pst_report_add(sudo->report, "sudo.pam-denies", severity,
                                 "%s:%u makes PAM's %s phase of sudo fail: %s", line->file,
                                 line->line, phase_name, line->text);
        finding->remedy = g_strdup_printf("see what %s is for, or restore %s from its package",
                                          line->module, line->file);
    }
    pst_probe_sudo_at(finding, line->file, line->line, line->text);
    finding->evidence->expected = g_strdup(line->path);
    finding->caused_by = g_strdup(sudo->pam_cause);
}

/* Neither the service nor `other` has a line for the phase, and PAM then refuses. */
static void
blame_empty(PstProbeSudo *sudo, PstPamPhase phase)
{
    PstFinding *finding = pst_report_add(sudo->report, "sudo.pam-denies", PST_SEVERITY_CRITICAL,
                                         "PAM has no module for sudo's %s phase, and so refuses",
                                         pst_pam_stack_phase_names[phase]);

    finding->evidence->path = g_strdup(sudo->data->pam->file);
    finding->caused_by = g_strdup(sudo->pam_cause);
    finding->remedy = g_strdup("restore the service's file from sudo's package");
}

static void
blame_account(PstProbeSudo *sudo)
{
    const PstAccountValidity validity =
        pst_accounts_validity(sudo->user, sudo->shadow, sudo->data->account->today);
    const char *name = sudo->user->name;
    PstFinding *finding;

    if (validity == PST_ACCOUNT_EXPIRED) {
        finding = pst_probe_sudo_refuse(sudo, "sudo.account-expired",
                                        "the account %s has expired: day %" G_GINT64_FORMAT
                                        ", and the guest's clock is at day %" G_GINT64_FORMAT,
                                        name, sudo->shadow->expire, sudo->data->account->today);
        g_autofree char *word = pst_shell_word(name);
        finding->remedy =
            g_strdup_printf("chage -E -1 %s, unless the guest's clock is wrong", word);
    } else if (validity == PST_ACCOUNT_NO_SHADOW) {
        finding = pst_probe_sudo_refuse(sudo, "sudo.no-shadow-entry",
                                        "%s has no entry in /etc/shadow that can be read", name);
        finding->remedy = g_strdup("pwck, or restore /etc/shadow from /etc/shadow-");
    } else {
        finding = pst_probe_sudo_refuse(sudo, "sudo.password-expired",
                                        "the password of %s has expired", name);
        g_autofree char *word = pst_shell_word(name);
        finding->remedy = g_strdup_printf("chage -M -1 -I -1 %s, or passwd %s", word, word);
    }
    pst_probe_sudo_at(finding, "/etc/shadow", sudo->shadow != NULL ? sudo->shadow->line : 0, NULL);
    finding->evidence->user = g_strdup(name);
}

/* sudo passes over an expired password where it asks for none. */
static gboolean
is_tolerated(const PstProbeSudo *sudo, int result)
{
    return result == PST_PAM_SUCCESS ||
           (sudo->meant_nopasswd &&
            (result == PST_PAM_NEW_AUTHTOK_REQD || result == PST_PAM_AUTHTOK_EXPIRED));
}

static gboolean
flag(PstProbeSudo *sudo, const char *name)
{
    return pst_sudoers_match_flag(sudo->sudoers, &sudo->question, name, TRUE);
}

/* The account is to blame where a stack that is sound otherwise refuses it. */
static gboolean
account_is_refused(PstProbeSudo *sudo, const PstPamStack *stack)
{
    PstPamSubject as_it_is = subject_of(sudo, PST_PAM_ACCOUNT, FALSE);
    PstPamSubject as_if_sound = subject_of(sudo, PST_PAM_ACCOUNT, TRUE);
    PstPamJudgement judgement =
        pst_pam_judge_mended(stack, PST_PAM_ACCOUNT, pst_pam_answer, &as_it_is);

    return judgement.outcome == PST_PAM_FAILS && !is_tolerated(sudo, judgement.result) &&
           pst_pam_judge_mended(stack, PST_PAM_ACCOUNT, pst_pam_answer, &as_if_sound).outcome !=
               PST_PAM_FAILS;
}

static void
judge_account(PstProbeSudo *sudo, const PstPamStack *stack)
{
    PstPamJudgement judgement = judge(sudo, stack, PST_PAM_ACCOUNT, FALSE);

    sudo->data->pam->account = g_strdup(pst_pam_answer_outcomes[judgement.outcome]);
    if (!flag(sudo, "pam_acct_mgmt"))
        return;
    if (account_is_refused(sudo, stack))
        blame_account(sudo);
    judgement = judge(sudo, stack, PST_PAM_ACCOUNT, TRUE);
    if (judgement.outcome != PST_PAM_FAILS)
        return;
    sudo->refused = TRUE;
    if (judgement.culprit != NULL)
        blame_line(sudo, judgement.culprit, PST_PAM_ACCOUNT, PST_SEVERITY_CRITICAL);
    else
        blame_empty(sudo, PST_PAM_ACCOUNT);
}

/* To sudo, PAM_SESSION_ERR is no obstacle and anything else is; to sudo-rs, everything is. */
static void
judge_session(PstProbeSudo *sudo, const PstPamStack *stack)
{
    PstPamJudgement judgement = judge(sudo, stack, PST_PAM_SESSION, FALSE);
    gboolean strict = g_strcmp0(sudo->data->program->implementation, "sudo-rs") == 0;

    sudo->data->pam->session = g_strdup(pst_pam_answer_outcomes[judgement.outcome]);
    if (!flag(sudo, "pam_session") || judgement.outcome != PST_PAM_FAILS)
        return;
    gboolean fatal = strict || judgement.result != PST_PAM_SESSION_ERR;
    sudo->refused |= fatal;
    if (judgement.culprit != NULL)
        blame_line(sudo, judgement.culprit, PST_PAM_SESSION,
                   fatal ? PST_SEVERITY_CRITICAL : PST_SEVERITY_WARNING);
    else if (fatal)
        blame_empty(sudo, PST_PAM_SESSION);
}

/* A user who is asked for no password never meets this phase: others do. */
static void
judge_auth(PstProbeSudo *sudo, const PstPamStack *stack)
{
    PstPamJudgement judgement = judge(sudo, stack, PST_PAM_AUTH, FALSE);

    sudo->data->pam->auth = g_strdup(pst_pam_answer_outcomes[judgement.outcome]);
    if (judgement.outcome != PST_PAM_FAILS || judgement.culprit == NULL)
        return;
    sudo->refused |= !sudo->meant_nopasswd;
    blame_line(sudo, judgement.culprit, PST_PAM_AUTH,
               sudo->meant_nopasswd ? PST_SEVERITY_WARNING : PST_SEVERITY_CRITICAL);
}

/* Lines that can't be loaded and change nothing today: worth knowing, unless their author said by a
 * dash that they may be missing. */
static void
list_faulty(PstProbeSudo *sudo, const PstPamStack *stack, PstPamPhase phase)
{
    for (guint i = 0; i < stack->lines[phase]->len; i++) {
        const PstPamLine *line = stack->lines[phase]->pdata[i];
        gboolean told = FALSE;

        if (!pst_pam_judge_is_faulty(line) || line->text[0] == '-')
            continue;
        for (guint j = 0; j < sudo->report->findings->len; j++) {
            const PstFinding *finding = sudo->report->findings->pdata[j];
            told |= g_strcmp0(finding->evidence->path, line->file) == 0 &&
                    finding->evidence->line == (gint64)line->line;
        }
        if (!told)
            blame_line(sudo, line, phase, PST_SEVERITY_INFORMATION);
    }
}

/* libpam loads every module of every phase at once, and a truncated one kills it with SIGBUS. */
static void
judge_truncated(PstProbeSudo *sudo, const GPtrArray *lines)
{
    for (guint i = 0; i < lines->len; i++) {
        const PstPamLine *line = lines->pdata[i];

        if (line->substack || line->must_fail || line->state != PST_PAM_MODULE_TRUNCATED)
            continue;
        PstFinding *finding =
            pst_probe_sudo_refuse(sudo, "sudo.pam-module-truncated",
                                  "the PAM module %s is truncated: loading it kills sudo (%s:%u)",
                                  line->path, line->file, line->line);
        pst_probe_sudo_at(finding, line->file, line->line, line->text);
        finding->evidence->expected = g_strdup(line->path);
        finding->remedy = g_strdup_printf("reinstall the package that has %s", line->path);
        return;
    }
}

static gboolean
stands_in_everywhere(const PstPamStack *stack)
{
    return stack->from_other[PST_PAM_AUTH] && stack->from_other[PST_PAM_ACCOUNT] &&
           stack->from_other[PST_PAM_SESSION];
}

static void
judge_other(PstProbeSudo *sudo, const PstPamStack *stack)
{
    g_autoptr(GStrvBuilder) phases = g_strv_builder_new();

    for (guint i = 0; i < PST_PAM_N_PHASES; i++)
        if (stack->from_other[i] && stack->lines[i]->len > 0)
            g_strv_builder_add(phases, pst_pam_stack_phase_names[i]);
    sudo->data->pam->from_other = g_strv_builder_end(phases);
    if (!stands_in_everywhere(stack))
        return;

    gboolean fatal = judge(sudo, stack, PST_PAM_ACCOUNT, TRUE).outcome == PST_PAM_FAILS ||
                     judge(sudo, stack, PST_PAM_SESSION, TRUE).outcome == PST_PAM_FAILS;
    g_autofree char *path = stack->file != NULL ? g_strdup(stack->file)
                                                : g_strconcat("/etc/pam.d/", stack->service, NULL);
    PstFinding *finding = pst_report_add(sudo->report, "sudo.pam-service-empty",
                                         fatal ? PST_SEVERITY_CRITICAL : PST_SEVERITY_WARNING,
                                         "%s %s: PAM's service `other` stands in for sudo", path,
                                         stack->file != NULL ? "has no lines" : "is not there");
    finding->evidence->path = g_steal_pointer(&path);
    finding->remedy = g_strdup("restore the file from sudo's package");
    sudo->pam_cause = "sudo.pam-service-empty";
}

static gboolean
has_pam(PstProbeSudo *sudo)
{
    return pst_sysroot_exists(sudo->context->sysroot, "/etc/pam.d") ||
           pst_sysroot_exists(sudo->context->sysroot, "/usr/lib/pam.d");
}

static void
blame_abort(PstProbeSudo *sudo, const PstPamStack *stack)
{
    PstFinding *finding =
        pst_probe_sudo_refuse(sudo, "sudo.pam-aborts", "PAM gives up on the service %s: %s%s%s",
                              stack->service, stack->abort_file, ": ", stack->abort_reason);

    finding->evidence->path = g_strdup(stack->abort_file);
    if (stack->abort_line > 0)
        finding->evidence->line = stack->abort_line;
    finding->remedy =
        g_strdup_printf("restore what %s includes from its package", stack->abort_file);
}

/* A module of the phases that sudo asks also without a password. pam_sss and pam_winbind are not
 * among them: they ask a daemon over a socket in the file system, which no network namespace hides
 * (unix(7)). */
static void
note_network_module(PstProbeSudo *sudo, const PstPamStack *stack)
{
    static const char *const names[] = {"pam_radius.so", "pam_radius_auth.so", "pam_tacplus.so",
                                        "pam_ldap.so",   "pam_krb5.so",        "pam_duo.so",
                                        "pam_mysql.so",  "pam_pgsql.so",       NULL};
    static const PstPamPhase phases[] = {PST_PAM_ACCOUNT, PST_PAM_SESSION};

    for (guint i = 0; i < G_N_ELEMENTS(phases); i++) {
        for (guint j = 0; j < stack->lines[phases[i]]->len; j++) {
            const PstPamLine *line = stack->lines[phases[i]]->pdata[j];
            g_autofree char *name = line->module != NULL ? g_path_get_basename(line->module) : NULL;

            if (sudo->network_module == NULL && name != NULL && g_strv_contains(names, name))
                sudo->network_module = g_steal_pointer(&name);
        }
    }
}

void
pst_probe_sudo_pam(PstProbeSudo *sudo)
{
    const PstSudoersDefault *named =
        pst_sudoers_match_default(sudo->sudoers, &sudo->question, "pam_service");

    if (!has_pam(sudo))
        return;
    g_autoptr(PstPamStack) stack = pst_pam_stack_read(
        sudo->context->sysroot, named != NULL && named->value != NULL ? named->value : "sudo");
    if (stack->file == NULL && pst_pam_services_sudo_is_without(sudo->context->sysroot))
        return;
    PstSudoPam *pam = sudo->data->pam = pst_fields_new(&pst_report_sudo_pam_fields);
    pam->service = g_strdup(stack->service);
    pam->file = g_strdup(stack->file);

    if (stack->unlooked)
        pst_probe_sudo_doubt(sudo, "sudo.could-not-look", "PAM's files could not be read: %s",
                             stack->unlooked_reason);
    for (guint i = 0; i < PST_PAM_N_PHASES; i++)
        judge_truncated(sudo, stack->lines[i]);
    judge_truncated(sudo, stack->also_loaded);
    if (stack->aborts) {
        blame_abort(sudo, stack);
        return;
    }
    note_network_module(sudo, stack);
    judge_other(sudo, stack);
    judge_account(sudo, stack);
    judge_session(sudo, stack);
    judge_auth(sudo, stack);
    list_faulty(sudo, stack, PST_PAM_AUTH);
    list_faulty(sudo, stack, PST_PAM_ACCOUNT);
    list_faulty(sudo, stack, PST_PAM_SESSION);
}
