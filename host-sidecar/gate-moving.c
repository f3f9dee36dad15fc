// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/gate-facts.h"
#include "host-sidecar/gate-questions.h"
#include "protocol/error.h"
#include "protocol/report-services.h"
#include "protocol/report-system.h"

/* Whether what is under way in a guest may change what became of an expectation. What holds can be
 * broken by what it stands on alone; what is broken by something that starts may be mended by
 * anything, but not what files say. */

/* Who gets in and becomes root stands on these. */
static const char *const of_access[] = {"ssh*",
                                        "dropbear*",
                                        "network*",
                                        "NetworkManager*",
                                        "systemd-network*",
                                        "ifup@*",
                                        "dhcpcd*",
                                        "wpa_*",
                                        "nftables*",
                                        "iptables*",
                                        "ip6tables*",
                                        "ebtables*",
                                        "netfilter*",
                                        "*firewall*",
                                        "ufw*",
                                        "fail2ban*",
                                        "sssd*",
                                        "nscd*",
                                        "nslcd*",
                                        "winbind*",
                                        "systemd-user*",
                                        "systemd-homed*",
                                        "systemd-resolved*",
                                        "systemd-logind*",
                                        "systemd-journald*",
                                        "dbus*",
                                        "systemd-tmpfiles*",
                                        "systemd-remount*",
                                        "*.mount",
                                        "*.automount",
                                        "apparmor*",
                                        "selinux*",
                                        "auditd*",
                                        "fapolicyd*",
                                        "cloud-*",
                                        "rescue.*",
                                        "emergency.*",
                                        "shutdown.*",
                                        NULL};

/* A service that systemd takes to be active as soon as it runs may need so long to listen. */
#define READY_MS 30000

static gboolean
matches(const char *const *patterns, const char *text)
{
    for (; *patterns != NULL; patterns++)
        if (g_pattern_match_simple(*patterns, text))
            return TRUE;
    return FALSE;
}

gboolean
pst_gate_moving_lasts(const PstGateOutcome *outcome)
{
    static const char *const files[] = {"sudo.", "account.", "pam.", "ssh."};
    /* Whom a directory tells of is not known before its client is started; a home may be mounted
     * yet. */
    static const char *const passing[] = {"account.home-missing",
                                          "account.lookup-hangs",
                                          "account.nologin",
                                          "account.unknown-user",
                                          "pam.log-blocked",
                                          "pam.nologin",
                                          "ssh.handshake-failed",
                                          "ssh.listen-address-gone",
                                          "ssh.no-authorized-key",
                                          "ssh.no-host-key",
                                          "ssh.no-runtime-folder",
                                          "ssh.not-listening",
                                          "ssh.not-running",
                                          "ssh.restart-pending",
                                          "ssh.startups-full",
                                          "ssh.unknown-user",
                                          "sudo.hangs",
                                          "sudo.refuses",
                                          "sudo.slow-resolver",
                                          "sudo.unknown-user",
                                          NULL};
    const PstFinding *root = outcome->root != NULL ? outcome->root : outcome->finding;

    if (root == NULL || g_strv_contains(passing, root->id))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(files); i++)
        if (g_str_has_prefix(root->id, files[i]))
            return TRUE;
    return FALSE;
}

/* ---- units and jobs ---- */

static gboolean
is_of_unit(const PstPolicyRule *rule, const PstGateOutcome *outcome, const char *unit)
{
    return g_strcmp0(rule->subject, unit) == 0 || g_strcmp0(outcome->unit, unit) == 0;
}

