// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/probe-account.h"

#include <paths.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "guest-shim/account-judge.h"
#include "guest-shim/account-order.h"
#include "guest-shim/account-shell.h"
#include "guest-shim/nss-ask.h"
#include "guest-shim/pam-answer.h"
#include "guest-shim/sshd-config.h"
#include "protocol/error.h"

#define COULD_NOT_LOOK "account.could-not-look"
#define SECONDS_A_DAY 86400
#define MAX_SHELLS (64 * 1024)
/* sssd's NSS responder listens here; without it `sss` knows nobody. */
#define SSS_SOCKET "/var/lib/sss/pipes/nss"

static const char *const passwords[] = {"unknown", "set", "empty", "locked", "none"};
static const char *const validities[] = {"valid", "expired", "change-password", "password-expired",
                                         "no-shadow-entry"};

typedef struct {
    const PstProbeContext *context;
    const PstSysroot *sysroot;
    PstReport *report;
    PstAccountData *data;
    PstAccounts *accounts;
    gboolean passive;
    PstAccountFacts facts;
} Probe;

static void
read_groups(Probe *probe, const GArray *groups)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    for (guint i = 0; i < groups->len; i++) {
        gid_t gid = g_array_index(groups, gid_t, i);
        g_autofree char *number = g_strdup_printf("%u", gid);
        const char *name = pst_accounts_group_name(probe->accounts, gid);

        g_strv_builder_add(names, name != NULL ? name : number);
    }
    probe->data->groups = g_strv_builder_end(names);
}

static gboolean
is_listed(const char *text, const char *shell)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        lines[i][strcspn(lines[i], "#")] = '\0';
        if (g_str_equal(g_strstrip(lines[i]), shell))
            return TRUE;
    }
    return FALSE;
}

/* sshd and login take an empty field for the system's plain shell; sshd refuses what is no
 * executable file (OpenSSH's auth.c, allowed_user()). */
static void
read_shell(Probe *probe, const GArray *groups)
{
    const char *shell =
        probe->facts.user->shell[0] != '\0' ? probe->facts.user->shell : _PATH_BSHELL;
    g_autofree char *shells =
        pst_sysroot_read(probe->sysroot, "/etc/shells", MAX_SHELLS, NULL, NULL);
    g_autoptr(GError) cause = NULL;
    struct stat st;

    probe->data->shell = g_strdup(shell);
    probe->facts.shell_runs = pst_account_shell_runs(shell);
    const PstShellUser user = {probe->data->user, probe->facts.user->home, probe->facts.user->uid,
                               groups};
    pst_account_shell_judge_start(probe->sysroot, shell, &user, &probe->facts.start);
    if (shells != NULL)
        probe->data->shell_listed = PST_TRI(is_listed(shells, shell));
    if (pst_sysroot_stat(probe->sysroot, shell, &st, &cause))
        probe->data->shell_usable = PST_TRI(S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0 &&
                                            probe->facts.shell_runs != PST_TRI_NO);
    else if (cause->code == PST_ERROR_ABSENT)
        probe->data->shell_usable = PST_TRI_NO;
    else
        pst_probe_add_unlooked(probe->report, COULD_NOT_LOOK, "the shell", cause);
}

/* Nor is what can't be started: sshd takes it, and it ends at once. */
static void
read_shell_start(Probe *probe, const GArray *groups)
{
    PstProgramStart *start = &probe->facts.program;

    if (probe->data->shell_usable != PST_TRI_YES)
        return;
    pst_program_start_look(probe->sysroot, probe->data->shell, probe->facts.user->uid, groups,
                           start);
    if (start->loader != NULL || start->noexec != NULL || start->library != NULL)
        probe->data->shell_usable = PST_TRI_NO;
}

/* Programs of the user's own look names up in these; sshd and sudo, which are root's, still can. */
static void
read_files(Probe *probe)
{
    static const char *const paths[] = {"/etc/passwd", "/etc/group", "/etc/nsswitch.conf"};

    for (guint i = 0; probe->facts.user->uid != 0 && i < G_N_ELEMENTS(paths); i++) {
        struct stat st;

        if (probe->facts.unreadable == NULL &&
            pst_sysroot_stat(probe->sysroot, paths[i], &st, NULL) && S_ISREG(st.st_mode) &&
            (st.st_mode & S_IROTH) == 0) {
            probe->facts.unreadable = paths[i];
            probe->facts.unreadable_mode = st.st_mode & 07777;
        }
    }
}

