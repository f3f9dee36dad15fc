// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/gate-facts.h"
#include "protocol/report-security.h"
#include "protocol/report-ssh.h"

#define SSHD "sshd."
#define SYSCTL "sysctl."

static const char *
word_of(PstTri value)
{
    if (value == PST_TRI_UNKNOWN)
        return NULL;
    return value == PST_TRI_YES ? "yes" : "no";
}

/* Where the kernel tells its modules and this is none of them, it is off. */
static const char *
off_unless(const PstSecurityData *data, const char *module)
{
    const char *const *modules = (const char *const *)data->modules;

    return modules != NULL && !g_strv_contains(modules, module) ? "disabled" : NULL;
}

static const char *
selinux_mode(const PstSecurityData *data)
{
    return data->selinux != NULL && data->selinux->mode != NULL ? data->selinux->mode
                                                                : off_unless(data, "selinux");
}

static const char *
selinux_configured(const PstSecurityData *data)
{
    return data->selinux != NULL ? data->selinux->configured : NULL;
}

static const char *
apparmor(const PstSecurityData *data)
{
    if (data->apparmor == NULL || data->apparmor->enabled == PST_TRI_UNKNOWN)
        return off_unless(data, "apparmor");
    return data->apparmor->enabled == PST_TRI_YES ? "enabled" : "disabled";
}

static const char *
fips(const PstSecurityData *data)
{
    return data->fips != NULL ? word_of(data->fips->kernel) : NULL;
}

static const char *
crypto_policy(const PstSecurityData *data)
{
    return data->fips != NULL ? data->fips->policy : NULL;
}

static const char *
audit(const PstSecurityData *data)
{
    return data->audit != NULL ? data->audit->daemon : NULL;
}

static const char *
fapolicyd(const PstSecurityData *data)
{
    return data->fapolicyd != NULL ? data->fapolicyd->daemon : NULL;
}

static const char *
lockdown(const PstSecurityData *data)
{
    return data->lockdown;
}

static const char *
umask_of(const PstSecurityData *data)
{
    return data->umask;
}

static const char *
secure_boot(const PstSecurityData *data)
{
    return word_of(data->secure_boot);
}

static const char *
tmp_noexec(const PstSecurityData *data)
{
    return word_of(data->tmp_noexec);
}

/* The names are those of policy-text.c. LASTING: nothing that starts or stops changes it. */
static const struct {
    const char *name;
    const char *(*read)(const PstSecurityData *data);
    gboolean lasting;
} settings[] = {
    {"selinux", selinux_mode, TRUE},
    {"selinux-configured", selinux_configured, TRUE},
    {"apparmor", apparmor},
    {"fips", fips, TRUE},
    {"crypto-policy", crypto_policy, TRUE},
    {"audit", audit},
    {"fapolicyd", fapolicyd},
    {"lockdown", lockdown, TRUE},
    {"umask", umask_of, TRUE},
    {"secure-boot", secure_boot, TRUE},
    {"tmp-noexec", tmp_noexec},
};

typedef struct {
    const char *value; /* NULL: not told */
    const char *path;
    gint64 line;
    gboolean lasting;
} Setting;

static Setting
read_sysctl(const PstSecurityData *data, const char *name)
{
    Setting setting = {NULL, NULL, PST_INT_UNKNOWN, FALSE};

    for (guint i = 0; data->sysctls != NULL && i < data->sysctls->len; i++) {
        const PstSecuritySysctl *row = data->sysctls->pdata[i];
        if (g_str_equal(row->name, name))
            setting.value = row->value;
    }
    return setting;
}

static Setting
read_security(const PstSecurityData *data, const char *name)
{
    Setting setting = {NULL, NULL, PST_INT_UNKNOWN, FALSE};

    if (g_str_has_prefix(name, SYSCTL))
        return read_sysctl(data, name + strlen(SYSCTL));
    for (guint i = 0; i < G_N_ELEMENTS(settings); i++) {
        if (!g_str_equal(settings[i].name, name))
            continue;
        setting.value = settings[i].read(data);
        setting.lasting = settings[i].lasting;
    }
    return setting;
}

static Setting
read_sshd(const PstSshData *data, const char *name)
{
    Setting setting = {NULL, NULL, PST_INT_UNKNOWN, TRUE};

    for (guint i = 0; data->settings != NULL && i < data->settings->len; i++) {
        const PstSshSetting *row = data->settings->pdata[i];

        if (!g_str_equal(row->name, name))
            continue;
        setting.value = row->value != NULL ? row->value : "";
        setting.path = row->path;
        setting.line = row->line;
    }
    return setting;
}

/* sshd prints the older one of two words that mean the same (servconf.c). */
static const char *
older_word(const char *value)
{
    return g_ascii_strcasecmp(value, "prohibit-password") == 0 ? "without-password" : value;
}

/* Seconds of a time as sshd reads it: 120, 2m, 1h30m; PST_INT_UNKNOWN for none (convtime() of
 * misc.c). */
