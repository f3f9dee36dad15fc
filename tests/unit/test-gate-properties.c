// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/json.h"
#include "protocol/vocabulary.h"
#include "tests/unit/gate-world.h"

/* Properties that hold of every verdict, tried on guests that are spoilt at random. */

#define N_ROUNDS 400

static const char *const policies[] = {
    "[reachable]\nlogin=yes\nroot=yes\n",
    "[units]\nactive=nginx\nno-failed=yes\n",
    "[journal]\npriority=err\n",
    "[ports]\nopen=443\n",
    "[checks]\npass=*\n",
    "[files]\nbelow=/etc\n",
    "[settings]\nselinux=enforcing\n",
    "[findings]\nnone=critical\n",
    "[finding memory.*]\nverdict=forbid\n",
    "[policy]\nunchecked=fail\n[reachable]\nroot=yes\n[units]\nactive=nginx\n[ports]\nopen=443\n",
    "[reachable]\nroot=yes\n[units]\nactive=nginx\n[findings]\nnone=warning\n",
};

static void
break_something(World *world)
{
    switch (g_test_rand_int_range(0, 8)) {
    case 0:
        world->guest.sudo->verdict = PST_SUDO_REFUSED;
        break;
    case 1:
        world->guest.ssh->running = PST_TRI_NO;
        break;
    case 2:
        world_add_unit(world, "other.service", "failed");
        break;
    case 3:
        world_listen_once(world);
        break;
    case 4:
        ((PstJournalLine *)pst_fields_append(&pst_report_journal_line_fields,
                                             &world->journal->entries))
            ->message = g_strdup("it broke");
        break;
    case 5:
        pst_report_add(world_find(world, "memory", NULL)->report, "memory.low",
                       PST_SEVERITY_CRITICAL, "it is low");
        break;
    case 6:
        g_free(world->security->selinux->mode);
        world->security->selinux->mode = g_strdup("permissive");
        break;
    default:
        ((PstChangesFile *)pst_fields_append(&pst_report_changes_file_fields, &world->files->files))
            ->path = g_strdup("/etc/x");
    }
}

static void
set_up(World *world)
{
    gint n = g_test_rand_int_range(0, 4);

    world_init(world);
    world_set_policy(world, policies[g_test_rand_int_range(0, G_N_ELEMENTS(policies))]);
    while (n-- > 0)
        break_something(world);
}

/* Less is known: an answer is missing, only recorded, cut, or says that it could not look. */
static void
forget_something(World *world)
{
    PstAnswer *answer = world->answers[g_test_rand_int_range(0, (gint)world->n)];

    if (answer->report == NULL)
        return;
    switch (g_test_rand_int_range(0, 3)) {
    case 0:
        world_silence(answer, "it took too long");
        break;
    case 1:
        answer->via = PST_VIA_VOLUME;
        break;
    default:
        answer->report->truncated = TRUE;
    }
}

/* A pass may become open, or a failure where the policy says so; never the other way. */
static void
test_unknown_never_passes(void)
{
    for (guint i = 0; i < N_ROUNDS; i++) {
        g_auto(World) world = {0};

        set_up(&world);
        g_autoptr(PstGateVerdict) before = world_judge(&world);
        for (gint n = g_test_rand_int_range(1, 4); n > 0; n--)
            forget_something(&world);
        g_autoptr(PstGateVerdict) after = world_judge(&world);
        if (after->result == PST_GATE_PASS && before->result != PST_GATE_PASS)
            g_error("'%s' became '%s'", before->summary, after->summary);
        /* What is broken of the one is broken or unchecked in the other. */
        g_assert_true(before->broken->len == 0 || after->broken->len + after->unchecked->len > 0);
    }
}

static char *
text_of(const PstGateVerdict *verdict)
{
    g_autoptr(JsonObject) json = pst_gate_to_json(verdict);

    return pst_json_to_text(json, NULL);
}

static void
shuffle(World *world)
{
    for (guint i = world->n - 1; i > 0; i--) {
        guint j = (guint)g_test_rand_int_range(0, (gint)i + 1);
        PstAnswer *one = world->answers[i];

        world->answers[i] = world->answers[j];
        world->answers[j] = one;
    }
}

static void
test_order_does_not_matter(void)
{
    for (guint i = 0; i < N_ROUNDS; i++) {
        g_auto(World) world = {0};
        PstAnswer *own[MAX_ANSWERS];

        set_up(&world);
        memcpy(own, world.answers, sizeof own);
        g_autoptr(PstGateVerdict) before = world_judge(&world);
        shuffle(&world);
        g_autoptr(PstGateVerdict) after = world_judge(&world);
        g_autofree char *text = text_of(before);
        g_autofree char *other = text_of(after);
        memcpy(world.answers, own, sizeof own);
        g_assert_cmpstr(text, ==, other);
    }
}

/* Of a probe that the policy does not ask. */
static void
test_unrelated_report_changes_nothing(void)
{
    for (guint i = 0; i < N_ROUNDS; i++) {
        g_auto(World) world = {0};

        set_up(&world);
        /* Of a policy about all findings every report is one that it is about. */
        if (pst_policy_has(world.policy, PST_POLICY_NO_FINDING))
            continue;
        g_autoptr(PstGateVerdict) before = world_judge(&world);
        (void)world_add(&world, pst_vocabulary_find("storage"), NULL);
        pst_report_add(world.answers[world.n - 1]->report, "storage.full", PST_SEVERITY_CRITICAL,
                       "/ is full");
        g_autoptr(PstGateVerdict) after = world_judge(&world);
        g_assert_cmpint(before->result, ==, after->result);
        g_assert_cmpuint(before->broken->len, ==, after->broken->len);
        g_assert_cmpuint(before->held->len, ==, after->held->len);
    }
}

/* Held back by nothing but what was seen to be broken, or could not be seen. */
static void
test_verdict_is_that_of_its_parts(void)
{
    for (guint i = 0; i < N_ROUNDS; i++) {
        g_auto(World) world = {0};

        set_up(&world);
        if (g_test_rand_bit())
            forget_something(&world);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        if (verdict->broken->len > 0)
            g_assert_cmpint(verdict->result, ==, PST_GATE_FAIL);
        else if (verdict->unchecked->len == 0)
            g_assert_cmpint(verdict->result, ==, PST_GATE_PASS);
        else
            g_assert_cmpint(verdict->result, !=, PST_GATE_PASS);
    }
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gate/unknown-never-passes", test_unknown_never_passes);
    g_test_add_func("/gate/order-does-not-matter", test_order_does_not_matter);
    g_test_add_func("/gate/unrelated-report", test_unrelated_report_changes_nothing);
    g_test_add_func("/gate/parts", test_verdict_is_that_of_its_parts);
    return g_test_run();
}
