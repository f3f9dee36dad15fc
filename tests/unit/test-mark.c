// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/mark.h"
#include "protocol/error.h"
#include "protocol/report-journal.h"

#define BOOT "9296ef3853e5406c868deba62384c27e"
#define OTHER_BOOT "0123456789abcdef0123456789abcdef"
#define MACHINE "5fd06ac3b6a44bbca5a0a2bd1a2b3c4d"
#define CURSOR "s=8d1f;i=2a;b=" BOOT ";m=3e8;t=5f5e100;x=77"
#define SECONDS(n) ((n)*G_USEC_PER_SEC)
#define NOW SECONDS(G_GINT64_CONSTANT(1795000000))

/* Of a guest that has been up for so long; its clock is five milliseconds behind. */
static PstAnswer *
system_answer(const char *boot, const char *machine, gint64 up_us, gint64 asked_us)
{
    g_autoptr(JsonObject) args = json_object_new();

    json_object_set_int_member(args, "host_realtime_us", asked_us);
    PstAnswer *answer = pst_answer_new("web", "system", args);
    answer->via = PST_VIA_CHANNEL;
    answer->report = pst_report_new(&pst_report_system_kind);
    PstSystemData *data = answer->report->data;
    data->boot_id = g_strdup(boot);
    data->machine_id = g_strdup(machine);
    data->clock = pst_fields_new(&pst_report_system_clock_fields);
    data->clock->boottime_us = up_us;
    data->clock->realtime_us = asked_us - 5000;
    data->clock->drift_ms = -5;
    return answer;
}

static PstAnswer *
journal_answer(const char *cursor)
{
    PstAnswer *answer = pst_answer_new("web", "journal", NULL);

    answer->via = PST_VIA_CHANNEL;
    answer->report = pst_report_new(&pst_report_journal_kind);
    ((PstJournalData *)answer->report->data)->newest_cursor = g_strdup(cursor);
    return answer;
}

/* Up for 100 s, told at NOW. */
static PstMark *
example(void)
{
    g_autoptr(PstAnswer) system = system_answer(BOOT, MACHINE, SECONDS(100), NOW - 300000);
    g_autoptr(PstAnswer) journal = journal_answer(CURSOR);
    PstAnswer *const answers[] = {system, journal};
    g_autoptr(GError) error = NULL;
    PstMark *mark = pst_mark_make(answers, 2, NOW, &error);

    g_assert_no_error(error);
    return mark;
}

static void
test_text(void)
{
    g_autoptr(PstMark) mark = example();
    g_autofree char *text = pst_mark_to_text(mark);

    g_assert_cmpstr(text, ==,
                    "mark1,machine=" MACHINE ",boot=" BOOT
                    ",up=100.000000,clock=2026-11-18T11:06:39.695000Z,offset_ms=-5,cursor=" CURSOR
                    ",host=2026-11-18T11:06:40.000000Z");
    g_assert_null(strpbrk(text, " \t\n'\"\\"));
    g_assert_true(pst_mark_is(text));

    g_autoptr(PstMark) again = pst_mark_parse(text, NULL);
    g_autofree char *twice = pst_mark_to_text(again);
    g_assert_cmpstr(twice, ==, text);
    g_assert_cmpint(again->boottime_us, ==, SECONDS(100));
    g_assert_cmpint(again->realtime_us, ==, NOW - 305000);
    g_assert_cmpint(again->host_us, ==, NOW);
    g_assert_cmpint(again->offset_ms, ==, -5);
    g_assert_cmpstr(again->cursor, ==, CURSOR);
}

/* What may be missing is, and comes back as missing. */
static void
test_without(void)
{
    g_autoptr(PstAnswer) system = system_answer(BOOT, "uninitialized", SECONDS(3), NOW);
    g_autoptr(PstMark) mark = pst_mark_make(&system, 1, NOW, NULL);
    ((PstSystemData *)system->report->data)->clock->drift_ms = PST_INT_UNKNOWN;
    g_autoptr(PstMark) blind = pst_mark_make(&system, 1, NOW, NULL);
    g_autofree char *text = pst_mark_to_text(blind);
    g_autoptr(PstMark) again = pst_mark_parse(text, NULL);
    g_autoptr(JsonObject) json = pst_mark_to_json(again);

    g_assert_null(mark->machine_id);
    g_assert_null(again->machine_id);
    g_assert_null(again->cursor);
    g_assert_cmpint(again->offset_ms, ==, PST_INT_UNKNOWN);
    g_assert_false(json_object_has_member(json, "cursor"));
    g_assert_cmpstr(json_object_get_string_member(json, "mark"), ==, text);
}

