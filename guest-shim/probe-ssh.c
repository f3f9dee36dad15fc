// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/probe-ssh.h"

#include <string.h>

#include "guest-shim/ssh-judge-address.h"
#include "guest-shim/ssh-judge-authorized.h"
#include "guest-shim/ssh-judge-confined.h"
#include "guest-shim/ssh-judge-handshake.h"
#include "guest-shim/ssh-judge-limits.h"
#include "guest-shim/ssh-judge-listen.h"
#include "guest-shim/ssh-judge-methods.h"
#include "guest-shim/ssh-judge-rc.h"
#include "guest-shim/ssh-judge-session.h"
#include "guest-shim/ssh-judge-user.h"
#include "guest-shim/ssh-judge.h"
#include "guest-shim/ssh-reach.h"
#include "guest-shim/sshd-title.h"
#include "protocol/error.h"
#include "protocol/ssh-key.h"

#define COULD_NOT_LOOK "ssh.could-not-look"
#define CRITERIA                                                                                   \
    "connection test specification" /* one is missing: servconf.c, match_cfg_line()                \
                                     */

/* What the probe's parts share, and what of it has to be freed. */
typedef struct {
    PstSshSubject subject;
    PstSshdConnection connection;
    PstSshdConfig *config;
    PstAccounts *accounts;
    PstSshdEffective *effective;
    char *title, *fingerprint;
    char **groups, **options;
} Probe;

static void
clear_probe(Probe *probe)
{
    g_clear_pointer(&probe->effective, pst_sshd_effective_free);
    g_clear_pointer(&probe->config, pst_sshd_config_free);
    g_clear_pointer(&probe->accounts, pst_accounts_free);
    g_strfreev(probe->groups);
    g_strfreev(probe->options);
    g_free(probe->title);
    g_free(probe->fingerprint);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Probe, clear_probe)

static void
read_title(Probe *probe)
{
    PstSshData *data = probe->subject.data;
    gint64 some = 0;

    if (data->running == PST_TRI_YES)
        probe->title = pst_sshd_title_read(probe->subject.context->sysroot, data->pid);
    if (probe->title == NULL)
        return;
    probe->options = pst_sshd_title_options(probe->title);
    pst_sshd_title_startups(probe->title, &data->startups, &some, &data->startups_full);
}

/* Settings of the command line are for sshd alone: what a title claims must not steer a program
 * that root runs, and so what the files say is no word on what holds. */
static void
judge_title(const Probe *probe)
{
    const PstSshSubject *subject = &probe->subject;
    g_autofree char *other = probe->title != NULL ? pst_sshd_title_other(probe->title) : NULL;
    PstFinding *finding;

    if (other == NULL)
        return;
    finding = pst_report_add(subject->report, "ssh.other-options", PST_SEVERITY_INFORMATION,
                             "sshd was started with %s: what its files say may not hold", other);
    finding->evidence->unit = g_strdup(subject->unit);
    finding->evidence->text = g_strdup(other);
    finding->remedy =
        g_strdup_printf("try a login; systemctl cat %s shows where it stands", subject->unit);
}

static void
read_config(Probe *probe)
{
    g_autoptr(GError) cause = NULL;

    probe->config = pst_sshd_config_load(probe->subject.context->sysroot, &cause);
    if (probe->config == NULL && cause->code != PST_ERROR_ABSENT)
        pst_probe_add_unlooked(probe->subject.report, COULD_NOT_LOOK, "sshd's configuration",
                               cause);
}

static gboolean
uses_dns(const PstSshdConfig *config)
{
    const PstSshdDirective *directive =
        config != NULL ? pst_sshd_config_get(config, "usedns", 0) : NULL;

    return directive != NULL && g_ascii_strcasecmp(directive->value, "yes") == 0;
}

