// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>
#include <time.h>

#include "guest-shim/probe-sudo-parts.h"
#include "protocol/error.h"
#include "protocol/shell-word.h"

static const char *const passwords[] = {"unknown", "set", "empty", "locked", "none"};
static const char *const validities[] = {"valid", "expired", "change-password", "password-expired",
                                         "no-shadow-entry"};

#define SECONDS_A_DAY 86400

static char **
group_names(PstProbeSudo *sudo)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    for (guint i = 0; i < sudo->groups->len; i++) {
        gid_t gid = g_array_index(sudo->groups, gid_t, i);
        const char *name = pst_accounts_group_name(sudo->accounts, gid);
        g_autofree char *number = g_strdup_printf("%u", gid);
        g_strv_builder_add(names, name != NULL ? name : number);
    }
    return g_strv_builder_end(names);
}

static void
read_shadow(PstProbeSudo *sudo)
{
    g_autoptr(GError) cause = NULL;

    sudo->shadow = pst_accounts_shadow(sudo->context->sysroot, sudo->user, &cause);
    sudo->shadow_known = sudo->shadow != NULL || cause->code == PST_ERROR_ABSENT;
    if (!sudo->shadow_known)
        pst_probe_sudo_doubt(sudo, "sudo.could-not-look", "/etc/shadow could not be looked at: %s",
                             cause->message);
    /* An account of the files whose shadow entry is elsewhere. */
    if (sudo->shadow == NULL && pst_accounts_elsewhere(sudo->accounts, "shadow") != NULL)
        sudo->shadow_known = FALSE;
}

void
pst_probe_sudo_account(PstProbeSudo *sudo)
{
    PstSudoAccount *account = sudo->data->account = pst_fields_new(&pst_report_sudo_account_fields);
    gint64 today = time(NULL) / SECONDS_A_DAY;

    read_shadow(sudo);
    account->uid = sudo->user->uid;
    account->gid = sudo->user->gid;
    account->groups = group_names(sudo);
    account->sources = pst_accounts_sources(sudo->accounts, "passwd");
    account->today = today;
    account->password = g_strdup(passwords[sudo->shadow != NULL ? sudo->shadow->password : 0]);
    account->validity = g_strdup(
        sudo->shadow_known ? validities[pst_accounts_validity(sudo->user, sudo->shadow, today)]
                           : "unknown");
    if (sudo->shadow != NULL && sudo->shadow->expire >= 0)
        account->expires_day = sudo->shadow->expire;

    if (sudo->nopasswd && sudo->shadow != NULL &&
        sudo->shadow->password == PST_ACCOUNT_PASSWORD_LOCKED) {
        PstFinding *finding =
            pst_report_add(sudo->report, "sudo.password-locked", PST_SEVERITY_INFORMATION,
                           "the password of %s is locked; its rule asks for none, so sudo works",
                           sudo->user->name);
        pst_probe_sudo_at(finding, "/etc/shadow", sudo->shadow->line, NULL);
        finding->evidence->user = g_strdup(sudo->user->name);
        g_autofree char *word = pst_shell_word(sudo->user->name);
        finding->remedy = g_strdup_printf("if it is to be used: passwd -u %s", word);
    }
}

/* Whether /etc/hosts has NAME, as it is or before a dot. */
static gboolean
hosts_has(const PstSysroot *sysroot, const char *name)
{
    g_autofree char *text = pst_sysroot_read(sysroot, "/etc/hosts", 4 * 1024 * 1024, NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        lines[i][strcspn(lines[i], "#")] = '\0';
        g_auto(GStrv) words = g_strsplit_set(lines[i], " \t\r", -1);
        for (guint j = 1; words[0] != NULL && words[j] != NULL; j++)
            if (g_ascii_strcasecmp(words[j], name) == 0)
                return TRUE;
    }
    return FALSE;
}

static gboolean
names_server(const PstSysroot *sysroot)
{
    g_autofree char *text = pst_sysroot_read(sysroot, "/etc/resolv.conf", 64 * 1024, NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++)
        if (g_str_has_prefix(lines[i], "nameserver"))
            return TRUE;
    return FALSE;
}

/* Whether a name server is asked before anything that knows the host's own name. */
static gboolean
asks_dns_first(PstProbeSudo *sudo)
{
    g_auto(GStrv) sources = pst_accounts_sources(sudo->accounts, "hosts");

    for (guint i = 0; sources[i] != NULL; i++) {
        if (g_str_equal(sources[i], "dns"))
            return TRUE;
        if (g_str_equal(sources[i], "myhostname") || g_str_equal(sources[i], "resolve"))
            return FALSE;
    }
    return FALSE;
}

void
pst_probe_sudo_account_resolver(PstProbeSudo *sudo)
{
    const PstSysroot *sysroot = sudo->context->sysroot;

    if (sudo->host[0] == '\0' || hosts_has(sysroot, sudo->host) || !asks_dns_first(sudo) ||
        !names_server(sysroot))
        return;
    PstFinding *finding = pst_report_add(
        sudo->report, "sudo.slow-resolver", PST_SEVERITY_INFORMATION,
        "the host's own name %s is not in /etc/hosts: sudo waits for a name server, up to 20 s",
        sudo->host);
    finding->evidence->path = g_strdup("/etc/hosts");
    finding->evidence->expected = g_strdup_printf("127.0.1.1 %s", sudo->host);
    finding->remedy = g_strdup_printf("add the line: 127.0.1.1 %s", sudo->host);
}