static void
assert_refused(const char *text)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(pst_mark_parse(text, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
}

static void
test_refused(void)
{
    g_autoptr(PstMark) mark = example();
    g_autofree char *text = pst_mark_to_text(mark);
    g_autofree char *twice = g_strconcat(text, ",boot=" BOOT, NULL);
    g_autofree char *long_text = g_strnfill(70000, 'a');
    g_autofree char *too_long = g_strconcat("mark1,", long_text, NULL);

    assert_refused("mark");
    assert_refused("mark1,");
    assert_refused("mark2,boot=" BOOT);
    assert_refused("mark1,boot=" BOOT ",up=1.000000,clock=2026-11-18T11:06:39Z");
    assert_refused(twice);
    assert_refused(too_long);
    /* Cut off anywhere it is none. With any byte of it another: what is not refused can be written
     * as it was read. */
    for (gsize i = 0; text[i] != '\0'; i++) {
        g_autofree char *cut = g_strndup(text, i);
        g_autofree char *other = g_strdup(text);
        g_autoptr(PstMark) of_cut = pst_mark_parse(cut, NULL);

        other[i] = (char)(text[i] == 'Z' ? '\x1b' : text[i] + 1);
        g_autoptr(PstMark) of_other = pst_mark_parse(other, NULL);
        g_assert_null(of_cut);
        if (of_other == NULL)
            continue;
        g_autofree char *written = pst_mark_to_text(of_other);
        g_autoptr(PstMark) again = pst_mark_parse(written, NULL);
        g_assert_nonnull(again);
    }
}

/* A guest that does not tell its boot gives no mark, nor does what it recorded once. */
static void
test_none_to_be_had(void)
{
    g_autoptr(PstAnswer) bare = system_answer(NULL, MACHINE, SECONDS(1), NOW);
    g_autoptr(PstAnswer) recorded = system_answer(BOOT, MACHINE, SECONDS(1), NOW);
    g_autoptr(PstAnswer) silent = pst_answer_new("web", "system", NULL);
    PstAnswer *const answers[] = {bare, recorded, silent};

    recorded->via = PST_VIA_VOLUME;
    silent->error = g_error_new(PST_ERROR, PST_ERROR_DEADLINE, "it did not answer");
    for (guint i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(pst_mark_make(answers + i, 1, NOW, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
        g_assert_nonnull(strstr(error->message, "web: no mark"));
    }
}

static PstMarkRelation
relation(const char *boot, const char *machine, gint64 up_us, gint64 passed_us, PstTri found)
{
    g_autoptr(PstMark) mark = example();
    g_autoptr(PstAnswer) later = system_answer(boot, machine, up_us, NOW + passed_us);

    return pst_mark_compare(mark, later->report->data, NOW + passed_us, found);
}

static void
test_relations(void)
{
    static const struct {
        const char *boot, *machine;
        gint64 up_s, passed_s;
        PstTri found;
        PstMarkRelation expected;
    } rows[] = {
        {BOOT, MACHINE, 110, 10, PST_TRI_UNKNOWN, PST_MARK_SAME_BOOT},
        {BOOT, NULL, 110, 10, PST_TRI_UNKNOWN, PST_MARK_SAME_BOOT},
        {OTHER_BOOT, MACHINE, 3, 10, PST_TRI_UNKNOWN, PST_MARK_OTHER_BOOT},
        {OTHER_BOOT, MACHINE, 300, 10, PST_TRI_YES, PST_MARK_OTHER_BOOT},
        {OTHER_BOOT, MACHINE, 300, 10, PST_TRI_NO, PST_MARK_UNDONE},
        {BOOT, OTHER_BOOT, 110, 10, PST_TRI_UNKNOWN, PST_MARK_OTHER_MACHINE},
        {OTHER_BOOT, OTHER_BOOT, 110, 10, PST_TRI_YES, PST_MARK_OTHER_MACHINE},
        {BOOT, MACHINE, 99, 10, PST_TRI_UNKNOWN, PST_MARK_UNDONE},
        {BOOT, MACHINE, 99, 10, PST_TRI_YES, PST_MARK_UNDONE},
        {BOOT, MACHINE, 101, 10, PST_TRI_UNKNOWN, PST_MARK_DOUBTFUL},
        {BOOT, MACHINE, 101, 10, PST_TRI_YES, PST_MARK_SAME_BOOT},
        {BOOT, MACHINE, 101, 10, PST_TRI_NO, PST_MARK_UNDONE},
        /* A journal that lost the entry, in a guest that never stood still. */
        {BOOT, MACHINE, 110, 10, PST_TRI_NO, PST_MARK_SAME_BOOT},
        /* The host's clock was set back. */
        {BOOT, MACHINE, 110, -3600, PST_TRI_UNKNOWN, PST_MARK_SAME_BOOT},
        {NULL, MACHINE, 110, 10, PST_TRI_UNKNOWN, PST_MARK_UNTOLD},
        {"x", MACHINE, 110, 10, PST_TRI_UNKNOWN, PST_MARK_UNTOLD},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("row %u", i);
        g_assert_cmpint(relation(rows[i].boot, rows[i].machine, SECONDS(rows[i].up_s),
                                 SECONDS(rows[i].passed_s), rows[i].found),
                        ==, rows[i].expected);
    }
}

/* The initramfs has a machine id of its own, or none. */
static void
test_initramfs(void)
{
    g_autoptr(PstMark) mark = example();
    g_autoptr(PstAnswer) early = system_answer(OTHER_BOOT, OTHER_BOOT, SECONDS(1), NOW);
    PstSystemData *data = early->report->data;

    data->initramfs = PST_TRI_YES;
    g_assert_cmpint(pst_mark_compare(mark, data, NOW, PST_TRI_UNKNOWN), ==, PST_MARK_OTHER_BOOT);
    g_autoptr(PstMark) of_early = pst_mark_make(&early, 1, NOW, NULL);
    g_assert_null(of_early->machine_id);
}

/* Only an answer to a question with the mark's cursor tells whether it is there. */
static void
test_relate(void)
{
    g_autoptr(PstMark) mark = example();
    g_autoptr(PstAnswer) system =
        system_answer(BOOT, MACHINE, SECONDS(101), NOW + SECONDS(G_GINT64_CONSTANT(60)));
    g_autoptr(PstAnswer) journal = journal_answer(NULL);
    PstAnswer *const answers[] = {journal, system};

    ((PstJournalData *)journal->report->data)->after_found = PST_TRI_NO;
    g_assert_cmpint(pst_mark_relate(mark, answers, 2), ==, PST_MARK_DOUBTFUL);
    json_object_set_string_member(journal->args, "after", CURSOR);
    g_assert_cmpint(pst_mark_relate(mark, answers, 2), ==, PST_MARK_UNDONE);
    /* What a reset took from the end of a boot undoes nothing. */
    pst_report_add(journal->report, "journal.end-lost", PST_SEVERITY_INFORMATION, "it is lost");
    g_assert_cmpint(pst_mark_relate(mark, answers, 2), ==, PST_MARK_DOUBTFUL);
    journal->via = PST_VIA_VOLUME;
    g_assert_cmpint(pst_mark_relate(mark, answers, 2), ==, PST_MARK_DOUBTFUL);
    system->via = PST_VIA_AGENT_BUILTIN;
    g_assert_cmpint(pst_mark_relate(mark, answers, 2), ==, PST_MARK_UNTOLD);
}

/* By clocks of the guest alone: a pause is none of it. */
static void
test_set_back(void)
{
    static const struct {
        gint64 up_s, clock_s;
        const char *boot;
        gboolean set_back;
    } rows[] = {
        {110, 10, BOOT, FALSE}, {110, 3610, BOOT, FALSE},      {110, 8, BOOT, TRUE},
        {110, -50, BOOT, TRUE}, {110, -50, OTHER_BOOT, FALSE}, {110, -50, NULL, FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstMark) mark = example();
        g_autoptr(PstAnswer) later =
            system_answer(rows[i].boot, MACHINE, SECONDS(rows[i].up_s), NOW);

        ((PstSystemData *)later->report->data)->clock->realtime_us =
            mark->realtime_us + SECONDS(rows[i].clock_s);
        g_assert_cmpint(pst_mark_is_set_back(mark, &later, 1), ==, rows[i].set_back);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mark/text", test_text);
    g_test_add_func("/mark/without", test_without);
    g_test_add_func("/mark/refused", test_refused);
    g_test_add_func("/mark/none-to-be-had", test_none_to_be_had);
    g_test_add_func("/mark/relations", test_relations);
    g_test_add_func("/mark/initramfs", test_initramfs);
    g_test_add_func("/mark/relate", test_relate);
    g_test_add_func("/mark/set-back", test_set_back);
    return g_test_run();
}
