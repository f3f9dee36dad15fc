// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/account-judge.h"

#include "guest-shim/program-loader.h"
#include "protocol/shell-word.h"

#define SECONDS_A_DAY 86400

typedef struct {
    const PstAccountFacts *facts;
    PstReport *report;
    PstAccountData *data;
} Judge;

static PstFinding *
add(Judge *judge, const char *id, PstSeverity severity, const char *path, gint64 line,
    char *message)
{
    PstFinding *finding = pst_report_add(judge->report, id, severity, "%s", message);

    finding->evidence->user = g_strdup(judge->data->user);
    finding->evidence->path = g_strdup(path);
    if (path == NULL)
        finding->evidence->source = g_strdup(judge->data->source);
    if (line > 0)
        finding->evidence->line = line;
    g_free(message);
    return finding;
}

static char *
day_text(gint64 day)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(day * SECONDS_A_DAY);

    return date != NULL ? g_date_time_format(date, "%Y-%m-%d") : g_strdup("?");
}

static void
shut(Judge *judge, gboolean key, gboolean password, gboolean console)
{
    if (key)
        judge->data->key_login = PST_TRI_NO;
    if (password)
        judge->data->password_login = PST_TRI_NO;
    if (console)
        judge->data->console_login = PST_TRI_NO;
}

static void
judge_expiry(Judge *judge)
{
    const char *name = judge->data->user;
    const PstAccountShadow *shadow = judge->facts->shadow;
    g_autofree char *today = day_text(judge->data->today);
    g_autofree char *expires = day_text(shadow->expire);
    PstFinding *finding =
        add(judge, "account.expired", PST_SEVERITY_CRITICAL, "/etc/shadow", shadow->line,
            g_strdup_printf("the account of %s expired on %s; the guest's clock says %s", name,
                            expires, today));

    finding->evidence->text = g_strdup(expires);
    g_autofree char *word = pst_shell_word(name);
    finding->remedy =
        g_strdup_printf("chage -E -1 %s; or set the clock, if it is not that day yet", word);
    shut(judge, TRUE, TRUE, TRUE);
}

static void
judge_password_age(Judge *judge)
{
    const char *name = judge->data->user;
    const PstAccountShadow *shadow = judge->facts->shadow;
    gboolean gone = judge->facts->validity == PST_ACCOUNT_PASSWORD_EXPIRED;
    gboolean by_key = judge->facts->age_passes;
    PstSeverity severity = by_key ? PST_SEVERITY_WARNING : PST_SEVERITY_CRITICAL;
    PstFinding *finding;

    if (gone)
        finding = add(judge, "account.password-expired", severity, "/etc/shadow", shadow->line,
                      g_strdup_printf("the password of %s has expired, and the time to change it "
                                      "is over: every login is refused, by key %s",
                                      name, by_key ? "alone not" : "too"));
    else
        finding = add(judge, "account.must-change-password", severity, "/etc/shadow", shadow->line,
                      g_strdup_printf("%s must change the password at the next login: a program "
                                      "that comes by %s is refused",
                                      name, by_key ? "it" : "key"));
    g_autofree char *word = pst_shell_word(name);
    finding->remedy = g_strdup_printf("chage -d $(date +%%F) -M -1 %s", word);
    /* Where PAM shuts both, its own stack is told of. */
    shut(judge, !by_key, gone || by_key, gone);
}

static void
judge_shadow(Judge *judge)
{
    const PstAccountFacts *facts = judge->facts;
    PstFinding *finding;

    if (!facts->shadow_known)
        return;
    switch (facts->validity) {
    case PST_ACCOUNT_VALID:
        break;
    case PST_ACCOUNT_EXPIRED:
        judge_expiry(judge);
        break;
    case PST_ACCOUNT_CHANGE_PASSWORD:
    case PST_ACCOUNT_PASSWORD_EXPIRED:
        judge_password_age(judge);
        break;
    case PST_ACCOUNT_NO_SHADOW:
        finding = add(judge, "account.no-shadow-entry", PST_SEVERITY_CRITICAL, "/etc/shadow", 0,
                      g_strdup_printf("/etc/passwd says that the password of %s is in /etc/shadow, "
                                      "which has no entry for the name: every login is refused",
                                      judge->data->user));
        finding->remedy = g_strdup("pwconv");
        shut(judge, TRUE, TRUE, TRUE);
        break;
    }
}

/* Locked is not locked out: a key goes on working, but where sshd does not ask PAM it looks at the
 * lock itself (OpenSSH's auth.c, platform_locked_account()). */
