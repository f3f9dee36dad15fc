// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/access.h"
#include "protocol/error.h"
#include "tests/unit/access-guest.h"

static PstReport *
derive(Guest *guest)
{
    for (guint i = 0; i < G_N_ELEMENTS(guest->answers); i++)
        if (guest->answers[i]->report != NULL)
            pst_report_conclude(guest->answers[i]->report, "");
    return pst_access_derive(guest->answers, G_N_ELEMENTS(guest->answers), guest->vantage);
}

/* The verdicts of ssh-key, ssh-password, console and sudo by their initials: o, s, u. */
static char *
verdicts(const PstReport *report)
{
    const PstAccessData *data = report->data;
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < data->ways->len; i++) {
        const PstAccessWay *way = data->ways->pdata[i];
        g_string_append_c(out, pst_report_access_verdicts[way->verdict][0]);
    }
    return g_string_free(out, FALSE);
}

static void
set(char **member, const char *value)
{
    g_free(*member);
    *member = g_strdup(value);
}

static PstPamServiceReport *
service(Guest *guest, guint i)
{
    return guest->pam->services->pdata[i];
}

static PstFirewallVerdict *
verdict(Guest *guest, guint i)
{
    return guest->firewall->verdicts->pdata[i];
}

static void
from(Guest *guest, const char *address)
{
    json_object_set_string_member(guest->vantage, "from", address);
}

static void
nothing(Guest *guest G_GNUC_UNUSED)
{
}

static void
link_down(Guest *guest)
{
    pst_report_add(answer_of(guest, "network")->report, "network.link-down", PST_SEVERITY_CRITICAL,
                   "eth0 is off");
}

static void
no_route_back(Guest *guest)
{
    PstNetworkRoute *route = guest->network->routes->pdata[1];

    set(&route->destination, "198.51.100.0/24");
    from(guest, "203.0.113.7");
}

static void
rules_lead_elsewhere(Guest *guest)
{
    no_route_back(guest);
    pst_fields_append(&pst_report_network_rule_fields, &guest->network->rules);
}

/* The nearest route decides; a rule that may be about something else leaves it in doubt. */
static void
way_back_refused(Guest *guest)
{
    guest->network->rejects = g_strsplit("198.51.100.0/24 203.0.113.7/32", " ", -1);
    from(guest, "203.0.113.7");
}

static void
way_back_refused_farther_off(Guest *guest)
{
    guest->network->rejects = g_strsplit("192.0.0.0/8", " ", -1);
    from(guest, "192.0.2.7");
}

static void
rule_refuses(Guest *guest)
{
    PstNetworkRule *rule =
        pst_fields_append(&pst_report_network_rule_fields, &guest->network->rules);

    set(&rule->action, "prohibit");
    rule->priority = 10;
}

static void
rule_refuses_others(Guest *guest)
{
    rule_refuses(guest);
    set(&((PstNetworkRule *)guest->network->rules->pdata[0])->to, "198.51.100.0/24");
    from(guest, "192.0.2.7");
}

static void
no_address_to_look_for(Guest *guest)
{
    no_route_back(guest);
    from(guest, "elsewhere");
}

static void
from_the_guest_itself(Guest *guest)
{
    set(&((PstNetworkRoute *)guest->network->routes->pdata[1])->destination, "198.51.100.0/24");
    from(guest, "127.0.0.1");
}

static void
no_default_route(Guest *guest)
{
    set(&((PstNetworkRoute *)guest->network->routes->pdata[1])->destination, "198.51.100.0/24");
}

static void
own_network(Guest *guest)
{
    no_default_route(guest);
    from(guest, "192.0.2.9");
}

static void
dropped(Guest *guest)
{
    set(&verdict(guest, 0)->verdict, "drop");
    set(&verdict(guest, 1)->verdict, "reject");
}

static void
dropped_for_one_family(Guest *guest)
{
    set(&verdict(guest, 0)->verdict, "drop");
}

static void
dropped_for_the_other_family(Guest *guest)
{
    set(&verdict(guest, 1)->verdict, "drop");
    from(guest, "192.0.2.9");
}

static void
no_replies(Guest *guest)
{
    verdict(guest, 0)->replies = verdict(guest, 1)->replies = PST_TRI_NO;
}

static void
other_port(Guest *guest)
{
    json_object_set_int_member(guest->vantage, "port", 2222);
    guest->ssh->port_open = PST_TRI_NO;
}

static void
sshd_stopped(Guest *guest)
{
    guest->ssh->running = PST_TRI_NO;
}

static void
socket_activated(Guest *guest)
{
    guest->ssh->running = PST_TRI_NO;
    guest->ssh->socket_activated = PST_TRI_YES;
}

