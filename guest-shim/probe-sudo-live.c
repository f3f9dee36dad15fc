// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/probe-sudo-parts.h"
#include "guest-shim/program.h"
#include "guest-shim/sudo-words.h"

#define SUDO_MS 3000 /* with journald stopped it hangs for minutes and ignores SIGTERM */
#define LEAST_MS 300 /* with less time than this an answer says nothing */
#define MAX_OUTPUT (16 * 1024)
#define HARMLESS "/usr/bin/true"
#define NOT_STARTED 127 /* pst_program_run(): the kernel did not execute it */

/* What sudo sends mail with; where it is not there, nobody is mailed. */
static gboolean
can_mail(PstProbeSudo *sudo)
{
    const PstSudoersDefault *mailer =
        pst_sudoers_match_default(sudo->sudoers, &sudo->question, "mailerpath");

    if (mailer != NULL)
        return mailer->value != NULL && pst_sysroot_exists(sudo->context->sysroot, mailer->value);
    return pst_sysroot_exists(sudo->context->sysroot, "/usr/sbin/sendmail");
}

/* sudo mails root about files and lines that it does not accept, whoever calls it. */
static gboolean
would_mail(PstProbeSudo *sudo)
{
    gboolean complains = sudo->sudoers->faults->len > 0;

    for (guint i = 0; i < sudo->sudoers->files->len; i++) {
        const PstSudoersFile *file = sudo->sudoers->files->pdata[i];
        complains |= file->state == PST_SUDOERS_WRONG_OWNER ||
                     file->state == PST_SUDOERS_WORLD_WRITABLE ||
                     file->state == PST_SUDOERS_GROUP_WRITABLE;
    }
    return complains && can_mail(sudo);
}

/* `true` stands for the command that was asked for where the rules allow both alike. */
static gboolean
may_run_harmless(PstProbeSudo *sudo)
{
    PstSudoersQuestion question = sudo->question;

    if (sudo->default_command)
        return TRUE;
    question.command = HARMLESS;
    question.args = NULL;
    PstSudoersAnswer harmless = pst_sudoers_match(sudo->sudoers, &question);
    return harmless.match == PST_SUDOERS_ALLOWED && harmless.rule == sudo->answer.rule &&
           harmless.nopasswd == sudo->answer.nopasswd;
}

static const char *
reason_to_skip(PstProbeSudo *sudo)
{
    if (sudo->args->passive == PST_TRI_YES)
        return "asked to read files only";
    if (!pst_sysroot_is_live(sudo->context->sysroot))
        return "this is not a running system";
    if (sudo->data->program->path == NULL)
        return "there is no sudo";
    /* Before its rules, sudo neither logs nor mails nor counts anything. */
    if (sudo->program_broken)
        return NULL;
    if (sudo->refused)
        return "the files decide, and a refused attempt is logged as an alert and mailed to root";
    if (sudo->answer.match == PST_SUDOERS_ALLOWED && !sudo->nopasswd)
        return "a password is required, and an attempt without one is logged as an alert";
    if (!sudo->nopasswd &&
        pst_sudoers_match_flag(sudo->sudoers, &sudo->question, "noninteractive_auth", FALSE))
        return "with noninteractive_auth an attempt can count as a failed login";
    if (would_mail(sudo))
        return "sudo would mail root about the policy's faults";
    if (!may_run_harmless(sudo))
        return "only the command itself would show it, and a probe changes nothing";
    if (pst_probe_time_left_ms(sudo->context, SUDO_MS) < LEAST_MS)
        return "no time was left";
    return NULL;
}

static PstProgramResult *
ask_sudo(PstProbeSudo *sudo, GError **error)
{
    static const char *const argv[] = {"-k", "-n", "--", HARMLESS, NULL};
    const PstProgramUser user = {
        .uid = (uid_t)sudo->user->uid,
        .gid = (gid_t)sudo->user->gid,
        .groups = (const gid_t *)(const void *)sudo->groups->data,
        .n_groups = sudo->groups->len,
    };
    const PstProgram program = {
        .candidates = pst_probe_sudo_program_candidates,
        .argv = argv,
        .user = &user,
        .without_network = TRUE,
        .timeout_ms = pst_probe_time_left_ms(sudo->context, SUDO_MS),
        .max_output = MAX_OUTPUT,
    };

    return pst_program_run(sudo->context->sysroot, &program, error);
}

static const char *
worst_id(const PstReport *report)
{
    for (guint i = 0; i < report->findings->len; i++) {
        const PstFinding *finding = report->findings->pdata[i];
        if (finding->severity == PST_SEVERITY_CRITICAL)
            return finding->id;
    }
    return NULL;
}

static void
fill_live_evidence(PstFinding *finding, const PstSudoLive *live)
{
    finding->evidence->command = g_strdup(live->command);
    finding->evidence->exit_status = live->exit_status;
    finding->evidence->signal = live->signal;
    finding->evidence->error = g_strdup(live->error);
    finding->evidence->source = g_strdup("sudo");
}