/* Whether what is asked about can be understood; what can't is said. */
static void
read_key(Probe *probe)
{
    g_autoptr(GError) cause = NULL;

    if (probe->subject.asked->key == NULL)
        return;
    probe->fingerprint = pst_ssh_key_fingerprint(probe->subject.asked->key, &cause);
    probe->subject.fingerprint = probe->fingerprint;
    if (probe->fingerprint == NULL)
        pst_probe_add_unlooked(probe->subject.report, COULD_NOT_LOOK, "the key asked about", cause);
}

/* The account that is judged: none where nobody was named, or the files do not know the name. */
static void
read_account(Probe *probe)
{
    PstSshSubject *subject = &probe->subject;
    g_autoptr(GError) cause = NULL;

    if (subject->asked->user == NULL)
        return;
    probe->accounts = pst_accounts_load(subject->context->sysroot, &cause);
    subject->accounts = probe->accounts;
    if (probe->accounts == NULL) {
        pst_probe_add_unlooked(subject->report, COULD_NOT_LOOK, "/etc/passwd", cause);
        return;
    }
    subject->account = pst_accounts_find(probe->accounts, subject->asked->user);
    if (subject->account == NULL)
        return;
    g_autoptr(GArray) gids = pst_accounts_groups(probe->accounts, subject->account);
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    for (guint i = 0; i < gids->len; i++) {
        const char *name = pst_accounts_group_name(probe->accounts, g_array_index(gids, gid_t, i));
        if (name != NULL)
            g_strv_builder_add(names, name);
    }
    probe->groups = g_strv_builder_end(names);
    probe->connection.groups = (const char *const *)probe->groups;
}

static void
check(Probe *probe)
{
    const PstSshSubject *subject = &probe->subject;
    g_autoptr(GError) cause = NULL;
    g_autoptr(PstSshdCheck) check = pst_sshd_check_run(subject->context, &cause);

    if (check != NULL)
        pst_ssh_judge_check(subject->context, check, subject->report);
    else
        pst_probe_add_unlooked(subject->report, COULD_NOT_LOOK, "sshd's own check", cause);
}

/* An sshd that waits for a file says nothing, and would take the probe's whole time for it. */
static gboolean
may_ask(const Probe *probe)
{
    const PstSshSubject *subject = &probe->subject;
    const char *path = pst_sshd_config_waits(subject->context->sysroot, probe->config);
    PstFinding *finding;

    if (path == NULL)
        return pst_sysroot_is_live(subject->context->sysroot);
    finding = pst_report_add(subject->report, COULD_NOT_LOOK, PST_SEVERITY_UNKNOWN,
                             "%s is no regular file: an sshd that is started may wait for it for "
                             "ever, and was not asked",
                             path);
    finding->evidence->path = g_strdup(path);
    finding->remedy = g_strdup_printf("take %s away, then sshd -t", path);
    return FALSE;
}

/* sshd says what holds, and so accepts its files; where it does not, its check says why. One that
 * was asked about a connection may refuse for want of a criterion that this program does not know,
 * and accept the files all the same. */
static void
read_settings(Probe *probe)
{
    PstSshSubject *subject = &probe->subject;
    g_autoptr(GError) cause = NULL;
    PstSshdCheck *refused = NULL;

    if (may_ask(probe)) {
        probe->effective = pst_sshd_effective_ask(subject->context, &probe->connection,
                                                  (const char *const *)probe->options,
                                                  probe->config, &refused, &cause);
        if (probe->effective != NULL)
            subject->data->config_ok = PST_TRI_YES;
        else if (refused != NULL && strstr(refused->error, CRITERIA) == NULL)
            pst_ssh_judge_check(subject->context, refused, subject->report);
        else
            check(probe);
        g_clear_pointer(&refused, pst_sshd_check_free);
    }
    subject->data->settings_from = g_strdup(probe->effective != NULL ? "sshd" : "files");
    if (probe->effective == NULL)
        probe->effective = pst_sshd_effective_read(&probe->connection, probe->config);
    subject->effective = probe->effective;
}

/* sshd says nothing of a list that is not there; of another keyword that has no value it does not
 * know, or its default is not known here. */
