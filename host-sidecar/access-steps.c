// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/access-steps.h"

#include <string.h>

#include "host-sidecar/access-judges.h"
#include "protocol/report-account.h"
#include "protocol/report-firewall.h"
#include "protocol/report-memory.h"
#include "protocol/report-network.h"
#include "protocol/report-pam.h"
#include "protocol/report-ssh.h"
#include "protocol/report-sudo.h"

static const struct {
    const char *step;
    const PstReportKind *kind;
    PstAccessJudge judge;
    /* The findings that shut the step by themselves, where they are critical. */
    const char *shut_by[14];
    /* Those that explain what the judge says. */
    const char *explained_by[14];
    /* Those that leave an open step in doubt: it depends on what nobody said. */
    const char *doubted_by[4];
} steps[PST_ACCESS_N_STEPS] = {
    [PST_ACCESS_NETWORK] = {"network",
                            &pst_report_network_kind,
                            pst_access_judges_network,
                            {"network.link-down", "network.no-carrier", "network.no-link",
                             "network.no-address", "network.packets-lost"},
                            {"network.no-default-route"},
                            {"network.packets-lost", "network.packets-filtered"}},
    [PST_ACCESS_FIREWALL] = {"firewall",
                             &pst_report_firewall_kind,
                             pst_access_judges_firewall,
                             {NULL},
                             {"firewall."},
                             {"firewall.tracking-full"}},
    [PST_ACCESS_SSHD] = {"sshd",
                         &pst_report_ssh_kind,
                         pst_access_judges_sshd,
                         {"ssh.stuck", "ssh.no-runtime-folder", "ssh.not-listening",
                          "ssh.startups-full", "ssh.max-auth-tries-zero", "ssh.max-sessions-zero",
                          "ssh.per-source-zero", "ssh.connection-refused", "ssh.address-denied",
                          "ssh.program-missing", "ssh.handshake-failed", "ssh.family-shut"},
                         {"ssh.config-error", "ssh.check-failed", "ssh.no-host-key",
                          "ssh.host-key-mode", "ssh.loader-missing", "ssh.not-running",
                          "ssh.not-installed", "ssh.port-moved", "ssh.listen-address-gone"},
                         /* One that runs may still be unable to serve: nobody could try; or to
                            serve whoever comes from there. */
                         {"ssh.could-not-look", "ssh.depends-on-address"}},
    [PST_ACCESS_ALGORITHMS] = {"algorithms",
                               &pst_report_ssh_kind,
                               pst_access_judges_algorithms,
                               {NULL},
                               {"ssh.no-common-algorithm"},
                               {"ssh.no-common-algorithm"}},
    [PST_ACCESS_USER] = {"user",
                         &pst_report_ssh_kind,
                         pst_access_judges_user,
                         {"ssh.forced-command", "ssh.chroot-refused", "ssh.rc-waits"},
                         {"ssh.user-denied", "ssh.user-not-allowed", "ssh.root-refused",
                          "ssh.unknown-user"},
                         /* Whoever is let in may get nothing that is worth it. */
                         {"ssh.forced-command", "ssh.chroot", "ssh.rc-waits"}},
    [PST_ACCESS_KEY] = {"key",
                        &pst_report_ssh_kind,
                        pst_access_judges_key,
                        {"ssh.several-methods"},
                        {"ssh.strict-modes", "ssh.keys-unreadable", "ssh.key-not-authorized",
                         "ssh.several-methods", "ssh.no-authorized-key", "ssh.key-login-off",
                         "ssh.key-restricted", "ssh.key-revoked", "ssh.key-type-refused",
                         "ssh.keys-hidden", "ssh.no-method-left"}},
    [PST_ACCESS_PASSWORD] = {"password",
                             &pst_report_ssh_kind,
                             pst_access_judges_password,
                             {NULL},
                             {"ssh.no-method-left"}},
    [PST_ACCESS_ACCOUNT_KEY] =
        {"account", &pst_report_account_kind, pst_access_judges_account_key, {NULL}, {"account."}},
    [PST_ACCESS_ACCOUNT_PASSWORD] = {"account",
                                     &pst_report_account_kind,
                                     pst_access_judges_account_password,
                                     {NULL},
                                     {"account."}},
    [PST_ACCESS_ACCOUNT_CONSOLE] = {"account",
                                    &pst_report_account_kind,
                                    pst_access_judges_account_console,
                                    {NULL},
                                    {"account."}},
    [PST_ACCESS_PAM_KEY] = {"pam",
                            &pst_report_pam_kind,
                            pst_access_judges_pam_key,
                            /* A session begins and ends at once; or may, where that is in doubt. */
                            {"pam.log-blocked", "pam.limits"},
                            {"pam."},
                            {"pam.limits", "pam.env-faulty"}},
    [PST_ACCESS_PAM_PASSWORD] = {"pam",
                                 &pst_report_pam_kind,
                                 pst_access_judges_pam_password,
                                 {"pam.log-blocked", "pam.limits"},
                                 {"pam."},
                                 {"pam.limits", "pam.env-faulty"}},
    [PST_ACCESS_PAM_CONSOLE] =
        {"pam", &pst_report_pam_kind, pst_access_judges_pam_console, {"pam.log-blocked"}, {"pam."}},
    [PST_ACCESS_MEMORY_PASSWORD] = {"memory",
                                    &pst_report_memory_kind,
                                    pst_access_judges_memory_password,
                                    {NULL},
                                    {"memory.low"}},
    [PST_ACCESS_SUDO] = {"sudo", &pst_report_sudo_kind, pst_access_judges_sudo, {NULL}, {"sudo."}},
};