static gint64
seconds_of(const char *text)
{
    static const char units[] = "smhdw";
    static const gint64 lengths[] = {1, 60, 3600, 86400, 604800};
    gint64 sum = 0;

    if (*text == '\0')
        return PST_INT_UNKNOWN;
    while (*text != '\0') {
        char *end = NULL;
        gint64 number = g_ascii_isdigit(*text) ? g_ascii_strtoll(text, &end, 10) : -1;
        const char *unit =
            number >= 0 && *end != '\0' ? strchr(units, g_ascii_tolower(*end)) : units;

        if (number < 0 || number > G_MAXINT32 || unit == NULL)
            return PST_INT_UNKNOWN;
        sum += number * lengths[unit - units];
        text = *end != '\0' ? end + 1 : end;
    }
    return sum;
}

static gboolean
is_same_time(const char *one, const char *other)
{
    /* What sshd calls none it prints as 0. */
    gint64 seconds = seconds_of(g_ascii_strcasecmp(one, "none") == 0 ? "0" : one);

    return seconds != PST_INT_UNKNOWN && seconds == seconds_of(other);
}

static gboolean
is_same_mask(const char *one, const char *other)
{
    char *end = NULL, *other_end = NULL;
    guint64 mask = g_ascii_strtoull(one, &end, 8),
            other_mask = g_ascii_strtoull(other, &other_end, 8);

    return end != one && other_end != other && *end == '\0' && *other_end == '\0' &&
           mask == other_mask;
}

static gboolean
is_same(const char *setting, const char *one, const char *other)
{
    static const char *const times[] = {SSHD "ClientAliveInterval", SSHD "LoginGraceTime", NULL};

    return g_ascii_strcasecmp(older_word(one), older_word(other)) == 0 ||
           (g_strv_contains(times, setting) && is_same_time(one, other)) ||
           (g_str_equal(setting, "umask") && is_same_mask(one, other));
}

static gboolean
is_wanted(const PstPolicyRule *rule, const char *value)
{
    if (rule->values[0] == NULL)
        return value[0] == '\0' || g_str_equal(value, "none");
    for (char **one = rule->values; *one != NULL; one++)
        if (is_same(rule->subject, *one, value))
            return TRUE;
    return FALSE;
}

const char *
pst_gate_settings_probe(const char *setting)
{
    return g_str_has_prefix(setting, SSHD) ? pst_report_ssh_kind.name
                                           : pst_report_security_kind.name;
}

/* Why what sshd's files say is not yet so, NULL where nothing tells that: the sshd that runs goes
 * by what they were at its start. */
static const char *
why_pending(const PstAnswer *answer, gboolean of_sshd)
{
    const PstSshData *data = answer->report->data;
    const GPtrArray *findings = answer->report->findings;

    if (!of_sshd || data->restart_pending == PST_TRI_NO || data->running == PST_TRI_NO)
        return NULL;
    if (data->restart_pending == PST_TRI_UNKNOWN)
        return "nothing tells whether it was started anew since";
    for (guint i = 0; i < findings->len; i++)
        if (g_str_equal(((PstFinding *)findings->pdata[i])->id, "ssh.restart-pending"))
            return ((PstFinding *)findings->pdata[i])->message;
    return "sshd was not started anew since";
}

void
pst_gate_settings_rule(const PstGateFacts *facts, const PstPolicyRule *rule, GPtrArray *outcomes)
{
    const char *probe = pst_gate_settings_probe(rule->subject);
    const PstAnswer *answer = pst_gate_facts_find(facts, probe);
    gconstpointer data = pst_gate_facts_data(facts, probe);
    Setting setting = {NULL, NULL, PST_INT_UNKNOWN, FALSE};

    if (data != NULL)
        setting = g_str_has_prefix(rule->subject, SSHD)
                      ? read_sshd(data, rule->subject + strlen(SSHD))
                      : read_security(data, rule->subject);
    if (setting.value == NULL) {
        pst_gate_outcome_add_unlooked(outcomes, rule, probe, answer);
        return;
    }
    gboolean holds = is_wanted(rule, setting.value);
    const char *pending = why_pending(answer, g_str_has_prefix(rule->subject, SSHD));
    if (holds && pending != NULL) {
        pst_gate_outcome_of(
            pst_gate_outcome_add(outcomes, rule, PST_GATE_UNCHECKED,
                                 g_strdup_printf("whether the sshd that runs follows it is not "
                                                 "known: %s",
                                                 pending)),
            probe, answer);
        return;
    }
    g_autofree char *wanted = g_strjoinv(" or ", rule->values);
    const char *value = setting.value[0] != '\0' ? setting.value : "not set";
    PstGateOutcome *outcome =
        pst_gate_outcome_add(outcomes, rule, holds ? PST_GATE_HELD : PST_GATE_BROKEN,
                             holds ? g_strdup_printf("%s is %s", rule->subject, value)
                                   : g_strdup_printf("%s is %s, and not %s", rule->subject, value,
                                                     wanted[0] != '\0' ? wanted : "unset"));
    pst_gate_outcome_of(outcome, probe, answer);
    outcome->path = g_strdup(setting.path);
    outcome->line = setting.line;
    outcome->lasting = setting.lasting;
}
