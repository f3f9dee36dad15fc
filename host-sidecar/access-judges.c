// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/access-judges.h"

#include <gio/gio.h>
#include <string.h>

#include "host-sidecar/firewall-verdict.h"
#include "protocol/report-account.h"
#include "protocol/report-firewall.h"
#include "protocol/report-memory.h"
#include "protocol/report-network.h"
#include "protocol/report-pam.h"
#include "protocol/report-ssh.h"
#include "protocol/report-sudo.h"
#include "protocol/ssh-listen.h"

/* What a login by password takes: a hash of yescrypt as distributions set it (crypt(5): 16 MiB),
 * and two processes of sshd's, or a login and a shell, of some MiB each. */
#define PASSWORD_BYTES (G_GINT64_CONSTANT(40) * 1024 * 1024)

/* The priority of the rule that has the main table looked at (ip-rule(8)). */
#define MAIN 32766

static PstTri
tri_of(PstTri value, const char *no, const char *unknown, PstAccessWhy *why)
{
    if (value != PST_TRI_YES)
        why->reason = value == PST_TRI_NO ? no : unknown;
    return value;
}

/* The length of PREFIX where ADDRESS is in it, else -1. */
static int
covers(const char *prefix, const char *address)
{
    g_autoptr(GInetAddressMask) mask = g_inet_address_mask_new_from_string(prefix, NULL);
    g_autoptr(GInetAddress) wanted = g_inet_address_new_from_string(address);

    if (mask == NULL || wanted == NULL ||
        g_inet_address_get_family(wanted) != g_inet_address_mask_get_family(mask) ||
        !g_inet_address_mask_matches(mask, wanted))
        return -1;
    return (int)g_inet_address_mask_get_length(mask);
}

/* Whether a packet back to ADDRESS, or to wherever the default routes lead, has a way: the nearest
 * route to it decides, and may refuse. */
static gboolean
has_route(const PstNetworkData *network, const char *address)
{
    int best = -1, refused = -1;

    for (guint i = 0; network->routes != NULL && i < network->routes->len; i++) {
        const PstNetworkRoute *route = network->routes->pdata[i];

        if (route->destination == NULL)
            continue;
        if (address != NULL)
            best = MAX(best, covers(route->destination, address));
        else if (g_str_equal(route->destination, "0.0.0.0/0") ||
                 g_str_equal(route->destination, "::/0"))
            return TRUE;
    }
    for (guint i = 0; address != NULL && network->rejects != NULL && network->rejects[i] != NULL;
         i++)
        refused = MAX(refused, covers(network->rejects[i], address));
    return best >= 0 && best >= refused;
}

/* Whether a rule before the main table's may refuse or swallow what goes back. What else the rule
 * asks for (a mark, an interface) is not known. */
static gboolean
may_be_refused(const PstNetworkData *network, const char *address)
{
    static const char *const refusing[] = {"blackhole", "unreachable", "prohibit", NULL};

    for (guint i = 0; network->rules != NULL && i < network->rules->len; i++) {
        const PstNetworkRule *rule = network->rules->pdata[i];

        if (rule->action != NULL && rule->priority < MAIN &&
            g_strv_contains(refusing, rule->action) &&
            (rule->to == NULL || address == NULL || covers(rule->to, address) >= 0))
            return TRUE;
    }
    return FALSE;
}

/* Whether the main table says it all: rules lead to tables that nobody read, and the loopback has
 * one of its own. */
static gboolean
is_told_by_routes(const PstNetworkData *network, const char *address)
{
    g_autoptr(GInetAddress) wanted = g_inet_address_new_from_string(address);

    return wanted != NULL && !g_inet_address_get_is_loopback(wanted) &&
           (network->rules == NULL || network->rules->len == 0);
}