static const PstAnswer *
answer_of(const PstAccessFacts *facts, const PstReportKind *kind)
{
    for (guint i = 0; i < facts->n; i++)
        if (g_str_equal(facts->answers[i]->probe, kind->name))
            return facts->answers[i];
    return NULL;
}

/* An id, or all of a probe where the row ends in a dot. */
static gboolean
is_one_of(const char *id, const char *const *ids)
{
    for (guint i = 0; ids[i] != NULL; i++)
        if (g_str_has_suffix(ids[i], ".") ? g_str_has_prefix(id, ids[i]) : g_str_equal(id, ids[i]))
            return TRUE;
    return FALSE;
}

/* The worst finding of at least SEVERITY that is one of IDS. */
static const PstFinding *
find(const PstReport *report, const char *const *ids, PstSeverity severity)
{
    for (guint i = 0; i < report->findings->len; i++) {
        const PstFinding *finding = report->findings->pdata[i];

        if (finding->severity >= (int)severity && is_one_of(finding->id, ids))
            return finding;
    }
    return NULL;
}

static const PstFinding *
find_unlooked(const PstReport *report)
{
    for (guint i = 0; i < report->findings->len; i++) {
        const PstFinding *finding = report->findings->pdata[i];

        if (finding->severity == PST_SEVERITY_UNKNOWN)
            return finding;
    }
    return NULL;
}

/* What leaves sshd's settings in doubt, whatever its files say of them. That no key is taken
 * because of the keys themselves is none of them. */
static const PstFinding *
find_unsettled(const PstReport *report, PstAccessStepKind kind)
{
    static const char *const unsettled[] = {"ssh.restart-pending", "ssh.other-options",
                                            "ssh.files-hidden", NULL};
    static const char *const of_keys[] = {"ssh.key-login-off", NULL};

    if (kind != PST_ACCESS_USER && kind != PST_ACCESS_PASSWORD &&
        (kind != PST_ACCESS_KEY || find(report, of_keys, PST_SEVERITY_INFORMATION) == NULL))
        return NULL;
    return find(report, unsettled, PST_SEVERITY_INFORMATION);
}

/* The one that a judge names, in whichever report it is. */
static const PstFinding *
find_named(const PstAccessFacts *facts, const char *id)
{
    const char *const ids[] = {id, NULL};
    const PstFinding *found = NULL;

    for (guint i = 0; id != NULL && found == NULL && i < facts->n; i++)
        if (facts->answers[i]->report != NULL)
            found = find(facts->answers[i]->report, ids, PST_SEVERITY_INFORMATION);
    return found;
}

static void
explain(PstAccessStep *step, const PstFinding *finding, const char *reason)
{
    if (finding != NULL) {
        step->finding = g_strdup(finding->id);
        step->reason = g_strdup(finding->message);
    } else {
        step->reason = g_strdup(reason);
    }
}

static gboolean
judge_silence(const PstAnswer *answer, PstAccessStep *step)
{
    if (answer == NULL)
        step->reason = g_strdup_printf("the probe %s was not asked", step->probe);
    else
        step->reason =
            g_strdup_printf("the probe %s has no answer: %s", step->probe,
                            answer->error != NULL ? answer->error->message : "none came");
    return FALSE;
}

gboolean
pst_access_steps_judge(const PstAccessFacts *facts, PstAccessStepKind kind, PstAccessStep *step)
{
    const PstAnswer *answer = answer_of(facts, steps[kind].kind);
    PstAccessWhy why = {NULL};

    step->step = g_strdup(steps[kind].step);
    step->probe = g_strdup(steps[kind].kind->name);
    step->verdict = PST_ACCESS_UNKNOWN;
    if (answer == NULL || answer->report == NULL || answer->report->data == NULL)
        return judge_silence(answer, step);

    const PstReport *report = answer->report;
    const PstFinding *unsettled = find_unsettled(report, kind);
    if (unsettled != NULL) {
        explain(step, unsettled, NULL);
        return TRUE;
    }
    const PstFinding *shut = find(report, steps[kind].shut_by, PST_SEVERITY_CRITICAL);
    PstTri verdict = shut != NULL ? PST_TRI_NO : steps[kind].judge(facts, report->data, &why);
    if (verdict == PST_TRI_YES) {
        const PstFinding *doubt = find(report, steps[kind].doubted_by, PST_SEVERITY_INFORMATION);

        if (doubt != NULL)
            explain(step, doubt, NULL);
        else if (answer->via == PST_VIA_VOLUME)
            step->reason = g_strdup("only a record of earlier says that it is open");
        else
            step->verdict = PST_ACCESS_OPEN;
        if (step->verdict == PST_ACCESS_OPEN)
            step->note = g_strdup(why.note);
        return doubt == NULL || doubt->severity != PST_SEVERITY_UNKNOWN;
    }
    if (shut == NULL)
        shut = find_named(facts, why.finding);
    if (verdict == PST_TRI_NO) {
        step->verdict = PST_ACCESS_SHUT;
        if (shut == NULL)
            shut = find(report, steps[kind].explained_by, PST_SEVERITY_WARNING);
        explain(step, shut, why.reason);
        return TRUE;
    }
    const PstFinding *unlooked = shut != NULL ? shut : find_unlooked(report);
    explain(step, unlooked, why.reason);
    /* What hangs on something that nobody can look at accuses nobody; what a finding leaves open is
     * told by that. */
    return unlooked == NULL || unlooked->severity != PST_SEVERITY_UNKNOWN;
}
