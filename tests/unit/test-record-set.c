// SPDX-License-Identifier: LGPL-2.1-or-later

#include "host-sidecar/record-guests.h"
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

    g_assert_cmpuint(pst_record_set_bytes(kept), <=, 65536);
    /* Room is not wasted either. */
    g_assert_cmpuint(pst_record_set_bytes(kept), >, 60000);
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
    g_assert_cmpuint(pst_record_set_bytes(set), ==, pst_record_set_bytes(kept));
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
    gsize each = pst_record_set_bytes(set) / set->len + 1;
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
    g_autoptr(GPtrArray) kept = pst_record_keep_in(set, pst_record_set_bytes(set));
    g_autoptr(GPtrArray) none = pst_record_keep_in(set, 0);
    g_autoptr(GPtrArray) empty = pst_record_keep_in(none, 100);

    g_assert_cmpuint(kept->len, ==, 3);
    g_assert_cmpuint(none->len, ==, 0);
    g_assert_cmpuint(empty->len, ==, 0);
}

static void
test_foreign(void)
{
    static const StreamRecord records[] = {
        {STREAM_BOOT_A, "", NULL, 1, 1, PST_RECORD_BOOT, NULL, 0},
        {A, 2, 2, PST_RECORD_BOOT, NULL, 0},
        {A, 3, 3, PST_RECORD_BOOT, NULL, 0},
        {B, 4, 4, PST_RECORD_BOOT, NULL, 0},
        {STREAM_BOOT_B, "", NULL, 5, 5, PST_RECORD_BOOT, NULL, 0},
        {B, 6, 6, PST_RECORD_BOOT, NULL, 0},
        {A, 7, 7, PST_RECORD_BOOT, NULL, 0},
    };
    static const gboolean foreign[] = {FALSE, FALSE, FALSE, TRUE, FALSE, FALSE, TRUE};

    for (guint n = 0; n <= G_N_ELEMENTS(records); n++) {
        g_autoptr(GPtrArray) set = pst_record_set_new();
        gboolean mixed = TRUE;

        for (guint i = 0; i < n; i++)
            g_ptr_array_add(set, stream_record(&records[i]));
        g_autoptr(GArray) found = pst_record_set_foreign(set, &mixed);
        for (guint i = 0; i < n; i++)
            g_assert_cmpint(g_array_index(found, gboolean, i), ==, foreign[i]);
        /* A guest that was installed anew is another machine too, once. */
        g_assert_cmpint(mixed, ==, n == G_N_ELEMENTS(records));
    }
}

/* Without a text. */
static void
add_plain(GPtrArray *set, const char *boot, const char *machine, const char *domain, gint64 seq)
{
    PstRecord *record = g_new0(PstRecord, 1);

    record->seq = seq;
    record->boot_id = g_strdup(boot);
    record->machine_id = g_strdup(machine);
    record->domain = *domain != '\0' ? g_strdup(domain) : NULL;
    g_ptr_array_add(set, record);
}

/* From words of the form boot.machine.domain.number, where machine and domain may be empty. */
static GPtrArray *
plain_set(const char *words)
{
    g_auto(GStrv) parts = g_strsplit(words, " ", -1);
    GPtrArray *set = pst_record_set_new();

    for (char **part = parts; *part != NULL; part++) {
        g_auto(GStrv) fields = g_strsplit(*part, ".", 4);
        g_assert_cmpuint(g_strv_length(fields), ==, 4);
        add_plain(set, fields[0], fields[1], fields[2], g_ascii_strtoll(fields[3], NULL, 10));
    }
    return set;
}