static void
read_home(Probe *probe)
{
    g_autoptr(GError) cause = NULL;
    struct stat st;

    probe->data->home = g_strdup(probe->facts.user->home);
    if (pst_sysroot_stat(probe->sysroot, probe->data->home, &st, &cause)) {
        probe->data->home_mode = g_strdup_printf("%04o", (guint)st.st_mode & 07777);
        probe->data->home_owner = g_strdup_printf("%u:%u", st.st_uid, st.st_gid);
        /* A home of /dev/null means none, and is open to all for good reason. */
        if (S_ISDIR(st.st_mode)) {
            probe->facts.home_uid = st.st_uid;
            probe->facts.home_mode = st.st_mode & 07777;
        }
    } else if (cause->code != PST_ERROR_ABSENT) {
        pst_probe_add_unlooked(probe->report, COULD_NOT_LOOK, "the home folder", cause);
        probe->data->home_mode = g_strdup("unknown");
    }
}

static void
read_shadow(Probe *probe)
{
    PstAccountFacts *facts = &probe->facts;
    const char *elsewhere = pst_accounts_elsewhere(probe->accounts, "shadow");
    g_autoptr(GError) cause = NULL;
    PstAccountShadow *shadow = pst_accounts_shadow(probe->sysroot, facts->user, &cause);

    facts->shadow = shadow;
    /* The shadow entry of an account that is not in the files is not there either. */
    facts->shadow_known = shadow != NULL || (cause->code == PST_ERROR_ABSENT && elsewhere == NULL &&
                                             facts->user->path != NULL);
    if (shadow == NULL && cause->code != PST_ERROR_ABSENT)
        pst_probe_add_unlooked(probe->report, COULD_NOT_LOOK, "/etc/shadow", cause);
    if (facts->shadow_known)
        facts->validity = pst_accounts_validity(facts->user, shadow, probe->data->today);
    probe->data->password =
        g_strdup(passwords[shadow != NULL ? shadow->password : PST_ACCOUNT_PASSWORD_UNKNOWN]);
    probe->data->validity = g_strdup(facts->shadow_known ? validities[facts->validity] : "unknown");
    if (shadow != NULL && shadow->expire >= 0)
        probe->data->expires_day = shadow->expire;
}

static void
read_nologin(Probe *probe)
{
    static const char *const files[] = {"/etc/nologin", "/run/nologin"};

    for (guint i = 0; probe->data->nologin == NULL && i < G_N_ELEMENTS(files); i++)
        if (pst_sysroot_exists(probe->sysroot, files[i]))
            probe->data->nologin = g_strdup(files[i]);
}

/* OpenSSH's own default is no; distributions ship yes in their file. */
static void
read_use_pam(Probe *probe)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(PstSshdConfig) config = pst_sshd_config_load(probe->sysroot, &cause);

    if (config == NULL) {
        probe->facts.use_pam = cause->code == PST_ERROR_ABSENT ? PST_TRI_YES : PST_TRI_UNKNOWN;
        return;
    }
    const PstSshdDirective *directive = pst_sshd_config_get(config, "usepam", 0);
    probe->facts.use_pam =
        PST_TRI(directive != NULL && g_ascii_strcasecmp(directive->value, "yes") == 0);
}

static gboolean
counts_as_root(Probe *probe, const PstFaillockSettings *settings)
{
    if (probe->data->uid == 0)
        return TRUE;
    return settings->admin_group != NULL &&
           g_strv_contains((const char *const *)probe->data->groups, settings->admin_group);
}

static void
read_age_passes(Probe *probe)
{
    g_autoptr(PstPamStack) stack = pst_pam_stack_read(probe->sysroot, "sshd");
    const GPtrArray *lines = stack->lines[PST_PAM_ACCOUNT];

    for (guint i = 0; i < lines->len; i++) {
        const PstPamLine *line = lines->pdata[i];

        if (line->module != NULL && g_str_has_suffix(line->module, "pam_unix.so"))
            probe->facts.age_passes = pst_pam_answer_passes_age(line);
    }
}

static void
read_faillock(Probe *probe)
{
    g_autoptr(PstPamStack) stack = pst_pam_stack_read(probe->sysroot, "sshd");
    g_auto(PstFaillockSettings) settings = {NULL};
    g_autoptr(GError) cause = NULL;

    if (!pst_faillock_read_settings(probe->sysroot, stack, &settings))
        return;
    g_autoptr(PstFaillockTally) tally =
        pst_faillock_read_tally(probe->sysroot, &settings, probe->data->user, &cause);
    if (tally == NULL) {
        pst_probe_add_unlooked(probe->report, COULD_NOT_LOOK, "pam_faillock's tally", cause);
        return;
    }

    gboolean root = counts_as_root(probe, &settings);
    PstAccountFaillock *faillock = pst_fields_new(&pst_report_account_faillock_fields);
    faillock->path = g_strdup(tally->path);
    faillock->failures = tally->failures;
    faillock->deny = settings.deny;
    if (tally->latest_s > 0)
        faillock->latest_us = tally->latest_s * G_USEC_PER_SEC;
    faillock->unlock_time_s = root ? settings.root_unlock_time_s : settings.unlock_time_s;
    probe->data->faillock = faillock;
    probe->facts.faillock_shut = pst_faillock_is_shut(&settings, tally, root, time(NULL));
}

