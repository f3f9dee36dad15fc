// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sound guests of several distributions are not accused, by any probe there is. */
#include "guest-shim/boot-clock.h"
#include "guest-shim/probe.h"
#include "protocol/vocabulary.h"
#include "tests/unit/world-data.h"

static const char *const worlds[] = {"debian12",   "debian13", "rhel9",
                                     "ubuntu2404", "suse",     "alpine"};

/* What an argument of that name is given, in every probe that has it. */
static const struct {
    const char *name;
    const char *value; /* NULL: the world's administrator */
} arguments[] = {
    {"user", NULL},
    {"passive", "true"},
};

/* And what a probe is asked that would not be answered without. */
static const struct {
    const char *probe;
    const char *word;
} more[] = {
    {"file", "path=/etc/os-release"},
    {"list", "path=/etc"},
};

typedef struct {
    World world;
    WorldData data;
    GString *accused;
    GHashTable *used; /* rows of data.unknown that were of use */
} Test;

static char **
words_for(const PstReportKind *kind, const char *user)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();

    for (guint i = 0; i < kind->args->n_rows; i++)
        for (guint j = 0; j < G_N_ELEMENTS(arguments); j++)
            if (g_str_equal(kind->args->rows[i].name, arguments[j].name)) {
                g_autofree char *word =
                    g_strconcat(arguments[j].name, "=",
                                arguments[j].value != NULL ? arguments[j].value : user, NULL);
                g_strv_builder_add(words, word);
            }
    for (guint i = 0; i < G_N_ELEMENTS(more); i++)
        if (g_str_equal(more[i].probe, kind->name))
            g_strv_builder_add(words, more[i].word);
    return g_strv_builder_end(words);
}

static PstReport *
ask(const PstProbe *probe, const World *world, const char *user)
{
    g_auto(GStrv) words = words_for(probe->kind, user);
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) json =
        pst_fields_from_words(probe->kind->args, (const char *const *)words, &error);
    g_assert_no_error(error);
    gpointer args = pst_fields_decode_exact(probe->kind->args, json, &error);
    g_assert_no_error(error);
    const PstProbeContext context = {world->sysroot, pst_boot_clock_us() + 30 * G_USEC_PER_SEC};
    PstReport *report = pst_report_new(probe->kind);

    probe->run(&context, args, report);
    pst_fields_free(probe->kind->args, args);
    return report;
}

static void
hold_against(Test *test, const PstReport *report)
{
    for (guint i = 0; i < report->findings->len; i++) {
        const PstFinding *finding = report->findings->pdata[i];

        if (finding->severity == PST_SEVERITY_INFORMATION)
            continue;
        if (finding->severity == PST_SEVERITY_UNKNOWN &&
            g_hash_table_contains(test->data.unknown, finding->id)) {
            g_hash_table_add(test->used, finding->id);
            continue;
        }
        g_string_append_printf(
            test->accused, "%s (%s): %s\n      %s:%" G_GINT64_FORMAT " %s\n", finding->id,
            pst_finding_severity_names[finding->severity], finding->message,
            finding->evidence->path != NULL ? finding->evidence->path : "",
            finding->evidence->line == PST_INT_UNKNOWN ? 0 : finding->evidence->line,
            finding->evidence->error != NULL ? finding->evidence->error : "");
    }
}

/* A row of the list that nothing needs any more would hide a later fault. */
static void
hold_unused_rows_against(Test *test)
{
    GHashTableIter iter;
    gpointer id;

    g_hash_table_iter_init(&iter, test->data.unknown);
    while (g_hash_table_iter_next(&iter, &id, NULL))
        if (!g_hash_table_contains(test->used, id))
            g_string_append_printf(test->accused, "%s: allowed without need\n", (char *)id);
}

static void
test_world(gconstpointer name)
{
    g_autoptr(GPtrArray) reports = g_ptr_array_new_with_free_func((GDestroyNotify)pst_report_free);
    Test test = {.accused = g_string_new(NULL), .used = g_hash_table_new(g_str_hash, g_str_equal)};

    set_up(&test.world, NULL);
    put_world(&test.world, name, &test.data);
    for (guint i = 0; i < pst_probe_table_n; i++) {
        PstReport *report = ask(&pst_probe_table[i], &test.world, test.data.user);

        g_ptr_array_add(reports, report);
        g_test_message("%s: %s", report->probe, report->summary);
        hold_against(&test, report);
    }
    hold_unused_rows_against(&test);
    if (test.accused->len > 0) {
        g_test_message("%s is sound, and accused:\n%s", (const char *)name, test.accused->str);
        g_test_fail();
    }
    g_string_free(test.accused, TRUE);
    g_hash_table_unref(test.used);
    tear_down(&test.world, NULL);
    world_data_clear(&test.data);
}

static void
test_no_root(gconstpointer name G_GNUC_UNUSED)
{
    g_test_skip("needs root, or a user namespace");
}

int
main(int argc, char **argv)
{
    gboolean root = become_root();

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(worlds); i++) {
        g_autofree char *path = g_strconcat("/worlds/", worlds[i], NULL);
        g_test_add_data_func(path, worlds[i], root ? test_world : test_no_root);
    }
    return g_test_run();
}