static void
socket_activated_with_an_error(Guest *guest)
{
    socket_activated(guest);
    guest->ssh->config_ok = PST_TRI_NO;
}

static void
error_while_sshd_runs(Guest *guest)
{
    guest->ssh->config_ok = PST_TRI_NO;
}

static void
nothing_in_common(Guest *guest)
{
    guest->ssh->algorithms_common = PST_TRI_NO;
}

/* What the client has nobody said. */
static void
nothing_in_common_by_default(Guest *guest)
{
    pst_report_add(answer_of(guest, "ssh")->report, "ssh.no-common-algorithm", PST_SEVERITY_WARNING,
                   "sshd offers no cipher that OpenSSH's client has by default");
}

static void
denied(Guest *guest)
{
    guest->ssh->user_allowed = PST_TRI_NO;
}

static void
no_key(Guest *guest)
{
    guest->ssh->key_accepted = PST_TRI_NO;
}

/* Who names a key is not helped by a password. */
static void
named_key_refused(Guest *guest)
{
    json_object_set_string_member(guest->vantage, "key", "ssh-ed25519 AAAA");
    no_key(guest);
}

static void
keys_only(Guest *guest)
{
    g_strfreev(guest->ssh->methods);
    guest->ssh->methods = g_strsplit("publickey", " ", -1);
}

static void
key_and_password(Guest *guest)
{
    g_strfreev(guest->ssh->methods);
    guest->ssh->methods = g_strsplit("publickey,password", " ", -1);
}

static void
no_method_known(Guest *guest)
{
    g_clear_pointer(&guest->ssh->methods, g_strfreev);
}

static void
password_locked(Guest *guest)
{
    guest->account->password_login = guest->account->console_login = PST_TRI_NO;
}

static void
account_expired(Guest *guest)
{
    password_locked(guest);
    guest->account->key_login = PST_TRI_NO;
}

static void
sshd_account_fails(Guest *guest)
{
    set(&service(guest, 0)->account->outcome, "fails");
}

static void
sshd_auth_fails(Guest *guest)
{
    set(&service(guest, 0)->auth->outcome, "fails");
}

static void
sshd_without_pam(Guest *guest)
{
    sshd_account_fails(guest);
    guest->pam->sshd_asks = PST_TRI_NO;
}

/* Nobody gets in, and whoever is in may be root still, as far as sudo's own report says. */
static void
log_blocked(Guest *guest)
{
    pst_report_add(answer_of(guest, "pam")->report, "pam.log-blocked", PST_SEVERITY_CRITICAL,
                   "whatever logs waits");
}

static void
login_aborts(Guest *guest)
{
    service(guest, 1)->aborts = PST_TRI_YES;
}

static void
sudo_refuses(Guest *guest)
{
    guest->sudo->verdict = PST_SUDO_REFUSED;
}

static void
sudo_asks(Guest *guest)
{
    guest->sudo->verdict = PST_SUDO_GRANTED_WITH_PASSWORD;
}

static void
root_without_sudo(Guest *guest)
{
    json_object_set_string_member(guest->vantage, "user", "root");
    sudo_refuses(guest);
}

static void
root_by_number(Guest *guest)
{
    guest->sudo->account = pst_fields_new(&pst_report_sudo_account_fields);
    guest->sudo->account->uid = 0;
    sudo_refuses(guest);
}

static void
ssh_silent(Guest *guest)
{
    PstAnswer *answer = answer_of(guest, "ssh");

    g_clear_pointer(&answer->report, pst_report_free);
    answer->error = g_error_new(PST_ERROR, PST_ERROR_DEADLINE, "no answer in time");
}

static void
sudo_unlooked(Guest *guest)
{
    guest->sudo->verdict = PST_SUDO_UNKNOWN;
    pst_report_add(answer_of(guest, "sudo")->report, "sudo.could-not-look", PST_SEVERITY_UNKNOWN,
                   "could not look");
}

/* It runs, and nobody could ask its program what it would do. */
static void
sshd_unlooked(Guest *guest)
{
    pst_report_add(answer_of(guest, "ssh")->report, "ssh.could-not-look", PST_SEVERITY_UNKNOWN,
                   "could not look");
}

static void
free_sizes(PstMemorySizes *sizes)
{
    pst_fields_free(&pst_report_memory_sizes_fields, sizes);
}

static void
memory_low(Guest *guest)
{
    guest->memory->sizes->available_bytes = 20 * MEBI;
    pst_report_add(answer_of(guest, "memory")->report, "memory.low", PST_SEVERITY_WARNING,
                   "20 MiB are left");
}

static void
memory_swapped(Guest *guest)
{
    guest->memory->sizes->available_bytes = 20 * MEBI;
    guest->memory->sizes->swap_free_bytes = 500 * MEBI;
}

