// SPDX-License-Identifier: LGPL-2.1-or-later

#include "host-sidecar/record-keep.h"
#include "protocol/limits.h"
#include "tests/unit/record-streams.h"

#define A STREAM_BOOT_A, STREAM_MACHINE_A, "web"
#define B STREAM_BOOT_B, STREAM_MACHINE_B, "other"

/* Between two records of one shim, which writes fewer than one in a millisecond. */
#define TICK (60 * G_GINT64_CONSTANT(1000000))

/* Events of boot A, by number; a letter behind a number makes another record of the same number, as
 * a revert does; "-" makes the next one a stub. */
static GPtrArray *
make_set(const char *words)
{
    g_auto(GStrv) parts = g_strsplit(words, " ", -1);
    GPtrArray *set = pst_record_set_new();

    for (char **part = parts; *part != NULL; part++) {
        if (**part == '\0')
            continue;
        gboolean stub = **part == '-';
        char *rest = NULL;
        gint64 seq = g_ascii_strtoll(*part + stub, &rest, 10);
        const StreamRecord wanted = {A, seq, seq * TICK + *rest, PST_RECORD_EVENT, "oom-kill", 10};
        PstRecord *record = stream_record(&wanted);
        if (stub)
            pst_record_stub(record);
        g_ptr_array_add(set, record);
    }
    return set;
}

static char *
words_of(const GPtrArray *set)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < set->len; i++) {
        const PstRecord *record = set->pdata[i];
        char letter = (char)(record->boottime_us - record->seq * TICK);
        g_string_append_printf(out, "%s%" G_GINT64_FORMAT, i > 0 ? " " : "", record->seq);
        if (letter != '\0')
            g_string_append_c(out, letter);
    }
    return g_string_free(out, FALSE);
}

static void
test_merge(void)
{
    static const struct {
        const char *what, *stored, *volume, *merged;
        guint n_stored;
        gint64 missed;
    } cases[] = {
        {"nothing stored", "", "1 2 3", "1 2 3", 0, 0},
        {"no volume", "1 2 3", "", "1 2 3", 3, 0},
        {"neither", "", "", "", 0, 0},
        {"the same", "1 2 3", "1 2 3", "1 2 3", 0, 0},
        {"overlap", "1 2 3", "2 3 4 5", "1 2 3 4 5", 1, 0},
        {"rolled", "1 2 3", "3 4", "1 2 3 4", 2, 0},
        {"just behind", "1 2 3", "4 5", "1 2 3 4 5", 3, 0},
        {"a gap", "1 2 3", "7 8", "1 2 3 7 8", 3, 3},
        {"a volume that was restored", "1 2 3 4", "1 2", "1 2 3 4", 2, 0},
        {"the store gave something up", "1 4", "1 2 3 4 5", "1 2 3 4 5", 0, 0},
        {"that, and a roll", "1 2 6", "4 5 6 7", "1 2 4 5 6 7", 2, 0},
        {"a revert", "1 2 3 4", "1 2 3 4 3a 4a", "1 2 3 4 3a 4a", 0, 0},
        {"a revert since the harvest, rolled", "1 2 3 4", "3a 4a", "1 2 3 4 3a 4a", 4, 0},
        {"a revert before the harvest", "1 2 3 2a", "2 3 2a 3a", "1 2 3 2a 3a", 1, 0},
        /* What is in flight when the snapshot is taken is written twice, to the byte. */
        {"a record that was written twice", "1 2", "1 2 2", "1 2 2", 0, 0},
        {"that, harvested", "1 2 2", "1 2 2 3", "1 2 2 3", 0, 0},
        {"that, rolled in between", "1 2 2", "2 3", "1 2 2 3", 2, 0},
        {"a flood, of which stubs are left", "1 2", "1 -2 -3 4", "1 2 4", 0, 0},
        {"a flood that left nothing", "1 2 3", "-4 -5 6", "1 2 3 6", 3, 0},
        {"another order", "1 2 3", "3 2 1", "1 2 3 2 1", 2, 0},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        PstRecordSetMerge merge;
        g_autoptr(GPtrArray) merged =
            pst_record_set_merge(make_set(cases[i].stored), make_set(cases[i].volume), &merge);
        g_autofree char *words = words_of(merged);

        g_test_message("%s", cases[i].what);
        g_assert_cmpstr(words, ==, cases[i].merged);
        g_assert_cmpuint(merge.n_stored, ==, cases[i].n_stored);
        g_assert_cmpint(merge.missed, ==, cases[i].missed);
    }
}

