// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/firewall-judge.h"
#include "guest-shim/firewall-listened.h"
#include "guest-shim/firewall-scene.h"
#include "guest-shim/probe-firewall.h"
#include "tests/unit/rulesets.h"
#include "tests/unit/world.h"

static const char *own4[] = {"10.0.2.15", NULL};
static const char *own6[] = {"2001:db8::15", NULL};
static const char *links[] = {"eth0", NULL};

typedef struct {
    gint64 port;
    const char *from;
    gboolean six; /* the guest has an IPv6 address, and sshd listens there too */
} Ask;

static PstReport *
judge(PstFilterRules *rules, Ask ask)
{
    PstReport *report = pst_report_new(&pst_report_firewall_kind);
    const PstFirewallArgs args = {.port = ask.port, .from = (char *)ask.from};
    const PstFirewallPort port = {(guint16)ask.port, TRUE, ask.six};
    PstFirewallScene scene = {
        (char **)own4, (char **)(ask.six ? own6 : NULL), (char **)links, ask.six, TRUE, NULL};

    scene.ports = g_array_new(FALSE, FALSE, sizeof(PstFirewallPort));
    g_array_append_val(scene.ports, port);
    pst_firewall_judge_chains(rules, report->data);
    pst_firewall_judge(rules, &scene, &args, NULL, NULL, report);
    pst_report_conclude(report, "ok");
    g_array_unref(scene.ports);
    for (guint i = 0; i < report->findings->len; i++)
        g_test_message("%s", ((PstFinding *)report->findings->pdata[i])->message);
    return report;
}

static PstReport *
judge_transcript(const char *name, Ask ask)
{
    g_autoptr(PstFilterRules) rules = load_transcript(name);

    return judge(rules, ask);
}

static const PstFinding *
only_finding(const PstReport *report, const char *id, PstSeverity severity)
{
    g_assert_cmpuint(report->findings->len, ==, 1);
    const PstFinding *finding = report->findings->pdata[0];
    g_assert_cmpstr(finding->id, ==, id);
    g_assert_cmpint(finding->severity, ==, severity);
    return finding;
}

static char *
undo_of(const PstFinding *finding)
{
    return finding->undo != NULL ? g_strjoinv(" ", finding->undo->argv) : NULL;
}

static void
test_sound(void)
{
    g_autoptr(PstReport) none = judge_transcript("empty", (Ask){22});
    g_autoptr(PstReport) hardened = judge_transcript("hardened", (Ask){22, .six = TRUE});
    g_autoptr(PstReport) ufw = judge_transcript("ufw", (Ask){22});

    g_assert_cmpuint(none->findings->len, ==, 0);
    g_assert_cmpuint(hardened->findings->len, ==, 0);
    g_assert_cmpuint(ufw->findings->len, ==, 0);
    const PstFirewallData *data = hardened->data;
    g_assert_cmpuint(data->chains->len, ==, 2);
    g_assert_cmpstr(((PstFirewallChain *)data->chains->pdata[0])->policy, ==, "drop");
    g_assert_cmpuint(data->verdicts->len, ==, 2);
    const PstFirewallVerdict *verdict = data->verdicts->pdata[0];
    g_assert_cmpstr(verdict->verdict, ==, "accept");
    g_assert_cmpstr(verdict->family, ==, "ipv4");
    g_assert_cmpstr(verdict->table, ==, "inet filter");
    g_assert_cmpstr(verdict->rule, ==,
                    "tcp dport 22 counter packets 0 bytes 0 accept comment \"ssh\"");
    g_assert_cmpint(verdict->packets, ==, 0);
    g_assert_cmpint(verdict->replies, ==, PST_TRI_YES);
}

static void
test_port_dropped(void)
{
    g_autoptr(PstReport) report = judge_transcript("port-dropped", (Ask){22, .six = TRUE});
    const PstFinding *finding =
        only_finding(report, "firewall.port-dropped", PST_SEVERITY_CRITICAL);
    g_autofree char *undo = undo_of(finding);

    g_assert_cmpstr(undo, ==, "nft delete rule inet filter input handle 2");
    g_assert_cmpstr(finding->remedy, ==, undo);
    g_assert_cmpstr(finding->evidence->text, ==, "tcp dport 22 counter packets 0 bytes 0 drop");
    g_assert_nonnull(strstr(finding->message, "tcp port 22 is dropped: by chain input"));
}

