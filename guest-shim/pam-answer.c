// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/pam-answer.h"

#include <string.h>

#include "guest-shim/faillock.h"
#include "guest-shim/pam-access.h"
#include "guest-shim/pam-condition.h"
#include "guest-shim/pam-env.h"
#include "guest-shim/pam-exec.h"
#include "guest-shim/pam-limits.h"
#include "guest-shim/pam-line.h"
#include "guest-shim/pam-list.h"
#include "guest-shim/pam-time.h"

const char *const pst_pam_answer_outcomes[] = {"passes", "depends", "fails", "unknown"};

typedef int (*Answer)(const PstPamLine *line, const PstPamSubject *subject, PstPamRuling *ruling);

#define IN(phase) (1u << (phase))
#define IN_ALL (IN(PST_PAM_AUTH) | IN(PST_PAM_ACCOUNT) | IN(PST_PAM_PASSWORD) | IN(PST_PAM_SESSION))
#define IN_LOGIN (IN(PST_PAM_AUTH) | IN(PST_PAM_ACCOUNT))

/* What pam_unix answers in the account phase, by the shadow entry. */
static int
answer_of_validity(PstAccountValidity validity)
{
    switch (validity) {
    case PST_ACCOUNT_VALID:
        return PST_PAM_SUCCESS;
    case PST_ACCOUNT_EXPIRED:
        return PST_PAM_ACCT_EXPIRED;
    case PST_ACCOUNT_CHANGE_PASSWORD:
        return PST_PAM_NEW_AUTHTOK_REQD;
    case PST_ACCOUNT_PASSWORD_EXPIRED:
        return PST_PAM_AUTHTOK_EXPIRED;
    case PST_ACCOUNT_NO_SHADOW:
        return PST_PAM_AUTHINFO_UNAVAIL;
    }
    g_return_val_if_reached(PST_PAM_AUTHINFO_UNAVAIL);
}

gboolean
pst_pam_answer_passes_age(const PstPamLine *line)
{
    g_auto(GStrv) words = pst_pam_line_arguments(line->args);

    return g_strv_contains((const char *const *)words, "no_pass_expiry");
}

/* With `no_pass_expiry` the password's age is of no account to whoever did not come by it, as by a
 * key; of those who did the probe `account` tells. */
static int
unix_account(const PstPamLine *line, const PstPamSubject *subject, PstPamRuling *ruling)
{
    if (subject->account_sound)
        return ruling->answer = PST_PAM_SUCCESS;
    if (!subject->shadow_known)
        return ruling->answer = PST_PAM_ANY;
    PstAccountValidity validity =
        pst_accounts_validity(subject->user, subject->shadow, subject->today);
    if ((validity == PST_ACCOUNT_CHANGE_PASSWORD || validity == PST_ACCOUNT_PASSWORD_EXPIRED) &&
        subject->origin.remote && pst_pam_answer_passes_age(line))
        return ruling->answer = PST_PAM_SUCCESS;
    return ruling->answer = answer_of_validity(validity);
}

/* A password that can't match anything is refused, whatever is typed. */
static int
unix_auth(const PstPamLine *line G_GNUC_UNUSED, const PstPamSubject *subject, PstPamRuling *ruling)
{
    PstAccountPassword password = subject->shadow_known && subject->shadow != NULL
                                      ? subject->shadow->password
                                      : PST_ACCOUNT_PASSWORD_UNKNOWN;
    gboolean hopeless =
        password == PST_ACCOUNT_PASSWORD_LOCKED || password == PST_ACCOUNT_PASSWORD_NONE;

    return ruling->answer = hopeless && !subject->account_sound ? PST_PAM_AUTH_ERR : PST_PAM_ANY;
}

static int
unix_session(const PstPamLine *line G_GNUC_UNUSED, const PstPamSubject *subject G_GNUC_UNUSED,
             PstPamRuling *ruling)
{
    return ruling->answer = PST_PAM_SUCCESS;
}

