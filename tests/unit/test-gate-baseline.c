// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/gate-world.h"

/* What a policy expects of before: the baseline is of the same guest, unspoilt. */

static PstGateVerdict *
judge_against(const World *world, const PstBaseline *before)
{
    const PstGateCase one = {
        .policy = world->policy,
        .guest = "web",
        .vantage = world->guest.vantage,
        .since = world->since,
        .answers = world->answers,
        .n_answers = world->n,
        .before = before,
        .host_name = "hv2",
        .host_id = "b",
        .now = world->now,
    };

    return pst_gate_judge(&one);
}

static void
add_low(World *world, PstSeverity severity, const char *path)
{
    PstReport *report = world_find(world, "memory", NULL)->report;
    PstFinding *finding = pst_report_add(report, "memory.low", severity, "memory is low");

    report->status = MAX(report->status, (PstStatus)severity);
    finding->evidence->path = g_strdup(path);
}

static void
do_nothing(World *world G_GNUC_UNUSED)
{
}

static void
warn(World *world)
{
    add_low(world, PST_SEVERITY_WARNING, "/a");
}

static void
warn_elsewhere(World *world)
{
    add_low(world, PST_SEVERITY_WARNING, "/b");
}

static void
criticise_one(World *world)
{
    add_low(world, PST_SEVERITY_CRITICAL, "/a");
}

static void
could_not_look(World *world)
{
    add_low(world, PST_SEVERITY_UNKNOWN, "/a");
}

static void
fail_check(World *world, const char *name)
{
    PstFinding *finding = add_finding(world, "checks", "checks.failed", PST_SEVERITY_CRITICAL);

    finding->evidence->user = g_strdup("root");
    finding->evidence->name = g_strdup(name);
}

static void
fail_one_check(World *world)
{
    fail_check(world, "a");
}

static void
fail_other_check(World *world)
{
    fail_check(world, "b");
}

static void
fail_both_checks(World *world)
{
    fail_check(world, "b");
    fail_check(world, "a");
}

/* As an older shim tells it. */
static void
fail_nameless(World *world)
{
    fail_check(world, NULL);
}

static void
fail_two_nameless(World *world)
{
    fail_check(world, NULL);
    fail_check(world, NULL);
}

static void
hide_memory(World *world)
{
    world_silence(world_find(world, "memory", NULL), "it took too long");
}

static void
hide_network(World *world)
{
    world_silence(world_find(world, "network", NULL), "it took too long");
}

static void
fail_unit(World *world)
{
    world_add_unit(world, "other.service", "failed");
}

static void
lose_port(World *world)
{
    world_listen_once(world);
}

static void
listen_by_chance(World *world)
{
    world_listen(world, 40000, "0.0.0.0");
}

static void
listen_inside(World *world)
{
    world_listen(world, 631, "127.0.0.1");
}

static void
another_machine(World *world)
{
    g_free(world->system->machine_id);
    world->system->machine_id = g_strdup("00000000000000000000000000000001");
}

static void
define_check(World *world)
{
    PstChecksCheck *check =
        pst_fields_append(&pst_report_checks_check_fields, &world->checks->checks);

    check->name = g_strdup("backup");
    check->state = g_strdup("ok");
}

/* The configuration can't be taken as it is. */
static void
misconfigure(World *world)
{
    add_finding(world, "checks", "checks.could-not-look", PST_SEVERITY_UNKNOWN);
}

static void
define_and_misconfigure(World *world)
{
    define_check(world);
    misconfigure(world);
}

static void
hide_checks(World *world)
{
    world_silence(world_find(world, "checks", NULL), "it took too long");
}

static void
define_elsewhere(World *world)
{
    define_check(world);
    another_machine(world);
}

