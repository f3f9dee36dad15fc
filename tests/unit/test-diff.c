// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/diff.h"
#include "tests/unit/baseline-world.h"
#include "tests/unit/random-report.h"

#define MINUTE WORLD_SECONDS(60)

typedef struct {
    PstBaseline *before, *after;
} Two;

static void
set_up(Two *two, gconstpointer data G_GNUC_UNUSED)
{
    World old = world(), new = world_later(old, MINUTE);

    two->before = world_baseline(&old, NULL);
    two->after = world_baseline(&new, two->before);
}

static void
tear_down(Two *two, gconstpointer data G_GNUC_UNUSED)
{
    pst_baseline_free(two->before);
    pst_baseline_free(two->after);
}

static const char *
word(const char *text)
{
    return text != NULL ? text : "-";
}

/* All of it as text, a line a row, but for the verdicts that nobody could give: nothing is known of
 * the world's accounts. */
static char *
text_of(const PstDiff *diff)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (guint i = 0; i < diff->findings->len; i++) {
        const PstDiffFinding *row = diff->findings->pdata[i];
        const PstFinding *finding = row->after != NULL ? row->after : row->before;
        g_string_append_printf(
            out, "%s %s %s %s\n", pst_finding_severity_names[pst_diff_finding_severity(row)],
            pst_diff_finding_kind_names[row->kind], finding->id, word(row->user));
    }
    for (guint i = 0; i < diff->changes->len; i++) {
        const PstDiffChange *row = diff->changes->pdata[i];
        g_string_append_printf(out, "%s %s %s: %s > %s %s\n",
                               pst_finding_severity_names[row->severity],
                               pst_diff_kind_names[row->kind], row->where, word(row->before),
                               word(row->after), word(row->user));
    }
    for (guint i = 0; i < diff->unseen->len; i++) {
        const PstDiffChange *row = diff->unseen->pdata[i];
        if (g_str_equal(row->probe, "access"))
            continue;
        g_string_append_printf(out, "unseen %s: %s %s\n", row->where, row->reason, word(row->user));
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void
expect(const Two *two, PstDiffVerdict verdict, const char *text)
{
    g_autoptr(PstDiff) diff = pst_diff_make(two->before, two->after);
    g_autofree char *told = text_of(diff);

    g_assert_cmpstr(told, ==, text);
    g_assert_cmpint(pst_diff_verdict(diff), ==, verdict);
}

/* Other pids, clocks and places in the journal. */
static void
test_same(Two *two, gconstpointer data G_GNUC_UNUSED)
{
    expect(two, PST_DIFF_SAME, "");
    g_autoptr(PstDiff) diff = pst_diff_make(two->before, two->after);
    g_assert_true(pst_diff_is_empty(diff));
    g_assert_cmpuint(diff->n_facts, >, 5);
}

static PstServicesUnit *
unit_of(PstBaseline *baseline, const char *name)
{
    PstServicesData *data = world_find(baseline, "services", NULL)->report->data;

    for (guint i = 0; i < data->units->len; i++) {
        PstServicesUnit *unit = data->units->pdata[i];
        if (g_str_equal(unit->name, name))
            return unit;
    }
    g_assert_not_reached();
}

static void
set(char **place, const char *text)
{
    g_free(*place);
    *place = g_strdup(text);
}

/* A change is as bad as the finding that tells of it. */
static void
test_unit(Two *two, gconstpointer data G_GNUC_UNUSED)
{
    set(&unit_of(two->after, "cron.service")->active, "failed");
    set(&unit_of(two->after, "ssh.service")->active, "reloading");
    expect(two, PST_DIFF_SAME,
           "information changed services.units[cron.service].active: active > failed -\n"
           "information changed services.units[ssh.service].active: active > reloading -\n");
    PstFinding *finding = world_add_finding(world_find(two->after, "services", NULL),
                                            "services.failed", PST_SEVERITY_CRITICAL, NULL);
    finding->evidence->unit = g_strdup("cron.service");
    expect(two, PST_DIFF_WORSE,
           "critical appeared services.failed -\n"
           "critical changed services.units[cron.service].active: active > failed -\n"
           "information changed services.units[ssh.service].active: active > reloading -\n");
}

typedef struct {
    int before, after; /* severities; -1 for none */
    const char *told;
    PstDiffVerdict verdict;
} Finding;

static void
test_findings(void)
{
    enum { NONE = -1, NOTE, WARN, UNKNOWN, CRIT };
    static const Finding rows[] = {
        {NONE, NOTE, "information appeared sudo.x harness\n", PST_DIFF_SAME},
        {NONE, WARN, "warning appeared sudo.x harness\n", PST_DIFF_WORSE},
        {NONE, CRIT, "critical appeared sudo.x harness\n", PST_DIFF_WORSE},
        {NONE, UNKNOWN, "unknown appeared sudo.x harness\n", PST_DIFF_NOT_SURE},
        {NOTE, WARN, "warning worse sudo.x harness\n", PST_DIFF_WORSE},
        {WARN, CRIT, "critical worse sudo.x harness\n", PST_DIFF_WORSE},
        {CRIT, CRIT, "", PST_DIFF_SAME},
        {CRIT, WARN, "information better sudo.x harness\n", PST_DIFF_SAME},
        {CRIT, NONE, "information vanished sudo.x harness\n", PST_DIFF_SAME},
        {CRIT, UNKNOWN, "unknown unknown sudo.x harness\n", PST_DIFF_NOT_SURE},
        {WARN, UNKNOWN, "unknown unknown sudo.x harness\n", PST_DIFF_NOT_SURE},
        {NOTE, UNKNOWN, "unknown worse sudo.x harness\n", PST_DIFF_NOT_SURE},
        {UNKNOWN, NOTE, "information better sudo.x harness\n", PST_DIFF_SAME},
        {UNKNOWN, WARN, "unknown unknown sudo.x harness\n", PST_DIFF_NOT_SURE},
        {UNKNOWN, CRIT, "critical worse sudo.x harness\n", PST_DIFF_WORSE},
        {UNKNOWN, NONE, "information vanished sudo.x harness\n", PST_DIFF_SAME},
        {UNKNOWN, UNKNOWN, "unseen sudo: both: sudo.x harness\n", PST_DIFF_NOT_SURE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        Two two;

        g_test_message("%d to %d", rows[i].before, rows[i].after);
        set_up(&two, NULL);
        if (rows[i].before != NONE)
            world_add_finding(world_find(two.before, "sudo", "harness"), "sudo.x",
                              (PstSeverity)rows[i].before, "/etc/x")
                ->evidence->line = 3;
        if (rows[i].after != NONE)
            world_add_finding(world_find(two.after, "sudo", "harness"), "sudo.x",
                              (PstSeverity)rows[i].after, "/etc/x")
                ->evidence->line = 17;
        expect(&two, rows[i].verdict, rows[i].told);
        tear_down(&two, NULL);
    }
}

/* One that tells of another file is another. */
static void
test_other_file(Two *two, gconstpointer data G_GNUC_UNUSED)
{
    world_add_finding(world_find(two->before, "sudo", "harness"), "sudo.x", PST_SEVERITY_WARNING,
                      "/etc/x");
    world_add_finding(world_find(two->after, "sudo", "harness"), "sudo.x", PST_SEVERITY_WARNING,
                      "/etc/y");
    expect(two, PST_DIFF_WORSE,
           "warning appeared sudo.x harness\ninformation vanished sudo.x harness\n");
}

/* So is one that tells of another check, which has no path. */
static void
test_other_name(Two *two, gconstpointer data G_GNUC_UNUSED)
{
    world_add_finding(world_find(two->before, "sudo", "harness"), "sudo.x", PST_SEVERITY_WARNING,
                      NULL)
        ->evidence->name = g_strdup("a");
    world_add_finding(world_find(two->after, "sudo", "harness"), "sudo.x", PST_SEVERITY_WARNING,
                      NULL)
        ->evidence->name = g_strdup("b");
    expect(two, PST_DIFF_WORSE,
           "warning appeared sudo.x harness\ninformation vanished sudo.x harness\n");
}

/* Information that names the latest of many is the same with another. */
static void
test_information(Two *two, gconstpointer data G_GNUC_UNUSED)
{
    world_add_finding(world_find(two->before, "changes", "harness"), "changes.x",
                      PST_SEVERITY_INFORMATION, "/etc/x");
    world_add_finding(world_find(two->after, "changes", "harness"), "changes.x",
                      PST_SEVERITY_INFORMATION, "/etc/y");
    expect(two, PST_DIFF_SAME, "");
}

/* Nor is a warning new where before not all could be looked at; what is critical is, for it is so.
 */
static void
test_was_blinded(Two *two, gconstpointer data G_GNUC_UNUSED)
{
    world_add_finding(world_find(two->before, "sudo", "harness"), "sudo.could-not-look",
                      PST_SEVERITY_UNKNOWN, NULL);
    world_add_finding(world_find(two->after, "sudo", "harness"), "sudo.x", PST_SEVERITY_WARNING,
                      "/etc/x");
    expect(two, PST_DIFF_NOT_SURE,
           "unknown unknown sudo.x harness\ninformation vanished sudo.could-not-look harness\n");
    world_add_finding(world_find(two->after, "sudo", "harness"), "sudo.y", PST_SEVERITY_CRITICAL,
                      "/etc/x");
    expect(two, PST_DIFF_WORSE,
           "critical appeared sudo.y harness\nunknown unknown sudo.x harness\n"
           "information vanished sudo.could-not-look harness\n");
}

/* That a finding is not told any more, by a look that could not see everything, is not its end. */
static void
test_blinded(Two *two, gconstpointer data G_GNUC_UNUSED)
{
    world_add_finding(world_find(two->before, "sudo", "harness"), "sudo.x", PST_SEVERITY_CRITICAL,
                      "/etc/x");
    world_add_finding(world_find(two->after, "sudo", "harness"), "sudo.could-not-look",
                      PST_SEVERITY_UNKNOWN, NULL);
    expect(two, PST_DIFF_NOT_SURE,
           "unknown appeared sudo.could-not-look harness\nunknown unknown sudo.x harness\n");
}

static void
test_unknown(Two *two, gconstpointer data G_GNUC_UNUSED)
{
    world_lose(world_find(two->after, "firewall", NULL), "it was late");
    expect(two, PST_DIFF_NOT_SURE, "unknown unknown firewall: ok: all is well > - -\n");
    world_lose(world_find(two->before, "firewall", NULL), "it was late");
    expect(two, PST_DIFF_NOT_SURE, "unseen firewall: both: it was late -\n");
    world_lose(world_find(two->before, "network", NULL), "it was busy");
    expect(two, PST_DIFF_NOT_SURE,
           "unknown unknown network: - > ok: all is well -\n"
           "unseen firewall: both: it was late -\n");
    /* What is known to be worse is worse, whatever else is not known. */
    world_add_finding(world_find(two->after, "sudo", "harness"), "sudo.x", PST_SEVERITY_CRITICAL,
                      NULL);
    g_autoptr(PstDiff) diff = pst_diff_make(two->before, two->after);
    g_assert_cmpint(pst_diff_verdict(diff), ==, PST_DIFF_WORSE);
    g_autoptr(PstDiff) own = pst_diff_make(two->after, two->after);
    g_assert_true(pst_diff_is_empty(own));
    g_assert_cmpstr(((PstDiffChange *)own->unseen->pdata[0])->where, ==, "firewall");
    g_assert_cmpint(pst_diff_verdict(own), ==, PST_DIFF_NOT_SURE);
}

/* A record of earlier, what is seen from outside, and the agent's own few words are no word of the
 * guest's that can be held against the shim's. */
static void
test_paths(Two *two, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        PstVia before, after;
        PstDiffVerdict verdict;
        const char *reason;
    } rows[] = {
        {PST_VIA_CHANNEL, PST_VIA_AGENT, PST_DIFF_SAME, NULL},
        {PST_VIA_AGENT_BUILTIN, PST_VIA_AGENT_BUILTIN, PST_DIFF_SAME, NULL},
        {PST_VIA_CHANNEL, PST_VIA_VOLUME, PST_DIFF_NOT_SURE, "after: only a record of earlier"},
        {PST_VIA_VOLUME, PST_VIA_VOLUME, PST_DIFF_NOT_SURE, "both: only a record of earlier"},
        {PST_VIA_HOST, PST_VIA_CHANNEL, PST_DIFF_NOT_SURE, "before: the guest itself did not"},
        {PST_VIA_CHANNEL, PST_VIA_AGENT_BUILTIN, PST_DIFF_NOT_SURE, "one tells less"},
        {PST_VIA_AGENT_BUILTIN, PST_VIA_AGENT, PST_DIFF_NOT_SURE, "one tells less"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        world_find(two->before, "memory", NULL)->via = (int)rows[i].before;
        world_find(two->after, "memory", NULL)->via = (int)rows[i].after;
        g_autoptr(PstDiff) diff = pst_diff_make(two->before, two->after);
        g_assert_cmpint(pst_diff_verdict(diff), ==, rows[i].verdict);
        g_autofree char *told = text_of(diff);
        GPtrArray *unknown = diff->changes->len > 0 ? diff->changes : diff->unseen;
        g_assert_cmpint(*told == '\0', ==, rows[i].reason == NULL);
        if (rows[i].reason != NULL)
            g_assert_nonnull(strstr(((PstDiffChange *)unknown->pdata[0])->reason, rows[i].reason));
    }
}

/* A verdict that could not be given is neither the same nor another. */
static void
test_verdict_unknown(Two *two, gconstpointer data G_GNUC_UNUSED)
{
    ((PstSudoData *)world_find(two->after, "sudo", "harness")->report->data)->verdict = 0;
    expect(two, PST_DIFF_NOT_SURE, "unknown unknown sudo.verdict: granted > unknown harness\n");
    ((PstSudoData *)world_find(two->before, "sudo", "harness")->report->data)->verdict = 0;
    expect(two, PST_DIFF_SAME, "unseen sudo.verdict: both could not tell harness\n");
}

/* A list that was cut may have had what only the other has. */
static void
test_cut(Two *two, gconstpointer data G_GNUC_UNUSED)
{
    world_add_unit(world_find(two->after, "services", NULL)->report->data, "new.service", "active",
                   3);
    expect(two, PST_DIFF_SAME,
           "information appeared services.units[new.service]: - > active active -\n");
    world_find(two->before, "services", NULL)->report->truncated = TRUE;
    expect(two, PST_DIFF_NOT_SURE, "unknown unknown services.units: - > 1 more -\n");
}

/* What is the same for all users is told once. */
static void
test_users(void)
{
    static const char *const users[] = {"harness", "root", NULL};
    World old = world();
    old.users = users;
    World new = world_later(old, MINUTE);
    Two two = {world_baseline(&old, NULL), world_baseline(&new, NULL)};

    for (guint i = 0; i < 2; i++) {
        PstAnswer *answer = world_find(two.after, "sudo", users[i]);
        PstSudoData *data = answer->report->data;
        PstSudoFile *file = pst_fields_append(&pst_report_sudo_file_fields, &data->files);
        file->path = g_strdup("/etc/sudoers.d/x");
        world_add_finding(answer, "sudo.x", PST_SEVERITY_WARNING, "/etc/sudoers.d/x");
    }
    ((PstSudoData *)world_find(two.after, "sudo", "root")->report->data)->verdict = 3;
    expect(&two, PST_DIFF_WORSE,
           "warning appeared sudo.x -\n"
           "warning appeared sudo.files[/etc/sudoers.d/x]: - > there -\n"
           "information changed sudo.verdict: granted > refused root\n");
    tear_down(&two, NULL);
}

/* ---- whatever the reports say ---- */

static void
randomize(PstBaseline *baseline)
{
    for (guint i = 0; i < baseline->answers->len; i++) {
        PstAnswer *answer = baseline->answers->pdata[i];
        pst_report_free(answer->report);
        answer->report = random_report(pst_vocabulary_find(answer->probe));
    }
}

static void
shuffle(GPtrArray *array)
{
    for (guint i = array->len; i > 1; i--) {
        guint j = (guint)g_test_rand_int_range(0, (gint)i);
        gpointer moved = array->pdata[j];
        array->pdata[j] = array->pdata[i - 1];
        array->pdata[i - 1] = moved;
    }
}

static void
shuffle_lists(const PstFields *fields, gpointer object)
{
    for (guint i = 0; i < fields->n_rows; i++) {
        const PstField *row = &fields->rows[i];
        gpointer value = row->fields != NULL ? FIELD_AT(object, row, gpointer) : NULL;

        if (value != NULL && row->type == PST_FIELD_OBJECT)
            shuffle_lists(row->fields, value);
        if (value == NULL || row->type != PST_FIELD_LIST)
            continue;
        for (guint j = 0; j < ((GPtrArray *)value)->len; j++)
            shuffle_lists(row->fields, ((GPtrArray *)value)->pdata[j]);
        shuffle(value);
    }
}

static void
test_random_itself(Two *two, gconstpointer data G_GNUC_UNUSED)
{
    for (guint i = 0; i < 50; i++) {
        randomize(two->before);
        g_autoptr(PstDiff) diff = pst_diff_make(two->before, two->before);
        g_assert_true(pst_diff_is_empty(diff));
    }
}

/* A copy whose reports and lists lie in another order is the same: against itself, and against any
 * other. */
static void
test_random_order(Two *two, gconstpointer data G_GNUC_UNUSED)
{
    for (guint i = 0; i < 50; i++) {
        gsize len = 0;

        randomize(two->before);
        randomize(two->after);
        g_autofree char *text = pst_baseline_to_text(two->before, &len);
        g_autoptr(PstBaseline) plain = pst_baseline_read(text, len, NULL);
        g_autoptr(PstBaseline) turned = pst_baseline_read(text, len, NULL);
        shuffle(turned->answers);
        for (guint j = 0; j < turned->answers->len; j++) {
            PstReport *report = ((PstAnswer *)turned->answers->pdata[j])->report;
            shuffle_lists(report->kind->data, report->data);
            shuffle(report->findings);
        }
        g_autoptr(PstDiff) same = pst_diff_make(plain, turned);
        g_assert_true(pst_diff_is_empty(same));
        g_autoptr(PstDiff) one = pst_diff_make(plain, two->after);
        g_autoptr(PstDiff) other = pst_diff_make(turned, two->after);
        g_autofree char *one_text = text_of(one);
        g_autofree char *other_text = text_of(other);
        g_assert_cmpstr(one_text, ==, other_text);
        g_assert_cmpuint(one->n_facts, ==, other->n_facts);
    }
}

/* Whatever is lost of either side, it is never the same. */
static void
test_random_lost(Two *two, gconstpointer data G_GNUC_UNUSED)
{
    for (guint i = 0; i < two->after->answers->len; i++) {
        PstAnswer *answer = two->after->answers->pdata[i];
        g_autofree char *probe = g_strdup(answer->probe);
        Two other;

        set_up(&other, NULL);
        world_lose(i % 2 == 0 ? other.before->answers->pdata[i] : other.after->answers->pdata[i],
                   "lost");
        g_autoptr(PstDiff) diff = pst_diff_make(other.before, other.after);
        g_assert_cmpint(pst_diff_verdict(diff), ==, PST_DIFF_NOT_SURE);
        g_assert_cmpstr(((PstDiffChange *)diff->changes->pdata[0])->where, ==, probe);
        tear_down(&other, NULL);
    }
}

/* ---- as it is told ---- */

static void
test_text(Two *two, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(PstDiff) same = pst_diff_make(two->before, two->after);
    g_autofree char *nothing = pst_diff_to_text(same, "old", "new");
    g_assert_true(g_str_has_prefix(nothing, "old → new: nothing differs; 0 changes in "));

    PstAnswer *sudo = world_find(two->after, "sudo", "harness");
    for (guint i = 0; i < 100; i++) {
        g_autofree char *name = g_strdup_printf("n%u\x1b[2J.service", i);
        g_autofree char *path = g_strdup_printf("/etc/%u", i);
        world_add_unit(world_find(two->after, "services", NULL)->report->data, name, "active", 3);
        world_add_finding(sudo, i == 70 ? "sudo.worst" : "sudo.x",
                          i == 70 ? PST_SEVERITY_CRITICAL : PST_SEVERITY_WARNING, path);
    }
    g_autoptr(PstDiff) diff = pst_diff_make(two->before, two->after);
    g_autofree char *text = pst_diff_to_text(diff, "old\n\x1b", "new");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), <=, 32);
    g_assert_null(strchr(text, '\x1b'));
    g_assert_true(g_str_has_prefix(lines[0], "old\\n\\x1b → new: worse: 100 findings"));
    g_assert_true(g_str_has_prefix(lines[1], "CRITICAL  appeared sudo.worst [sudo.worst] for "));
    g_assert_nonnull(strstr(text, "\n… and 90 more findings; --json tells all\n"));
    g_autoptr(JsonObject) json = pst_diff_to_json(diff);
    g_assert_cmpstr(json_object_get_string_member(json, "verdict"), ==, "worse");
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(json, "changes")), ==, 100);
    g_assert_true(json_object_get_boolean_member(json, "same_boot"));
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*test)(Two *two, gconstpointer data);
    } tests[] = {
        {"same", test_same},
        {"unit", test_unit},
        {"other-file", test_other_file},
        {"other-name", test_other_name},
        {"information", test_information},
        {"blinded", test_blinded},
        {"was-blinded", test_was_blinded},
        {"unknown", test_unknown},
        {"paths", test_paths},
        {"verdict-unknown", test_verdict_unknown},
        {"cut", test_cut},
        {"random-itself", test_random_itself},
        {"random-order", test_random_order},
        {"random-lost", test_random_lost},
        {"text", test_text},
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strconcat("/diff/", tests[i].name, NULL);
        g_test_add(path, Two, NULL, set_up, tests[i].test, tear_down);
    }
    g_test_add_func("/diff/findings", test_findings);
    g_test_add_func("/diff/users", test_users);
    return g_test_run();
}