static gboolean
concerns(const PstGateFacts *facts, const PstPolicyRule *rule, const PstGateOutcome *outcome,
         const char *unit)
{
    const PstPolicy *policy = facts->one->policy;

    switch (rule->kind) {
    case PST_POLICY_LOGIN:
    case PST_POLICY_ROOT:
    case PST_POLICY_WAY:
        return outcome->state != PST_GATE_HELD || matches(of_access, unit);
    case PST_POLICY_UNIT_ACTIVE:
    case PST_POLICY_UNIT_INACTIVE:
        return is_of_unit(rule, outcome, unit);
    case PST_POLICY_NO_FAILED_UNIT:
    case PST_POLICY_NO_NEW_FAILED_UNIT:
        if (outcome->state == PST_GATE_BROKEN)
            return is_of_unit(rule, outcome, unit);
        return !matches((const char *const *)policy->failed_except, unit);
    case PST_POLICY_NO_LOST_UNIT:
        return outcome->state != PST_GATE_BROKEN || is_of_unit(rule, outcome, unit);
    case PST_POLICY_JOURNAL:
        return policy->journal_units[0] == NULL ||
               g_strv_contains((const char *const *)policy->journal_units, unit);
    case PST_POLICY_PORT:
    case PST_POLICY_NO_LOST_PORT:
    case PST_POLICY_CHECK:
    case PST_POLICY_FILES:
    case PST_POLICY_SETTING:
    case PST_POLICY_NO_FINDING:
    case PST_POLICY_NO_NEW_FINDING:
    case PST_POLICY_FORBIDDEN:
        break;
    }
    return TRUE;
}

static char *
moving_unit_of(const PstServicesData *data, const PstGateFacts *facts, const PstPolicyRule *rule,
               const PstGateOutcome *outcome)
{
    static const char *const moving[] = {"activating", "deactivating", "reloading", NULL};

    for (guint i = 0; data != NULL && data->units != NULL && i < data->units->len; i++) {
        const PstServicesUnit *unit = data->units->pdata[i];

        if (unit->active != NULL && g_strv_contains(moving, unit->active) &&
            concerns(facts, rule, outcome, unit->name))
            return g_strdup_printf("%s is %s", unit->name, unit->active);
    }
    return NULL;
}

/* Also of those that no longer run, which are asked about afterwards. */
static char *
moving_unit(const PstGateFacts *facts, const PstPolicyRule *rule, const PstGateOutcome *outcome)
{
    const PstServicesData *first = pst_gate_facts_data(facts, pst_report_services_kind.name);
    const PstServicesData *further =
        pst_gate_facts_is_of_now(facts->units) ? facts->units->report->data : NULL;
    char *why = moving_unit_of(first, facts, rule, outcome);

    return why != NULL ? why : moving_unit_of(further, facts, rule, outcome);
}

/* What a port or a check misses a service may yet bring that became active just now: of a port that
 * was listened on, the one that did. */
static char *
young_unit(const PstGateFacts *facts, const PstPolicyRule *rule, const PstGateOutcome *outcome)
{
    const PstServicesData *data = pst_gate_facts_data(facts, pst_report_services_kind.name);
    const gboolean waits = rule->kind == PST_POLICY_PORT || rule->kind == PST_POLICY_NO_LOST_PORT ||
                           rule->kind == PST_POLICY_CHECK;
    const char *own =
        outcome->unit != NULL && g_str_has_suffix(outcome->unit, ".service") ? outcome->unit : NULL;

    if (!waits || outcome->state == PST_GATE_HELD || data == NULL || data->started == NULL)
        return NULL;
    for (guint i = 0; i < data->started->len; i++) {
        const PstServicesStarted *unit = data->started->pdata[i];

        if (unit->ago_ms != PST_INT_UNKNOWN && unit->ago_ms < READY_MS &&
            (own == NULL || g_str_equal(own, unit->name)))
            return g_strdup_printf("%s is active since %" G_GINT64_FORMAT
                                   " s, and may not be ready",
                                   unit->name, unit->ago_ms / 1000);
    }
    return NULL;
}

static char *
words_of_jobs(const PstSystemManager *manager, const PstSystemJob *job)
{
    const char *noun = manager->n_jobs == 1 ? "job of systemd is" : "jobs of systemd are";

    if (job == NULL || job->unit == NULL)
        return g_strdup_printf("%" G_GINT64_FORMAT " %s under way", manager->n_jobs, noun);
    return g_strdup_printf("%" G_GINT64_FORMAT " %s under way: %s %s", manager->n_jobs, noun,
                           job->type != NULL ? job->type : "job of", job->unit);
}