PstTri
pst_access_judges_network(const PstAccessFacts *facts, gconstpointer data, PstAccessWhy *why)
{
    const PstNetworkData *network = data;

    if (network->routes == NULL) {
        why->reason = "the routes are not known";
        return PST_TRI_UNKNOWN;
    }
    if (may_be_refused(network, facts->from)) {
        why->reason = "a rule of the routes may refuse what goes back to where the user comes from";
        return PST_TRI_UNKNOWN;
    }
    if (has_route(network, facts->from))
        return PST_TRI_YES;
    if (facts->from == NULL) {
        why->reason = "no default route: only its own network reaches the guest";
        return PST_TRI_UNKNOWN;
    }
    if (!is_told_by_routes(network, facts->from)) {
        why->reason = "whether a route leads back to where the user comes from is not known";
        return PST_TRI_UNKNOWN;
    }
    why->reason = "no route leads back to where the user comes from";
    return PST_TRI_NO;
}

static gboolean
is_loopback(const char *address)
{
    return g_str_has_prefix(address, "127.") || g_str_equal(address, "::1");
}

/* Whoever names no address comes over IPv4, as almost everybody does, or over IPv6 where that is
 * all that is listened on: of that the report tells by itself. */
static PstTri
takes_anywhere(const PstSshData *ssh, const PstAccessFacts *facts)
{
    const char *from = facts->from;
    gboolean local = from != NULL && is_loopback(from);

    if (ssh->listen == NULL || ssh->listen[0] == NULL)
        return PST_TRI_YES;
    if (from != NULL)
        return pst_ssh_listen_any_takes(ssh, facts->port, local, strchr(from, ':') != NULL);

    PstTri four = pst_ssh_listen_any_takes(ssh, facts->port, FALSE, FALSE);
    return four != PST_TRI_NO ? four : pst_ssh_listen_any_takes(ssh, facts->port, FALSE, TRUE);
}

PstTri
pst_access_judges_sshd(const PstAccessFacts *facts, gconstpointer data, PstAccessWhy *why)
{
    const PstSshData *ssh = data;

    if (ssh->port_open == PST_TRI_NO) {
        why->reason = "nothing listens on that port";
        return PST_TRI_NO;
    }
    PstTri taken = takes_anywhere(ssh, facts);
    if (taken != PST_TRI_YES)
        return tri_of(taken,
                      facts->from != NULL ? "sshd listens on no address that the user can come to"
                                          : "sshd listens on the guest's own loopback only",
                      "whether what listens on all of IPv6 takes IPv4 is not known", why);
    if (ssh->running == PST_TRI_YES)
        return PST_TRI_YES;
    if (ssh->socket_activated == PST_TRI_YES) { /* each connection starts one */
        why->reason = "sshd can't be started";
        return ssh->config_ok == PST_TRI_NO ? PST_TRI_NO : PST_TRI_YES;
    }
    return tri_of(ssh->running, "no sshd takes connections", "whether sshd runs is not known", why);
}

#define ACCOUNT_UNKNOWN "whether the account allows it is not known"

PstTri
pst_access_judges_account_key(const PstAccessFacts *facts G_GNUC_UNUSED, gconstpointer data,
                              PstAccessWhy *why)
{
    return tri_of(((const PstAccountData *)data)->key_login,
                  "the account allows no login, by key either", ACCOUNT_UNKNOWN, why);
}

PstTri
pst_access_judges_account_password(const PstAccessFacts *facts G_GNUC_UNUSED, gconstpointer data,
                                   PstAccessWhy *why)
{
    return tri_of(((const PstAccountData *)data)->password_login,
                  "the account has no password that a login could give", ACCOUNT_UNKNOWN, why);
}

PstTri
pst_access_judges_account_console(const PstAccessFacts *facts G_GNUC_UNUSED, gconstpointer data,
                                  PstAccessWhy *why)
{
    return tri_of(((const PstAccountData *)data)->console_login,
                  "the account allows no login by password", ACCOUNT_UNKNOWN, why);
}