static void
test_default_drop(void)
{
    g_autoptr(PstReport) report = judge_transcript("default-drop", (Ask){22, .from = "192.0.2.7"});
    const PstFinding *finding =
        only_finding(report, "firewall.default-drop", PST_SEVERITY_CRITICAL);
    g_autofree char *undo = undo_of(finding);

    g_assert_cmpstr(undo, ==,
                    "nft insert rule inet filter input ip saddr 192.0.2.7 tcp dport 22 accept");
    g_assert_cmpstr(finding->evidence->text, ==, "policy drop");
}

/* Rules as they stand in iptables, on one line for each row. */
static PstFilterRules *
load_save(const char *lines)
{
    PstFilterRules *rules = pst_filter_rules_new();
    g_autofree char *text = g_strdup_printf("*filter\n%s\nCOMMIT\n", lines);

    add_save(rules, text, "iptables-legacy", "ip");
    return rules;
}

static PstReport *
judge_save(const char *lines, Ask ask)
{
    g_autoptr(PstFilterRules) rules = load_save(lines);

    return judge(rules, ask);
}

static void
test_legacy(void)
{
    g_autoptr(PstReport) report = judge_save(
        ":INPUT ACCEPT [0:0]\n[9:540] -A INPUT -p tcp -m tcp --dport 22 -j DROP", (Ask){22});
    const PstFinding *finding =
        only_finding(report, "firewall.port-dropped", PST_SEVERITY_CRITICAL);
    g_autofree char *undo = undo_of(finding);

    g_assert_cmpstr(undo, ==,
                    "iptables-legacy -t filter -D INPUT -p tcp -m tcp --dport 22 -j DROP");
    g_assert_cmpint(
        ((PstFirewallVerdict *)((PstFirewallData *)report->data)->verdicts->pdata[0])->packets, ==,
        9);

    g_autoptr(PstReport) rest = judge_save(":INPUT ACCEPT [0:0]\n-A INPUT -j REJECT", (Ask){22});
    g_autofree char *insert =
        undo_of(only_finding(rest, "firewall.default-drop", PST_SEVERITY_CRITICAL));
    g_assert_cmpstr(insert, ==, "iptables-legacy -t filter -I INPUT -p tcp --dport 22 -j ACCEPT");
}

/* Where a second rule denies too, taking away the first is no undo. */
static void
test_two_rules(void)
{
    g_autoptr(PstReport) report = judge_save(":INPUT ACCEPT [0:0]\n"
                                             "-A INPUT -p tcp --dport 22 -j REJECT\n"
                                             "-A INPUT -p tcp --dport 22 -j DROP",
                                             (Ask){22});
    const PstFinding *finding =
        only_finding(report, "firewall.port-rejected", PST_SEVERITY_CRITICAL);
    g_autofree char *undo = undo_of(finding);

    g_assert_cmpstr(undo, ==, "iptables-legacy -t filter -I INPUT -p tcp --dport 22 -j ACCEPT");
}

/* Shut over one IP version: told, and no alarm unless it is IPv4. */
static void
test_one_version(void)
{
    static const char six_only[] =
        "{\"nftables\": [{\"table\": {\"family\": \"ip6\", \"name\": \"t\"}}, {\"chain\": "
        "{\"family\": \"ip6\", \"table\": \"t\", \"name\": \"input\", \"type\": \"filter\", "
        "\"hook\": \"input\", \"prio\": 0, \"policy\": \"drop\"}}]}";
    g_autoptr(PstFilterRules) rules = pst_filter_rules_new();

    add_nft(rules, six_only);
    g_autoptr(PstReport) both = judge(rules, (Ask){22, .six = TRUE});
    only_finding(both, "firewall.default-drop", PST_SEVERITY_INFORMATION);
    g_assert_cmpint(both->status, ==, PST_STATUS_OK);
    g_autoptr(PstReport) six = judge(rules, (Ask){22, .from = "2001:db8::1", .six = TRUE});
    only_finding(six, "firewall.default-drop", PST_SEVERITY_CRITICAL);
    g_autoptr(PstReport) four = judge_save(":INPUT DROP [0:0]", (Ask){22, .six = TRUE});
    only_finding(four, "firewall.default-drop", PST_SEVERITY_WARNING);
}