static void
memory_unknown(Guest *guest)
{
    g_clear_pointer(&guest->memory->sizes, free_sizes);
}

/* Nobody answers any more, and its recorder wrote that all was well. */
static void
only_records(Guest *guest)
{
    for (guint i = 0; i < G_N_ELEMENTS(guest->answers); i++)
        guest->answers[i]->via = PST_VIA_VOLUME;
}

static void
recorded_as_denied(Guest *guest)
{
    denied(guest);
    only_records(guest);
}

/* What was done to a sound guest, the ways' verdicts, and the report's own. */
static const struct {
    void (*spoil)(Guest *guest);
    const char *ways;
    PstStatus status;
    const char *caused_by;
} rows[] = {
    {nothing, "oooo", PST_STATUS_OK, NULL},
    {link_down, "ssoo", PST_STATUS_CRITICAL, "network.link-down"},
    {no_route_back, "ssoo", PST_STATUS_CRITICAL, NULL},
    {rules_lead_elsewhere, "uuoo", PST_STATUS_OK, NULL},
    {way_back_refused, "ssoo", PST_STATUS_CRITICAL, NULL},
    {way_back_refused_farther_off, "oooo", PST_STATUS_OK, NULL},
    {rule_refuses, "uuoo", PST_STATUS_OK, NULL},
    {rule_refuses_others, "oooo", PST_STATUS_OK, NULL},
    {no_address_to_look_for, "uuoo", PST_STATUS_OK, NULL},
    {from_the_guest_itself, "uuoo", PST_STATUS_OK, NULL},
    {no_default_route, "uuoo", PST_STATUS_OK, NULL},
    {own_network, "oooo", PST_STATUS_OK, NULL},
    {dropped, "ssoo", PST_STATUS_CRITICAL, NULL},
    {dropped_for_one_family, "ssoo", PST_STATUS_CRITICAL, NULL},
    {dropped_for_the_other_family, "oooo", PST_STATUS_OK, NULL},
    {no_replies, "ssoo", PST_STATUS_CRITICAL, NULL},
    {other_port, "ssoo", PST_STATUS_CRITICAL, NULL},
    {sshd_stopped, "ssoo", PST_STATUS_CRITICAL, NULL},
    {socket_activated, "oooo", PST_STATUS_OK, NULL},
    {socket_activated_with_an_error, "ssoo", PST_STATUS_CRITICAL, NULL},
    {error_while_sshd_runs, "oooo", PST_STATUS_OK, NULL},
    {nothing_in_common, "ssoo", PST_STATUS_CRITICAL, NULL},
    {nothing_in_common_by_default, "uuoo", PST_STATUS_OK, NULL},
    {denied, "ssoo", PST_STATUS_CRITICAL, NULL},
    {no_key, "sooo", PST_STATUS_OK, NULL},
    {named_key_refused, "sooo", PST_STATUS_CRITICAL, NULL},
    {keys_only, "osoo", PST_STATUS_OK, NULL},
    {key_and_password, "uuoo", PST_STATUS_OK, NULL},
    {no_method_known, "uuoo", PST_STATUS_OK, NULL},
    {password_locked, "osso", PST_STATUS_OK, NULL},
    {account_expired, "ssso", PST_STATUS_CRITICAL, NULL},
    {sshd_account_fails, "ssoo", PST_STATUS_CRITICAL, NULL},
    {sshd_auth_fails, "osoo", PST_STATUS_OK, NULL},
    {sshd_without_pam, "oooo", PST_STATUS_OK, NULL},
    {log_blocked, "ssso", PST_STATUS_CRITICAL, "pam.log-blocked"},
    {login_aborts, "ooso", PST_STATUS_OK, NULL},
    {sudo_refuses, "ooos", PST_STATUS_CRITICAL, NULL},
    {sudo_asks, "ooos", PST_STATUS_CRITICAL, NULL},
    {root_without_sudo, "oooo", PST_STATUS_OK, NULL},
    {root_by_number, "oooo", PST_STATUS_OK, NULL},
    {ssh_silent, "uuoo", PST_STATUS_UNKNOWN, NULL},
    {sshd_unlooked, "uuoo", PST_STATUS_UNKNOWN, "ssh.could-not-look"},
    {sudo_unlooked, "ooou", PST_STATUS_UNKNOWN, "sudo.could-not-look"},
    {only_records, "uuuu", PST_STATUS_OK, NULL},
    {recorded_as_denied, "ssuu", PST_STATUS_CRITICAL, NULL},
    {memory_low, "ouuo", PST_STATUS_OK, NULL},
    {memory_swapped, "oooo", PST_STATUS_OK, NULL},
    {memory_unknown, "ouuo", PST_STATUS_OK, NULL},
};