static void
judge_password(Judge *judge)
{
    PstAccountPassword password = judge->facts->shadow != NULL ? judge->facts->shadow->password
                                                               : PST_ACCOUNT_PASSWORD_UNKNOWN;
    gboolean no_pam = judge->facts->use_pam == PST_TRI_NO;

    if (password == PST_ACCOUNT_PASSWORD_SET)
        judge->data->password_login = judge->data->console_login = PST_TRI_YES;
    if (password != PST_ACCOUNT_PASSWORD_LOCKED && password != PST_ACCOUNT_PASSWORD_NONE)
        return;
    shut(judge, FALSE, TRUE, TRUE);
    if (!no_pam)
        return;
    if (password == PST_ACCOUNT_PASSWORD_NONE) {
        judge->data->key_login = PST_TRI_UNKNOWN;
        return;
    }
    PstFinding *finding = add(
        judge, "account.locked", PST_SEVERITY_CRITICAL, "/etc/shadow", judge->facts->shadow->line,
        g_strdup_printf("the password of %s is locked, and sshd, which does not ask PAM, "
                        "refuses locked accounts by key too",
                        judge->data->user));
    g_autofree char *word = pst_shell_word(judge->data->user);
    finding->remedy =
        g_strdup_printf("usermod -p '*' %s (no password, not locked); or UsePAM yes", word);
    shut(judge, TRUE, FALSE, FALSE);
}

/* Where every distribution gives the same mode to what it installs. */
static gboolean
is_distribution_path(const char *path)
{
    static const char *const paths[] = {"/",    "/usr",  "/usr/bin", "/usr/sbin", "/usr/lib",
                                        "/bin", "/sbin", "/lib",     NULL};

    return g_strv_contains(paths, path) || g_str_has_prefix(path, "/usr/bin/") ||
           g_str_has_prefix(path, "/bin/") || g_str_has_prefix(path, "/usr/lib");
}

/* Why a shell that is there can't be started: PATH, and what is the matter with it. */
static PstFinding *
add_unstartable(Judge *judge, const char *path, const char *matter)
{
    PstFinding *finding =
        add(judge, "account.shell-unusable", PST_SEVERITY_CRITICAL, path, 0,
            g_strdup_printf("the shell of %s, %s, can't be started: %s; every login ends at once",
                            judge->data->user, judge->data->shell, matter));

    finding->evidence->text = g_strdup(judge->data->shell);
    shut(judge, TRUE, TRUE, TRUE);
    return finding;
}

/* FALSE where nothing is known of that kind. */
static gboolean
judge_shell_start(Judge *judge)
{
    const PstProgramStart *start = &judge->facts->program;
    g_autofree char *matter = NULL;

    if (start->loader != NULL) {
        matter = g_strdup_printf("its loader %s is not there or can't be executed", start->loader);
        add_unstartable(judge, start->loader, matter)->remedy =
            pst_program_loader_remedy(start->loader);
    } else if (start->noexec != NULL) {
        g_autofree char *word = pst_shell_word(start->noexec);

        matter = g_strdup_printf("%s is mounted noexec", start->noexec);
        add_unstartable(judge, start->noexec, matter)->remedy =
            g_strdup_printf("mount -o remount,exec %s, and take noexec out of /etc/fstab", word);
    } else if (start->library != NULL) {
        matter = g_strdup_printf("its library %s is not there", start->library);
        add_unstartable(judge, start->library, matter)->remedy =
            g_strdup_printf("bring %s back, with the package that has it", start->library);
    }
    return matter != NULL;
}

static void
judge_shell(Judge *judge)
{
    const char *shell = judge->data->shell;
    PstFinding *finding;

    if (judge_shell_start(judge) || judge->data->shell_usable != PST_TRI_NO)
        return;
    finding = add(judge, "account.shell-unusable", PST_SEVERITY_CRITICAL, judge->facts->user->path,
                  judge->facts->user->line,
                  g_strdup_printf("the shell of %s, %s, is not there, can't be run, or only "
                                  "refuses: every login ends at once",
                                  judge->data->user, shell));
    finding->evidence->text = g_strdup(shell);
    g_autofree char *word = pst_shell_word(judge->data->user);
    finding->remedy = g_strdup_printf("chsh -s SHELL %s, with one that is there", word);
    shut(judge, TRUE, TRUE, TRUE);
}

/* One that is nobody's usual shell, and that the guest itself does not take for one. */
static void
judge_shell_unfamiliar(Judge *judge)
{
    PstAccountData *data = judge->data;
    PstFinding *finding;

    if (data->shell_usable != PST_TRI_YES || judge->facts->shell_runs != PST_TRI_UNKNOWN ||
        data->shell_listed != PST_TRI_NO)
        return;
    finding = add(judge, "account.shell-unfamiliar", PST_SEVERITY_INFORMATION,
                  judge->facts->user->path, judge->facts->user->line,
                  g_strdup_printf("whether the shell of %s, %s, runs what it is asked for is not "
                                  "known: it is none that is known, nor is it in /etc/shells",
                                  data->user, data->shell));
    finding->evidence->text = g_strdup(data->shell);
    g_autofree char *word = pst_shell_word(data->user);
    finding->remedy = g_strdup_printf("if it does not: chsh -s SHELL %s", word);
    data->key_login = data->key_login == PST_TRI_YES ? PST_TRI_UNKNOWN : data->key_login;
    data->password_login =
        data->password_login == PST_TRI_YES ? PST_TRI_UNKNOWN : data->password_login;
}