static void
test_depends(void)
{
    static const char rule[] =
        ":INPUT DROP [0:0]\n-A INPUT -s 192.0.2.0/24 -p tcp --dport 22 -j ACCEPT";
    g_autoptr(PstReport) any = judge_save(rule, (Ask){22});
    g_autoptr(PstReport) inside = judge_save(rule, (Ask){22, .from = "192.0.2.1"});
    g_autoptr(PstReport) outside = judge_save(rule, (Ask){22, .from = "10.0.2.2"});
    const PstFirewallVerdict *verdict = ((PstFirewallData *)any->data)->verdicts->pdata[0];

    only_finding(any, "firewall.depends", PST_SEVERITY_INFORMATION);
    g_assert_cmpint(any->status, ==, PST_STATUS_OK);
    g_assert_cmpstr(verdict->verdict, ==, "depends");
    g_assert_cmpstr(verdict->depends_on[0], ==, "the source address");
    g_assert_cmpuint(inside->findings->len, ==, 0);
    only_finding(outside, "firewall.default-drop", PST_SEVERITY_CRITICAL);
}

static void
test_not_modelled(void)
{
    g_autoptr(PstReport) report =
        judge_save(":INPUT DROP [0:0]\n-A INPUT -p tcp --dport 22 -m owner --uid-owner 0 -j ACCEPT",
                   (Ask){22});
    const PstFinding *finding = only_finding(report, "firewall.not-modelled", PST_SEVERITY_UNKNOWN);

    g_assert_nonnull(strstr(finding->message, "--uid-owner 0"));
    g_assert_null(finding->undo);
}

static void
test_replies(void)
{
    g_autoptr(PstReport) report =
        judge_save(":INPUT ACCEPT [0:0]\n:OUTPUT DROP [0:0]\n-A OUTPUT -p udp --dport 53 -j ACCEPT",
                   (Ask){22});
    const PstFinding *finding =
        only_finding(report, "firewall.replies-dropped", PST_SEVERITY_CRITICAL);
    g_autofree char *undo = undo_of(finding);

    g_assert_cmpstr(undo, ==, "iptables-legacy -t filter -I OUTPUT -p tcp --sport 22 -j ACCEPT");
}

static void
test_later(void)
{
    g_autoptr(PstReport) report = judge_save(
        ":INPUT DROP [0:0]\n-A INPUT -p tcp --dport 22 -m state --state NEW -j ACCEPT", (Ask){22});

    only_finding(report, "firewall.established-dropped", PST_SEVERITY_CRITICAL);
    const PstFirewallVerdict *verdict = ((PstFirewallData *)report->data)->verdicts->pdata[0];
    g_assert_cmpstr(verdict->verdict, ==, "accept");
    g_assert_cmpstr(verdict->later, ==, "drop");
}

/* In short: of the first packet, what follows it, and the answers. */
static void
test_listened(void)
{
    static const struct {
        const char *save;
        const char *from;
        const char *verdict;
    } cases[] = {
        {":INPUT ACCEPT [0:0]", NULL, "accept"},
        {":INPUT DROP [0:0]", NULL, "drop"},
        {":INPUT ACCEPT [0:0]\n-A INPUT -p tcp --dport 443 -j REJECT", NULL, "drop"},
        {":INPUT ACCEPT [0:0]\n-A INPUT -p tcp --dport 80 -j REJECT", NULL, "accept"},
        {":INPUT ACCEPT [0:0]\n-A INPUT -s 192.0.2.1 -j DROP", NULL, "depends"},
        {":INPUT ACCEPT [0:0]\n-A INPUT -s 192.0.2.1 -j DROP", "192.0.2.2", "accept"},
        {":INPUT ACCEPT [0:0]\n-A INPUT -s 192.0.2.1 -j DROP", "192.0.2.1", "drop"},
        {":INPUT ACCEPT [0:0]\n:OUTPUT DROP [0:0]", NULL, "drop"},
        {":INPUT DROP [0:0]\n-A INPUT -p tcp --dport 443 -m state --state NEW -j ACCEPT", NULL,
         "drop"},
        {":INPUT DROP [0:0]\n-A INPUT -p tcp --dport 443 -m owner --uid-owner 0 -j ACCEPT", NULL,
         "unknown"},
    };
    const PstFirewallPort port = {443, TRUE, TRUE};
    PstFirewallScene scene = {(char **)own4, NULL, (char **)links, FALSE, FALSE, NULL};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const PstFirewallArgs args = {.port = PST_INT_UNKNOWN, .from = (char *)cases[i].from};
        PstFirewallData *data = pst_fields_new(pst_report_firewall_kind.data);
        g_autoptr(PstFilterRules) rules = load_save(cases[i].save);

        for (guint j = 0; j < 2; j++) /* once is enough */
            pst_firewall_listened_add(rules, &scene, &args, IPPROTO_TCP, &port, data);
        g_test_message("row %u", i);
        g_assert_cmpuint(data->listened->len, ==, 1); /* the guest has no IPv6 */
        const PstFirewallListened *row = data->listened->pdata[0];
        g_assert_cmpstr(row->verdict, ==, cases[i].verdict);
        g_assert_cmpstr(row->family, ==, "ipv4");
        pst_fields_free(pst_report_firewall_kind.data, data);
    }
}