/* A root of SEVERITY, and where that is said what follows from it. */
static void
fill_up(World *world, PstSeverity severity, gboolean symptom)
{
    add_finding(world, "memory", "memory.pressure", severity);
    if (!symptom)
        return;
    PstFinding *finding = add_finding(world, "services", "services.failed", PST_SEVERITY_CRITICAL);
    finding->caused_by = g_strdup("memory.pressure");
    finding->evidence->unit = g_strdup("other.service");
}

static void
root_alone(World *world)
{
    fill_up(world, PST_SEVERITY_CRITICAL, FALSE);
}

static void
root_and_symptom(World *world)
{
    fill_up(world, PST_SEVERITY_CRITICAL, TRUE);
}

static void
unknown_root(World *world)
{
    fill_up(world, PST_SEVERITY_UNKNOWN, FALSE);
}

static void
unknown_root_and_symptom(World *world)
{
    fill_up(world, PST_SEVERITY_UNKNOWN, TRUE);
}

/* As a baseline does. */
static void
ask_plainly(World *world)
{
    json_object_remove_member(world_find(world, "journal", NULL)->args, "priority");
}

static void
kill_one(World *world)
{
    ask_plainly(world);
    add_finding(world, "journal", "journal.oom-kill", PST_SEVERITY_CRITICAL);
}

static void
kill_one_now(World *world)
{
    add_finding(world, "journal", "journal.oom-kill", PST_SEVERITY_CRITICAL);
}

static void
hide_journal(World *world)
{
    world_silence(world_find(world, "journal", NULL), "it took too long");
}

static void
look_at_etc(World *world)
{
    world->changes->looked_at = g_strsplit("/etc", ";", -1);
}

static void
etc_is_gone(World *world)
{
    g_strfreev(world->files->looked_at);
    world->files->looked_at = g_new0(char *, 1);
}

static void
set_verdict(World *world, const char *word)
{
    PstFirewallVerdict *verdict = world->port->verdicts->pdata[0];

    g_free(verdict->verdict);
    verdict->verdict = g_strdup(word);
}

static void
shut_by_filter(World *world)
{
    set_verdict(world, "drop");
}

static void
filter_unsure(World *world)
{
    set_verdict(world, "unknown");
}

static void
filter_untold(World *world)
{
    world_silence(world_find(world, "firewall", "protocol"), "it took too long");
}

/* As Debian's nftables.conf has it, and a container runtime's. */
static void
had_no_filter_inwards(World *world)
{
    add_chain(world, "input", "filter", "accept", 0);
    add_chain(world, "forward", "filter", "drop", 9);
    add_chain(world, "prerouting", "nat", "accept", 2);
}

static void
filter_was_untold(World *world)
{
    pst_report_add(world_find(world, "firewall", NULL)->report, "firewall.could-not-look",
                   PST_SEVERITY_UNKNOWN, "it could not be read");
}

/* A unit fails anew in each boot: the baseline tells that it did before. */
static void
fail_in_new_boot(World *world)
{
    fail_unit(world);
    g_free(world->system->boot_id);
    world->system->boot_id = g_strdup("0123456789abcdef0123456789abcdef");
    world->system->clock->boottime_us = 20 * G_USEC_PER_SEC;
}

#define NO_NEW "[findings]\nno-new=warning\n"
#define JOURNAL "[journal]\npriority=err\n"
#define IGNORE "unchecked=ignore\n"
#define CHECKS "[checks]\npass="
#define NO_LOST "[ports]\nno-lost=yes\n"
#define NO_NEW_FAILED "[units]\nno-new-failed=yes\n"