/* By name where the report has no number: sudo need not be there to look the user up. */
static gboolean
is_root(const PstAccessFacts *facts, const PstSudoAccount *account)
{
    if (account != NULL && account->uid != PST_INT_UNKNOWN)
        return account->uid == 0;
    return g_str_equal(facts->user, "root");
}

/* The first of IDS that is of at least SEVERITY, in whichever report. */
static const char *
find_one_of(const PstAccessFacts *facts, const char *const *ids, PstSeverity severity)
{
    for (guint i = 0; i < facts->n; i++) {
        const PstReport *report = facts->answers[i]->report;

        for (guint j = 0; report != NULL && j < report->findings->len; j++) {
            const PstFinding *finding = report->findings->pdata[j];

            if (finding->severity >= (int)severity && g_strv_contains(ids, finding->id))
                return finding->id;
        }
    }
    return NULL;
}

/* Who comes by SSH is in a session of sshd's, in which sudo may be refused though it is sound, and
 * works where no session is. */
static const char *const refused_in_sessions[] = {"ssh.no-new-privileges", "pam.no-new-privileges",
                                                  "pam.path-without-sudo", NULL};
/* And in which it may read other files. */
static const char *const other_in_sessions[] = {"ssh.files-hidden", "pam.path-without-sudo", NULL};

PstTri
pst_access_judges_sudo(const PstAccessFacts *facts, gconstpointer data, PstAccessWhy *why)
{
    const PstSudoData *sudo = data;

    if (is_root(facts, sudo->account)) /* needs no sudo, and need not have one */
        return PST_TRI_YES;
    why->finding = find_one_of(facts, refused_in_sessions, PST_SEVERITY_CRITICAL);
    if (why->finding != NULL) {
        why->reason = "sudo refuses in a session of sshd's";
        return PST_TRI_NO;
    }
    switch ((PstSudoVerdict)sudo->verdict) {
    case PST_SUDO_GRANTED:
        why->finding = find_one_of(facts, other_in_sessions, PST_SEVERITY_INFORMATION);
        return why->finding != NULL ? PST_TRI_UNKNOWN : PST_TRI_YES;
    case PST_SUDO_GRANTED_WITH_PASSWORD:
        why->reason = "sudo asks for a password";
        return PST_TRI_NO;
    case PST_SUDO_REFUSED:
        why->reason = "sudo refuses";
        return PST_TRI_NO;
    case PST_SUDO_UNKNOWN:
        break;
    }
    why->reason = "whether sudo lets the user is not known";
    return PST_TRI_UNKNOWN;
}

/* The family of an address, as the firewall's verdicts name it; NULL for none. */
static const char *
family_of(const char *address)
{
    if (address == NULL)
        return NULL;
    return strchr(address, ':') != NULL ? "ipv6" : "ipv4";
}

static gboolean
concerns(const PstFirewallVerdict *verdict, const PstAccessFacts *facts, const char *family)
{
    if (facts->port != PST_INT_UNKNOWN && verdict->port != facts->port)
        return FALSE;
    return family == NULL || g_strcmp0(verdict->family, family) == 0;
}

/* What all verdicts over FAMILY say together, NULL for any; unknown where some say otherwise. */
static PstTri
sum_up(const PstFirewallData *firewall, const PstAccessFacts *facts, const char *family)
{
    guint n[PST_TRI_YES + 1] = {0};

    for (guint i = 0; firewall->verdicts != NULL && i < firewall->verdicts->len; i++)
        if (concerns(firewall->verdicts->pdata[i], facts, family))
            n[pst_firewall_verdict_passes(firewall->verdicts->pdata[i])]++;
    if (n[PST_TRI_UNKNOWN] > 0 || (n[PST_TRI_YES] > 0 && n[PST_TRI_NO] > 0))
        return PST_TRI_UNKNOWN;
    return n[PST_TRI_YES] > 0 ? PST_TRI_YES : n[PST_TRI_NO] > 0 ? PST_TRI_NO : PST_TRI_UNKNOWN;
}