static void
test_live(void)
{
    static const struct {
        const char *what, *set;
        const char *live; /* of each record: + or - */
        gboolean reverted;
    } rows[] = {
        {"boots", "a.m.web.1 a.m.web.2 b.m.web.1 c.m.web.1", "++++", FALSE},
        {"a revert within a boot", "a.m.web.1 a.m.web.2 a.m.web.3 a.m.web.2", "+--+", TRUE},
        {"to a moment before all of it", "z.m.web.1 a.m.web.5 a.m.web.6 a.m.web.5", "+--+", TRUE},
        {"from a later boot", "a.m.web.1 a.m.web.2 b.m.web.1 b.m.web.2 a.m.web.3", "++--+", TRUE},
        {"from there to an earlier moment", "a.m.web.1 a.m.web.2 b.m.web.1 a.m.web.2", "+--+",
         TRUE},
        {"from there to before all of it", "z.m.web.1 a.m.web.5 b.m.web.1 a.m.web.4", "+--+", TRUE},
        {"over two boots", "z.m.web.1 a.m.web.1 b.m.web.1 c.m.web.1 a.m.web.2", "++--+", TRUE},
        {"a boot after the revert", "a.m.web.1 b.m.web.1 a.m.web.2 c.m.web.1", "+-++", FALSE},
        {"to and fro", "a.m.web.1 b.m.web.1 a.m.web.2 b.m.web.2", "++-+", TRUE},
        {"to and fro and on", "a.m.web.1 b.m.web.1 a.m.web.2 b.m.web.2 b.m.web.3 c.m.web.1",
         "++-+++", FALSE},
        {"the same, twice", "a.m.web.1 b.m.web.1 a.m.web.2 c.m.web.1 a.m.web.3", "+-+-+", TRUE},
        {"out of order", "a.m.web.1 a.m.web.3 a.m.web.2 a.m.web.4", "+-++", TRUE},
        {"two machines", "a.m.web.1 b.x.copy.1 a.m.web.2 b.x.copy.2", "++++", FALSE},
        {"two machines of one name", "a.m.web.1 b.x.web.1 a.m.web.2", "+++", FALSE},
        {"a copy with the machine's id", "a.m.web.1 b.m.copy.1 a.m.web.2", "+++", FALSE},
        {"a revert of one of two", "a.m.web.1 b.m.web.1 c.x.copy.1 a.m.web.2", "+-++", TRUE},
        {"and of the other", "c.x.copy.5 a.m.web.1 c.x.copy.6 c.x.copy.6", "++-+", TRUE},
        {"from an initramfs", "a.m.web.1 b...1 a.m.web.2", "+-+", TRUE},
        {"from one that was told its name", "a.m.web.1 b..web.1 a.m.web.2", "+-+", TRUE},
        {"the copy's initramfs", "a.m.web.1 b...1 b.x.copy.2 a.m.web.2", "++++", FALSE},
        {"an initramfs that is told the copy's name", "a.m.web.1 b..copy.1 a.m.web.2", "+++",
         FALSE},
        {"a boot to which nobody said hello", "a.m.web.1 b.m..1 a.m.web.2", "+-+", TRUE},
        {"to such a boot", "a.m..1 b.m.web.1 a.m..2", "+-+", TRUE},
        {"a machine and a domain that nothing links", "a.m..1 b.x..1 a.m..2", "+++", FALSE},
        {"nobody is known", "a...1 b...1 a...2", "+-+", TRUE},
        {"renamed", "a.m.old.1 b.m.web.1 b.m.web.2", "+++", FALSE},
        {"to before it was renamed, not yet told", "a.m.old.1 b.m.web.1 a.m.old.2", "+++", FALSE},
        {"to before it was renamed", "a.m.old.1 b.m.web.1 a.m.old.2 a.m.web.3", "+-++", TRUE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GPtrArray) set = plain_set(rows[i].set);
        gboolean reverted;
        g_autoptr(GPtrArray) live = pst_record_set_live(set, &reverted);
        g_autofree char *found = g_strnfill(set->len, '-');
        guint at = 0;

        for (guint j = 0; j < live->len; j++) {
            g_assert_true(g_ptr_array_find(set, live->pdata[j], &at));
            found[at] = '+';
        }
        g_test_message("%s", rows[i].what);
        g_assert_cmpstr(found, ==, rows[i].live);
        g_assert_cmpint(reverted, ==, rows[i].reverted);
    }
}

/* Whatever is unknown of it, a boot is of a guest that it can be of. */
static void
test_guests(void)
{
    static const struct {
        const char *set, *guests; /* the same letter: the same guest */
    } rows[] = {
        {"a...1 b.m.web.1 c.x.copy.1 d...1", "aabb"},
        {"a...1 b...2", "aa"},
        {"a.m..1 b.m.web.1 c.m.copy.1 d.m..1", "aabb"},
        {"a..web.1 b.m.web.1 c.x.web.1 d..web.1 e..new.1", "aabbc"},
        {"a.m.old.1 a.m.web.2 b.m.web.1 c.m.old.1", "aaab"},
        {"a...1 b.m.web.1 a...2 a.x.copy.3", "abaa"},
        {"a.m..1 b.x..1 c.m..1 d...1 b.x..2 e...1", "abaabb"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GPtrArray) set = plain_set(rows[i].set);
        g_autoptr(GArray) guests = pst_record_guests(set);

        g_assert_cmpuint(guests->len, ==, set->len);
        for (guint j = 0; j < set->len; j++) {
            g_assert_cmpuint(g_array_index(guests, guint, j), <, set->len);
            for (guint k = 0; k < j; k++)
                g_assert_cmpint(g_array_index(guests, guint, j) == g_array_index(guests, guint, k),
                                ==, rows[i].guests[j] == rows[i].guests[k]);
        }
    }
}

