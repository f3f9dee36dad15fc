// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/access.h"
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
    "[findings]\nno-new=warning\n",
    "[findings]\nno-new=critical\n[units]\nno-new-failed=yes\n[ports]\nno-lost=yes\n",
    "[policy]\nunchecked=ignore\n[reachable]\nroot=yes\n[findings]\nno-new=warning\n",
    "[policy]\nunchecked=ignore\n[units]\nactive=nginx\n[checks]\npass=*\n[ports]\nopen=443\n",
    "[units]\nactive=nginx\n[findings]\nnone=critical\nunchecked=ignore\n",
    "[units]\nno-lost=yes\n",
    "[units]\nno-lost=yes\nno-new-failed=yes\n",
    "[units]\nno-lost=yes\nno-failed=yes\nexcept=cron\n",
    "[reachable]\nways=ssh-key;console;sudo\n",
    "[reachable]\nways=ssh-password\nlogin=yes\n",
    "[reachable]\nlogin=no\nroot=no\n",
    "[settings]\nsshd.PermitRootLogin=no\n",
    "[settings]\nsshd.PermitRootLogin=no;prohibit-password\nsshd.Banner=\nselinux=enforcing\n",
    "[findings]\nnone=warning\n[finding memory.low]\nverdict=allow\n",
    "[findings]\nnone=critical\n[finding memory.*]\nverdict=downgrade\nto=warning\n",
    "[findings]\nno-new=warning\n[finding services.failed@other.service]\nverdict=allow\n",
    "[reachable]\nroot=yes\n[findings]\nnone=warning\n[finding memory.*]\nuntil=2020-01-01\n",
    "[finding memory.*]\nverdict=forbid\n[finding memory.low]\nverdict=allow\n",
};

/* Of findings alone, and of something that holds: what can't be looked at may be ignored. */
static const char *const lax[] = {
    "[units]\ninactive=none\n[findings]\nnone=critical\nunchecked=ignore\n",
    "[units]\ninactive=none\n[findings]\nnone=warning\nunchecked=ignore\n",
    "[units]\ninactive=none\n[findings]\nno-new=warning\nunchecked=ignore\n",
    "[units]\ninactive=none\n[findings]\nno-new=critical\nunchecked=ignore\n",
};

/* What compares. */
static const char *const compare[] = {
    "[findings]\nno-new=warning\n",
    "[units]\nno-new-failed=yes\n[ports]\nno-lost=yes\n[findings]\nno-new=critical\n",
    "[checks]\npass=*\n",
    "[units]\nno-lost=yes\n",
    "[units]\nno-lost=yes\nno-new-failed=yes\n",
    "[findings]\nno-new=warning\n[finding memory.low]\nverdict=downgrade\n",
};

static gboolean
ignores(const World *world)
{
    for (guint i = 0; i < world->policy->rules->len; i++)
        if (((PstPolicyRule *)world->policy->rules->pdata[i])->unchecked ==
            PST_POLICY_UNCHECKED_IGNORED)
            return TRUE;
    return FALSE;
}

/* A cause, and what follows from it; each may be there without the other. */
static void
find_something(World *world)
{
    static const char *const ids[] = {"memory.low", "memory.pressure"};
    PstSeverity severity = g_test_rand_bit() ? PST_SEVERITY_CRITICAL : PST_SEVERITY_WARNING;

    if (g_test_rand_bit()) {
        add_finding(world, "memory", ids[g_test_rand_int_range(0, 2)], severity);
    } else {
        PstFinding *finding = add_finding(world, "services", "services.failed", severity);
        finding->evidence->unit = g_strdup("other.service");
        finding->caused_by = g_strdup(ids[g_test_rand_int_range(0, 2)]);
    }
}

/* What runs, and how sshd is set. */
static void
begin(World *world)
{
    PstSshSetting *setting;

    world_init(world);
    world->services->running = g_strsplit("cron.service nginx.service", " ", -1);
    world->services->exited = g_strsplit("nftables.service", " ", -1);
    setting = pst_fields_append(&pst_report_ssh_setting_fields, &world->guest.ssh->settings);
    setting->name = g_strdup("PermitRootLogin");
    setting->value = g_strdup("no");
    world->guest.ssh->restart_pending = PST_TRI_NO;
}

/* A service that ran, or did its work, is not active: by its own will, or another's. */
static void
stop_service(World *world)
{
    static const char *const names[] = {"cron.service", "nftables.service"};
    static const char *const states[] = {"inactive", "failed", "activating", "active"};
    const guint which = (guint)g_test_rand_int_range(0, G_N_ELEMENTS(names));
    char ***list = which == 0 ? &world->services->running : &world->services->exited;

    g_strfreev(*list);
    *list = g_strsplit(which == 0 ? "nginx.service" : "", " ", -1);
    if (g_test_rand_bit())
        return;
    /* A report has one row of a unit. */
    for (guint i = 0; i < world->services->units->len; i++)
        if (g_str_equal(((PstServicesUnit *)world->services->units->pdata[i])->name, names[which]))
            return;
    PstServicesUnit *unit =
        world_add_unit(world, names[which], states[g_test_rand_int_range(0, G_N_ELEMENTS(states))]);
    unit->result = g_strdup("success");
    unit->enabled = g_strdup(g_test_rand_bit() ? "enabled" : "static");
    unit->wanted = PST_TRI(g_test_rand_bit());
    unit->on_demand = PST_TRI(g_test_rand_bit());
}

