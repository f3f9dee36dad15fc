// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/lifecycle.h"
#include "host-sidecar/volume-records.h"
#include "protocol/fields.h"
#include "protocol/limits.h"

#define SECOND G_GINT64_CONSTANT(1000000)
#define NOW (G_GINT64_CONSTANT(1800000000) * SECOND)
#define FIRST "11111111-1111-1111-1111-111111111111"
#define SECOND_BOOT "22222222-2222-2222-2222-222222222222"

static void
free_record(gpointer record)
{
    pst_record_free(record);
}

static void
add(GPtrArray *records, const char *boot_id, gint64 seq, gint64 realtime_us, const char *probe)
{
    PstRecord *record = g_new0(PstRecord, 1);

    record->seq = seq;
    record->boot_id = g_strdup(boot_id);
    record->machine_id = g_strdup("m");
    record->realtime_us = realtime_us;
    /* Which is another clock: within a boot it alone counts. */
    record->boottime_us = realtime_us / 2;
    record->kind = probe != NULL ? PST_RECORD_REPORT : PST_RECORD_BOOT;
    record->body = json_object_new();
    if (probe != NULL) {
        g_autofree char *summary = g_strdup_printf("number %d\n\x1b[2J", (int)seq);

        json_object_set_string_member(record->body, "probe", probe);
        json_object_set_string_member(record->body, "summary", summary);
    }
    g_ptr_array_add(records, record);
}

/* A guest whose clock is decades slow: two boots, and a revert in the second. */
static PstVolumeRecords *
make(gint64 written_us)
{
    static const PstRecordCounters counters = {6, 3, 1};
    GPtrArray *records = g_ptr_array_new_with_free_func(free_record);

    add(records, FIRST, 1, 100 * SECOND, NULL);
    add(records, FIRST, 2, 160 * SECOND, "sudo");
    add(records, SECOND_BOOT, 3, 400 * SECOND, NULL);
    add(records, SECOND_BOOT, 4, 460 * SECOND, "sudo");
    add(records, SECOND_BOOT, 4, 430 * SECOND, "ssh");
    add(records, SECOND_BOOT, 5, 470 * SECOND, "ssh");
    return pst_volume_records_new(records, &counters, written_us, 2);
}

static void
test_epochs(void)
{
    static const guint epochs[] = {0, 0, 1, 1, 2, 2};
    g_autoptr(PstVolumeRecords) records = make(NOW);

    for (guint i = 0; i < G_N_ELEMENTS(epochs); i++)
        g_assert_cmpuint(g_array_index(records->epochs, guint, i), ==, epochs[i]);
}

static void
test_ages(void)
{
    static const gint64 ages[] = {380, 320, 45, 30, 30, 10};
    g_autoptr(PstVolumeRecords) records = make(NOW - 10 * SECOND);
    g_autoptr(PstVolumeRecords) undated = make(0);

    for (guint i = 0; i < G_N_ELEMENTS(ages); i++)
        g_assert_cmpint(pst_volume_records_age_us(records, records->records->pdata[i], NOW), ==,
                        ages[i] * SECOND);
    /* Written after the host's clock was set back: not in the future. */
    g_assert_cmpint(pst_volume_records_age_us(records, records->records->pdata[5], 0), ==, 0);
    g_assert_cmpint(pst_volume_records_age_us(undated, undated->records->pdata[5], NOW), ==,
                    NOW - 470 * SECOND);
}

/* A domain that was renamed has what it told under its former name, and not what another that has
 * that name now writes to its volume by mistake. */
