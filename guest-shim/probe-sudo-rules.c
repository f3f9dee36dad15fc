// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/probe-sudo-parts.h"

/* Defaults that bear on whether sudo lets a user in, and how it behaves for a program. */
static const char *const telling[] = {"requiretty",
                                      "targetpw",
                                      "rootpw",
                                      "runaspw",
                                      "use_pty",
                                      "authenticate",
                                      "exempt_group",
                                      "passwd_tries",
                                      "timestamp_timeout",
                                      "timestamp_type",
                                      "noninteractive_auth",
                                      "runas_default",
                                      "pam_service",
                                      "pam_acct_mgmt",
                                      "pam_session",
                                      "fqdn",
                                      "log_output",
                                      "logfile",
                                      "mail_always",
                                      "mail_badpass",
                                      "mail_no_user",
                                      "mail_no_perms",
                                      "mailerpath",
                                      "secure_path"};

static gboolean
flag(PstProbeSudo *sudo, const char *name, gboolean if_not_said)
{
    return pst_sudoers_match_flag(sudo->sudoers, &sudo->question, name, if_not_said);
}

static void
list_defaults(PstProbeSudo *sudo)
{
    for (guint i = 0; i < G_N_ELEMENTS(telling); i++) {
        const PstSudoersDefault *one =
            pst_sudoers_match_default(sudo->sudoers, &sudo->question, telling[i]);

        if (one == NULL)
            continue;
        PstSudoDefault *row =
            pst_fields_append(&pst_report_sudo_default_fields, &sudo->data->defaults);
        row->name = g_strdup(one->name);
        row->value =
            g_strdup(one->value != NULL ? one->value : (one->sign == '!' ? "false" : "true"));
        row->path = g_strdup(one->file->path);
        row->line = one->line;
    }
}

static gboolean
is_exempt(PstProbeSudo *sudo)
{
    const PstSudoersDefault *one =
        pst_sudoers_match_default(sudo->sudoers, &sudo->question, "exempt_group");
    gint64 gid =
        one != NULL && one->value != NULL ? pst_accounts_gid(sudo->accounts, one->value) : -1;

    for (guint i = 0; gid >= 0 && i < sudo->groups->len; i++)
        if (g_array_index(sudo->groups, gid_t, i) == (gid_t)gid)
            return TRUE;
    return FALSE;
}

/* A tag on the rule says more than `Defaults !authenticate`; root is never asked. */
static gboolean
asks_nothing(PstProbeSudo *sudo)
{
    if (sudo->user->uid == 0 || is_exempt(sudo))
        return TRUE;
    if (sudo->answer.nopasswd != PST_SUDOERS_NOT_SAID)
        return sudo->answer.nopasswd == PST_SUDOERS_YES;
    return !flag(sudo, "authenticate", TRUE);
}

static void
note_rule(PstProbeSudo *sudo)
{
    const PstSudoersRule *rule = sudo->answer.rule;

    if (rule == NULL)
        return;
    PstSudoRule *row = sudo->data->rule = pst_fields_new(&pst_report_sudo_rule_fields);
    row->path = g_strdup(rule->file->path);
    row->line = rule->line;
    row->text = g_strdup(rule->text);
    row->allows = sudo->answer.match == PST_SUDOERS_UNSURE
                      ? PST_TRI_UNKNOWN
                      : PST_TRI(sudo->answer.match == PST_SUDOERS_ALLOWED);
    row->nopasswd = PST_TRI(sudo->nopasswd);
}

/* Another source than the files, which nobody asked. */
static const char *
other_source(PstProbeSudo *sudo)
{
    return pst_accounts_elsewhere(sudo->accounts, "sudoers");
}

static void
blame_no_rule(PstProbeSudo *sudo, const char *cause)
{
    const PstSudoersRule *other = sudo->answer.other;
    const char *name = sudo->user->name;
    g_autofree char *command = g_strjoinv(" ", sudo->data->command);
    PstFinding *finding;

    if (other != NULL && sudo->default_command) {
        finding = pst_report_add(sudo->report, "sudo.limited-rules",
                                 pst_probe_sudo_if_named(sudo, PST_SEVERITY_WARNING),
                                 "the rules for %s allow some commands, and not %s: ask with "
                                 "command=",
                                 name, command);
        pst_probe_sudo_at(finding, other->file->path, other->line, other->text);
        sudo->refused = TRUE;
        return;
    }
    finding = pst_probe_sudo_refuse(sudo, "sudo.no-rule", "no rule lets %s run %s as root", name,
                                    command);
    finding->caused_by = g_strdup(cause != NULL ? cause : sudo->weak_cause);
    finding->evidence->user = g_strdup(name);
    if (other != NULL)
        pst_probe_sudo_at(finding, other->file->path, other->line, other->text);
    finding->remedy = g_strdup_printf("visudo -f /etc/sudoers.d/%s, with the line: %s ALL=(ALL) "
                                      "NOPASSWD: ALL",
                                      name, name);
}