/* Those that are counted and not told may be about anything. */
static char *
moving_job(const PstGateFacts *facts, const PstPolicyRule *rule, const PstGateOutcome *outcome,
           const PstSystemManager *manager)
{
    gint64 n = manager->jobs != NULL ? (gint64)manager->jobs->len : 0;

    if (manager->n_jobs <= 0)
        return NULL;
    for (gint64 i = 0; i < n; i++) {
        const PstSystemJob *job = manager->jobs->pdata[i];

        if (job->unit == NULL || concerns(facts, rule, outcome, job->unit))
            return words_of_jobs(manager, job);
    }
    return n < manager->n_jobs ? words_of_jobs(manager, n > 0 ? manager->jobs->pdata[0] : NULL)
                               : NULL;
}

/* ---- what has not answered ---- */

/* A refusal is the same the next time. */
static gboolean
may_answer_yet(const PstAnswer *answer)
{
    return answer->error == NULL || answer->error->code == PST_ERROR_DEADLINE ||
           answer->error->code == PST_ERROR_BUSY || answer->error->code == PST_ERROR_UNAVAILABLE;
}

/* Of what the rule is judged by, and of what tells whether anything is under way. */
static char *
silent_probe(const PstGateFacts *facts, const PstPolicyRule *rule)
{
    static const char *const movement[] = {"services", "system", NULL};
    g_auto(GStrv) probes = pst_gate_questions_probes(rule);

    for (guint i = 0; i < facts->all->len; i++) {
        const PstAnswer *answer = facts->all->pdata[i];

        if (!pst_gate_facts_is_of_now(answer) && may_answer_yet(answer) &&
            (g_strv_contains((const char *const *)probes, answer->probe) ||
             g_strv_contains(movement, answer->probe)))
            return pst_gate_facts_why_not(answer, answer->probe);
    }
    return NULL;
}

/* What could not be looked at in time, or was being used, may be seen the next time; sudo as well.
 */
static gboolean
is_passing(const PstFinding *finding)
{
    return finding->severity == PST_SEVERITY_UNKNOWN &&
           (finding->passing == PST_TRI_YES || g_str_equal(finding->id, "sudo.hangs"));
}

/* Of what the rule is judged by. */
static char *
unlooked_for_now(const PstGateFacts *facts, const PstPolicyRule *rule)
{
    g_auto(GStrv) probes = pst_gate_questions_probes(rule);

    for (guint i = 0; i < facts->all->len; i++) {
        const PstAnswer *answer = facts->all->pdata[i];
        const GPtrArray *findings =
            pst_gate_facts_is_of_now(answer) ? answer->report->findings : NULL;

        if (!g_strv_contains((const char *const *)probes, answer->probe))
            continue;
        for (guint j = 0; findings != NULL && j < findings->len; j++)
            if (is_passing(findings->pdata[j]))
                return g_strdup(((PstFinding *)findings->pdata[j])->message);
    }
    return NULL;
}

/* ---- all of it ---- */

char *
pst_gate_moving(const PstGateFacts *facts, const PstPolicyRule *rule, const PstGateOutcome *outcome)
{
    static const char *const passing[] = {"initializing", "starting", "stopping", NULL};
    const PstSystemData *system = pst_gate_facts_data(facts, pst_report_system_kind.name);
    const PstSystemManager *manager = system != NULL ? system->manager : NULL;
    char *why = NULL;

    if (outcome->lasting)
        return NULL;
    why = moving_unit(facts, rule, outcome);
    if (why == NULL && manager != NULL)
        why = moving_job(facts, rule, outcome, manager);
    if (why == NULL && manager != NULL && manager->state != NULL &&
        g_strv_contains(passing, manager->state))
        why = g_strdup_printf("the guest is %s", manager->state);
    if (why == NULL)
        why = young_unit(facts, rule, outcome);
    if (why == NULL)
        why = silent_probe(facts, rule);
    if (why == NULL && outcome->state == PST_GATE_UNCHECKED)
        why = unlooked_for_now(facts, rule);
    return why;
}
