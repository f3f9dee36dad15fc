// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whose records are whose, and which of them a revert has undone. */
#include "host-sidecar/record-guests.h"
#include "host-sidecar/record-set.h"
#include "tests/unit/record-streams.h"

#define A STREAM_BOOT_A, STREAM_MACHINE_A, "web"
#define B STREAM_BOOT_B, STREAM_MACHINE_B, "other"

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
        g_assert_cmpint(mixed, ==, n > 3);
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
test_mixed(void)
{
    static const struct {
        const char *what, *set;
        gboolean mixed;
    } rows[] = {
        {"one guest", "a.m.web.1 b.m.web.1", FALSE},
        {"set up anew", "a.m.web.1 b.x.web.1 b.x.web.2", FALSE},
        {"to and fro", "a.m.web.1 b.x.web.1 a.m.web.2", TRUE},
        {"another domain", "a.m.web.1 b.x.copy.1", TRUE},
        {"that does not know its name yet", "a.m.web.1 b.x..1", FALSE},
        {"then it does", "a.m.web.1 b.x..1 b.x.copy.2", TRUE},
        {"from its initramfs on", "a.m.web.1 b..copy.1 b.x.copy.2", TRUE},
        {"a first one without a name", "a.m..1 b.x.web.1", FALSE},
        {"renamed", "a.m.old.1 b.m.web.1", FALSE},
        {"a clone with the machine's id", "a.m.web.1 b.m.copy.1 a.m.web.2", TRUE},
        {"that learnt its name later", "a.m.web.1 b.m..1 a.m.web.2 b.m.copy.2", TRUE},
        {"renamed, then set up anew", "a.m.old.1 b.m.web.1 c.x.web.1", FALSE},
        {"set up anew, then renamed", "a.m.old.1 b.x.old.1 c.x.web.1", FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GPtrArray) set = plain_set(rows[i].set);
        gboolean mixed;
        g_autoptr(GArray) foreign = pst_record_set_foreign(set, &mixed);

        g_test_message("%s", rows[i].what);
        g_assert_cmpuint(foreign->len, ==, set->len);
        g_assert_cmpint(mixed, ==, rows[i].mixed);
    }
}

/* A clone that was not given an id of its own is told by its domain's name. */
static void
test_clone(void)
{
    static const gboolean wanted[] = {FALSE, FALSE, TRUE, FALSE, TRUE, TRUE};
    g_autoptr(GPtrArray) set = plain_set("a.m.web.1 a.m..2 b.m..1 b.m.copy.2 a.m.web.3 b.m.copy.3");
    gboolean mixed;
    g_autoptr(GArray) foreign = pst_record_set_foreign(set, &mixed);

    for (guint i = 0; i < G_N_ELEMENTS(wanted); i++)
        g_assert_cmpint(g_array_index(foreign, gboolean, i), ==, wanted[i]);
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

    add_plain(set, boot, machine, "web", 1);
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
    g_test_add_func("/record-guests/foreign", test_foreign);
    g_test_add_func("/record-guests/clone", test_clone);
    g_test_add_func("/record-guests/mixed", test_mixed);
    g_test_add_func("/record-guests/live", test_live);
    g_test_add_func("/record-guests/guests", test_guests);
    g_test_add_func("/record-guests/live-random", test_live_random);
    g_test_add_func("/record-guests/many-boots", test_many_boots);
    return g_test_run();
}
