// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/security-judge.h"

#include <string.h>

#include "guest-shim/security-audit.h"
#include "guest-shim/security-selinux.h"
#include "protocol/shell-word.h"

#define DAY_US (G_GINT64_CONSTANT(24) * 60 * 60 * G_USEC_PER_SEC)
#define MEBI (G_GINT64_CONSTANT(1024) * 1024)
#define FULL_BLOCKS (5 * 4096) /* auditd never takes the last five blocks */
#define NEAR_BYTES (64 * MEBI)
#define MAX_NAMES 8
#define PANIC 2

static gboolean
is(const char *value, const char *word)
{
    return g_strcmp0(value, word) == 0;
}

static gboolean
runs(const PstSecurityData *data, const char *module)
{
    return data->modules != NULL && g_strv_contains((const char *const *)data->modules, module);
}

static void
judge_fapolicyd(const PstSecurityData *data, PstReport *report)
{
    if (data->fapolicyd == NULL || !is(data->fapolicyd->daemon, "stuck"))
        return;
    PstFinding *finding = pst_report_add(
        report, "security.fapolicyd-stuck", PST_SEVERITY_CRITICAL,
        "fapolicyd is stopped while the kernel asks it about every file that is opened: who opens "
        "one waits");
    finding->evidence->unit = g_strdup("fapolicyd.service");
    finding->remedy = g_strdup("systemctl kill --signal=CONT fapolicyd, or systemctl kill "
                               "--signal=KILL fapolicyd: then the kernel asks nobody");
}

/* How much a difference between now and the next boot matters. */
static PstSeverity
severity_of_mismatch(const PstSecurityData *data, const PstSecuritySelinux *selinux)
{
    gboolean off = is(selinux->mode, "disabled");

    /* The next boot is laxer than this one, or like it for all that is known. */
    if (is(selinux->mode, "enforcing") || selinux->boot_word_lasting == PST_TRI_YES)
        return PST_SEVERITY_INFORMATION;
    if (is(selinux->configured, "permissive") || is(selinux->configured, "disabled"))
        return PST_SEVERITY_INFORMATION;
    /* Left over where another kernel or another module is used. */
    if (off && selinux->boot_word == NULL && data->modules != NULL && !runs(data, "selinux"))
        return PST_SEVERITY_INFORMATION;
    return PST_SEVERITY_WARNING;
}

static gboolean
is_mode(const char *word)
{
    return is(word, "enforcing") || is(word, "permissive") || is(word, "disabled");
}

static void
judge_mode(const PstSecurityData *data, PstReport *report)
{
    const PstSecuritySelinux *selinux = data->selinux;

    if (!is_mode(selinux->mode) || !is_mode(selinux->configured) ||
        is(selinux->mode, selinux->configured))
        return;
    PstFinding *finding =
        pst_report_add(report, "security.selinux-mismatch", severity_of_mismatch(data, selinux),
                       "SELinux is %s now, and configured to be %s%s%s%s", selinux->mode,
                       selinux->configured, selinux->boot_word != NULL ? " (" : " after a boot",
                       selinux->boot_word != NULL ? selinux->boot_word : "",
                       selinux->boot_word != NULL ? " overrides it)" : "");
    finding->evidence->path = g_strdup(PST_SECURITY_SELINUX_CONFIG);
    finding->evidence->text = g_strdup_printf("SELINUX=%s", selinux->configured);
    finding->evidence->expected = g_strdup(selinux->mode);
    finding->remedy =
        g_strdup_printf("let SELINUX= of %s say what is meant before the next boot; before going "
                        "from disabled to enforcing: touch /.autorelabel, and boot permissive once",
                        PST_SECURITY_SELINUX_CONFIG);
}

/* PID 1 loads the policy, and freezes where it is to enforce one that it can't load (systemd's
 * selinux-setup.c). */
static void
judge_policy(const PstSecurityData *data, PstReport *report)
{
    const PstSecuritySelinux *selinux = data->selinux;

    if (!is(selinux->configured, "enforcing") || selinux->policy_there != PST_TRI_NO ||
        is(selinux->boot_word, "selinux=0") ||
        (!runs(data, "selinux") && is(selinux->mode, "disabled")))
        return;
    PstFinding *finding = pst_report_add(
        report, "security.selinux-policy-missing", PST_SEVERITY_WARNING,
        "SELinux is configured to enforce the policy %s, which is not there: the next boot ends in "
        "PID 1",
        selinux->policy);
    finding->evidence->path = g_strdup_printf("/etc/selinux/%s/policy", selinux->policy);
    finding->remedy = g_strdup_printf("install the policy's package, or set SELINUX=permissive in "
                                      "%s",
                                      PST_SECURITY_SELINUX_CONFIG);
}

/* A type that belongs to no place at all shuts every confined program out. */
static gboolean
shuts_out(const PstSecuritySelinux *selinux, const PstSecurityLabel *label)
{
    return is(selinux->mode, "enforcing") &&
           (*label->context == '\0' || strstr(label->context, ":unlabeled_t:") != NULL ||
            strstr(label->context, ":default_t:") != NULL ||
            strstr(label->context, ":file_t:") != NULL);
}