/* One record is stored, and the volume begins with another one. */
static void
test_missed(void)
{
    static const struct {
        const char *what;
        StreamRecord stored, volume;
        gint64 missed;
    } cases[] = {
        {"one shim",
         {A, 20000, 3600000000, PST_RECORD_EVENT, "oom-kill", 0},
         {A, 20008, 3700000000, PST_RECORD_EVENT, "oom-kill", 0},
         7},
        /* A boot record is repeated too. */
        {"one shim, all repeated",
         {A, 20000, 3600000000, PST_RECORD_EVENT, "oom-kill", 0},
         {A, 20008, 3700000000, PST_RECORD_BOOT, NULL, 0},
         7},
        {"a shim that was started anew",
         {A, 20000, 3600000000, PST_RECORD_EVENT, "oom-kill", 0},
         {A, 3600501, 3600501000, PST_RECORD_BOOT, NULL, 0},
         0},
        {"that, and its boot record is rolled away",
         {A, 20000, 3600000000, PST_RECORD_EVENT, "oom-kill", 0},
         {A, 3600511, 3700000000, PST_RECORD_EVENT, "oom-kill", 0},
         0},
        {"another boot",
         {A, 20000, 3600000000, PST_RECORD_EVENT, "oom-kill", 0},
         {B, 30000, 30000000, PST_RECORD_BOOT, NULL, 0},
         0},
        {"a revert",
         {A, 20008, 3600000000, PST_RECORD_EVENT, "oom-kill", 0},
         {A, 20000, 3500000000, PST_RECORD_EVENT, "oom-kill", 0},
         0},
        {"numbers that no shim writes",
         {A, 0, 0, PST_RECORD_EVENT, "oom-kill", 0},
         {A, G_MAXINT32, 0, PST_RECORD_EVENT, "oom-kill", 0},
         0},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        GPtrArray *stored = pst_record_set_new(), *volume = pst_record_set_new();
        PstRecordSetMerge merge;

        g_test_message("%s", cases[i].what);
        g_ptr_array_add(stored, stream_record(&cases[i].stored));
        g_ptr_array_add(volume, stream_record(&cases[i].volume));
        g_autoptr(GPtrArray) merged = pst_record_set_merge(stored, volume, &merge);
        g_assert_cmpint(merge.missed, ==, cases[i].missed);
    }
}

/* A guest writes, reverts and rolls as it likes; harvested at whatever moments, as long as none of
 * it is rolled away unread, all of it is there, in the order of its writing. */
static void
test_merge_random(void)
{
    for (guint round = 0; round < 400; round++) {
        g_autoptr(GPtrArray) truth = pst_record_set_new();
        GPtrArray *stored = pst_record_set_new();
        PstRecordSetMerge merge;
        guint begin = 0;
        gint64 seq = 0, now = 0;

        while (truth->len < 60) {
            guint harvested = truth->len;
            guint n = (guint)g_test_rand_int_range(0, 8);
            for (guint i = 0; i < n; i++) {
                seq = g_test_rand_int_range(0, 6) == 0 ? g_test_rand_int_range(1, (int)seq + 2)
                                                       : seq + 1;
                const StreamRecord wanted = {A, seq, now++, PST_RECORD_EVENT, "oom-kill", 3};
                g_ptr_array_add(truth, stream_record(&wanted));
            }
            begin = (guint)g_test_rand_int_range((int)begin, (int)harvested + 1);
            GPtrArray *volume = pst_record_set_new();
            for (guint i = begin; i < truth->len; i++) {
                const PstRecord *record = truth->pdata[i];
                g_ptr_array_add(volume, pst_record_read(record->text, record->bytes, NULL));
            }
            stored = pst_record_set_merge(stored, volume, &merge);
        }
        g_assert_cmpuint(stored->len, ==, truth->len);
        for (guint i = 0; i < truth->len; i++)
            g_assert_true(pst_record_set_same(stored->pdata[i], truth->pdata[i]));
        g_ptr_array_unref(stored);
    }
}