static void
test_renamed(void)
{
    g_autoptr(PstVolumeRecords) records = make(NOW);
    g_autoptr(GPtrArray) former = g_ptr_array_new();
    const gint64 newest_us = g_array_index(records->written, gint64, 5);
    PstLifecycleName name = {(char *)"web", newest_us};

    for (guint i = 0; i < records->records->len; i++)
        ((PstRecord *)records->records->pdata[i])->domain = g_strdup("web");
    g_ptr_array_add(former, &name);
    g_assert_null(pst_volume_records_find(records, "ssh", NULL, "dead"));
    g_assert_cmpstr(pst_volume_records_other_name(records, "dead"), ==, "web");
    pst_volume_records_adopt(records, former);
    g_assert_true(pst_volume_records_find(records, "ssh", NULL, "dead") ==
                  records->records->pdata[5]);
    g_assert_true(pst_volume_records_newest(records, "dead") == records->records->pdata[5]);
    g_assert_null(pst_volume_records_other_name(records, "dead"));
    /* The last of them came when it had another name. */
    name.until_us = newest_us - 1;
    pst_volume_records_adopt(records, former);
    g_assert_cmpint(pst_volume_records_find(records, "ssh", NULL, "dead")->seq, ==, 4);
    g_assert_cmpstr(pst_volume_records_other_name(records, "dead"), ==, "web");
    pst_volume_records_adopt(records, NULL);
    g_assert_null(pst_volume_records_find(records, "ssh", NULL, "dead"));
}

/* What was recorded about a user answers for that one alone, and before what was about nobody. */
static void
test_find_user(void)
{
    g_autoptr(PstVolumeRecords) records = make(NOW);
    PstRecord *of_ops = records->records->pdata[5];
    PstRecord *of_nobody = (PstRecord *)pst_volume_records_find_told(records, "ssh", NULL, "web");

    g_assert_true(of_nobody == of_ops);
    of_ops->user = g_strdup("ops");
    of_nobody = (PstRecord *)pst_volume_records_find(records, "ssh", NULL, "web");
    g_assert_cmpint(of_nobody->realtime_us, ==, 430 * SECOND);
    g_assert_null(pst_volume_records_find(records, "ssh", "deploy", "web"));
    g_assert_true(pst_volume_records_find_best(records, "ssh", "ops", "web").told == of_ops);
    g_assert_true(pst_volume_records_find_best(records, "ssh", "deploy", "web").told == of_nobody);
    g_assert_true(pst_volume_records_find_best(records, "ssh", NULL, "web").told == of_nobody);
    g_autofree char *words = pst_volume_records_words(of_ops);
    g_assert_true(g_str_has_prefix(words, "ssh of ops: "));

    /* About a user of whom there is no word, what there is of nobody is better. */
    json_object_set_string_member(of_ops->body, "status", "unknown");
    json_object_set_array_member(of_ops->body, "findings", json_array_new());
    json_object_set_object_member(of_ops->body, "data", json_object_new());
    g_assert_true(pst_volume_records_find_best(records, "ssh", "ops", "web").told == of_nobody);
    of_nobody->user = g_strdup("deploy");
    PstVolumeFound silent = pst_volume_records_find_best(records, "ssh", "ops", "web");
    g_assert_true(silent.last == of_ops && silent.told == NULL);
    g_assert_null(pst_volume_records_find_best(records, "ssh", NULL, "web").last);
}

static void
add_unchanged(GPtrArray *records, const char *boot_id, gint64 seq)
{
    add(records, boot_id, seq, (400 + 10 * seq) * SECOND, NULL);
    PstRecord *record = records->pdata[records->len - 1];
    record->kind = PST_RECORD_EVENT;
    json_object_set_string_member(record->body, "event", "unchanged");
}

/* That nothing is new holds for the last word on a question, and for what the same recorder asks.
 */
