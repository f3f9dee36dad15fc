// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/access-steps.h"

#include <gio/gio.h>
#include <string.h>

#include "protocol/report-account.h"
#include "protocol/report-network.h"
#include "protocol/report-ssh.h"
#include "protocol/report-sudo.h"

/* What a step's own judge says: the typed facts alone. REASON is set where it is not open. */
typedef PstTri (*Judge)(const PstAccessFacts *facts, gconstpointer data, const char **reason);

static gboolean
covers(const char *prefix, const char *address)
{
    g_autoptr(GInetAddressMask) mask = g_inet_address_mask_new_from_string(prefix, NULL);
    g_autoptr(GInetAddress) wanted = g_inet_address_new_from_string(address);

    return mask != NULL && wanted != NULL &&
           g_inet_address_get_family(wanted) == g_inet_address_mask_get_family(mask) &&
           g_inet_address_mask_matches(mask, wanted);
}

/* Whether a packet back to ADDRESS, or to wherever the default routes lead, has a way. */
static gboolean
has_route(const PstNetworkData *network, const char *address)
{
    for (guint i = 0; network->routes != NULL && i < network->routes->len; i++) {
        const PstNetworkRoute *route = network->routes->pdata[i];

        if (route->destination == NULL)
            continue;
        if (address != NULL ? covers(route->destination, address)
                            : g_str_equal(route->destination, "0.0.0.0/0") ||
                                  g_str_equal(route->destination, "::/0"))
            return TRUE;
    }
    return FALSE;
}

static PstTri
judge_network(const PstAccessFacts *facts, gconstpointer data, const char **reason)
{
    const PstNetworkData *network = data;

    if (network->routes == NULL) {
        *reason = "the routes are not known";
        return PST_TRI_UNKNOWN;
    }
    if (has_route(network, facts->from))
        return PST_TRI_YES;
    *reason = facts->from != NULL ? "no route leads back to where the user comes from"
                                  : "no default route: only its own network reaches the guest";
    return facts->from != NULL ? PST_TRI_NO : PST_TRI_UNKNOWN;
}

static PstTri
judge_sshd(const PstAccessFacts *facts G_GNUC_UNUSED, gconstpointer data, const char **reason)
{
    const PstSshData *ssh = data;

    if (ssh->running == PST_TRI_YES || ssh->socket_activated == PST_TRI_YES)
        return PST_TRI_YES;
    *reason =
        ssh->running == PST_TRI_NO ? "no sshd takes connections" : "whether sshd runs is not known";
    return ssh->running;
}

static PstTri
tri_of(PstTri value, const char *no, const char *unknown, const char **reason)
{
    if (value != PST_TRI_YES)
        *reason = value == PST_TRI_NO ? no : unknown;
    return value;
}

#define ACCOUNT_UNKNOWN "whether the account allows it is not known"

static PstTri
judge_account_key(const PstAccessFacts *facts G_GNUC_UNUSED, gconstpointer data,
                  const char **reason)
{
    return tri_of(((const PstAccountData *)data)->key_login,
                  "the account allows no login, by key either", ACCOUNT_UNKNOWN, reason);
}

static PstTri
judge_account_password(const PstAccessFacts *facts G_GNUC_UNUSED, gconstpointer data,
                       const char **reason)
{
    return tri_of(((const PstAccountData *)data)->password_login,
                  "the account has no password that a login could give", ACCOUNT_UNKNOWN, reason);
}

static PstTri
judge_account_console(const PstAccessFacts *facts G_GNUC_UNUSED, gconstpointer data,
                      const char **reason)
{
    return tri_of(((const PstAccountData *)data)->console_login,
                  "the account allows no login by password", ACCOUNT_UNKNOWN, reason);
}

static PstTri
judge_sudo(const PstAccessFacts *facts G_GNUC_UNUSED, gconstpointer data, const char **reason)
{
    switch ((PstSudoVerdict)((const PstSudoData *)data)->verdict) {
    case PST_SUDO_GRANTED:
        return PST_TRI_YES;
    case PST_SUDO_GRANTED_WITH_PASSWORD:
        *reason = "sudo asks for a password";
        return PST_TRI_NO;
    case PST_SUDO_REFUSED:
        *reason = "sudo refuses";
        return PST_TRI_NO;
    case PST_SUDO_UNKNOWN:
        break;
    }
    *reason = "whether sudo lets the user is not known";
    return PST_TRI_UNKNOWN;
}

static const struct {
    const char *step;
    const PstReportKind *kind;
    Judge judge;
    /* The findings that shut the step by themselves: critical ones, whatever the judge says. */
    const char *shut_by[8];
    /* Those that explain what the judge says. */
    const char *explained_by[12];
} steps[PST_ACCESS_N_STEPS] = {
    [PST_ACCESS_NETWORK] = {"network",
                            &pst_report_network_kind,
                            judge_network,
                            {"network.link-down", "network.no-carrier", "network.no-link",
                             "network.no-address"},
                            {"network.no-default-route"}},
    [PST_ACCESS_SSHD] = {"sshd",
                         &pst_report_ssh_kind,
                         judge_sshd,
                         {"ssh.no-runtime-folder", "ssh.not-listening"},
                         {"ssh.config-error", "ssh.check-failed", "ssh.no-host-key",
                          "ssh.host-key-mode", "ssh.not-running", "ssh.not-installed"}},
    [PST_ACCESS_ACCOUNT_KEY] =
        {"account", &pst_report_account_kind, judge_account_key, {NULL}, {"account."}},
    [PST_ACCESS_ACCOUNT_PASSWORD] =
        {"account", &pst_report_account_kind, judge_account_password, {NULL}, {"account."}},
    [PST_ACCESS_ACCOUNT_CONSOLE] =
        {"account", &pst_report_account_kind, judge_account_console, {NULL}, {"account."}},
    [PST_ACCESS_SUDO] = {"sudo", &pst_report_sudo_kind, judge_sudo, {NULL}, {"sudo."}},
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
    const char *reason = NULL;

    step->step = g_strdup(steps[kind].step);
    step->probe = g_strdup(steps[kind].kind->name);
    step->verdict = PST_ACCESS_UNKNOWN;
    if (answer == NULL || answer->report == NULL || answer->report->data == NULL)
        return judge_silence(answer, step);

    const PstReport *report = answer->report;
    const PstFinding *shut = find(report, steps[kind].shut_by, PST_SEVERITY_CRITICAL);
    PstTri verdict = shut != NULL ? PST_TRI_NO : steps[kind].judge(facts, report->data, &reason);
    if (verdict == PST_TRI_YES) {
        step->verdict = PST_ACCESS_OPEN;
        return TRUE;
    }
    if (verdict == PST_TRI_NO) {
        step->verdict = PST_ACCESS_SHUT;
        if (shut == NULL)
            shut = find(report, steps[kind].explained_by, PST_SEVERITY_WARNING);
        explain(step, shut, reason);
        return TRUE;
    }
    const PstFinding *unlooked = find_unlooked(report);
    explain(step, unlooked, reason);
    return unlooked == NULL;
}