/* Whoever names no address comes over IPv4, as almost everybody does, where the filters tell the
 * versions of IP apart. */
PstTri
pst_access_judges_firewall(const PstAccessFacts *facts, gconstpointer data, PstAccessWhy *why)
{
    const char *family = family_of(facts->from);
    PstTri verdict = sum_up(data, facts, family);

    if (verdict == PST_TRI_NO)
        why->reason = "a packet filter denies the port";
    if (verdict != PST_TRI_UNKNOWN)
        return verdict;
    if (family == NULL)
        verdict = sum_up(data, facts, "ipv4");
    if (verdict == PST_TRI_YES)
        why->note = "over IPv4; of IPv6 packet filters say otherwise: name an address with from";
    else if (verdict == PST_TRI_NO)
        why->reason = "a packet filter denies the port over IPv4; whoever comes over IPv6 names an "
                      "address with from";
    else
        why->reason = family == NULL ? "what packet filters do with the port is not known, or "
                                       "depends on port and address: name one with from"
                                     : "what packet filters do with the port is not known, or "
                                       "depends on port and address";
    return verdict;
}

PstTri
pst_access_judges_algorithms(const PstAccessFacts *facts G_GNUC_UNUSED, gconstpointer data,
                             PstAccessWhy *why)
{
    const PstSshData *ssh = data;

    if (ssh->algorithms_common != PST_TRI_NO)
        return PST_TRI_YES; /* where no client's lists were given there is nothing to compare */
    why->reason = "the client and sshd have no algorithm in common";
    return PST_TRI_NO;
}

PstTri
pst_access_judges_user(const PstAccessFacts *facts G_GNUC_UNUSED, gconstpointer data,
                       PstAccessWhy *why)
{
    return tri_of(((const PstSshData *)data)->user_allowed,
                  "sshd's lists of users and groups shut the user out",
                  "whether sshd allows the user is not known", why);
}

/* Whether one of METHODS alone is enough; unknown where another has to come with it. */
static PstTri
is_enough(char *const *methods, const char *method)
{
    PstTri found = PST_TRI_NO;

    for (guint i = 0; methods[i] != NULL; i++) {
        if (g_str_equal(methods[i], method))
            return PST_TRI_YES;
        if (strchr(methods[i], ',') != NULL && strstr(methods[i], method) != NULL)
            found = PST_TRI_UNKNOWN;
    }
    return found;
}

/* One of the two is enough. */
static PstTri
either(PstTri a, PstTri b)
{
    if (a == PST_TRI_YES || b == PST_TRI_YES)
        return PST_TRI_YES;
    return a == PST_TRI_NO && b == PST_TRI_NO ? PST_TRI_NO : PST_TRI_UNKNOWN;
}

PstTri
pst_access_judges_key(const PstAccessFacts *facts G_GNUC_UNUSED, gconstpointer data,
                      PstAccessWhy *why)
{
    const PstSshData *ssh = data;
    PstTri method = ssh->methods != NULL ? is_enough(ssh->methods, "publickey") : PST_TRI_UNKNOWN;

    if (method != PST_TRI_YES)
        return tri_of(method, "sshd takes no keys",
                      ssh->methods != NULL ? "sshd wants more than a key"
                                           : "whether sshd takes keys is not known",
                      why);
    return tri_of(ssh->key_accepted, "sshd takes none of the user's keys",
                  "whether sshd takes the key is not known", why);
}

PstTri
pst_access_judges_password(const PstAccessFacts *facts G_GNUC_UNUSED, gconstpointer data,
                           PstAccessWhy *why)
{
    const PstSshData *ssh = data;
    PstTri method = PST_TRI_UNKNOWN;

    if (ssh->methods != NULL)
        method = either(is_enough(ssh->methods, "password"),
                        is_enough(ssh->methods, "keyboard-interactive"));
    return tri_of(method, "sshd takes no passwords", "whether sshd takes passwords is not known",
                  why);
}