char *
pst_pam_answer_nologin(const PstSysroot *sysroot, const PstPamLine *line)
{
    static const char *const files[] = {"/var/run/nologin", "/run/nologin", "/etc/nologin"};
    g_auto(GStrv) words = pst_pam_line_arguments(line->args);
    const char *named = pst_pam_line_value(words, "file");

    if (named != NULL)
        return pst_sysroot_exists(sysroot, named) ? g_strdup(named) : NULL;
    for (guint i = 0; i < G_N_ELEMENTS(files); i++)
        if (pst_sysroot_exists(sysroot, files[i]))
            return g_strdup(files[i]);
    return NULL;
}

static int
nologin(const PstPamLine *line, const PstPamSubject *subject, PstPamRuling *ruling)
{
    g_autofree char *path = pst_pam_answer_nologin(subject->sysroot, line);

    if (path == NULL || subject->user->uid == 0)
        return ruling->answer = PST_PAM_IGNORE;
    return pst_pam_ruling_set(
        ruling, PST_PAM_AUTH_ERR, path, 0, NULL,
        g_strdup_printf("%s is there, and pam_nologin lets in root alone", path));
}

/* In the account phase it only counts and resets (pam_faillock.c, pam_sm_acct_mgmt()). */
static int
faillock_account(const PstPamLine *line G_GNUC_UNUSED, const PstPamSubject *subject G_GNUC_UNUSED,
                 PstPamRuling *ruling)
{
    return ruling->answer = PST_PAM_SUCCESS;
}

static gboolean
counts_as_root(const PstPamSubject *subject, const PstFaillockSettings *settings)
{
    return subject->user->uid == 0 ||
           (settings->admin_group != NULL &&
            pst_pam_subject_is_in(subject, settings->admin_group) == PST_TRI_YES);
}

/* `authfail` is only reached by whoever failed; the other two refuse whoever has failed too often.
 */
static int
faillock_auth(const PstPamLine *line, const PstPamSubject *subject, PstPamRuling *ruling)
{
    g_auto(GStrv) words = pst_pam_line_arguments(line->args);
    g_auto(PstFaillockSettings) settings = {NULL};

    pst_faillock_read_line(subject->sysroot, line, &settings);
    g_autoptr(PstFaillockTally) tally =
        pst_faillock_read_tally(subject->sysroot, &settings, subject->user->name, NULL);
    if (tally == NULL || subject->now == NULL)
        return ruling->answer = PST_PAM_ANY;
    if (pst_faillock_is_shut(&settings, tally, counts_as_root(subject, &settings),
                             g_date_time_to_unix(subject->now)))
        return ruling->answer = PST_PAM_AUTH_ERR;
    return ruling->answer = g_strv_contains((const char *const *)words, "authfail")
                                ? PST_PAM_IGNORE
                                : PST_PAM_SUCCESS;
}

static int
localuser(const PstPamLine *line, const PstPamSubject *subject, PstPamRuling *ruling)
{
    if (strstr(line->args, "file=") != NULL)
        return ruling->answer = PST_PAM_ANY;
    return ruling->answer = g_strcmp0(subject->user->path, "/etc/passwd") == 0
                                ? PST_PAM_SUCCESS
                                : PST_PAM_PERM_DENIED;
}

static int
rootok(const PstPamLine *line G_GNUC_UNUSED, const PstPamSubject *subject, PstPamRuling *ruling)
{
    if (subject->asking == NULL)
        return ruling->answer = PST_PAM_ANY;
    return ruling->answer = subject->asking->uid == 0 ? PST_PAM_SUCCESS : PST_PAM_AUTH_ERR;
}

static const struct {
    const char *module;
    guint phases;
    Answer answer;
} rows[] = {
    {"pam_access.so", IN_ALL, pst_pam_access_answer},
    {"pam_env.so", IN(PST_PAM_SESSION), pst_pam_env_answer},
    {"pam_exec.so", IN_ALL, pst_pam_exec_answer},
    {"pam_faillock.so", IN(PST_PAM_ACCOUNT), faillock_account},
    {"pam_faillock.so", IN(PST_PAM_AUTH), faillock_auth},
    {"pam_limits.so", IN(PST_PAM_SESSION), pst_pam_limits_answer},
    {"pam_listfile.so", IN_ALL, pst_pam_list_file},
    {"pam_localuser.so", IN_ALL, localuser},
    {"pam_nologin.so", IN_LOGIN, nologin},
    {"pam_rootok.so", IN_LOGIN, rootok},
    {"pam_securetty.so", IN_LOGIN, pst_pam_list_securetty},
    {"pam_shells.so", IN_LOGIN, pst_pam_list_shells},
    {"pam_succeed_if.so", IN_ALL, pst_pam_condition_answer},
    {"pam_time.so", IN(PST_PAM_ACCOUNT), pst_pam_time_answer},
    {"pam_unix.so", IN(PST_PAM_ACCOUNT), unix_account},
    {"pam_unix.so", IN(PST_PAM_AUTH), unix_auth},
    {"pam_unix.so", IN(PST_PAM_SESSION), unix_session},
    {"pam_wheel.so", IN_LOGIN, pst_pam_list_wheel},
};