static void
add(GPtrArray *set, gint64 seq, PstRecordKind kind, const char *name, guint padding)
{
    const StreamRecord wanted = {A, seq, seq, kind, name, padding};

    g_ptr_array_add(set, stream_record(&wanted));
}

static guint
count(const GPtrArray *set, PstRecordKind kind, const char *name)
{
    guint n = 0;

    for (guint i = 0; i < set->len; i++) {
        const PstRecord *record = set->pdata[i];
        const char *key = kind == PST_RECORD_REPORT ? "probe" : "event";
        n += record->kind == kind &&
             (name == NULL ||
              g_strcmp0(json_object_get_string_member(record->body, key), name) == 0);
    }
    return n;
}

/* One of everything, then a flood of one kind. */
static void
flood(PstRecordKind kind, const char *name, guint others)
{
    g_autoptr(GPtrArray) set = pst_record_set_new();
    gint64 seq = 1;

    add(set, seq++, PST_RECORD_BOOT, NULL, 0);
    add(set, seq++, PST_RECORD_REPORT, "sudo", 2000);
    add(set, seq++, PST_RECORD_REPORT, "ssh", 2000);
    for (guint i = 0; i < 5; i++) {
        add(set, seq++, PST_RECORD_EVENT, "oom-kill", 100);
        add(set, seq++, PST_RECORD_EVENT, "control-plane-changed", 100);
    }
    add(set, seq++, PST_RECORD_SHUTDOWN, NULL, 0);
    for (guint i = 0; i < 3000; i++) {
        g_autofree char *invented = g_strdup_printf("%s-%u", name, i);
        add(set, seq++, kind, others ? invented : name, 100);
    }
    g_autoptr(GPtrArray) kept = pst_record_keep_in(set, 65536);

    g_assert_cmpuint(pst_record_set_weight(kept), <=, 65536);
    /* Room is not wasted either. */
    g_assert_cmpuint(pst_record_set_weight(kept), >, 60000);
    g_assert_cmpuint(count(kept, PST_RECORD_BOOT, NULL), ==, 1);
    g_assert_cmpuint(count(kept, PST_RECORD_SHUTDOWN, NULL), ==, 1);
    g_assert_cmpuint(count(kept, PST_RECORD_REPORT, "ssh"), ==, 1);
    g_assert_cmpuint(count(kept, PST_RECORD_REPORT, "sudo"), >=, 1);
    g_assert_cmpuint(count(kept, PST_RECORD_EVENT, "oom-kill"), >=, 5);
    g_assert_cmpuint(count(kept, PST_RECORD_EVENT, "control-plane-changed"), ==, 5);
    /* The newest of the flood, in order. */
    g_assert_true(kept->pdata[kept->len - 1] == set->pdata[set->len - 1]);
    for (guint i = 1; i < kept->len; i++)
        g_assert_cmpint(((PstRecord *)kept->pdata[i])->seq, >,
                        ((PstRecord *)kept->pdata[i - 1])->seq);
    /* The same as stubs. */
    pst_record_keep_thin(set, 65536);
    g_assert_cmpuint(set->len, ==, (guint)seq - 1);
    g_assert_cmpuint(pst_record_set_weight(set), ==, pst_record_set_weight(kept));
}

static void
test_flood(void)
{
    flood(PST_RECORD_EVENT, "oom-kill", FALSE);
    flood(PST_RECORD_EVENT, "invented", TRUE);
    flood(PST_RECORD_REPORT, "sudo", FALSE);
    flood(PST_RECORD_REPORT, "invented", TRUE);
}