static const struct {
    const char *policy;
    void (*before)(World *world);
    void (*after)(World *world);
    PstGateResult result;
} rows[] = {
    {NO_NEW, do_nothing, do_nothing, PST_GATE_PASS},
    {NO_NEW, do_nothing, warn, PST_GATE_FAIL},
    {NO_NEW, warn, warn, PST_GATE_PASS},
    {NO_NEW, criticise_one, warn, PST_GATE_PASS}, /* better */
    {NO_NEW, warn, criticise_one, PST_GATE_FAIL}, /* worse */
    {NO_NEW, warn, warn_elsewhere, PST_GATE_FAIL},
    {NO_NEW, warn, do_nothing, PST_GATE_PASS},
    {NO_NEW, hide_memory, warn, PST_GATE_COULD_NOT_CHECK},
    {NO_NEW, warn, hide_memory, PST_GATE_COULD_NOT_CHECK},
    {NO_NEW, do_nothing, could_not_look, PST_GATE_COULD_NOT_CHECK},
    {NO_NEW, could_not_look, could_not_look, PST_GATE_COULD_NOT_CHECK},
    /* What could not be looked at then may have been so or not. */
    {NO_NEW, could_not_look, warn, PST_GATE_COULD_NOT_CHECK},
    {NO_NEW, could_not_look, criticise_one, PST_GATE_COULD_NOT_CHECK},
    {NO_NEW, could_not_look, do_nothing, PST_GATE_PASS},
    {NO_NEW, criticise_one, could_not_look, PST_GATE_COULD_NOT_CHECK},
    {NO_NEW IGNORE, could_not_look, could_not_look, PST_GATE_COULD_NOT_CHECK},
    {NO_NEW "[finding memory.low]\nreason=r\nuntil=never\n", could_not_look, could_not_look,
     PST_GATE_PASS},
    /* Two checks are two, and as many of one kind as there were. */
    {NO_NEW, fail_one_check, fail_one_check, PST_GATE_PASS},
    {NO_NEW, fail_one_check, fail_other_check, PST_GATE_FAIL},
    {NO_NEW, fail_one_check, fail_both_checks, PST_GATE_FAIL},
    {NO_NEW, fail_both_checks, fail_both_checks, PST_GATE_PASS},
    {NO_NEW, fail_both_checks, fail_one_check, PST_GATE_PASS},
    {NO_NEW "[finding checks.failed@b]\nreason=r\nuntil=never\n", fail_one_check, fail_both_checks,
     PST_GATE_PASS},
    {NO_NEW "[finding checks.failed@a]\nreason=r\nuntil=never\n", fail_one_check, fail_both_checks,
     PST_GATE_FAIL},
    {NO_NEW, fail_nameless, fail_one_check, PST_GATE_PASS},
    {NO_NEW, fail_nameless, fail_two_nameless, PST_GATE_FAIL},
    {NO_NEW, fail_two_nameless, fail_two_nameless, PST_GATE_PASS},
    /* What is new and follows from what was there before. */
    {NO_NEW, root_alone, root_and_symptom, PST_GATE_FAIL},
    {NO_NEW, root_and_symptom, root_and_symptom, PST_GATE_PASS},
    {NO_NEW, root_and_symptom, root_alone, PST_GATE_PASS},
    /* What could not be looked at hides nothing. */
    {NO_NEW, unknown_root, unknown_root_and_symptom, PST_GATE_FAIL},
    {NO_NEW, do_nothing, unknown_root_and_symptom, PST_GATE_FAIL},
    {"[findings]\nnone=critical\n", do_nothing, unknown_root_and_symptom, PST_GATE_FAIL},
    /* What is let pass takes with it what follows from it. */
    {NO_NEW "[finding memory.pressure]\nreason=r\nuntil=never\n", do_nothing, root_and_symptom,
     PST_GATE_PASS},
    {NO_NEW, do_nothing, another_machine, PST_GATE_COULD_NOT_CHECK},
    {NO_NEW "[finding memory.low]\nreason=r\nuntil=never\n", do_nothing, warn, PST_GATE_PASS},
    {NO_LOST, do_nothing, do_nothing, PST_GATE_PASS},
    {NO_LOST, do_nothing, lose_port, PST_GATE_FAIL},
    {NO_LOST, lose_port, do_nothing, PST_GATE_PASS},
    {NO_LOST, listen_by_chance, do_nothing, PST_GATE_PASS},
    {NO_LOST, listen_inside, do_nothing, PST_GATE_PASS},
    {NO_LOST, hide_network, do_nothing, PST_GATE_COULD_NOT_CHECK},
    {NO_LOST, do_nothing, hide_network, PST_GATE_COULD_NOT_CHECK},
    {NO_LOST, do_nothing, shut_by_filter, PST_GATE_FAIL},
    {NO_LOST, had_no_filter_inwards, shut_by_filter, PST_GATE_FAIL},
    {NO_LOST, was_filtered, shut_by_filter, PST_GATE_COULD_NOT_CHECK}, /* it may have been so */
    {NO_LOST, filter_was_untold, shut_by_filter, PST_GATE_COULD_NOT_CHECK},
    {NO_LOST, do_nothing, filter_unsure, PST_GATE_COULD_NOT_CHECK},
    {NO_LOST, do_nothing, filter_untold, PST_GATE_COULD_NOT_CHECK},
    {NO_LOST, shut_by_filter, listen_by_chance, PST_GATE_PASS},
    {NO_LOST, do_nothing, another_machine, PST_GATE_COULD_NOT_CHECK},
    /* One answer serves for both. */
    {JOURNAL NO_NEW, ask_plainly, do_nothing, PST_GATE_PASS},
    {JOURNAL NO_NEW, ask_plainly, kill_one_now, PST_GATE_FAIL},
    {JOURNAL NO_NEW, kill_one, kill_one_now, PST_GATE_PASS},
    {JOURNAL NO_NEW, ask_plainly, log_error, PST_GATE_FAIL},
    {JOURNAL NO_NEW, ask_plainly, log_noise, PST_GATE_FAIL},
    {JOURNAL "except=sshd*: error: kex_exchange_identification*\n" NO_NEW, ask_plainly, log_noise,
     PST_GATE_PASS},
    {JOURNAL NO_NEW, ask_plainly, hide_journal, PST_GATE_COULD_NOT_CHECK},
    /* Whoever takes a check away has not passed it. */
    {CHECKS "*\n", do_nothing, do_nothing, PST_GATE_PASS},
    {CHECKS "*\n", define_check, define_check, PST_GATE_PASS},
    {CHECKS "*\n", do_nothing, define_check, PST_GATE_PASS},
    {CHECKS "*\n", define_check, do_nothing, PST_GATE_FAIL},
    {CHECKS "backup\n", define_check, do_nothing, PST_GATE_FAIL},
    {CHECKS "backup\n", do_nothing, do_nothing, PST_GATE_COULD_NOT_CHECK},
    {CHECKS "backup\n", hide_checks, define_check, PST_GATE_PASS},
    {CHECKS "*\n", define_check, misconfigure, PST_GATE_COULD_NOT_CHECK},
    {CHECKS "*\n", define_and_misconfigure, define_check, PST_GATE_COULD_NOT_CHECK},
    {CHECKS "*\n", misconfigure, do_nothing, PST_GATE_COULD_NOT_CHECK},
    {CHECKS "*\n", hide_checks, do_nothing, PST_GATE_COULD_NOT_CHECK},
    {CHECKS "*\n", hide_checks, define_check, PST_GATE_COULD_NOT_CHECK},
    {CHECKS "*\n", define_check, hide_checks, PST_GATE_COULD_NOT_CHECK},
    {CHECKS "*\n", define_check, define_elsewhere, PST_GATE_COULD_NOT_CHECK},
    {CHECKS "*\n", define_check, another_machine, PST_GATE_COULD_NOT_CHECK},
    {"[files]\nbelow=/etc\n", look_at_etc, do_nothing, PST_GATE_PASS},
    {"[files]\nbelow=/etc\n", look_at_etc, etc_is_gone, PST_GATE_FAIL},
    {"[files]\nbelow=/etc\n", etc_is_gone, etc_is_gone, PST_GATE_COULD_NOT_CHECK},
    {NO_NEW_FAILED, do_nothing, fail_unit, PST_GATE_FAIL},
    {NO_NEW_FAILED, fail_unit, fail_unit, PST_GATE_PASS},
    {NO_NEW_FAILED, fail_unit, fail_in_new_boot, PST_GATE_PASS},
    {NO_NEW_FAILED, do_nothing, fail_in_new_boot, PST_GATE_FAIL},
};