static void
blame_refusal(PstProbeSudo *sudo, const PstSudoLive *live)
{
    const char *cause = worst_id(sudo->report);
    const char *name = sudo->user->name;
    PstFinding *finding;

    if (live->timed_out == PST_TRI_YES)
        finding = pst_report_add(sudo->report, "sudo.hangs", PST_SEVERITY_CRITICAL,
                                 "sudo did not answer %s in %" G_GINT64_FORMAT " ms", name,
                                 live->took_ms);
    else if (g_strcmp0(live->word, "no-new-privileges") == 0)
        /* The shim's own fault, not the guest's. */
        finding = pst_report_add(sudo->report, "sudo.could-not-look", PST_SEVERITY_UNKNOWN,
                                 "sudo could not be tried: the shim runs with NoNewPrivileges");
    else if (live->signal > 0)
        finding = pst_report_add(sudo->report, "sudo.crashes", PST_SEVERITY_CRITICAL,
                                 "sudo is killed by signal %" G_GINT64_FORMAT, live->signal);
    else
        finding = pst_report_add(sudo->report, "sudo.refuses", PST_SEVERITY_CRITICAL,
                                 "sudo refuses %s: %s", name, pst_sudo_words_explain(live->word));
    finding->caused_by = g_strdup(cause);
    finding->evidence->user = g_strdup(name);
    fill_live_evidence(finding, live);
    if (finding->severity == PST_SEVERITY_CRITICAL && live->timed_out != PST_TRI_YES)
        sudo->refused = TRUE;
    else
        pst_probe_sudo_doubt(sudo, NULL, "sudo gave no answer");
}

static void
note_result(PstSudoLive *live, const PstProgramResult *result)
{
    live->exit_status = result->exit_status >= 0 ? result->exit_status : PST_INT_UNKNOWN;
    live->signal = result->signal > 0 ? result->signal : PST_INT_UNKNOWN;
    live->timed_out = PST_TRI(result->timed_out);
    live->took_ms = result->took_ms;
    live->error = result->err->len > 0 ? g_strchomp(g_strdup(result->err->str)) : NULL;
    live->word = g_strdup(result->err->len > 0 ? pst_sudo_words_recognise(result->err->str) : NULL);
}

/* TRUE where sudo let the user through. */
static gboolean
try_sudo(PstProbeSudo *sudo, PstSudoLive *live)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(PstProgramResult) result = ask_sudo(sudo, &cause);

    if (result == NULL) {
        live->skipped_because = g_strdup(cause->message);
        return FALSE;
    }
    live->command = g_strdup_printf("%s -k -n -- " HARMLESS, sudo->data->program->path);
    note_result(live, result);
    if (!result->timed_out && result->exit_status == 0)
        return TRUE;
    if (result->exit_status == NOT_STARTED && result->err->len == 0) {
        pst_probe_sudo_doubt(sudo, "sudo.could-not-look", "%s could not be started as %s",
                             sudo->data->program->path, sudo->user->name);
        return FALSE;
    }
    blame_refusal(sudo, live);
    return FALSE;
}

static PstSudoVerdict
verdict_of(const PstProbeSudo *sudo, gboolean granted)
{
    if (granted)
        return PST_SUDO_GRANTED;
    if (sudo->refused)
        return PST_SUDO_REFUSED;
    if (sudo->unsure != NULL)
        return PST_SUDO_UNKNOWN;
    if (sudo->answer.match != PST_SUDOERS_ALLOWED)
        return PST_SUDO_REFUSED;
    return sudo->nopasswd ? PST_SUDO_GRANTED : PST_SUDO_GRANTED_WITH_PASSWORD;
}

/* What was read says no, and sudo says yes: the reading is wrong, and the reader is told. */
static void
take_back(PstProbeSudo *sudo)
{
    const char *id = worst_id(sudo->report);

    if (id == NULL)
        return;
    PstFinding *finding =
        pst_report_add(sudo->report, "sudo.disagrees", PST_SEVERITY_UNKNOWN,
                       "sudo lets %s through although %s was found", sudo->user->name, id);
    fill_live_evidence(finding, sudo->data->live);
}

void
pst_probe_sudo_live(PstProbeSudo *sudo)
{
    PstSudoLive *live = sudo->data->live = pst_fields_new(&pst_report_sudo_live_fields);
    const char *reason = reason_to_skip(sudo);
    gboolean granted = FALSE;

    if (reason != NULL)
        live->skipped_because = g_strdup(reason);
    else
        granted = try_sudo(sudo, live);

    if (granted)
        take_back(sudo);
    else if (sudo->unsure != NULL && sudo->unsure_id != NULL)
        pst_report_add(sudo->report, sudo->unsure_id,
                       sudo->refused ? PST_SEVERITY_INFORMATION : PST_SEVERITY_UNKNOWN, "%s",
                       sudo->unsure);
    sudo->data->verdict = (int)verdict_of(sudo, granted);
}