static void
blame_label(const PstSecuritySelinux *selinux, const PstSecurityLabel *label, PstReport *report)
{
    gboolean of_home = g_str_has_suffix(label->path, "/.ssh/authorized_keys");
    PstFinding *finding =
        pst_report_add(report, "security.mislabelled",
                       shuts_out(selinux, label) ? PST_SEVERITY_CRITICAL : PST_SEVERITY_WARNING,
                       "%s is labelled %s: %s", label->path,
                       *label->context != '\0' ? label->context : "with nothing", label->problem);

    finding->evidence->path = g_strdup(label->path);
    finding->evidence->text = g_strdup(label->context);
    g_autofree char *word = pst_shell_word(label->path);
    finding->remedy = g_strdup_printf("restorecon -v %s", word);
    /* Where homes are elsewhere than the policy thinks, its own word for them is wrong too. */
    if (of_home)
        return;
    const char *const argv[] = {"/usr/sbin/restorecon", label->path, NULL};
    PstUndo *undo = pst_report_undo(finding, PST_UNDO_ARGV);
    undo->argv = g_strdupv((char **)argv);
}

static void
judge_selinux(const PstSecurityData *data, PstReport *report)
{
    const PstSecuritySelinux *selinux = data->selinux;

    if (selinux == NULL)
        return;
    for (guint i = 0; selinux->labels != NULL && i < selinux->labels->len; i++) {
        const PstSecurityLabel *label = selinux->labels->pdata[i];
        if (label->problem != NULL)
            blame_label(selinux, label, report);
    }
    judge_mode(data, report);
    judge_policy(data, report);
    if (selinux->relabel_pending == PST_TRI_YES && runs(data, "selinux")) {
        PstFinding *finding = pst_report_add(
            report, "security.relabel-pending", PST_SEVERITY_INFORMATION,
            "the next boot relabels every file, which takes minutes, and boots once more");
        finding->evidence->path = g_strdup("/.autorelabel");
    }
}

/* Old ones tell of trouble that may be over. */
static PstSeverity
severity_of_denial(const PstSecurityDenial *denial, gint64 now_us)
{
    gboolean recent = denial->last_us == PST_INT_UNKNOWN || now_us - denial->last_us < DAY_US;

    return denial->enforced == PST_TRI_YES && recent ? PST_SEVERITY_WARNING
                                                     : PST_SEVERITY_INFORMATION;
}

static void
blame_denial(const PstSecurityDenial *denial, gint64 now_us, PstReport *report)
{
    const char *verb = denial->enforced == PST_TRI_YES ? "denied" : "would have denied";
    const char *times = denial->count == 1 ? "time" : "times";
    PstFinding *finding =
        pst_report_add(report, "security.denials", severity_of_denial(denial, now_us),
                       "%s %s %s %" G_GINT64_FORMAT " %s, the latest: %s %s", denial->source, verb,
                       denial->program, denial->count, times,
                       denial->operation != NULL ? denial->operation : "something",
                       denial->target != NULL ? denial->target : "");

    g_strchomp(finding->message);
    finding->evidence->name = g_strdup(denial->program);
    finding->evidence->command = g_strdup(denial->program);
    finding->evidence->source = g_strdup(denial->source);
    finding->evidence->text = g_strdup(denial->domain);
    finding->evidence->path =
        denial->target != NULL && denial->target[0] == '/' ? g_strdup(denial->target) : NULL;
    finding->remedy = g_strdup(
        is(denial->source, "apparmor") ? "correct the profile; until then: aa-complain PROFILE"
        : is(denial->source, "selinux")
            ? "restorecon what is mislabelled, or allow it: ausearch -m avc | audit2why "
              "tells how"
            : "trust the program: fapolicyd-cli --file add PATH, then --update");
}

static void
judge_other_denials(const PstSecurityData *data, PstReport *report)
{
    g_autoptr(GString) names = g_string_new(NULL);
    gint64 count = 0;
    guint n = 0;

    for (guint i = 0; data->denials != NULL && i < data->denials->len; i++) {
        const PstSecurityDenial *denial = data->denials->pdata[i];

        if (denial->decides_access == PST_TRI_YES)
            continue;
        count += denial->count;
        if (n++ < MAX_NAMES)
            g_string_append_printf(names, "%s%s", n > 1 ? ", " : "", denial->program);
    }
    if (n > 0)
        pst_report_add(report, "security.denials", PST_SEVERITY_INFORMATION,
                       "%" G_GINT64_FORMAT " denials of programs that decide nothing about access: "
                       "%s%s",
                       count, names->str, n > MAX_NAMES ? " and others" : "");
}

static void
judge_denials(const PstSecurityData *data, gint64 now_us, PstReport *report)
{
    for (guint i = 0; data->denials != NULL && i < data->denials->len; i++) {
        const PstSecurityDenial *denial = data->denials->pdata[i];
        if (denial->decides_access == PST_TRI_YES)
            blame_denial(denial, now_us, report);
    }
    judge_other_denials(data, report);
}