static void
test_table(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(World) world = {0}, former = {0};

        world_init(&former);
        rows[i].before(&former);
        g_autoptr(PstBaseline) before = world_baseline(&former);
        world_init(&world);
        world_set_policy(&world, rows[i].policy);
        rows[i].after(&world);
        g_autoptr(PstGateVerdict) verdict = judge_against(&world, before);
        g_autofree char *text = pst_gate_to_text(verdict);

        if (verdict->result != (int)rows[i].result)
            g_error("row %u, %s: %s", i, rows[i].policy, text);
    }
}

/* Once, with its root, where that is new as well; by itself where only it is. */
static void
test_symptoms(void)
{
    static const struct {
        void (*before)(World *world);
        const char *finding, *root;
    } cases[] = {
        {do_nothing, "memory.pressure", NULL},
        {root_alone, "services.failed", "memory.pressure"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(World) world = {0}, former = {0};

        world_init(&former);
        cases[i].before(&former);
        g_autoptr(PstBaseline) before = world_baseline(&former);
        world_init(&world);
        world_set_policy(&world, NO_NEW);
        root_and_symptom(&world);
        g_autoptr(PstGateVerdict) verdict = judge_against(&world, before);
        const PstGateOutcome *outcome = verdict->broken->pdata[0];

        g_assert_cmpuint(verdict->broken->len, ==, 1);
        g_assert_cmpstr(outcome->finding->id, ==, cases[i].finding);
        g_assert_cmpstr(outcome->root != NULL ? outcome->root->id : NULL, ==, cases[i].root);
    }
}

/* Another guest in its place is told, and so is what differs of what is blamed. */
static void
test_notes(void)
{
    g_auto(World) world = {0}, former = {0};

    world_init(&former);
    g_autoptr(PstBaseline) before = world_baseline(&former);
    world_init(&world);
    world_set_policy(&world, NO_NEW_FAILED);
    fail_unit(&world);
    g_autoptr(PstGateVerdict) failed = judge_against(&world, before);
    const PstGateOutcome *outcome = failed->broken->pdata[0];

    g_assert_nonnull(outcome->differences);
    g_assert_nonnull(strstr(outcome->differences[0], "other.service"));
    another_machine(&world);
    g_autoptr(PstGateVerdict) elsewhere = judge_against(&world, before);
    g_assert_cmpint(elsewhere->result, ==, PST_GATE_COULD_NOT_CHECK);
    g_assert_nonnull(elsewhere->notes[0]);
    g_assert_nonnull(strstr(elsewhere->notes[0], "machine"));
}

/* What differs is told of what is named whole, or of what is in a folder of that name. */
static void
test_differences_of_names(void)
{
    static const struct {
        const char *named;
        gboolean told;
    } cases[] = {
        {"/etc/sudoers", FALSE},    {"/etc/sudoers.d", TRUE},     {"/etc/sudoers.d/x", TRUE},
        {"/etc/sudoers.d/", FALSE}, {"/etc/sudoers.d/xy", FALSE}, {"/sudoers.d/x", FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(World) world = {0}, former = {0};
        gboolean told = FALSE;

        world_init(&former);
        g_autoptr(PstBaseline) before = world_baseline(&former);
        world_init(&world);
        world_set_policy(&world, "[reachable]\nroot=yes\n");
        lock_out(&world);
        GPtrArray *findings = world_find(&world, "sudo", NULL)->report->findings;
        PstFinding *finding = findings->pdata[findings->len - 1];
        g_free(finding->evidence->path);
        finding->evidence->path = g_strdup(cases[i].named);
        PstSudoFile *file =
            pst_fields_append(&pst_report_sudo_file_fields, &world.guest.sudo->files);
        file->path = g_strdup("/etc/sudoers.d/x");
        g_autoptr(PstGateVerdict) verdict = judge_against(&world, before);
        char **differences = ((PstGateOutcome *)verdict->broken->pdata[0])->differences;
        for (guint j = 0; differences != NULL && differences[j] != NULL; j++)
            told |= strstr(differences[j], "sudo.files[/etc/sudoers.d/x]") != NULL;
        if (told != cases[i].told)
            g_error("row %u, %s", i, cases[i].named);
    }
}

/* The domain is the one that answers, and not the one that the baseline names. */
static void
test_other_domain(void)
{
    g_auto(World) world = {0};

    world_init(&world);
    world_set_policy(&world, NO_NEW_FAILED);
    for (guint i = 0; i < world.n; i++)
        world.answers[i]->uuid = g_strdup("11111111-1111-1111-1111-111111111111");
    g_autoptr(PstBaseline) before = world_baseline(&world);
    g_autoptr(PstGateVerdict) same = judge_against(&world, before);
    g_assert_cmpint(same->result, ==, PST_GATE_PASS);
    for (char **note = same->notes; note != NULL && *note != NULL; note++)
        g_assert_null(strstr(*note, "another domain"));
    g_free(before->uuid);
    before->uuid = g_strdup("22222222-2222-2222-2222-222222222222");
    g_autoptr(PstGateVerdict) other = judge_against(&world, before);
    g_assert_cmpint(other->result, ==, PST_GATE_COULD_NOT_CHECK);
    g_autofree char *notes = g_strjoinv("\n", other->notes);
    g_assert_nonnull(strstr(notes, "it is another domain to libvirt: 11111111"));
    g_assert_null(strstr(notes, "host"));
    before->host = g_strdup("hv1");
    before->host_id = g_strdup("a");
    g_autoptr(PstGateVerdict) moved = judge_against(&world, before);
    g_autofree char *more = g_strjoinv("\n", moved->notes);
    g_assert_nonnull(strstr(more, "it is on the host hv2, and was on hv1"));
}

/* A revert to an older boot is no reboot: the journal tells, though no rule is about it. */
static void
test_reverted(void)
{
    g_auto(World) world = {0}, former = {0};

    world_init(&former);
    former.journal->newest_cursor = g_strdup("s=8d1f;i=2a;b=" BOOT);
    g_autoptr(PstBaseline) before = world_baseline(&former);
    world_init(&world);
    world_set_policy(&world, NO_NEW);
    fail_in_new_boot(&world);
    json_object_remove_member(world_find(&world, "journal", "after")->args, "priority");
    g_autoptr(PstGateVerdict) rebooted = judge_against(&world, before);
    g_assert_cmpint(rebooted->result, ==, PST_GATE_PASS);
    g_assert_nonnull(strstr(rebooted->notes[0], "rebooted"));
    world.journal->after_found = PST_TRI_NO;
    g_autoptr(PstGateVerdict) reverted = judge_against(&world, before);
    g_assert_cmpint(reverted->result, ==, PST_GATE_COULD_NOT_CHECK);
    g_assert_nonnull(strstr(reverted->notes[0], "reverted to before"));
    g_assert_nonnull(strstr(reverted->notes[1], "does not have what it had"));
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gate/baseline/table", test_table);
    g_test_add_func("/gate/baseline/symptoms", test_symptoms);
    g_test_add_func("/gate/baseline/notes", test_notes);
    g_test_add_func("/gate/baseline/differences-of-names", test_differences_of_names);
    g_test_add_func("/gate/baseline/other-domain", test_other_domain);
    g_test_add_func("/gate/baseline/reverted", test_reverted);
    return g_test_run();
}