/* The same rules have the same digest, whatever they have counted. */
static void
test_digest(void)
{
    static const char *const saves[] = {
        ":INPUT ACCEPT [0:0]",
        ":INPUT DROP [0:0]",
        ":INPUT ACCEPT [0:0]\n-A INPUT -p tcp --dport 443 -j DROP",
        ":INPUT ACCEPT [0:0]\n-A INPUT -p tcp --dport 444 -j DROP",
        ":INPUT ACCEPT [0:0]\n-A INPUT -p tcp ! --dport 443 -j DROP",
        ":INPUT ACCEPT [0:0]\n-A INPUT -p tcp --dport 443 -j REJECT",
        ":INPUT ACCEPT [0:0]\n-A INPUT -i eth0 -p tcp --dport 443 -j DROP",
        ":INPUT ACCEPT [0:0]\n-A INPUT -i eth1 -p tcp --dport 443 -j DROP",
        ":INPUT ACCEPT [0:0]\n-A INPUT -s 192.0.2.1 -j DROP",
        ":INPUT ACCEPT [0:0]\n:x - [0:0]\n-A INPUT -j x\n-A x -p tcp --dport 443 -j DROP",
        ":INPUT ACCEPT [0:0]\n:x - [0:0]\n-A INPUT -j x\n-A x -p tcp --dport 443 -j RETURN",
        ":INPUT ACCEPT [0:0]\n:x - [0:0]\n-A INPUT -g x\n-A x -p tcp --dport 443 -j RETURN",
    };
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(saves); i++) {
        g_autoptr(PstFilterRules) rules = load_save(saves[i]), again = load_save(saves[i]);
        char *digest = pst_firewall_listened_digest(rules);
        g_autofree char *same = pst_firewall_listened_digest(again);

        g_test_message("row %u", i);
        g_assert_cmpstr(digest, ==, same);
        g_assert_true(g_hash_table_add(seen, digest));
    }
    g_autoptr(PstFilterRules) none =
        load_save(":INPUT ACCEPT [0:0]\n-A INPUT -m owner --uid-owner 0 -j DROP");
    g_assert_null(pst_firewall_listened_digest(none));
    g_autoptr(PstFilterRules) before = load_save(":INPUT ACCEPT [7:900]");
    g_autoptr(PstFilterRules) after = load_save(":INPUT ACCEPT [8:1000]");
    /* What a named set holds now may not be what it holds then. */
    g_autoptr(PstFilterRules) named = load_transcript("expressions");
    g_assert_null(pst_firewall_listened_digest(named));
    g_autoptr(PstFilterRules) plain = load_transcript("port-dropped");
    g_autofree char *known = pst_firewall_listened_digest(plain);
    g_assert_nonnull(known);
    g_autofree char *one = pst_firewall_listened_digest(before);
    g_autofree char *other = pst_firewall_listened_digest(after);
    g_assert_cmpstr(one, ==, other);
}

