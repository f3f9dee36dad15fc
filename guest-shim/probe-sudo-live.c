// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/probe-sudo-parts.h"
#include "guest-shim/sudo-words.h"
#include "protocol/error.h"

#define SUDO_MS 3000 /* with journald stopped it hangs for minutes and ignores SIGTERM */
#define LEAST_MS 300 /* with less time than this an answer says nothing */
#define MAX_OUTPUT (16 * 1024)

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
    question.command = sudo->harmless;
    question.args = NULL;
    PstSudoersAnswer harmless = pst_sudoers_match(sudo->sudoers, &question);
    return harmless.match == PST_SUDOERS_ALLOWED && harmless.rule == sudo->answer.rule &&
           harmless.nopasswd == sudo->answer.nopasswd;
}

/* What is against an attempt by which sudo would come as far as its rules. */
static const char *
reason_by_rules(PstProbeSudo *sudo)
{
    gboolean decided =
        sudo->answer.match == PST_SUDOERS_ALLOWED || sudo->answer.match == PST_SUDOERS_DENIED;

    if (sudo->refused)
        return "the files decide, and a refused attempt is logged as an alert and mailed to root";
    if (!decided && pst_accounts_elsewhere(sudo->accounts, "sudoers") != NULL)
        return "the rule can be in another source than the files, which may not be asked without "
               "the network, and a refused attempt is logged as an alert and mailed to root";
    if (sudo->answer.match == PST_SUDOERS_ALLOWED && !sudo->nopasswd)
        return "a password is required, and an attempt without one is logged as an alert";
    if (!sudo->nopasswd &&
        pst_sudoers_match_flag(sudo->sudoers, &sudo->question, "noninteractive_auth", FALSE))
        return "with noninteractive_auth an attempt can count as a failed login";
    if (would_mail(sudo))
        return "sudo would mail root about the policy's faults";
    if (!may_run_harmless(sudo))
        return "only the command itself would show it, and a probe changes nothing";
    return NULL;
}

static const char *
reason_to_skip(PstProbeSudo *sudo)
{
    if (sudo->args->passive == PST_TRI_YES)
        return "asked to read files only";
    if (sudo->data->program->path == NULL)
        return "there is no sudo";
    if (sudo->unstartable)
        return "its loader is not there";
    if (sudo->harmless == NULL)
        return "there is no true(1) to try it with";
    /* Where it is broken, sudo ends before its rules, and neither logs nor mails nor counts. */
    const char *reason = sudo->program_broken ? NULL : reason_by_rules(sudo);
    if (reason != NULL)
        return reason;
    if (!pst_sysroot_is_live(sudo->context->sysroot))
        return "this is not a running system";
    if (pst_probe_time_left_ms(sudo->context, SUDO_MS) < LEAST_MS)
        return "no time was left";
    return NULL;
}

static PstProgramResult *
ask_sudo(PstProbeSudo *sudo, GError **error)
{
    const char *const argv[] = {"-k", "-n", "--", sudo->harmless, NULL};
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

/* The first of a database's sources that may ask a server, or NULL. Free with g_free(). */
static char *
network_source(const PstProbeSudo *sudo, const char *database)
{
    /* Files, and daemons that answer over a socket in the file system. */
    static const char *const local[] = {"files",      "altfiles",   "compat", "db",
                                        "extrausers", "mymachines", "sss",    "systemd",
                                        "winbind",    NULL};
    g_auto(GStrv) sources = pst_accounts_sources(sudo->accounts, database);

    for (guint i = 0; sources[i] != NULL; i++)
        if (!g_strv_contains(local, sources[i]))
            return g_strdup(sources[i]);
    return NULL;
}

/* Who, of those that sudo may need, has no network in an attempt. NULL for nobody. Free with
 * g_free(). */
static char *
needs_network(const PstProbeSudo *sudo)
{
    /* The last one is asked only for a rule that names a netgroup. */
    static const char *const databases[] = {"sudoers", "passwd", "group", "netgroup"};
    guint n = sudo->answer.match == PST_SUDOERS_UNSURE ? 4 : 3;
    char *source = g_strdup(sudo->network_module);

    if (source == NULL && g_strcmp0(sudo->unsure_id, "sudo.rules-elsewhere") == 0)
        return g_strdup("the policy's other source");
    for (guint i = 0; source == NULL && i < n; i++)
        source = network_source(sudo, databases[i]);
    return source;
}

/* Whether the attempt itself can be why it failed, and not the guest; then it says how. NULL where
 * it can't. Free with g_free(). */
static char *
own_fault(const PstProbeSudo *sudo, const PstSudoLive *live)
{
    /* What sudo finds out without asking anybody. */
    static const char *const certain[] = {"not-setuid", "nosuid",       "plugin", "no-sudoers",
                                          "pam-aborts", "tty-required", NULL};
    const char *word = live->word != NULL ? live->word : "";
    gboolean crashed = live->signal > 0 && live->timed_out != PST_TRI_YES;
    g_autofree char *needed = sudo->program_broken || crashed ? NULL : needs_network(sudo);

    if (g_str_equal(word, "no-new-privileges"))
        return g_strdup("sudo could not be tried: the shim runs with NoNewPrivileges");
    if (g_str_equal(word, "command-not-found"))
        return g_strdup_printf("sudo could not be tried: it does not find %s", sudo->harmless);
    if (needed != NULL && !g_strv_contains(certain, word))
        return g_strdup_printf("sudo gave %s no leave, but was asked without a network, which %s "
                               "can need",
                               sudo->user->name, needed);
    return NULL;
}

static void
blame_refusal(PstProbeSudo *sudo, const PstSudoLive *live)
{
    const char *cause = worst_id(sudo->report);
    const char *name = sudo->user->name;
    g_autofree char *own = own_fault(sudo, live);
    PstFinding *finding;

    if (own != NULL)
        finding =
            pst_report_add(sudo->report, "sudo.could-not-look", PST_SEVERITY_UNKNOWN, "%s", own);
    else if (live->timed_out == PST_TRI_YES)
        finding = pst_report_add(sudo->report, "sudo.hangs", PST_SEVERITY_UNKNOWN,
                                 "sudo did not answer %s in %" G_GINT64_FORMAT " ms", name,
                                 live->took_ms);
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

gboolean
pst_probe_sudo_live_heard(PstProbeSudo *sudo, const PstProgramResult *result)
{
    PstSudoLive *live = sudo->data->live;

    live->command = g_strdup_printf("%s -k -n -- %s", sudo->data->program->path, sudo->harmless);
    note_result(live, result);
    if (!result->timed_out && result->exit_status == 0)
        return TRUE;
    blame_refusal(sudo, live);
    return FALSE;
}

/* TRUE where sudo let the user through. */
static gboolean
try_sudo(PstProbeSudo *sudo)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(PstProgramResult) result = ask_sudo(sudo, &cause);

    if (result != NULL)
        return pst_probe_sudo_live_heard(sudo, result);
    sudo->data->live->skipped_because = g_strdup(cause->message);
    /* To be kept from starting it may be the user's own lot, or the shim's. */
    if (cause->code == PST_ERROR_UNAVAILABLE)
        pst_probe_sudo_doubt(sudo, "sudo.could-not-look", "sudo could not be tried as %s: %s",
                             sudo->user->name, cause->message);
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
        granted = try_sudo(sudo);

    if (granted)
        take_back(sudo);
    else
        pst_probe_sudo_tell_doubt(sudo);
    sudo->data->verdict = (int)verdict_of(sudo, granted);
}