static void
blame_denial(PstProbeSudo *sudo)
{
    const PstSudoersRule *rule = sudo->answer.rule;
    g_autofree char *command = g_strjoinv(" ", sudo->data->command);
    PstFinding *finding =
        pst_probe_sudo_refuse(sudo, "sudo.denied-by-rule", "%s:%u denies %s to %s",
                              rule->file->path, rule->line, command, sudo->user->name);

    pst_probe_sudo_at(finding, rule->file->path, rule->line, rule->text);
    finding->evidence->user = g_strdup(sudo->user->name);
    finding->remedy = g_strdup("the last rule that matches decides: change it, or the order");
}

static void
judge_answer(PstProbeSudo *sudo, const char *cause)
{
    const char *source = other_source(sudo);

    switch (sudo->answer.match) {
    case PST_SUDOERS_ALLOWED:
        break;
    case PST_SUDOERS_DENIED:
        blame_denial(sudo);
        break;
    case PST_SUDOERS_UNSURE:
        pst_probe_sudo_doubt(
            sudo, "sudo.rule-unsure", "whether %s:%u applies can't be told from files: %s",
            sudo->answer.rule->file->path, sudo->answer.rule->line, sudo->answer.rule->text);
        break;
    case PST_SUDOERS_NO_MATCH:
        if (source != NULL)
            pst_probe_sudo_doubt(sudo, "sudo.rules-elsewhere",
                                 "no file has a rule for %s, and nsswitch.conf names the source %s "
                                 "too, which was not asked",
                                 sudo->user->name, source);
        /* A file that holds the user's rule, or a whole policy that sudo does not read, is cause
         * enough: a finding that the rule is missing would only say the same again. */
        else if (!sudo->refused)
            blame_no_rule(sudo, cause);
        break;
    }
}

static void
judge_tty(PstProbeSudo *sudo)
{
    const PstSudoersDefault *one =
        pst_sudoers_match_default(sudo->sudoers, &sudo->question, "requiretty");

    if (one == NULL || one->sign == '!' || sudo->args->tty == PST_TRI_YES)
        return;
    sudo->refused = TRUE;
    PstFinding *finding = pst_report_add(
        sudo->report, "sudo.tty-required", pst_probe_sudo_if_named(sudo, PST_SEVERITY_CRITICAL),
        "%s:%u has requiretty, so sudo refuses without a terminal", one->file->path, one->line);
    pst_probe_sudo_at(finding, one->file->path, one->line, "requiretty");
    finding->remedy = g_strdup_printf("Defaults:%s !requiretty", sudo->user->name);
}

/* A program that calls sudo names nobody, and means root. */
static void
judge_target(PstProbeSudo *sudo)
{
    const PstSudoersDefault *one = pst_sudoers_match_other_target(sudo->sudoers, &sudo->question);

    if (one == NULL)
        return;
    sudo->refused = TRUE;
    PstFinding *finding = pst_report_add(
        sudo->report, "sudo.runs-as-other", pst_probe_sudo_if_named(sudo, PST_SEVERITY_CRITICAL),
        "%s:%u has runas_default=%s: sudo without -u runs commands as %s, and not as root",
        one->file->path, one->line, one->value, one->value);
    g_autofree char *text = g_strdup_printf("runas_default=%s", one->value);
    pst_probe_sudo_at(finding, one->file->path, one->line, text);
    finding->remedy =
        g_strdup_printf("take runas_default out of %s:%u%s", one->file->path, one->line,
                        sudo->answer.match == PST_SUDOERS_ALLOWED
                            ? "; until then sudo -u root, which the rules allow"
                            : "");
}

static gboolean
is_in(const PstProbeSudo *sudo, const char *folders, const char *name)
{
    g_auto(GStrv) each = g_strsplit(folders, ":", -1);

    for (guint i = 0; each[i] != NULL; i++) {
        g_autofree char *path = g_build_filename(each[i], name, NULL);

        if (each[i][0] == '/' && pst_sysroot_exists(sudo->context->sysroot, path))
            return TRUE;
    }
    return FALSE;
}