/* crontab(1), at(1): who is not in the one list may have none, or, where there is none, who is in
 * the other. Without either it is left to how the program was built. root may always. */
static PstTri
read_jobs(Probe *probe, const char *allow, const char *deny, const char **file)
{
    const char *const lists[] = {allow, deny};

    if (probe->data->uid == 0)
        return PST_TRI_YES;
    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_autoptr(GError) cause = NULL;
        g_autofree char *text =
            pst_sysroot_read(probe->sysroot, lists[i], MAX_SHELLS, NULL, &cause);
        if (text == NULL && cause->code == PST_ERROR_ABSENT)
            continue;
        if (text == NULL) {
            pst_probe_add_unlooked(probe->report, COULD_NOT_LOOK, lists[i], cause);
            break;
        }
        gboolean allowed = is_listed(text, probe->data->user) == (i == 0);
        *file = allowed ? NULL : lists[i];
        return PST_TRI(allowed);
    }
    return PST_TRI_UNKNOWN;
}

static void
read_all(Probe *probe)
{
    const PstAccount *user = probe->facts.user;
    g_autoptr(GArray) groups = pst_accounts_groups(probe->accounts, user);

    probe->data->uid = user->uid;
    probe->data->gid = user->gid;
    read_groups(probe, groups);
    read_shell(probe, groups);
    read_shell_start(probe, groups);
    read_files(probe);
    read_home(probe);
    read_shadow(probe);
    read_nologin(probe);
    read_use_pam(probe);
    read_age_passes(probe);
    read_faillock(probe);
    probe->data->cron =
        read_jobs(probe, "/etc/cron.allow", "/etc/cron.deny", &probe->facts.cron_file);
    probe->data->at = read_jobs(probe, "/etc/at.allow", "/etc/at.deny", &probe->facts.at_file);
}

/* ---- other sources than the files ---- */

static void
blame_source(Probe *probe, const char *source, const PstNssAnswer *answer)
{
    const char *user = probe->data->user;
    PstFinding *finding = pst_report_add(
        probe->report, "account.lookup-hangs", PST_SEVERITY_CRITICAL,
        "looking up %s did not end in %" G_GINT64_FORMAT " ms: the source %s of nsswitch.conf "
        "hangs, and every login with it",
        user, answer->took_ms, source);

    finding->evidence->path = g_strdup("/etc/nsswitch.conf");
    finding->evidence->command = g_strdup(answer->command);
    finding->evidence->source = g_strdup(source);
    finding->evidence->user = g_strdup(user);
    finding->remedy =
        g_strdup_printf("mend what %s asks, or take it out of /etc/nsswitch.conf", source);
    probe->data->key_login = probe->data->password_login = probe->data->console_login = PST_TRI_NO;
}

/* Every login looks up all groups of the user, in all sources, also of one who is in the files. */
static void
look_for_groups(Probe *probe)
{
    const char *source = pst_accounts_elsewhere(probe->accounts, "group");

    if (source == NULL || probe->passive || !pst_sysroot_is_live(probe->sysroot))
        return;
    g_autoptr(PstNssAnswer) answer = pst_nss_ask(probe->context, "initgroups", probe->data->user);
    if (answer->outcome == PST_NSS_HANGS)
        blame_source(probe, source, answer);
}

static void
blame_stranger(Probe *probe, const char *source, const char *text)
{
    const char *user = probe->data->user;
    PstFinding *finding =
        pst_report_add(probe->report, "account.unknown-user", PST_SEVERITY_CRITICAL,
                       "there is no user %s%s", user, text);

    finding->evidence->path = g_strdup("/etc/passwd");
    finding->evidence->user = g_strdup(user);
    finding->evidence->source = g_strdup(source);
    probe->data->key_login = probe->data->password_login = probe->data->console_login = PST_TRI_NO;
}