/* The newest report of a probe that no revert has undone is not the newest that was written. */
static void
test_keep_live(void)
{
    g_autoptr(GPtrArray) set = pst_record_set_new();

    add(set, 1, PST_RECORD_REPORT, "sudo", 3000);
    add(set, 2, PST_RECORD_REPORT, "sudo", 3000);
    add(set, 3, PST_RECORD_REPORT, "sudo", 3000);
    add(set, 2, PST_RECORD_EVENT, "oom-kill", 100);
    g_autoptr(GPtrArray) kept = pst_record_keep_in(set, 4000);
    g_autofree char *words = words_of(kept);

    g_assert_cmpuint(kept->len, ==, 2);
    g_assert_true(kept->pdata[0] == set->pdata[0]);
    g_assert_true(kept->pdata[1] == set->pdata[3]);
}

/* What a probe told last stays, however often it could not look since, and so does one of those. */
static void
test_keep_told(void)
{
    g_autoptr(GPtrArray) set = pst_record_set_new();

    add(set, 1, PST_RECORD_REPORT, "sudo", 2000);
    for (gint64 seq = 2; seq < 40; seq++) {
        add(set, seq, PST_RECORD_REPORT, "sudo", 500);
        JsonObject *body = ((PstRecord *)set->pdata[seq - 1])->body;
        json_object_set_string_member(body, "status", "unknown");
        json_object_set_array_member(body, "findings", json_array_new());
        json_object_set_object_member(body, "data", json_object_new());
    }
    g_autoptr(GPtrArray) kept = pst_record_keep_in(set, 4000);
    g_assert_true(kept->pdata[0] == set->pdata[0]);
    g_assert_true(kept->pdata[kept->len - 1] == set->pdata[set->len - 1]);
}

/* So does what a probe told about each user of whom a recorder asks, and no more, whatever names a
 * guest comes up with. */
static void
test_keep_users(void)
{
    g_autoptr(GPtrArray) set = pst_record_set_new();

    for (gint64 seq = 1; seq <= 40; seq++) {
        add(set, seq, PST_RECORD_REPORT, "sudo", 100);
        if (seq <= 20)
            ((PstRecord *)set->pdata[seq - 1])->user = g_strdup_printf("%d", (int)seq);
    }
    gsize each = pst_record_set_weight(set) / set->len + 1;
    g_autoptr(GPtrArray) kept = pst_record_keep_in(set, each * (PST_LIMIT_RECORD_USERS + 3));
    g_assert_cmpuint(kept->len, ==, PST_LIMIT_RECORD_USERS + 3);
    for (guint i = 0; i < PST_LIMIT_RECORD_USERS; i++)
        g_assert_true(kept->pdata[i] == set->pdata[20 - PST_LIMIT_RECORD_USERS + i]);
    for (guint i = 1; i <= 3; i++)
        g_assert_true(kept->pdata[kept->len - i] == set->pdata[set->len - i]);
}

static void
test_keep_all(void)
{
    g_autoptr(GPtrArray) set = make_set("1 2 3");
    g_autoptr(GPtrArray) kept = pst_record_keep_in(set, pst_record_set_weight(set));
    g_autoptr(GPtrArray) none = pst_record_keep_in(set, 0);
    g_autoptr(GPtrArray) empty = pst_record_keep_in(none, 100);

    g_assert_cmpuint(kept->len, ==, 3);
    g_assert_cmpuint(none->len, ==, 0);
    g_assert_cmpuint(empty->len, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/record-set/merge", test_merge);
    g_test_add_func("/record-set/missed", test_missed);
    g_test_add_func("/record-set/merge-random", test_merge_random);
    g_test_add_func("/record-set/flood", test_flood);
    g_test_add_func("/record-set/keep-live", test_keep_live);
    g_test_add_func("/record-set/keep-told", test_keep_told);
    g_test_add_func("/record-set/keep-users", test_keep_users);
    g_test_add_func("/record-set/keep-all", test_keep_all);
    return g_test_run();
}