/* Commands are mostly called by their names alone, though the attempt is made with a whole path. */
static void
judge_secure_path(PstProbeSudo *sudo)
{
    const PstSudoersDefault *one =
        pst_sudoers_match_default(sudo->sudoers, &sudo->question, "secure_path");
    const char *asked = sudo->default_command ? sudo->harmless : sudo->args->command[0];
    g_autofree char *name = asked != NULL ? g_path_get_basename(asked) : NULL;

    if (one == NULL || one->sign == '!' || one->value == NULL || name == NULL ||
        (!sudo->default_command && asked[0] == '/') || is_exempt(sudo) ||
        is_in(sudo, one->value, name))
        return;
    sudo->refused = TRUE;
    PstFinding *finding = pst_report_add(
        sudo->report, "sudo.secure-path", pst_probe_sudo_if_named(sudo, PST_SEVERITY_CRITICAL),
        "%s:%u has secure_path=%.200s, in which sudo finds no %.64s", one->file->path, one->line,
        one->value, name);
    g_autofree char *text = g_strdup_printf("secure_path=%.200s", one->value);
    pst_probe_sudo_at(finding, one->file->path, one->line, text);
    finding->remedy = g_strdup_printf("mend secure_path at %s:%u; until then call commands by "
                                      "their whole path",
                                      one->file->path, one->line);
}

/* Whose password sudo asks for. */
static const PstAccount *
asked_account(PstProbeSudo *sudo)
{
    gboolean others = flag(sudo, "targetpw", FALSE) || flag(sudo, "rootpw", FALSE) ||
                      flag(sudo, "runaspw", FALSE);

    return others ? sudo->runas : sudo->user;
}

static gboolean
can_be_typed(PstProbeSudo *sudo, const PstAccount *account)
{
    g_autofree PstAccountShadow *shadow =
        pst_accounts_shadow(sudo->context->sysroot, account, NULL);

    return shadow == NULL || (shadow->password != PST_ACCOUNT_PASSWORD_LOCKED &&
                              shadow->password != PST_ACCOUNT_PASSWORD_NONE);
}

static void
judge_password(PstProbeSudo *sudo, const char *cause)
{
    const PstSudoersRule *rule = sudo->answer.rule;

    if (sudo->answer.match != PST_SUDOERS_ALLOWED || sudo->nopasswd)
        return;
    const PstAccount *asked = asked_account(sudo);
    gboolean usable = can_be_typed(sudo, asked);
    PstSeverity severity = !usable ? PST_SEVERITY_CRITICAL
                           : sudo->args->tty == PST_TRI_YES
                               ? PST_SEVERITY_INFORMATION
                               : pst_probe_sudo_if_named(sudo, PST_SEVERITY_CRITICAL);
    PstFinding *finding = pst_report_add(
        sudo->report, "sudo.password-required", severity,
        "%s may use sudo only with a password (%s's%s): %s:%u has no NOPASSWD", sudo->user->name,
        asked->name, usable ? "" : ", which is locked or was never set", rule->file->path,
        rule->line);
    pst_probe_sudo_at(finding, rule->file->path, rule->line, rule->text);
    finding->evidence->user = g_strdup(sudo->user->name);
    finding->caused_by = g_strdup(cause);
    finding->remedy = g_strdup_printf("for a program: visudo -f /etc/sudoers.d/%s, with the line: "
                                      "%s ALL=(ALL) NOPASSWD: ALL",
                                      sudo->user->name, sudo->user->name);
    sudo->refused |= !usable;
}

static void
look_for_timestamps(PstProbeSudo *sudo)
{
    static const char *const folders[] = {"/run/sudo/ts", "/var/run/sudo/ts", "/var/db/sudo/ts",
                                          "/run/sudo-rs/ts"};

    sudo->data->timestamps = PST_TRI_NO;
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_build_filename(folders[i], sudo->user->name, NULL);
        /* Newer versions name them by the number. */
        g_autofree char *by_uid =
            g_strdup_printf("%s/%" G_GINT64_FORMAT, folders[i], sudo->user->uid);
        if (pst_sysroot_exists(sudo->context->sysroot, path) ||
            pst_sysroot_exists(sudo->context->sysroot, by_uid))
            sudo->data->timestamps = PST_TRI_YES;
    }
}

void
pst_probe_sudo_rules(PstProbeSudo *sudo)
{
    sudo->data->sources = pst_accounts_sources(sudo->accounts, "sudoers");
    sudo->answer = pst_sudoers_match(sudo->sudoers, &sudo->question);
    sudo->nopasswd = asks_nothing(sudo);
    note_rule(sudo);
    list_defaults(sudo);

    const char *cause = pst_probe_sudo_files(sudo);
    judge_target(sudo);
    judge_secure_path(sudo);
    judge_answer(sudo, cause);
    judge_password(sudo, cause);
    judge_tty(sudo);
    look_for_timestamps(sudo);
}