static void
test_unchanged(void)
{
    static const PstRecordCounters counters = {0};
    GPtrArray *list = g_ptr_array_new_with_free_func(free_record);

    add(list, FIRST, 1, 100 * SECOND, "sudo");
    add_unchanged(list, FIRST, 2);
    add(list, SECOND_BOOT, 3, 430 * SECOND, NULL);
    add(list, SECOND_BOOT, 4, 440 * SECOND, "ssh");
    add(list, SECOND_BOOT, 5, 450 * SECOND, "pam");
    add_unchanged(list, SECOND_BOOT, 6);
    add(list, SECOND_BOOT, 7, 470 * SECOND, "pam");
    add_unchanged(list, SECOND_BOOT, 8);
    add(list, SECOND_BOOT, 9, 490 * SECOND, "network");
    g_autoptr(PstVolumeRecords) records = pst_volume_records_new(list, &counters, NOW, 1);
    /* Of each record: the place of what says that it is unchanged, or -1. */
    static const int unchanged[] = {-1, -1, -1, 7, -1, -1, 7, -1, -1};

    for (guint i = 0; i < list->len; i++)
        g_assert_true(pst_volume_records_no_news(records, list->pdata[i], "web") ==
                      (unchanged[i] < 0 ? NULL : list->pdata[unchanged[i]]));
    PstRecord *of_pam = list->pdata[6], *first_of_pam = list->pdata[4], *last = list->pdata[7];
    of_pam->user = g_strdup("ops");
    g_assert_true(pst_volume_records_no_news(records, first_of_pam, "web") == last);
    /* Another domain's by mistake, and a shim that was begun anew and may ask other things. */
    for (guint i = 0; i < list->len; i++)
        ((PstRecord *)list->pdata[i])->domain = g_strdup(i == 7 ? "copy" : "web");
    g_assert_true(pst_volume_records_no_news(records, of_pam, "web") == NULL);
    g_assert_true(pst_volume_records_no_news(records, list->pdata[3], "web") == list->pdata[5]);
    ((PstRecord *)list->pdata[8])->lost = 1;
    g_assert_null(pst_volume_records_no_news(records, list->pdata[3], "web"));
    ((PstRecord *)list->pdata[8])->lost = 0;
    ((PstRecord *)list->pdata[8])->kind = PST_RECORD_BOOT;
    g_assert_null(pst_volume_records_no_news(records, list->pdata[3], "web"));
}

/* What the guest says to have lost is told in sum, whatever it says. */
static void
test_lost(void)
{
    g_autoptr(PstVolumeRecords) records = make(NOW);
    const gint64 lost[] = {3, 0, -7, 4};
    g_autofree char *before = pst_volume_records_to_text(records, 1, NOW);

    g_assert_null(strstr(before, "never left the guest"));
    for (guint i = 0; i < G_N_ELEMENTS(lost); i++)
        ((PstRecord *)records->records->pdata[i])->lost = lost[i];
    g_autofree char *text = pst_volume_records_to_text(records, 1, NOW);
    g_assert_nonnull(strstr(text, "note: 7 records never left the guest"));
    for (guint i = 0; i < G_N_ELEMENTS(lost); i++)
        ((PstRecord *)records->records->pdata[i])->lost = PST_LIMIT_INTEGER;
    g_autoptr(JsonObject) json = pst_volume_records_to_json(records, 1, NOW);
    g_assert_cmpint(json_object_get_int_member(json, "lost"), ==, PST_LIMIT_INTEGER);
}

static void
test_find(void)
{
    g_autoptr(PstVolumeRecords) records = make(NOW);

    g_assert_true(pst_volume_records_newest(records, "web") == records->records->pdata[5]);

    /* Number 4 of the second boot was written twice: the first of them was reverted away. */
    g_assert_cmpint(pst_volume_records_find(records, "sudo", NULL, "web")->realtime_us, ==,
                    160 * SECOND);
    g_assert_cmpint(pst_volume_records_find(records, "ssh", NULL, "web")->realtime_us, ==,
                    470 * SECOND);
    g_assert_null(pst_volume_records_find(records, "pam", NULL, "web"));

    /* The last look at ssh had no answer: what it told before is still to be had. */
    JsonObject *body = ((PstRecord *)records->records->pdata[5])->body;
    json_object_set_string_member(body, "status", "unknown");
    json_object_set_array_member(body, "findings", json_array_new());
    json_object_set_object_member(body, "data", json_object_new());
    g_assert_cmpint(pst_volume_records_find(records, "ssh", NULL, "web")->realtime_us, ==,
                    470 * SECOND);
    g_assert_cmpint(pst_volume_records_find_told(records, "ssh", NULL, "web")->realtime_us, ==,
                    430 * SECOND);
}

static void
test_json(void)
{
    g_autoptr(PstVolumeRecords) records = make(NOW - 10 * SECOND);
    g_autoptr(JsonObject) json = pst_volume_records_to_json(records, 2, NOW);
    JsonArray *array = json_object_get_array_member(json, "records");

    g_assert_cmpuint(json_array_get_length(array), ==, 2);
    JsonObject *newest = json_array_get_object_element(array, 0);
    g_assert_cmpint(json_object_get_int_member(newest, "age_ms"), ==, 10000);
    g_assert_cmpint(json_object_get_int_member(newest, "seq"), ==, 5);
    g_assert_cmpint(json_object_get_int_member(newest, "epoch"), ==, 2);
    g_assert_cmpint(json_object_get_int_member(json, "dropped"), ==, 3);
    g_assert_cmpint(json_object_get_int_member(json, "parts"), ==, 2);
}