/* bash reads it for each command that comes over SSH, too. */
static void
judge_startup(Judge *judge)
{
    const PstShellStart *start = &judge->facts->start;
    gboolean sure = start->verdict == PST_SHELL_START_ENDS;
    PstAccountData *data = judge->data;

    if (start->verdict == PST_SHELL_START_GOES_ON || data->shell_usable != PST_TRI_YES)
        return;
    PstFinding *finding =
        add(judge, sure ? "account.shell-exits" : "account.shell-may-exit",
            sure ? PST_SEVERITY_CRITICAL : PST_SEVERITY_INFORMATION, start->path, start->line,
            g_strdup_printf("the shell of %s %s%s at %s:%u, before it runs anything that is "
                            "asked for%s",
                            data->user, sure ? "" : "may ",
                            start->waits ? (sure ? "waits" : "wait") : (sure ? "ends" : "end"),
                            start->path, start->line,
                            sure ? "" : ", by a condition that no file tells"));
    finding->remedy = g_strdup_printf("take line %u out of %s%s", start->line, start->path,
                                      sure ? "" : ", or put it behind a test for a terminal");
    if (sure) {
        shut(judge, TRUE, TRUE, FALSE);
        return;
    }
    data->key_login = data->key_login == PST_TRI_YES ? PST_TRI_UNKNOWN : data->key_login;
    data->password_login =
        data->password_login == PST_TRI_YES ? PST_TRI_UNKNOWN : data->password_login;
}

/* The modes of what every distribution ships there are known; those of a folder of one's own are
 * not. */
static void
judge_shell_shut(Judge *judge)
{
    const PstProgramStart *start = &judge->facts->program;
    const char *path = start->shut, *expected = start->shut_expected;
    PstFinding *finding;

    if (path == NULL)
        return;
    g_autofree char *mode = g_strdup_printf("%04o", (guint)start->shut_mode & 07777);
    finding =
        add(judge, "account.shell-shut", PST_SEVERITY_CRITICAL, path, 0,
            g_strdup_printf("%s may not get to the shell %s, its loader or a library of it: %s "
                            "has mode %s; every login ends at once",
                            judge->data->user, judge->data->shell, path, mode));
    finding->evidence->mode = g_strdup(mode);
    finding->evidence->expected = g_strdup(expected);
    g_autofree char *word = pst_shell_word(path);
    finding->remedy = g_strdup_printf("chmod %s %s", expected, word);
    if (is_distribution_path(path)) {
        PstUndo *undo = pst_report_undo(finding, PST_UNDO_MODE);
        undo->path = g_strdup(path);
        undo->mode = g_strdup(expected);
    }
    shut(judge, TRUE, TRUE, TRUE);
}

static void
judge_files(Judge *judge)
{
    const char *path = judge->facts->unreadable;

    if (path == NULL)
        return;
    g_autofree char *mode = g_strdup_printf("%04o", (guint)judge->facts->unreadable_mode);
    PstFinding *finding =
        add(judge, "account.files-unreadable", PST_SEVERITY_WARNING, path, 0,
            g_strdup_printf("%s may not read %s (mode %s): its programs know no names",
                            judge->data->user, path, mode));
    PstUndo *undo = pst_report_undo(finding, PST_UNDO_MODE);

    finding->evidence->mode = g_strdup(mode);
    finding->evidence->expected = g_strdup("0644");
    g_autofree char *word = pst_shell_word(path);
    finding->remedy = g_strdup_printf("chmod 0644 %s", word);
    undo->path = g_strdup(path);
    undo->mode = g_strdup("0644");
}

static void
judge_nologin(Judge *judge)
{
    PstFinding *finding;

    if (judge->data->nologin == NULL || judge->data->uid == 0)
        return;
    finding = add(judge, "account.nologin", PST_SEVERITY_CRITICAL, judge->data->nologin, 0,
                  g_strdup_printf("%s keeps %s out: only root may log in", judge->data->nologin,
                                  judge->data->user));
    finding->caused_by = g_strdup("system.nologin");
    finding->remedy = g_strdup_printf("rm %s, once whatever made it is over", judge->data->nologin);
    shut(judge, TRUE, TRUE, TRUE);
}