static void
doubt_stranger(Probe *probe, const char *source, const char *reason)
{
    PstFinding *finding =
        pst_report_add(probe->report, "account.elsewhere", PST_SEVERITY_UNKNOWN,
                       "%s is not in /etc/passwd; %s, which nsswitch.conf names, was not asked: %s",
                       probe->data->user, source, reason);

    finding->evidence->path = g_strdup("/etc/passwd");
    finding->evidence->user = g_strdup(probe->data->user);
    finding->evidence->source = g_strdup(source);
}

/* The files do not know the name: only where nothing else is asked is that the last word. Whoever
 * logs in is looked up as getent does it. TRUE where another source knows the user. */
static gboolean
ask_elsewhere(Probe *probe)
{
    const char *source = pst_accounts_elsewhere(probe->accounts, "passwd");

    if (source == NULL) {
        blame_stranger(probe, NULL, "");
        return FALSE;
    }
    if (probe->passive) {
        doubt_stranger(probe, source, "asked to read files only");
        return FALSE;
    }
    g_autoptr(PstNssAnswer) answer = pst_nss_ask(probe->context, "passwd", probe->data->user);
    switch (answer->outcome) {
    case PST_NSS_FOUND:
        probe->facts.user = pst_accounts_add(probe->accounts, answer->line);
        probe->data->source = g_strdup("getent");
        break;
    case PST_NSS_NOT_FOUND:
        blame_stranger(probe, "getent", ", and getent, which asks all sources, finds none either");
        break;
    case PST_NSS_HANGS:
        blame_source(probe, source, answer);
        break;
    case PST_NSS_UNASKED:
        doubt_stranger(probe, source, answer->reason);
        break;
    }
    return probe->facts.user != NULL;
}

static void
blame_unasked(Probe *probe, const char *database, const char *consequence)
{
    g_auto(GStrv) sources = pst_accounts_sources(probe->accounts, database);
    g_autofree char *names = g_strjoinv(" ", sources);
    PstFinding *finding =
        pst_report_add(probe->report, "account.files-unasked", PST_SEVERITY_CRITICAL,
                       "/etc/nsswitch.conf has '%s' asked for %s, and not the files: %s", names,
                       database, consequence);

    guint line = pst_accounts_line(probe->accounts, database);

    finding->evidence->path = g_strdup("/etc/nsswitch.conf");
    if (line > 0)
        finding->evidence->line = line;
    finding->evidence->user = g_strdup(probe->data->user);
    finding->evidence->source = g_strdup(database);
    finding->evidence->expected = g_strdup("files");
    finding->remedy = g_strdup_printf("put files before %s in the line %s: of /etc/nsswitch.conf",
                                      names[0] != '\0' ? names : "what else is asked", database);
    probe->data->key_login = probe->data->password_login = probe->data->console_login = PST_TRI_NO;
}

/* What nobody asks for is not there, whatever the files have. TRUE where another source knows the
 * user. */
static gboolean
ask_without_files(Probe *probe)
{
    const char *source = pst_accounts_elsewhere(probe->accounts, "passwd");
    g_autoptr(PstNssAnswer) answer = NULL;

    if (source != NULL && probe->passive) {
        doubt_stranger(probe, source, "asked to read files only");
        return FALSE;
    }
    if (source != NULL)
        answer = pst_nss_ask(probe->context, "passwd", probe->data->user);
    if (answer != NULL && answer->outcome == PST_NSS_FOUND)
        return TRUE;
    if (answer != NULL && answer->outcome == PST_NSS_HANGS)
        blame_source(probe, source, answer);
    else if (answer != NULL && answer->outcome == PST_NSS_UNASKED)
        doubt_stranger(probe, source, answer->reason);
    else
        blame_unasked(probe, "passwd", "nobody who is in /etc/passwd is known");
    return FALSE;
}

/* ---- files that nobody gets to ---- */

/* A source before the files may end the look-up. Whoever logs in is looked up as getent does it.
 * TRUE where the user is found all the same. */
static gboolean
reaches_files(Probe *probe)
{
    g_auto(PstNssOrder) order = {PST_TRI_YES, NULL, NULL, 0};
    g_autoptr(PstNssAnswer) answer = NULL;

    pst_nss_order_judge(probe->sysroot, probe->accounts, "passwd", &order);
    if (order.reached == PST_TRI_YES)
        return TRUE;
    if (!probe->passive)
        answer = pst_nss_ask(probe->context, "passwd", probe->data->user);
    if (answer != NULL && answer->outcome == PST_NSS_FOUND)
        return TRUE;
    if (answer != NULL && answer->outcome == PST_NSS_HANGS)
        blame_source(probe, order.source, answer);
    else if (order.reached == PST_TRI_NO ||
             (answer != NULL && answer->outcome == PST_NSS_NOT_FOUND))
        pst_account_order_blame(probe->report, "passwd", &order,
                                "nobody who is in /etc/passwd alone is known");
    else
        pst_account_order_doubt(probe->report, "passwd", &order,
                                answer != NULL ? answer->reason : "asked to read files only");
    return FALSE;
}