static void
test_text(void)
{
    g_autoptr(PstVolumeRecords) records = make(NOW - 10 * SECOND);
    g_autofree char *all = pst_volume_records_to_text(records, 100, NOW);
    g_autofree char *one = pst_volume_records_to_text(records, 1, NOW);
    g_auto(GStrv) lines = g_strsplit(all, "\n", -1);

    g_assert_true(g_str_has_prefix(lines[0], "10 s ago"));
    g_assert_nonnull(strstr(lines[0], "ssh: number 5"));
    g_assert_nonnull(strstr(lines[2], "----"));
    /* Six records, two borders, the sum; and nothing that a terminal obeys. */
    g_assert_cmpuint(g_strv_length(lines), ==, 6 + 2 + 1 + 1);
    g_assert_null(strchr(all, '\x1b'));
    g_assert_nonnull(strstr(all, "6 records in 2 parts, 3 dropped\n"));
    g_assert_null(strstr(one, "number 4"));
}

/* A guest's message of whatever length takes a few lines of a screen; a program gets the whole. */
static void
test_long(void)
{
    g_autoptr(PstVolumeRecords) records = make(NOW);
    g_autofree char *filler = g_strnfill(60000, 'x');
    g_autofree char *summary = g_strconcat("\xc3\xa9", filler, NULL);

    for (guint i = 0; i < records->records->len; i++)
        json_object_set_string_member(((PstRecord *)records->records->pdata[i])->body, "summary",
                                      summary);
    g_autofree char *text = pst_volume_records_to_text(records, 100, NOW);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_assert_true(g_utf8_validate(text, -1, NULL));
    for (guint i = 0; lines[i] != NULL; i++)
        g_assert_cmpint(g_utf8_strlen(lines[i], -1), <, 600);
    g_assert_true(g_str_has_suffix(lines[0], "xx …"));
    g_autoptr(JsonObject) json = pst_volume_records_item(records, 5, NOW);
    g_assert_cmpstr(
        json_object_get_string_member(json_object_get_object_member(json, "body"), "summary"), ==,
        summary);
}

static void
test_empty(void)
{
    static const PstRecordCounters counters = {0, 0, 9};
    g_autoptr(PstVolumeRecords) records =
        pst_volume_records_new(g_ptr_array_new_with_free_func(free_record), &counters, NOW, 1);
    g_autofree char *text = pst_volume_records_to_text(records, 10, NOW);

    g_assert_cmpstr(text, ==, "0 records in 1 parts, 0 dropped\n");
    g_assert_null(pst_volume_records_find(records, "ssh", NULL, "web"));
}

static void
set_machine(const PstRecord *record, const char *machine_id, const char *domain)
{
    PstRecord *changed = (PstRecord *)record;

    g_free(changed->machine_id);
    changed->machine_id = g_strdup(machine_id);
    g_free(changed->domain);
    changed->domain = g_strdup(domain);
}

/* A copied domain writes into the original's file: each border is marked, and nothing is answered
 * with the other's word. */