static gboolean
ends_the_system(const char *action)
{
    return is(action, "halt") || is(action, "single");
}

static void
blame_room(const PstSecurityAudit *audit, const char *setting, const char *action, gint64 limit,
           PstReport *report)
{
    gboolean reached = audit->free_bytes < limit;
    PstFinding *finding = pst_report_add(
        report, "security.audit-will-halt", reached ? PST_SEVERITY_CRITICAL : PST_SEVERITY_WARNING,
        "auditd will %s when %s has less than %" G_GINT64_FORMAT
        " MiB left, and it has %" G_GINT64_FORMAT,
        is(action, "halt") ? "halt the machine" : "take the machine to single-user mode",
        audit->log_folder, limit / MEBI, audit->free_bytes / MEBI);

    finding->evidence->path = g_strdup(PST_SECURITY_AUDIT_CONFIG);
    finding->evidence->text = g_strdup_printf("%s = %s", setting, action);
    finding->evidence->unit = g_strdup("auditd.service");
    finding->remedy = g_strdup_printf("make room in %s: move its oldest logs away; or let %s be "
                                      "syslog until then, and: auditctl --signal reload",
                                      audit->log_folder, setting);
}

/* Of the actions that end the system the one with the highest threshold comes first. */
static void
judge_room(const PstSecurityAudit *audit, PstReport *report)
{
    const struct {
        const char *setting;
        const char *action;
        gint64 limit;
    } rows[] = {
        {"space_left_action", audit->space_left_action, audit->space_left_bytes},
        {"admin_space_left_action", audit->admin_space_left_action, audit->admin_space_left_bytes},
        {"disk_full_action", audit->disk_full_action, FULL_BLOCKS},
    };

    if (!is(audit->daemon, "running") || audit->free_bytes == PST_INT_UNKNOWN)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        gint64 limit = rows[i].limit;

        if (limit == PST_INT_UNKNOWN || !ends_the_system(rows[i].action) ||
            audit->free_bytes >= limit + MAX(limit / 4, NEAR_BYTES))
            continue;
        blame_room(audit, rows[i].setting, rows[i].action, limit, report);
        return;
    }
}

static void
judge_panic(const PstSecurityAudit *audit, PstReport *report)
{
    gboolean crowded = audit->backlog_limit > 0 && audit->backlog > audit->backlog_limit / 2;

    if (audit->failure != PANIC || audit->enabled <= 0 || !crowded)
        return;
    PstFinding *finding = pst_report_add(
        report, "security.audit-will-panic", PST_SEVERITY_WARNING,
        "the kernel panics when it loses an audit record (-f 2), and %" G_GINT64_FORMAT
        " of %" G_GINT64_FORMAT " wait already",
        audit->backlog, audit->backlog_limit);
    finding->evidence->unit = g_strdup("auditd.service");
    finding->remedy = g_strdup("see why auditd does not keep up; auditctl -f 1 has the kernel only "
                               "say so");
}

/* OpenSSL goes by the kernel and refuses what the policy has sshd offer. */
static void
judge_fips(const PstSecurityFips *fips, PstReport *report)
{
    if (fips == NULL || fips->kernel != PST_TRI_YES || fips->policy == NULL ||
        g_str_has_prefix(fips->policy, "FIPS"))
        return;
    PstFinding *finding = pst_report_add(
        report, "security.fips-mismatch", PST_SEVERITY_WARNING,
        "the kernel is in FIPS mode, and the crypto policy is %s: what it offers is refused",
        fips->policy);
    finding->evidence->path = g_strdup("/etc/crypto-policies/state/current");
    finding->evidence->text = g_strdup(fips->policy);
    finding->evidence->expected = g_strdup("FIPS");
    finding->remedy = g_strdup("update-crypto-policies --set FIPS, or boot without fips=1");
}

static void
judge_reboot(const PstSecurityReboot *reboot, PstReport *report)
{
    if (reboot == NULL)
        return;
    gboolean older = reboot->newest_kernel != NULL && reboot->running_kernel != NULL &&
                     strverscmp(reboot->running_kernel, reboot->newest_kernel) < 0;
    if (reboot->required == PST_TRI_YES)
        pst_report_add(report, "security.reboot-pending", PST_SEVERITY_INFORMATION,
                       "a reboot is waited for%s%s", reboot->packages != NULL ? ", after: " : "",
                       reboot->packages != NULL ? reboot->packages[0] : "");
    else if (older)
        pst_report_add(report, "security.reboot-pending", PST_SEVERITY_INFORMATION,
                       "the kernel %s runs, and %s is installed", reboot->running_kernel,
                       reboot->newest_kernel);
}

void
pst_security_judge(PstReport *report, gint64 now_us)
{
    const PstSecurityData *data = report->data;

    judge_fapolicyd(data, report);
    if (data->audit != NULL) {
        judge_room(data->audit, report);
        judge_panic(data->audit, report);
    }
    judge_selinux(data, report);
    judge_denials(data, now_us, report);
    judge_fips(data->fips, report);
    judge_reboot(data->reboot, report);
}