static gboolean
is_told(const PstSshdEffective *effective, const char *keyword)
{
    static const char *const lists[] = {"allowgroups", "allowusers", "denygroups", "denyusers",
                                        NULL};

    return pst_sshd_effective_knows(effective, keyword) &&
           (pst_sshd_effective_get(effective, keyword) != NULL || g_strv_contains(lists, keyword));
}

static void
tell_settings(const Probe *probe)
{
    const PstSshdEffective *effective = probe->effective;
    PstSshData *data = probe->subject.data;

    for (const char *const *name = pst_report_ssh_setting_names; *name != NULL; name++) {
        g_autofree char *keyword = g_ascii_strdown(*name, -1);

        if (!is_told(effective, keyword))
            continue;
        g_auto(GStrv) words = pst_sshd_effective_words(effective, keyword);
        const PstSshdDirective *where = pst_sshd_effective_where(effective, keyword, NULL);
        PstSshSetting *setting = pst_fields_append(&pst_report_ssh_setting_fields, &data->settings);
        setting->name = g_strdup(*name);
        setting->value = g_strjoinv(" ", words);
        if (where == NULL)
            continue;
        setting->path = g_strdup(where->path);
        setting->line = (gint64)where->line;
    }
}

/* Where the sshd that runs can be asked from inside. */
static PstSshdHandshake *
connect_to_running(const Probe *probe, char **place)
{
    const PstSshData *data = probe->subject.data;
    const char *colon;

    if (data->running != PST_TRI_YES || data->listen == NULL || data->listen[0] == NULL ||
        probe->subject.asked->passive == PST_TRI_YES)
        return NULL;
    *place = g_strdup(data->listen[0]);
    colon = strrchr(*place, ':');
    g_autofree char *address = g_strndup(*place, (gsize)(colon - *place));
    guint port = (guint)g_ascii_strtoull(colon + 1, NULL, 10);
    if (g_str_equal(address, "0.0.0.0") || g_str_equal(address, "[::]"))
        return pst_sshd_handshake_connect(probe->subject.context,
                                          address[0] == '[' ? "::1" : "127.0.0.1", port);
    g_strdelimit(address, "[]", ' ');
    return pst_sshd_handshake_connect(probe->subject.context, g_strstrip(address), port);
}

/* The one that runs shows what holds; an sshd of its own is only started where that one can't or
 * must not be asked, or does not answer as it should, and where it accepts its configuration. */
static void
shake_hands(const Probe *probe)
{
    const PstSshSubject *subject = &probe->subject;
    g_autoptr(PstSshdHandshake) own = NULL, running = NULL;
    g_autoptr(GError) cause = NULL;
    g_autofree char *place = NULL;

    if (!pst_sysroot_is_live(subject->context->sysroot))
        return;
    running = connect_to_running(probe, &place);
    if ((running == NULL || running->verdict != PST_SSHD_HANDSHAKE_DONE) &&
        pst_sshd_effective_is_said(probe->effective)) {
        own = pst_sshd_handshake_run(subject->context, (const char *const *)probe->options, &cause);
        if (own == NULL)
            pst_probe_add_unlooked(subject->report, COULD_NOT_LOOK, "what sshd offers", cause);
    }
    pst_ssh_judge_handshake(subject, own, running, place);
}

/* The files do not know the name: only where nothing else is asked is that the last word. */
static void
judge_stranger(const Probe *probe)
{
    const PstSshSubject *subject = &probe->subject;
    const char *elsewhere = pst_accounts_elsewhere(probe->accounts, "passwd");
    PstFinding *finding;

    if (elsewhere == NULL) {
        subject->data->user_allowed = PST_TRI_NO;
        finding =
            pst_report_add(subject->report, "ssh.unknown-user", PST_SEVERITY_CRITICAL,
                           "sshd lets %s not in: there is no such user", subject->asked->user);
    } else {
        finding = pst_report_add(subject->report, COULD_NOT_LOOK, PST_SEVERITY_UNKNOWN,
                                 "%s is not in /etc/passwd; %s, which nsswitch.conf names, was not "
                                 "asked",
                                 subject->asked->user, elsewhere);
        finding->evidence->source = g_strdup(elsewhere);
    }
    finding->evidence->path = g_strdup("/etc/passwd");
    finding->evidence->user = g_strdup(subject->asked->user);
}