int
pst_pam_answer_rule(const PstPamLine *line, PstPamPhase phase, const PstPamSubject *subject,
                    PstPamRuling *ruling)
{
    g_autofree char *name = g_path_get_basename(line->module);

    for (guint i = 0; subject->user != NULL && i < G_N_ELEMENTS(rows); i++)
        if ((rows[i].phases & IN(phase)) != 0 && g_str_equal(name, rows[i].module))
            return rows[i].answer(line, subject, ruling);
    return ruling->answer = pst_pam_judge_by_name(line, phase);
}

/* Modules of distributions' own stacks that say yes to whoever came so far, unless the system is
 * broken, and pam_unix and pam_faillock, of which the probe `account` tells. */
gboolean
pst_pam_answer_is_trusted(const PstPamLine *line, PstPamPhase phase)
{
    static const struct {
        const char *module;
        guint phases;
    } trusted[] = {
        {"pam_apparmor.so", IN(PST_PAM_SESSION)},
        {"pam_cap.so", IN(PST_PAM_AUTH)},
        {"pam_cgfs.so", IN(PST_PAM_SESSION)},
        {"pam_console.so", IN(PST_PAM_SESSION)},
        {"pam_elogind.so", IN(PST_PAM_SESSION)},
        {"pam_env.so", IN(PST_PAM_AUTH) | IN(PST_PAM_SESSION)},
        {"pam_faildelay.so", IN(PST_PAM_AUTH)},
        {"pam_faillock.so", IN_LOGIN},
        {"pam_group.so", IN(PST_PAM_AUTH)},
        {"pam_keyinit.so", IN(PST_PAM_SESSION)},
        {"pam_lastlog.so", IN(PST_PAM_SESSION)},
        {"pam_lastlog2.so", IN(PST_PAM_SESSION)},
        {"pam_limits.so", IN(PST_PAM_SESSION)},
        {"pam_localuser.so", IN_ALL},
        {"pam_loginuid.so", IN(PST_PAM_SESSION)},
        {"pam_mail.so", IN_ALL},
        {"pam_mkhomedir.so", IN(PST_PAM_SESSION)},
        {"pam_motd.so", IN(PST_PAM_SESSION)},
        {"pam_namespace.so", IN(PST_PAM_SESSION)},
        {"pam_oddjob_mkhomedir.so", IN(PST_PAM_SESSION)},
        {"pam_rootok.so", IN_LOGIN},
        {"pam_selinux.so", IN(PST_PAM_SESSION)},
        {"pam_sepermit.so", IN_LOGIN},
        {"pam_systemd.so", IN(PST_PAM_SESSION)},
        {"pam_tty_audit.so", IN(PST_PAM_SESSION)},
        {"pam_umask.so", IN(PST_PAM_SESSION)},
        {"pam_unix.so", IN_ALL},
        {"pam_usertype.so", IN_ALL},
        {"pam_winbind.so", IN(PST_PAM_SESSION)},
        {"pam_wtmpdb.so", IN(PST_PAM_SESSION)},
        {"pam_xauth.so", IN(PST_PAM_SESSION)},
    };
    g_autofree char *name = g_path_get_basename(line->module);

    for (guint i = 0; i < G_N_ELEMENTS(trusted); i++)
        if ((trusted[i].phases & IN(phase)) != 0 && g_str_equal(name, trusted[i].module))
            return TRUE;
    return FALSE;
}

int
pst_pam_answer(const PstPamLine *line, PstPamPhase phase, gpointer data)
{
    g_auto(PstPamRuling) ruling = {.answer = PST_PAM_ANY};

    return pst_pam_answer_rule(line, phase, data, &ruling);
}