static void
set_sshd(World *world)
{
    PstSshSetting *setting = world->guest.ssh->settings->pdata[0];

    g_free(setting->value);
    setting->value = g_strdup("yes");
}

static void
break_something(World *world)
{
    switch (g_test_rand_int_range(0, 15)) {
    case 11:
    case 12:
        stop_service(world);
        break;
    case 13:
        set_sshd(world);
        break;
    case 14:
        world->guest.ssh->restart_pending = PST_TRI_YES;
        break;
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
    case 8:
    case 9:
        find_something(world);
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
spoil(World *world, gint n)
{
    while (n-- > 0)
        break_something(world);
}

static void
set_up_by(World *world, const char *policy)
{
    /* What there was before is another guest of the same kind, as sound or as spoilt. */
    if (g_test_rand_bit()) {
        g_auto(World) former = {0};

        begin(&former);
        spoil(&former, g_test_rand_int_range(0, 4));
        world->before = world_baseline(&former);
    }
    begin(world);
    world_set_policy(world, policy);
    spoil(world, g_test_rand_int_range(0, 4));
}

static void
set_up(World *world)
{
    set_up_by(world, policies[g_test_rand_int_range(0, G_N_ELEMENTS(policies))]);
}

/* Nothing less is told than before, but that something could not be looked at, and that what was
 * found may follow from that. */
static void
add_unknown(PstAnswer *answer)
{
    g_autofree char *own = g_strconcat(answer->probe, ".could-not-look", NULL);
    const char *ids[] = {own, own, own};

    if (g_str_equal(answer->probe, "memory")) {
        ids[1] = "memory.low";
        ids[2] = "memory.pressure";
    } else if (g_str_equal(answer->probe, "services")) {
        ids[1] = ids[2] = "services.failed";
    }
    GPtrArray *findings = answer->report->findings;
    const char *id = ids[g_test_rand_int_range(0, G_N_ELEMENTS(ids))];
    guint n = findings->len;
    PstFinding *unknown =
        pst_report_add(answer->report, id, PST_SEVERITY_UNKNOWN, "it could not be looked at");

    if (g_str_equal(id, "services.failed"))
        unknown->evidence->unit = g_strdup("other.service");
    for (guint i = 0; i < n; i++) {
        PstFinding *finding = findings->pdata[i];

        if (g_test_rand_bit() || g_str_equal(finding->id, id))
            continue;
        g_free(finding->caused_by);
        finding->caused_by = g_strdup(id);
    }
}

static char *
text_of(const PstGateVerdict *verdict)
{
    g_autoptr(JsonObject) json = pst_gate_to_json(verdict);

    return pst_json_to_text(json, NULL);
}

static void forget_members(const PstFields *fields, gpointer object);

/* Of these lists one that is not there is another thing than an empty one. */
static gboolean
is_whole(const PstField *row)
{
    static const char *const names[] = {"running", "exited", "looked_at", NULL};

    return g_strv_contains(names, row->name);
}

/* A member that nobody has to tell is told no more: of a list's elements as of the report itself.
 * Lists stay: none at all is what a report has where there is nothing. */
static void
forget_member(const PstField *row, gpointer object)
{
    gpointer at = (char *)object + row->offset;

    switch (row->type) {
    case PST_FIELD_STRING:
        if (!row->required && !row->key)
            g_clear_pointer((char **)at, g_free);
        break;
    case PST_FIELD_INT:
        if (!row->key)
            *(gint64 *)at = PST_INT_UNKNOWN;
        break;
    case PST_FIELD_TRI:
        *(PstTri *)at = PST_TRI_UNKNOWN;
        break;
    case PST_FIELD_OBJECT:
        if (*(gpointer *)at != NULL)
            forget_members(row->fields, *(gpointer *)at);
        break;
    case PST_FIELD_LIST:
        for (guint i = 0; *(GPtrArray **)at != NULL && i < (*(GPtrArray **)at)->len; i++)
            forget_members(row->fields, (*(GPtrArray **)at)->pdata[i]);
        break;
    case PST_FIELD_STRV:
        if (is_whole(row))
            g_clear_pointer((char ***)at, g_strfreev);
        break;
    case PST_FIELD_ENUM:
        break;
    }
}

static void
forget_members(const PstFields *fields, gpointer object)
{
    for (guint i = 0; i < fields->n_rows; i++)
        if (g_test_rand_int_range(0, 3) == 0)
            forget_member(&fields->rows[i], object);
}

/* Less is known: an answer is missing, only recorded, cut, or says that it could not look: at all,
 * or at something that was seen to be bad. */
static void
forget_of(PstAnswer *answer, gboolean some)
{
    if (answer->report == NULL)
        return;
    switch (g_test_rand_int_range(0, some ? 6 : 5)) {
    case 5:
        forget_members(answer->report->kind->data, answer->report->data);
        break;
    case 0:
        world_silence(answer, "it took too long");
        break;
    case 1:
        answer->via = PST_VIA_VOLUME;
        break;
    case 2:
        answer->report->truncated = TRUE;
        break;
    case 3:
        for (guint i = 0; i < answer->report->findings->len; i++)
            ((PstFinding *)answer->report->findings->pdata[i])->severity = PST_SEVERITY_UNKNOWN;
        break;
    default:
        add_unknown(answer);
    }
}

/* That access depends on what nobody said is no finding, and no failure of who asks for none. */
static void
forget_something(World *world)
{
    PstAnswer *answer = world->answers[g_test_rand_int_range(0, (gint)world->n)];
    gboolean some = (pst_policy_has(world->policy, PST_POLICY_LOGIN) &&
                     pst_policy_has(world->policy, PST_POLICY_ROOT)) ||
                    !g_strv_contains(pst_access_probes, answer->probe);

    forget_of(answer, some);
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
        /* What may be ignored is no failure any more once nobody can look. */
        if (after->result == PST_GATE_PASS && before->result != PST_GATE_PASS &&
            (before->result != PST_GATE_FAIL || !ignores(&world)))
            g_error("'%s' became '%s'", before->summary, after->summary);
        /* What is broken of the one is broken or unchecked in the other. */
        if (before->broken->len > 0 && after->broken->len + after->unchecked->len == 0) {
            g_autofree char *then = text_of(before);
            g_autofree char *now = text_of(after);
            g_error("%s became %s", then, now);
        }
    }
}

/* The same of what is known of before. */
static void
test_unknown_before_never_passes(void)
{
    for (guint i = 0; i < 4 * N_ROUNDS; i++) {
        g_auto(World) world = {0}, former = {0};

        begin(&former);
        begin(&world);
        world.before = world_baseline(&former);
        world_set_policy(&world, compare[g_test_rand_int_range(0, G_N_ELEMENTS(compare))]);
        find_something(&world);
        spoil(&world, g_test_rand_int_range(0, 2));
        g_autoptr(PstGateVerdict) before = world_judge(&world);
        GPtrArray *answers = world.before->answers;
        for (guint j = 0; j < answers->len; j++)
            if (g_test_rand_bit())
                forget_of(answers->pdata[j], TRUE);
        g_autoptr(PstGateVerdict) after = world_judge(&world);
        if (after->result == PST_GATE_PASS && before->result != PST_GATE_PASS)
            g_error("'%s' became '%s'", before->summary, after->summary);
    }
}

/* A failure by a finding stays one, whatever can't be looked at besides and may be ignored. */
static void
test_unknown_hides_no_failure(void)
{
    guint n = 0;

    for (guint i = 0; i < N_ROUNDS; i++) {
        g_auto(World) world = {0};

        set_up_by(&world, lax[g_test_rand_int_range(0, G_N_ELEMENTS(lax))]);
        world_add_unit(&world, "none.service", "inactive");
        find_something(&world);
        g_autoptr(PstGateVerdict) before = world_judge(&world);
        if (before->result != PST_GATE_FAIL)
            continue;
        n++;
        for (guint j = 0; j < world.n; j++)
            if (g_test_rand_bit())
                add_unknown(world.answers[j]);
        g_autoptr(PstGateVerdict) after = world_judge(&world);
        if (after->result != PST_GATE_FAIL)
            g_error("'%s' became '%s'", before->summary, after->summary);
    }
    g_assert_cmpuint(n, >, 0);
}

/* What is as it was is never new. */
static void
test_against_itself(void)
{
    for (guint i = 0; i < N_ROUNDS; i++) {
        g_auto(World) world = {0};

        set_up_by(&world, compare[g_test_rand_int_range(0, G_N_ELEMENTS(compare))]);
        g_clear_pointer(&world.before, pst_baseline_free);
        world.before = world_baseline(&world);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        if (verdict->result == PST_GATE_FAIL)
            g_error("%s", verdict->summary);
    }
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
        if (pst_policy_has(world.policy, PST_POLICY_NO_FINDING) ||
            pst_policy_has(world.policy, PST_POLICY_NO_NEW_FINDING))
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
        else if (ignores(&world))
            g_assert_true(verdict->result != PST_GATE_PASS || verdict->held->len > 0);
        else
            g_assert_cmpint(verdict->result, !=, PST_GATE_PASS);
    }
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gate/unknown-never-passes", test_unknown_never_passes);
    g_test_add_func("/gate/unknown-before-never-passes", test_unknown_before_never_passes);
    g_test_add_func("/gate/unknown-hides-no-failure", test_unknown_hides_no_failure);
    g_test_add_func("/gate/against-itself", test_against_itself);
    g_test_add_func("/gate/order-does-not-matter", test_order_does_not_matter);
    g_test_add_func("/gate/unrelated-report", test_unrelated_report_changes_nothing);
    g_test_add_func("/gate/parts", test_verdict_is_that_of_its_parts);
    return g_test_run();
}