static gboolean
plain_is_of(const PstRecord *a, const PstRecord *b)
{
    return g_str_equal(a->machine_id, b->machine_id) && g_str_equal(a->domain, b->domain);
}

/* As the definition has it, at whatever cost: from the last record of each guest back to the newest
 * of its boot that it follows, or, of a boot's first, to the guest's last before it. */
static void
plain_mark(const GPtrArray *set, guint i, gboolean *lives)
{
    const PstRecord *record = set->pdata[i];
    guint first = i;

    lives[i] = TRUE;
    for (guint j = i; j > 0; j--) {
        const PstRecord *before = set->pdata[j - 1];
        if (!g_str_equal(before->boot_id, record->boot_id))
            continue;
        first = j - 1;
        if (before->seq < record->seq) {
            plain_mark(set, j - 1, lives);
            return;
        }
    }
    for (guint j = first; j > 0; j--) {
        if (plain_is_of(set->pdata[j - 1], record)) {
            plain_mark(set, j - 1, lives);
            return;
        }
    }
}

static void
test_live_random(void)
{
    for (guint round = 0; round < 2000; round++) {
        g_autoptr(GPtrArray) set = pst_record_set_new();
        guint n = (guint)g_test_rand_int_range(0, 40), boots = (guint)g_test_rand_int_range(1, 9);
        g_autofree gboolean *lives = g_new0(gboolean, n + 1);
        guint at = 0;
        gboolean reverted;

        for (guint i = 0; i < n; i++) {
            guint boot = (guint)g_test_rand_int_range(0, (int)boots);
            g_autofree char *id = g_strdup_printf("%u", boot);
            add_plain(set, id, (boot & 1) != 0 ? "m" : "x", (boot & 2) != 0 ? "web" : "copy",
                      g_test_rand_int_range(0, (int)i + 2));
        }
        g_autoptr(GPtrArray) live = pst_record_set_live(set, &reverted);
        for (guint i = 0; i < n; i++) {
            guint later = i + 1;
            while (later < n && !plain_is_of(set->pdata[later], set->pdata[i]))
                later++;
            if (later == n)
                plain_mark(set, i, lives);
        }
        for (guint i = 0; i < n; i++)
            if (lives[i])
                g_assert_true(live->pdata[at++] == set->pdata[i]);
        g_assert_cmpuint(live->len, ==, at);
    }
}

static void
add_numbered(GPtrArray *set, guint number)
{
    g_autofree char *boot = g_strdup_printf("%08x-2222-3333-4444-555555555555", number);
    g_autofree char *machine = g_strdup_printf("%032x", number);

    add_plain(set, boot, machine, machine, 1);
}

/* What a guest can make of a volume of 8 MiB: a boot and a machine for each record, and all of
 * them with the same checksum, number and clocks. Whatever took the square of their number would
 * not end in a test's time. */
static void
test_many_boots(void)
{
    GPtrArray *stored = pst_record_set_new(), *volume = pst_record_set_new();
    PstRecordSetMerge merge;
    gboolean mixed, reverted;

    for (guint i = 0; i < 70000; i++) {
        add_numbered(stored, i);
        add_numbered(volume, i + 35000);
    }
    g_autoptr(GPtrArray) live = pst_record_set_live(volume, &reverted);
    g_autoptr(GArray) foreign = pst_record_set_foreign(volume, &mixed);
    g_assert_cmpuint(live->len, ==, 70000);
    g_assert_false(mixed);
    g_autoptr(GPtrArray) merged = pst_record_set_merge(stored, volume, &merge);
    g_assert_cmpuint(merge.n_stored, ==, 35000);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/record-set/merge", test_merge);
    g_test_add_func("/record-set/missed", test_missed);
    g_test_add_func("/record-set/merge-random", test_merge_random);
    g_test_add_func("/record-set/live", test_live);
    g_test_add_func("/record-set/guests", test_guests);
    g_test_add_func("/record-set/live-random", test_live_random);
    g_test_add_func("/record-set/many-boots", test_many_boots);
    g_test_add_func("/record-set/flood", test_flood);
    g_test_add_func("/record-set/keep-live", test_keep_live);
    g_test_add_func("/record-set/keep-told", test_keep_told);
    g_test_add_func("/record-set/keep-users", test_keep_users);
    g_test_add_func("/record-set/keep-all", test_keep_all);
    g_test_add_func("/record-set/foreign", test_foreign);
    return g_test_run();
}