static const PstPamServiceReport *
find_service(const PstPamData *pam, const char *name)
{
    for (guint i = 0; pam->services != NULL && i < pam->services->len; i++) {
        const PstPamServiceReport *service = pam->services->pdata[i];
        if (g_strcmp0(service->service, name) == 0)
            return service;
    }
    return NULL;
}

/* A phase that depends on what no file says (a password, another probe's facts) shuts nobody out by
 * itself; one that hangs on a module of which nobody knows is told as a finding. */
static PstTri
passes_phase(const PstPamPhaseReport *phase)
{
    if (phase == NULL || g_strcmp0(phase->outcome, "passes") == 0 ||
        (g_strcmp0(phase->outcome, "depends") == 0 && phase->finding == NULL))
        return PST_TRI_YES;
    return g_strcmp0(phase->outcome, "fails") == 0 ? PST_TRI_NO : PST_TRI_UNKNOWN;
}

static PstTri
judge_pam(const PstPamData *pam, const char *name, gboolean with_auth, PstAccessWhy *why)
{
    const PstPamServiceReport *service = find_service(pam, name);
    PstTri worst = PST_TRI_UNKNOWN;

    if (service != NULL) {
        const PstPamPhaseReport *phases[] = {with_auth ? service->auth : NULL, service->account,
                                             service->session};
        worst = PST_TRI_YES;
        for (guint i = 0; i < G_N_ELEMENTS(phases); i++) {
            PstTri one = passes_phase(phases[i]);

            if (one == PST_TRI_YES || (one == PST_TRI_UNKNOWN && worst != PST_TRI_YES))
                continue;
            worst = one;
            why->finding = phases[i]->finding;
            if (one == PST_TRI_NO)
                break;
        }
        if (service->aborts == PST_TRI_YES)
            worst = PST_TRI_NO;
    }
    return tri_of(worst, "the PAM stack can't succeed", "what PAM says is not known", why);
}

PstTri
pst_access_judges_pam_key(const PstAccessFacts *facts G_GNUC_UNUSED, gconstpointer data,
                          PstAccessWhy *why)
{
    const PstPamData *pam = data;

    return pam->sshd_asks == PST_TRI_NO ? PST_TRI_YES : judge_pam(pam, "sshd", FALSE, why);
}

PstTri
pst_access_judges_pam_password(const PstAccessFacts *facts G_GNUC_UNUSED, gconstpointer data,
                               PstAccessWhy *why)
{
    const PstPamData *pam = data;

    return pam->sshd_asks == PST_TRI_NO ? PST_TRI_YES : judge_pam(pam, "sshd", TRUE, why);
}

PstTri
pst_access_judges_pam_console(const PstAccessFacts *facts G_GNUC_UNUSED, gconstpointer data,
                              PstAccessWhy *why)
{
    return judge_pam(data, "login", TRUE, why);
}

/* A login that the kernel kills for want of memory looks like one that was refused. */
PstTri
pst_access_judges_memory_password(const PstAccessFacts *facts G_GNUC_UNUSED, gconstpointer data,
                                  PstAccessWhy *why)
{
    const PstMemorySizes *sizes = ((const PstMemoryData *)data)->sizes;

    if (sizes == NULL || sizes->available_bytes == PST_INT_UNKNOWN) {
        why->reason = "how much memory is left is not known";
        return PST_TRI_UNKNOWN;
    }
    if (sizes->available_bytes + MAX(sizes->swap_free_bytes, 0) >= PASSWORD_BYTES)
        return PST_TRI_YES;
    why->reason = "there is hardly memory left to check a password";
    why->finding = "memory.low";
    return PST_TRI_UNKNOWN;
}
