// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/probe-sudo.h"

#include <stdarg.h>
#include <string.h>

#include "guest-shim/probe-sudo-parts.h"

#define FIRST_PERSON 1000 /* login.defs' UID_MIN everywhere; below are the system's own users */
#define NOBODY 65534

/* The last one is NixOS's. */
static const char *const harmless_candidates[] = {"/usr/bin/true", "/bin/true",
                                                  "/run/current-system/sw/bin/true"};

char *
pst_probe_sudo_mode(gint64 mode)
{
    return g_strdup_printf("%04o", (guint)mode);
}

char *
pst_probe_sudo_owner(gint64 uid, gint64 gid)
{
    return g_strdup_printf("%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT, uid, gid);
}

void
pst_probe_sudo_at(PstFinding *finding, const char *path, guint line, const char *text)
{
    g_free(finding->evidence->path);
    finding->evidence->path = g_strdup(path);
    if (line > 0)
        finding->evidence->line = line;
    if (text != NULL) {
        g_free(finding->evidence->text);
        finding->evidence->text = g_strdup(text);
    }
}

PstFinding *
pst_probe_sudo_refuse(PstProbeSudo *sudo, const char *id, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    sudo->refused = TRUE;
    return pst_report_add(sudo->report, id, PST_SEVERITY_CRITICAL, "%s", message);
}

void
pst_probe_sudo_doubt(PstProbeSudo *sudo, const char *id, const char *format, ...)
{
    va_list args;

    if (sudo->unsure != NULL)
        return;
    va_start(args, format);
    sudo->unsure = g_strdup_vprintf(format, args);
    va_end(args);
    sudo->unsure_id = id;
}

void
pst_probe_sudo_tell_doubt(PstProbeSudo *sudo)
{
    if (sudo->unsure == NULL || sudo->unsure_id == NULL)
        return;
    pst_report_add(sudo->report, sudo->unsure_id,
                   sudo->refused ? PST_SEVERITY_INFORMATION : PST_SEVERITY_UNKNOWN, "%s",
                   sudo->unsure);
}

PstSeverity
pst_probe_sudo_if_named(const PstProbeSudo *sudo, PstSeverity severity)
{
    return sudo->args->user != NULL ? severity : PST_SEVERITY_INFORMATION;
}

static char *
read_host(const PstSysroot *sysroot)
{
    char *host = pst_sysroot_read_line(sysroot, "/proc/sys/kernel/hostname", NULL);

    if (host == NULL)
        host = pst_sysroot_read_line(sysroot, "/etc/hostname", NULL);
    return host != NULL ? host : g_strdup("");
}

/* Where sudo would find a command that is given without its path. */
static char *
find_command(PstProbeSudo *sudo, const char *name)
{
    static const char *const folders[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                          "/usr/bin",        "/sbin",          "/bin"};

    for (guint i = 0; name[0] != '/' && i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_build_filename(folders[i], name, NULL);
        if (pst_sysroot_exists(sudo->context->sysroot, path))
            return g_steal_pointer(&path);
    }
    return g_strdup(name);
}

static void
set_command(PstProbeSudo *sudo)
{
    char **asked = sudo->args->command;

    for (guint i = 0; sudo->harmless == NULL && i < G_N_ELEMENTS(harmless_candidates); i++)
        if (pst_sysroot_exists(sudo->context->sysroot, harmless_candidates[i]))
            sudo->harmless = harmless_candidates[i];
    const char *const default_command[] = {
        sudo->harmless != NULL ? sudo->harmless : harmless_candidates[0], NULL};
    sudo->default_command = asked == NULL || asked[0] == NULL;
    sudo->data->command = g_strdupv(sudo->default_command ? (char **)default_command : asked);
    char *path = find_command(sudo, sudo->data->command[0]);
    g_free(sudo->data->command[0]);
    sudo->data->command[0] = path;
}

static void
ask_for(PstProbeSudo *sudo, const PstAccount *user)
{
    g_clear_pointer(&sudo->groups, g_array_unref);
    sudo->user = user;
    sudo->groups = pst_accounts_groups(sudo->accounts, user);
    sudo->question.user = user;
    sudo->question.groups = sudo->groups;
}

static void
prepare_question(PstProbeSudo *sudo)
{
    char **words = sudo->data->command;

    sudo->runas = pst_accounts_find(sudo->accounts, "root");
    if (sudo->runas == NULL) {
        sudo->root = g_new0(PstAccount, 1);
        sudo->root->name = (char *)"root";
        sudo->runas = sudo->root;
    }
    sudo->question.sysroot = sudo->context->sysroot;
    sudo->question.accounts = sudo->accounts;
    sudo->question.runas = sudo->runas;
    sudo->question.host = sudo->host;
    sudo->question.command = words[0];
    sudo->question.args = words[1] != NULL ? g_strjoinv(" ", words + 1) : NULL;
}

static gboolean
is_person(const PstAccount *account)
{
    return account->uid >= FIRST_PERSON && account->uid != NOBODY &&
           !g_str_has_suffix(account->shell, "/nologin") &&
           !g_str_has_suffix(account->shell, "/false");
}

/* The only person that a rule names, also one that sudo passes over; NULL where there are none or
 * several. */
static const PstAccount *
only_person(PstProbeSudo *sudo)
{
    const GPtrArray *all = pst_accounts_all(sudo->accounts);
    const PstAccount *found = NULL;

    for (guint i = 0; i < all->len; i++) {
        const PstAccount *account = all->pdata[i];

        if (!is_person(account))
            continue;
        ask_for(sudo, account);
        sudo->question.all_files = TRUE;
        PstSudoersAnswer answer = pst_sudoers_match(sudo->sudoers, &sudo->question);
        sudo->question.all_files = FALSE;
        if (answer.rule == NULL && answer.other == NULL)
            continue;
        if (found != NULL)
            return NULL;
        found = account;
    }
    return found;
}

static void
blame_unknown_user(PstProbeSudo *sudo, const char *name)
{
    const char *source = pst_accounts_elsewhere(sudo->accounts, "passwd");

    if (source != NULL) {
        PstFinding *finding = pst_report_add(
            sudo->report, "sudo.unknown-user", PST_SEVERITY_UNKNOWN,
            "there is no user %s in /etc/passwd, and nsswitch.conf names the source %s too, which "
            "was not asked",
            name, source);
        finding->evidence->user = g_strdup(name);
        return;
    }
    PstFinding *finding = pst_probe_sudo_refuse(sudo, "sudo.unknown-user",
                                                "there is no user %s in /etc/passwd", name);
    finding->evidence->path = g_strdup("/etc/passwd");
    finding->evidence->user = g_strdup(name);
    finding->remedy = g_strdup("restore the account, from /etc/passwd- or with useradd");
    if (sudo->user == NULL)
        sudo->data->verdict = PST_SUDO_REFUSED;
}

/* TRUE where sudo->user is set. */
static gboolean
choose_user(PstProbeSudo *sudo)
{
    const char *name = sudo->args->user;
    const PstAccount *user =
        name != NULL ? pst_accounts_find(sudo->accounts, name) : only_person(sudo);

    sudo->user = NULL;
    if (user != NULL) {
        ask_for(sudo, user);
        sudo->data->user = g_strdup(user->name);
        return TRUE;
    }
    if (name != NULL) {
        sudo->data->user = g_strdup(name);
        blame_unknown_user(sudo, name);
        return FALSE;
    }
    PstFinding *finding =
        pst_report_add(sudo->report, "sudo.no-user-named", PST_SEVERITY_INFORMATION,
                       "nobody's right was judged: none or several users have rules, and the "
                       "question names none");
    finding->remedy = g_strdup("ask again with user=NAME");
    return FALSE;
}

static char *
ok_summary_for_nobody(const PstProbeSudo *sudo)
{
    if (sudo->data->program == NULL || sudo->data->program->path != NULL)
        return g_strdup("sudo's program, policy files and PAM service are sound; nobody's right "
                        "was judged, since no user was named");
    return g_strdup_printf("there is no sudo in this guest%s%s, and no user was named",
                           sudo->data->doas != NULL ? ", but " : "",
                           sudo->data->doas != NULL ? sudo->data->doas : "");
}

static char *
ok_summary(const PstProbeSudo *sudo)
{
    const PstSudoersRule *rule = sudo->answer.rule;

    if (sudo->user == NULL)
        return ok_summary_for_nobody(sudo);
    if (sudo->data->program == NULL || sudo->data->program->path == NULL)
        return g_strdup_printf("%s may become root by doas", sudo->user->name);
    g_autofree char *command = g_strjoinv(" ", sudo->data->command);
    if (sudo->data->verdict == PST_SUDO_REFUSED)
        return g_strdup_printf("sudo is sound, though not for %s to run %s as root, which nobody "
                               "asked for",
                               sudo->user->name, command);
    if (rule == NULL)
        return g_strdup_printf("%s may run %s as root", sudo->user->name, command);
    return g_strdup_printf("%s may run %s as root%s, by %s:%u", sudo->user->name, command,
                           sudo->nopasswd ? " without a password" : " with a password",
                           rule->file->path, rule->line);
}

/* What holds for everybody. PAM's service is judged as for root, whose account it has nothing
 * against. */
static void
judge_for_nobody(PstProbeSudo *sudo)
{
    pst_probe_sudo_files(sudo);
    if (sudo->args->user == NULL) {
        if (sudo->root != NULL)
            blame_unknown_user(sudo, "root");
        ask_for(sudo, sudo->runas);
        pst_probe_sudo_pam(sudo);
        sudo->user = NULL;
    }
    pst_probe_sudo_tell_doubt(sudo);
}

static void
look(PstProbeSudo *sudo)
{
    g_autoptr(GError) cause = NULL;

    sudo->accounts = pst_accounts_load(sudo->context->sysroot, &cause);
    if (sudo->accounts == NULL) {
        pst_probe_add_unlooked(sudo->report, "sudo.could-not-look", "the users", cause);
        return;
    }
    sudo->host = read_host(sudo->context->sysroot);
    set_command(sudo);
    prepare_question(sudo);

    /* The user's name first: whether sudo can be executed is a question of its groups. */
    if (sudo->args->user != NULL) {
        const PstAccount *user = pst_accounts_find(sudo->accounts, sudo->args->user);
        if (user != NULL)
            ask_for(sudo, user);
    }
    pst_probe_sudo_program(sudo);
    if (sudo->data->program->path == NULL) {
        sudo->data->verdict = sudo->args->user == NULL ? PST_SUDO_UNKNOWN
                              : sudo->refused          ? PST_SUDO_REFUSED
                                                       : PST_SUDO_GRANTED;
        return;
    }
    sudo->sudoers =
        pst_sudoers_read(sudo->context->sysroot, pst_probe_sudo_program_policy(sudo), sudo->host);
    sudo->question.always_root = g_strcmp0(sudo->data->program->implementation, "sudo-rs") == 0;
    if (!choose_user(sudo)) {
        judge_for_nobody(sudo);
        return;
    }
    if (sudo->root != NULL)
        blame_unknown_user(sudo, "root");
    pst_probe_sudo_rules(sudo);
    pst_probe_sudo_account(sudo);
    pst_probe_sudo_pam(sudo);
    pst_probe_sudo_account_resolver(sudo);
    pst_probe_sudo_live(sudo);
}

static void
clear(PstProbeSudo *sudo)
{
    g_clear_pointer(&sudo->sudoers, pst_sudoers_free);
    g_clear_pointer(&sudo->groups, g_array_unref);
    g_clear_pointer(&sudo->now, g_date_time_unref);
    g_clear_pointer(&sudo->accounts, pst_accounts_free);
    g_free(sudo->root);
    g_free(sudo->shadow);
    g_free(sudo->host);
    g_free(sudo->unsure);
    g_free(sudo->network_module);
    g_free((char *)sudo->question.args);
}

void
pst_probe_sudo_run(const PstProbeContext *context, gconstpointer args, PstReport *report)
{
    PstProbeSudo sudo = {.context = context,
                         .args = args,
                         .report = report,
                         .data = report->data,
                         .now = g_date_time_new_now_local()};

    look(&sudo);
    g_autofree char *summary = ok_summary(&sudo);
    pst_report_conclude(report, summary);
    clear(&sudo);
}