static void
test_two_machines(void)
{
    static const PstRecordCounters counters = {4, 0, 0};
    GPtrArray *set = g_ptr_array_new_with_free_func(free_record);

    add(set, FIRST, 1, 100 * SECOND, "sudo");
    add(set, SECOND_BOOT, 1, 110 * SECOND, "sudo");
    add(set, FIRST, 2, 120 * SECOND, "ssh");
    add(set, SECOND_BOOT, 2, 130 * SECOND, "ssh");
    for (guint i = 0; i < 4; i++)
        set_machine(set->pdata[i], i % 2 == 0 ? "mine" : "theirs\x1b", i % 2 == 0 ? "web" : "copy");
    g_autoptr(PstVolumeRecords) records = pst_volume_records_new(set, &counters, NOW, 1);
    g_assert_true(records->mixed);
    g_assert_cmpint(pst_volume_records_find(records, "sudo", NULL, "web")->realtime_us, ==,
                    100 * SECOND);
    g_assert_cmpint(pst_volume_records_find(records, "sudo", NULL, "copy")->realtime_us, ==,
                    110 * SECOND);
    g_assert_null(pst_volume_records_find(records, "sudo", NULL, "renamed"));
    g_assert_cmpstr(pst_volume_records_other_name(records, "web"), ==, "copy");
    g_assert_true(pst_volume_records_newest(records, "web") == set->pdata[2]);
    g_assert_true(pst_volume_records_newest(records, "copy") == set->pdata[3]);
    g_assert_null(pst_volume_records_newest(records, "renamed"));
    g_autoptr(GHashTable) others = pst_volume_records_others(records, "web");
    for (guint i = 0; i < 4; i++)
        g_assert_cmpint(g_hash_table_contains(others, set->pdata[i]), ==, i % 2 == 1);
    g_autofree char *text = pst_volume_records_to_text(records, 10, NOW);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_assert_true(g_str_has_prefix(lines[1], "---- above: the machine theirs"));
    g_assert_true(g_str_has_prefix(lines[3], "---- above: the machine mine, domain web; below: "
                                             "another one, theirs"));
    g_assert_null(strchr(text, '\x1b'));
    g_assert_nonnull(strstr(text, "note: two machines write to this volume"));
    g_autoptr(JsonObject) json = pst_volume_records_to_json(records, 10, NOW);
    JsonArray *array = json_object_get_array_member(json, "records");
    g_assert_true(json_object_get_boolean_member(json, "mixed"));
    g_assert_true(
        json_object_get_boolean_member(json_array_get_object_element(array, 0), "other_machine"));
    g_assert_false(
        json_object_has_member(json_array_get_object_element(array, 3), "other_machine"));
}

/* One record of another's, or all of them, is no answer; what a guest wrote before anybody told it
 * its name is its own by its machine or its boot. */
static void
test_whose(void)
{
    static const struct {
        const char *machines[3], *names[3]; /* of three reports of sudo, the oldest first */
        const char *boots[3];
        gint64 found; /* which of them, from 0 on; -1: none */
    } rows[] = {
        {{"m", "m", "x"}, {"web", "web", "other"}, {FIRST, FIRST, SECOND_BOOT}, 1},
        {{"x", "x", "x"}, {"other", "other", "other"}, {FIRST, FIRST, FIRST}, -1},
        {{"m", "m", "m"}, {NULL, "", NULL}, {FIRST, FIRST, FIRST}, 2},
        {{"m", "m", "m"}, {"web", "web", NULL}, {FIRST, FIRST, SECOND_BOOT}, 2},
        {{"", "m", "m"}, {NULL, "web", "web"}, {FIRST, FIRST, FIRST}, 2},
        {{"", "m", "x"}, {NULL, "web", NULL}, {FIRST, FIRST, SECOND_BOOT}, 1},
        {{"m", "m", "m"}, {"web", "web", "clone"}, {FIRST, FIRST, SECOND_BOOT}, 1},
        {{"x", "x", "x"}, {"other", NULL, NULL}, {FIRST, FIRST, FIRST}, -1},
    };
    static const PstRecordCounters counters = {3, 0, 0};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        GPtrArray *set = g_ptr_array_new_with_free_func(free_record);

        for (gint64 j = 0; j < 3; j++) {
            add(set, rows[i].boots[j], j + 1, (100 + j) * SECOND, "sudo");
            set_machine(set->pdata[j], rows[i].machines[j], rows[i].names[j]);
        }
        g_autoptr(PstVolumeRecords) records = pst_volume_records_new(set, &counters, NOW, 1);
        const PstRecord *found = pst_volume_records_find(records, "sudo", NULL, "web");
        g_assert_true(pst_volume_records_newest(records, "web") == found);
        if (rows[i].found < 0)
            g_assert_null(found);
        else
            g_assert_true(found == set->pdata[rows[i].found]);
    }
}