/* pam_unix takes the password's age and the account's expiry from there. Who else would be asked
 * for them is not asked, for it would answer with secrets. */
static void
judge_shadow_source(Probe *probe)
{
    g_auto(PstNssOrder) order = {PST_TRI_YES, NULL, NULL, 0};

    if (!probe->facts.user->shadowed)
        return;
    pst_nss_order_judge(probe->sysroot, probe->accounts, "shadow", &order);
    if (!pst_accounts_asks_files(probe->accounts, "shadow")) {
        if (pst_accounts_elsewhere(probe->accounts, "shadow") == NULL ||
            !pst_sysroot_exists(probe->sysroot, SSS_SOCKET))
            blame_unasked(probe, "shadow",
                          "PAM finds no entry in /etc/shadow, and refuses everybody");
        else
            probe->data->key_login = probe->data->password_login = probe->data->console_login =
                PST_TRI_UNKNOWN;
    } else if (order.reached == PST_TRI_NO) {
        pst_account_order_blame(probe->report, "shadow", &order,
                                "PAM finds no entry in /etc/shadow, and refuses everybody");
    } else if (order.reached == PST_TRI_UNKNOWN) {
        pst_account_order_doubt(probe->report, "shadow", &order,
                                "it would answer with secrets, and was not asked");
    }
}

/* A line of nsswitch.conf that the C library may have given up at, by its version. TRUE where the
 * user is found all the same. */
static gboolean
is_understood(Probe *probe, guint line)
{
    g_autoptr(PstNssAnswer) answer =
        probe->passive ? NULL : pst_nss_ask(probe->context, "passwd", probe->data->user);

    if (answer != NULL && answer->outcome == PST_NSS_FOUND)
        return TRUE;
    pst_account_order_fault(probe->report, line,
                            answer != NULL && answer->outcome == PST_NSS_NOT_FOUND);
    return FALSE;
}

/* TRUE where there is such a user. */
static gboolean
find_user(Probe *probe)
{
    probe->facts.user = pst_accounts_find(probe->accounts, probe->data->user);
    if (probe->facts.user == NULL)
        return ask_elsewhere(probe);
    guint fault = pst_nss_order_fault(probe->accounts);
    if (fault > 0 && !is_understood(probe, fault))
        return FALSE;
    if (pst_accounts_asks_files(probe->accounts, "passwd") ? !reaches_files(probe)
                                                           : !ask_without_files(probe))
        return FALSE;
    probe->data->source = g_strdup("files");
    return TRUE;
}

static char *
summary_of(const PstAccountData *data)
{
    if (data->user == NULL)
        return g_strdup("no user was named");
    return g_strdup_printf("the account of %s is valid%s", data->user,
                           data->password_login == PST_TRI_NO ? ", for keys, not for passwords"
                                                              : "");
}

void
pst_probe_account_run(const PstProbeContext *context, gconstpointer args, PstReport *report)
{
    const PstAccountArgs *asked = args;
    PstAccountData *data = report->data;
    g_autoptr(GError) cause = NULL;
    g_autoptr(PstAccounts) accounts = pst_accounts_load(context->sysroot, &cause);
    Probe probe = {
        .context = context,
        .sysroot = context->sysroot,
        .report = report,
        .data = data,
        .accounts = accounts,
        .passive = asked->passive == PST_TRI_YES,
        .facts = {.home_uid = PST_INT_UNKNOWN, .home_mode = PST_INT_UNKNOWN},
    };

    data->today = time(NULL) / SECONDS_A_DAY;
    data->user = g_strdup(asked->user);
    if (accounts == NULL) {
        pst_probe_add_unlooked(report, COULD_NOT_LOOK, "/etc/passwd", cause);
    } else if (asked->user != NULL) {
        data->sources = pst_accounts_sources(accounts, "passwd");
        if (find_user(&probe)) {
            read_all(&probe);
            pst_account_judge(&probe.facts, report);
            judge_shadow_source(&probe);
            look_for_groups(&probe);
        }
    }
    g_autofree char *summary = summary_of(data);
    pst_report_conclude(report, summary);
    g_free((gpointer)probe.facts.shadow);
    pst_program_start_clear(&probe.facts.program);
    pst_shell_start_clear(&probe.facts.start);
}