static void
test_table(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(Guest) guest = {{NULL}};

        init(&guest);
        rows[i].spoil(&guest);
        g_autoptr(PstReport) report = derive(&guest);
        g_autofree char *ways = verdicts(report);

        g_test_message("row %u", i);
        g_assert_cmpstr(ways, ==, rows[i].ways);
        g_assert_cmpint(report->status, ==, rows[i].status);
        if (report->findings->len > 0)
            g_assert_cmpstr(((PstFinding *)report->findings->pdata[0])->caused_by, ==,
                            rows[i].caused_by);
    }
}

/* Each step that does not stand open says why. */
static void
test_reasons(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(Guest) guest = {{NULL}};

        init(&guest);
        rows[i].spoil(&guest);
        g_autoptr(PstReport) report = derive(&guest);
        const PstAccessData *data = report->data;
        for (guint j = 0; j < data->ways->len; j++) {
            const PstAccessWay *way = data->ways->pdata[j];

            g_assert_cmpint(way->verdict == PST_ACCESS_OPEN, ==, way->because == NULL);
            for (guint k = 0; k < way->steps->len; k++) {
                const PstAccessStep *step = way->steps->pdata[k];
                g_assert_cmpint(step->verdict == PST_ACCESS_OPEN, ==, step->reason == NULL);
            }
        }
    }
}

/* A guest of which nothing is known is unknown in every respect. */
static void
test_nothing_known(void)
{
    g_auto(Guest) guest = {{NULL}};

    init(&guest);
    g_autoptr(PstReport) report = pst_access_derive(NULL, 0, guest.vantage);
    g_autofree char *ways = verdicts(report);

    g_assert_cmpstr(ways, ==, "uuuu");
    g_assert_cmpint(report->status, ==, PST_STATUS_UNKNOWN);
}

static void
test_nobody_named(void)
{
    g_auto(Guest) guest = {{NULL}};

    init(&guest);
    json_object_remove_member(guest.vantage, "user");
    g_autoptr(PstReport) report = derive(&guest);

    g_assert_null(((PstAccessData *)report->data)->ways);
    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpstr(report->summary, ==, "no user was named");
}

/* As good as the worst path, as old as the oldest answer; none where there is none. */
static void
test_answer(void)
{
    g_auto(Guest) guest = {{NULL}};

    init(&guest);
    guest.answers[3]->via = PST_VIA_AGENT;
    guest.answers[4]->age_ms = 77;
    g_autoptr(PstAnswer) answer =
        pst_access_answer(guest.answers, G_N_ELEMENTS(guest.answers), guest.vantage);
    g_assert_cmpint(answer->via, ==, PST_VIA_AGENT);
    g_assert_cmpint(answer->age_ms, ==, 77);
    g_assert_cmpint(answer->no_news_ms, ==, PST_INT_UNKNOWN);
    guest.answers[4]->via = PST_VIA_VOLUME;
    guest.answers[4]->no_news_ms = 33;
    g_autoptr(PstAnswer) recalled =
        pst_access_answer(guest.answers, G_N_ELEMENTS(guest.answers), guest.vantage);
    g_assert_cmpint(recalled->no_news_ms, ==, 33);
    g_assert_cmpstr(answer->guest, ==, "web");
    g_assert_nonnull(answer->report);

    for (guint i = 0; i < G_N_ELEMENTS(guest.answers); i++)
        g_clear_pointer(&guest.answers[i]->report, pst_report_free);
    g_autoptr(PstAnswer) none =
        pst_access_answer(guest.answers, G_N_ELEMENTS(guest.answers), guest.vantage);
    g_assert_null(none->report);
    g_assert_error(none->error, PST_ERROR, PST_ERROR_UNAVAILABLE);
}

/* More knowledge never makes a way less shut: what no step tells yet can only open or shut it. */
static void
test_unknown_hides_nothing(void)
{
    for (guint silent = 0; silent < 6; silent++) {
        for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
            g_auto(Guest) guest = {{NULL}};

            init(&guest);
            rows[i].spoil(&guest);
            g_clear_pointer(&guest.answers[silent]->report, pst_report_free);
            g_autoptr(PstReport) report = derive(&guest);
            g_autofree char *ways = verdicts(report);
            for (guint j = 0; ways[j] != '\0'; j++)
                if (ways[j] != rows[i].ways[j])
                    g_assert_cmpint(ways[j], ==, 'u');
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/access/table", test_table);
    g_test_add_func("/access/reasons", test_reasons);
    g_test_add_func("/access/nothing-known", test_nothing_known);
    g_test_add_func("/access/nobody-named", test_nobody_named);
    g_test_add_func("/access/answer", test_answer);
    g_test_add_func("/access/unknown-hides-nothing", test_unknown_hides_nothing);
    return g_test_run();
}