static void
judge_faillock(Judge *judge)
{
    const PstAccountFaillock *faillock = judge->data->faillock;
    PstFinding *finding;

    if (!judge->facts->faillock_shut)
        return;
    finding = add(judge, "account.faillock", PST_SEVERITY_WARNING, faillock->path, 0,
                  g_strdup_printf("%s has failed %" G_GINT64_FORMAT " times, %" G_GINT64_FORMAT
                                  " are allowed: passwords are refused, keys go on working",
                                  judge->data->user, faillock->failures, faillock->deny));
    if (faillock->unlock_time_s > 0)
        finding->evidence->expected =
            g_strdup_printf("opens by itself %" G_GINT64_FORMAT " s after the latest failure",
                            faillock->unlock_time_s);
    g_autofree char *word = pst_shell_word(judge->data->user);
    finding->remedy = g_strdup_printf("faillock --user %s --reset", word);
    shut(judge, FALSE, TRUE, TRUE);
}

/* A home that is not there takes ~/.ssh/authorized_keys with it, which the probe ssh tells; the
 * login itself goes on, in /. */
static void
judge_home(Judge *judge)
{
    PstFinding *finding;

    if (judge->data->home_mode != NULL)
        return;
    finding = add(
        judge, "account.home-missing", PST_SEVERITY_WARNING, judge->data->home, 0,
        g_strdup_printf("the home of %s, %s, is not there", judge->data->user, judge->data->home));
    g_autofree char *word = pst_shell_word(judge->data->user);
    finding->remedy = g_strdup_printf("mkhomedir_helper %s; or mount what holds it", word);
}

/* sshd passes over an authorized_keys in a home that others could have written to, where
 * StrictModes is on; and its owner can't write there. */
static void
judge_home_owner(Judge *judge)
{
    const PstAccountFacts *facts = judge->facts;
    PstFinding *finding;

    if (facts->home_uid == PST_INT_UNKNOWN || facts->home_uid == 0 ||
        facts->home_uid == judge->data->uid)
        return;
    finding = add(judge, "account.home-foreign", PST_SEVERITY_WARNING, judge->data->home, 0,
                  g_strdup_printf("the home of %s, %s, belongs to the user %" G_GINT64_FORMAT,
                                  judge->data->user, judge->data->home, facts->home_uid));
    finding->evidence->owner = g_strdup(judge->data->home_owner);
    finding->evidence->expected = g_strdup_printf("%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT,
                                                  judge->data->uid, judge->data->gid);
    g_autofree char *word = pst_shell_word(judge->data->home);
    finding->remedy = g_strdup_printf("chown %s %s", finding->evidence->expected, word);
}

static void
judge_home_mode(Judge *judge)
{
    gint64 mode = judge->facts->home_mode;
    PstFinding *finding;

    if (mode == PST_INT_UNKNOWN || (mode & 0002) == 0 || (mode & 01000) != 0)
        return;
    finding = add(judge, "account.home-world-writable", PST_SEVERITY_WARNING, judge->data->home, 0,
                  g_strdup_printf("the home of %s, %s, is writable by everybody", judge->data->user,
                                  judge->data->home));
    finding->evidence->mode = g_strdup(judge->data->home_mode);
    finding->evidence->expected = g_strdup_printf("%04o", (guint)mode & ~0022u);
    g_autofree char *word = pst_shell_word(judge->data->home);
    finding->remedy = g_strdup_printf("look at what is in it, then chmod go-w %s", word);
    PstUndo *undo = pst_report_undo(finding, PST_UNDO_MODE);
    undo->path = g_strdup(judge->data->home);
    undo->mode = g_strdup(finding->evidence->expected);
}

static void
judge_jobs(Judge *judge, const char *what, const char *file)
{
    PstFinding *finding;

    if (file == NULL)
        return;
    finding =
        add(judge, "account.jobs-denied", PST_SEVERITY_INFORMATION, file, 0,
            g_strdup_printf("%s may have no jobs of %s, by %s", judge->data->user, what, file));
    finding->remedy = g_strdup_printf("if it is to have some, change %s", file);
}

void
pst_account_judge(const PstAccountFacts *facts, PstReport *report)
{
    Judge judge = {facts, report, report->data};
    PstAccountData *data = report->data;

    data->key_login =
        facts->shadow_known && facts->use_pam != PST_TRI_UNKNOWN ? PST_TRI_YES : PST_TRI_UNKNOWN;
    judge_password(&judge);
    judge_shadow(&judge);
    judge_shell(&judge);
    judge_shell_shut(&judge);
    judge_shell_unfamiliar(&judge);
    judge_startup(&judge);
    judge_files(&judge);
    judge_nologin(&judge);
    judge_faillock(&judge);
    judge_home(&judge);
    judge_home_owner(&judge);
    judge_home_mode(&judge);
    judge_jobs(&judge, "cron", facts->cron_file);
    judge_jobs(&judge, "at", facts->at_file);
}