static void
judge_user(Probe *probe)
{
    PstSshSubject *subject = &probe->subject;
    g_autofree PstAccountShadow *shadow = NULL;

    subject->data->user = g_strdup(subject->asked->user);
    if (probe->accounts == NULL)
        return;
    if (subject->account == NULL) {
        judge_stranger(probe);
        return;
    }
    shadow = pst_accounts_shadow(subject->context->sysroot, subject->account, NULL);
    subject->password_left = pst_ssh_judge_methods_password(subject, shadow);
    pst_ssh_judge_user(subject);
    pst_ssh_judge_authorized(subject);
    pst_ssh_judge_session(subject);
    pst_ssh_judge_rc(subject);
    pst_ssh_judge_confined(subject);
    pst_ssh_judge_confined_files(subject);
    pst_ssh_judge_methods(subject);
}

static void
judge_all(Probe *probe)
{
    PstSshSubject *subject = &probe->subject;

    read_key(probe);
    read_account(probe);
    read_settings(probe);
    judge_title(probe);
    tell_settings(probe);
    pst_ssh_reach_judge_addresses(subject->context, probe->config, subject->report);
    pst_ssh_reach_judge(subject->context, subject->report);
    pst_ssh_judge_limits(subject);
    pst_ssh_judge_limits_port(subject);
    pst_ssh_judge_listen(subject, probe->config);
    pst_ssh_judge_address(subject);
    shake_hands(probe);
    pst_ssh_judge_handshake_age(subject, probe->config);
    judge_user(probe);
}

static char *
make_summary(const Probe *probe)
{
    const PstSshData *data = probe->subject.data;

    if (probe->subject.asked->host_keys_only == PST_TRI_YES)
        return g_strdup_printf("%u host keys", data->host_keys != NULL ? data->host_keys->len : 0);
    if (data->user_allowed == PST_TRI_YES && data->methods != NULL) {
        g_autofree char *methods = g_strjoinv(", ", data->methods);
        return g_strdup_printf("sshd would let %s in by %s", data->user, methods);
    }
    return g_strdup(data->running == PST_TRI_YES
                        ? "sshd runs, listens, and accepts its configuration"
                        : "nothing wrong was seen with sshd");
}

void
pst_probe_ssh_run(const PstProbeContext *context, gconstpointer args, PstReport *report)
{
    g_auto(Probe) probe = {.subject = {.context = context,
                                       .asked = args,
                                       .report = report,
                                       .data = report->data,
                                       .unit = pst_ssh_reach_unit(context->sysroot)}};
    PstSshData *data = report->data;

    data->installed = PST_TRI(pst_sshd_check_is_installed(context->sysroot));
    if (data->installed == PST_TRI_NO) {
        pst_report_add(report, "ssh.not-installed", PST_SEVERITY_INFORMATION,
                       "OpenSSH's server is not installed");
        pst_report_conclude(report, "OpenSSH's server is not installed");
        return;
    }

    probe.subject.connection = &probe.connection;
    probe.connection.user = probe.subject.asked->user;
    probe.connection.address = probe.subject.asked->from;
    if (probe.subject.asked->port > 0)
        probe.connection.port = (guint)probe.subject.asked->port;
    read_config(&probe);
    probe.connection.by_name = uses_dns(probe.config);
    pst_ssh_reach_read(context, probe.config, report);
    read_title(&probe);
    pst_ssh_judge_keys(context, probe.config, report);
    if (probe.subject.asked->host_keys_only != PST_TRI_YES)
        judge_all(&probe);
    g_autofree char *summary = make_summary(&probe);
    pst_report_conclude(report, summary);
}