static PstReport *
run(const World *world, const char *const *words)
{
    const PstProbeContext context = {world->sysroot, pst_boot_clock_us() + 10 * G_USEC_PER_SEC};
    PstReport *report = pst_report_new(&pst_report_firewall_kind);
    g_autoptr(GError) error = NULL;
    JsonObject *json = pst_fields_from_words(pst_report_firewall_kind.args, words, &error);
    g_assert_no_error(error);
    PstFirewallArgs *args = pst_fields_decode_exact(pst_report_firewall_kind.args, json, &error);
    g_assert_no_error(error);

    pst_probe_firewall_run(&context, args, report);
    json_object_unref(json);
    pst_fields_free(pst_report_firewall_kind.args, args);
    return report;
}

/* A folder has no kernel: what is loaded is told, and nobody is accused. */
static void
test_folder(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *const none[] = {NULL};
    g_autoptr(PstReport) nothing = run(world, none);
    g_assert_cmpuint(nothing->findings->len, ==, 0);
    g_assert_cmpint(((PstFirewallData *)nothing->data)->nftables, ==, PST_TRI_UNKNOWN);

    put_text(world, "/proc/modules", "ext4 1 1 - Live 0x0\nnf_tables 2 3 - Live 0x0\n");
    put_text(world, "/proc/net/ip_tables_names", "filter\n");
    put_text(world, "/run/firewalld.pid", "1\n");
    g_autoptr(PstReport) loaded = run(world, none);
    const PstFirewallData *seen = loaded->data;
    g_assert_cmpuint(loaded->findings->len, ==, 0);
    g_assert_cmpint(seen->nftables, ==, PST_TRI_YES);
    g_assert_cmpint(seen->iptables_legacy, ==, PST_TRI_YES);
    g_assert_cmpint(seen->firewalld, ==, PST_TRI_YES);

    put_text(world, "/proc/modules", "nf_tables_x 2 3 - Live 0x0\n");
    put_text(world, "/proc/net/ip_tables_names", "");
    g_autoptr(PstReport) empty = run(world, none);
    g_assert_cmpint(((PstFirewallData *)empty->data)->nftables, ==, PST_TRI_NO);
    g_assert_cmpint(((PstFirewallData *)empty->data)->iptables_legacy, ==, PST_TRI_NO);
}

static void
test_arguments(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const wrong[][2] = {
        {"port=0", NULL}, {"port=65536", NULL}, {"from=nonsense", NULL}, {"protocol=icmp", NULL}};
    const char *const right[] = {"port=22", "from=2001:db8::1", "protocol=udp", "interface=eth0",
                                 NULL};

    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(PstReport) report = run(world, wrong[i]);
        only_finding(report, "firewall.could-not-look", PST_SEVERITY_UNKNOWN);
    }
    g_autoptr(PstReport) report = run(world, right);
    g_assert_cmpuint(report->findings->len, ==, 0);
}

/* Files that can't be read say that nobody could look. */
static void
test_unreadable(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *const none[] = {NULL};
    g_autofree char *fifo = place(world, "/proc/modules");

    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    g_autofree char *folder = place(world, "/proc/net/ip_tables_names/x");
    g_autoptr(PstReport) report = run(world, none);
    g_assert_cmpint(report->status, ==, PST_STATUS_UNKNOWN);
    g_assert_cmpuint(report->findings->len, ==, 2);
}

#define ADD(name, function) g_test_add("/firewall/" name, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/firewall/sound", test_sound);
    g_test_add_func("/firewall/port-dropped", test_port_dropped);
    g_test_add_func("/firewall/default-drop", test_default_drop);
    g_test_add_func("/firewall/legacy", test_legacy);
    g_test_add_func("/firewall/two-rules", test_two_rules);
    g_test_add_func("/firewall/one-version", test_one_version);
    g_test_add_func("/firewall/depends", test_depends);
    g_test_add_func("/firewall/not-modelled", test_not_modelled);
    g_test_add_func("/firewall/replies", test_replies);
    g_test_add_func("/firewall/later", test_later);
    g_test_add_func("/firewall/listened", test_listened);
    g_test_add_func("/firewall/digest", test_digest);
    ADD("folder", test_folder);
    ADD("arguments", test_arguments);
    ADD("unreadable", test_unreadable);
    return g_test_run();
}