/* A shim that was killed after the revert is started anew with a higher number. */
static void
test_killed_after_revert(void)
{
    static const PstRecordCounters counters = {4, 0, 0};
    GPtrArray *set = g_ptr_array_new_with_free_func(free_record);

    add(set, FIRST, 91970, 100 * SECOND, "sudo");
    add(set, FIRST, 91990, 2000 * SECOND, "sudo");
    add(set, FIRST, 300000, 300 * SECOND, NULL);
    add(set, FIRST, 300001, 301 * SECOND, "ssh");
    g_autoptr(PstVolumeRecords) records = pst_volume_records_new(set, &counters, NOW, 1);
    g_assert_cmpint(pst_volume_records_find(records, "sudo", NULL, "web")->seq, ==, 91970);
    g_assert_cmpuint(g_array_index(records->epochs, guint, 1), ==, 0);
    g_assert_cmpuint(g_array_index(records->epochs, guint, 2), ==, 1);
    g_assert_cmpuint(g_array_index(records->epochs, guint, 3), ==, 1);
}

static void
test_undone(void)
{
    static const struct {
        gint64 written_s, before_s, seen_s; /* before NOW; before -1: nobody had looked */
        gboolean reverted;                  /* the records end after a revert */
        gboolean undone;
    } rows[] = {
        {60, 30, 20, TRUE, TRUE},  {60, 30, 20, FALSE, TRUE}, {10, 30, 20, FALSE, FALSE},
        {25, 30, 20, FALSE, TRUE}, {25, 30, 20, TRUE, FALSE}, {25, -1, 20, FALSE, TRUE},
        {25, -1, 20, TRUE, FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        static const PstRecordCounters counters = {2, 0, 0};
        GPtrArray *set = g_ptr_array_new_with_free_func(free_record);

        add(set, FIRST, 2, 110 * SECOND, "sudo");
        add(set, FIRST, rows[i].reverted ? 1 : 3, rows[i].reverted ? 100 * SECOND : 120 * SECOND,
            "ssh");
        g_autoptr(PstVolumeRecords) records =
            pst_volume_records_new(set, &counters, NOW - rows[i].written_s * SECOND, 1);
        gint64 before_us = rows[i].before_s < 0 ? PST_INT_UNKNOWN : NOW - rows[i].before_s * SECOND;
        g_assert_true(pst_volume_records_is_undone(
                          records, before_us, NOW - rows[i].seen_s * SECOND) == rows[i].undone);
    }
}

static void
test_notes(void)
{
    g_autoptr(PstVolumeRecords) records = make(NOW);

    records->n_stored = 2;
    records->missed = 7;
    pst_volume_records_note(records, "a guest's \x1b[2J");
    g_autofree char *text = pst_volume_records_to_text(records, 1, NOW);
    g_autoptr(JsonObject) json = pst_volume_records_to_json(records, 1, NOW);
    g_assert_nonnull(strstr(text, "; 2 of them were kept from earlier readings\n"));
    g_assert_nonnull(strstr(text, "note: 7 records were rolled away unread"));
    g_assert_nonnull(strstr(text, "note: a guest's "));
    g_assert_null(strchr(text, '\x1b'));
    g_assert_cmpint(json_object_get_int_member(json, "stored"), ==, 2);
    g_assert_cmpint(json_object_get_int_member(json, "missed"), ==, 7);
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(json, "notes")), ==, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/volume-records/epochs", test_epochs);
    g_test_add_func("/volume-records/ages", test_ages);
    g_test_add_func("/volume-records/find", test_find);
    g_test_add_func("/volume-records/unchanged", test_unchanged);
    g_test_add_func("/volume-records/lost", test_lost);
    g_test_add_func("/volume-records/renamed", test_renamed);
    g_test_add_func("/volume-records/find-user", test_find_user);
    g_test_add_func("/volume-records/json", test_json);
    g_test_add_func("/volume-records/text", test_text);
    g_test_add_func("/volume-records/long", test_long);
    g_test_add_func("/volume-records/empty", test_empty);
    g_test_add_func("/volume-records/two-machines", test_two_machines);
    g_test_add_func("/volume-records/whose", test_whose);
    g_test_add_func("/volume-records/killed-after-revert", test_killed_after_revert);
    g_test_add_func("/volume-records/undone", test_undone);
    g_test_add_func("/volume-records/notes", test_notes);
    return g_test_run();
}
