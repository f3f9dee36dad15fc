// SPDX-License-Identifier: LGPL-2.1-or-later
/* When records were written, by the host's clock: worlds in which that is known. */
#include "host-sidecar/record-dates.h"
#include "host-sidecar/record-set.h"

#define SECOND G_GINT64_CONSTANT(1000000)
#define T0 (1764165600 * SECOND)
#define A "11111111-2222-3333-4444-555555555555"
#define B "66666666-7777-8888-9999-000000000000"

/* A record, when it was written by the host's clock, and what is reckoned: in seconds. */
typedef struct {
    const char *boot_id;
    gint64 seq, boottime_s;
    gint64 read_s; /* somebody read the volume then, and it was the last one; 0: nobody */
    gint64 truth_s, reckoned_s;
} Row;

static PstRecord *
add(GPtrArray *records, const Row *row)
{
    PstRecord *record = g_new0(PstRecord, 1);

    record->boot_id = g_strdup(row->boot_id);
    record->machine_id = g_strdup("m");
    record->seq = row->seq;
    record->boottime_us = row->boottime_s * SECOND;
    /* The guest's is an hour fast, and stands still with the other. */
    record->realtime_us = T0 + 3600 * SECOND + record->boottime_us;
    g_ptr_array_add(records, record);
    return record;
}

static void
check_with(const Row *rows, guint n, const GArray *stills)
{
    g_autoptr(GPtrArray) records = pst_record_set_new();
    GPtrArray *dates = NULL;
    gint64 before_us = G_MININT64;

    for (guint i = 0; i < n; i++) {
        PstRecord *record = add(records, &rows[i]);
        if (rows[i].read_s > 0)
            g_assert_true(pst_record_dates_note(&dates, record, T0 + rows[i].truth_s * SECOND));
    }
    g_autoptr(GArray) written =
        pst_record_dates_estimate(dates, stills, records, T0 + rows[n - 1].truth_s * SECOND);
    for (guint i = 0; i < n; i++) {
        gint64 at_us = g_array_index(written, gint64, i);

        g_assert_cmpint((at_us - T0) / SECOND, ==, rows[i].reckoned_s);
        g_assert_cmpint(at_us, >=, before_us);
        before_us = at_us;
    }
    if (dates != NULL) {
        for (guint i = 0; i < dates->len; i++)
            pst_fields_free(&pst_record_date_fields, dates->pdata[i]);
        g_ptr_array_unref(dates);
    }
}

static void
check(const Row *rows, guint n)
{
    check_with(rows, n, NULL);
}

static void
test_plain(void)
{
    static const Row rows[] = {
        {A, 1, 10, 0, 110, 110},
        {A, 2, 20, 0, 120, 120},
        {A, 3, 50, 0, 150, 150},
    };

    check(rows, G_N_ELEMENTS(rows));
}

/* Paused for 1000 s after the second record. Who had read before knows how old the first two are;
 * of what nobody saw it is known that they are at least so old. */
static void
test_paused(void)
{
    static const Row seen[] = {
        {A, 1, 10, 0, 110, 110},
        {A, 2, 20, 130, 120, 120},
        {A, 3, 50, 0, 1150, 1150},
    };
    static const Row later[] = {
        {A, 1, 10, 120, 110, 110},
        {A, 2, 20, 0, 120, 1120},
        {A, 3, 50, 0, 1150, 1150},
    };
    static const Row unseen[] = {
        {A, 1, 10, 0, 110, 1110},
        {A, 2, 20, 0, 120, 1120},
        {A, 3, 50, 0, 1150, 1150},
    };

    check(seen, G_N_ELEMENTS(seen));
    check(later, G_N_ELEMENTS(later));
    check(unseen, G_N_ELEMENTS(unseen));
}

/* A valid record whose clock is years ahead makes those before it no older than what somebody read
 * before them. */
static void
test_leap(void)
{
    static const Row rows[] = {
        {A, 1, 10, 110, 110, -99999839},
        {A, 2, 20, 120, 120, 110},
        {A, 3, 30, 0, 130, 120},
        {A, 4, 99999999, 0, 150, 150},
    };

    check(rows, G_N_ELEMENTS(rows));
}

/* A reading that was noted while the host's clock was ahead says nothing. */
static void
test_host_ahead(void)
{
    g_autoptr(GPtrArray) records = pst_record_set_new();
    static const Row rows[] = {{A, 1, 10, 0, 0, 0}, {A, 2, 20, 0, 0, 0}, {A, 3, 30, 0, 0, 0}};
    static const gint64 written[] = {130, 140, 150};
    GPtrArray *dates = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        PstRecord *record = add(records, &rows[i]);
        if (i == 0)
            g_assert_true(pst_record_dates_note(&dates, record, T0 + 1000 * SECOND));
    }
    g_autoptr(GArray) reckoned = pst_record_dates_estimate(dates, NULL, records, T0 + 150 * SECOND);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint((g_array_index(reckoned, gint64, i) - T0) / SECOND, ==, written[i]);
    pst_fields_free(&pst_record_date_fields, dates->pdata[0]);
    g_ptr_array_unref(dates);
}

static GArray *
stills_of(const gint64 *seconds, guint n)
{
    GArray *stills = g_array_new(FALSE, FALSE, sizeof(PstRecordStill));

    for (guint i = 0; i + 1 < n; i += 2) {
        const PstRecordStill still = {T0 + seconds[i] * SECOND, T0 + seconds[i + 1] * SECOND};
        g_array_append_val(stills, still);
    }
    return stills;
}

/* Two pauses that somebody saw, and nobody read: 1000 s behind the second record, 50 s behind the
 * third, and one that began after the last. */
static void
test_pauses_seen(void)
{
    static const gint64 seen[] = {125, 1125, 1160, 1210, 1300, 1400};
    /* Of the first a part was seen, longer ago than the guest's clock reaches: they are at least so
     * old. */
    static const gint64 partly[] = {325, 625, 1160, 1210};
    static const Row rows[] = {
        {A, 1, 10, 0, 110, 110},
        {A, 2, 20, 0, 120, 120},
        {A, 3, 50, 0, 1150, 1150},
        {A, 4, 100, 0, 1250, 1250},
    };
    static const Row partly_rows[] = {
        {A, 1, 10, 0, 110, 1110},
        {A, 2, 20, 0, 120, 1120},
        {A, 3, 50, 0, 1150, 1150},
        {A, 4, 100, 0, 1250, 1250},
    };
    /* From boot to boot the other clock counts, which each start sets. */
    static const Row boots[] = {
        {A, 1, 10, 0, 110, 110},
        {A, 2, 100, 0, 200, 200},
        {B, 1, 1400, 0, 1500, 1500},
    };
    g_autoptr(GArray) stills = stills_of(seen, G_N_ELEMENTS(seen));
    g_autoptr(GArray) some = stills_of(partly, G_N_ELEMENTS(partly));

    check_with(rows, G_N_ELEMENTS(rows), stills);
    check_with(partly_rows, G_N_ELEMENTS(partly_rows), some);
    check_with(boots, G_N_ELEMENTS(boots), stills);
}

/* Reverted to 15 s: what was undone is as old as it is, or at least as what came after it. */
static void
test_reverted(void)
{
    static const Row seen[] = {
        {A, 1, 10, 0, 110, 110},
        {A, 2, 500, 610, 600, 600},
        {A, 2, 20, 0, 2020, 2020},
        {A, 3, 50, 0, 2050, 2050},
    };
    static const Row unseen[] = {
        {A, 1, 10, 0, 110, 2010},
        {A, 2, 500, 0, 600, 2020},
        {A, 2, 20, 0, 2020, 2020},
        {A, 3, 50, 0, 2050, 2050},
    };
    /* The same number and clock as the one that was read once. */
    static const Row again[] = {
        {A, 1, 10, 115, 110, 110},    {A, 2, 20, 125, 120, 120}, {A, 2, 20, 0, 2020, 2020},
        {A, 3, 30, 2040, 2030, 2030}, {A, 4, 40, 0, 2040, 2040},
    };

    check(seen, G_N_ELEMENTS(seen));
    check(unseen, G_N_ELEMENTS(unseen));
    check(again, G_N_ELEMENTS(again));
}

/* From boot to boot the other clock counts, where nobody read. */
static void
test_boots(void)
{
    static const Row rows[] = {
        {A, 1, 10, 0, 110, 110},
        {A, 2, 40, 150, 140, 140},
        {B, 1, 60, 0, 5060, 5060},
    };

    check(rows, G_N_ELEMENTS(rows));
}

/* No order of moments, and none of records, makes a later one older, or takes long. */
static void
test_random(void)
{
    for (guint round = 0; round < 300; round++) {
        g_autoptr(GPtrArray) records = pst_record_set_new();
        GPtrArray *dates = NULL;
        guint n = (guint)g_test_rand_int_range(0, 40);

        for (guint i = 0; i < n; i++) {
            const Row row = {g_test_rand_int_range(0, 2) ? A : B,
                             g_test_rand_int_range(0, 10),
                             g_test_rand_int_range(0, 10),
                             0,
                             0,
                             0};
            PstRecord *record = add(records, &row);
            if (g_test_rand_int_range(0, 3) == 0)
                pst_record_dates_note(&dates, record, g_test_rand_int_range(0, 1000) * SECOND);
        }
        gint64 seconds[2 * 5];
        for (guint i = 0, last = 0; i < G_N_ELEMENTS(seconds); i++)
            seconds[i] = last += (guint)g_test_rand_int_range(1, 200);
        g_autoptr(GArray) stills = stills_of(seconds, G_N_ELEMENTS(seconds));
        g_autoptr(GArray) written =
            pst_record_dates_estimate(dates, stills, records, g_test_rand_int_range(0, 2) * T0);
        g_assert_cmpuint(written->len, ==, records->len);
        for (guint i = 1; i < written->len; i++)
            g_assert_cmpint(g_array_index(written, gint64, i), >=,
                            g_array_index(written, gint64, i - 1));
        for (guint i = 0; dates != NULL && i < dates->len; i++)
            pst_fields_free(&pst_record_date_fields, dates->pdata[i]);
        g_clear_pointer(&dates, g_ptr_array_unref);
    }
}

static void
test_noting(void)
{
    g_autoptr(GPtrArray) records = pst_record_set_new();
    GPtrArray *dates = NULL;

    for (gint64 i = 1; i <= 2 * PST_RECORD_DATES_MAX; i++) {
        const Row row = {A, i, i, 0, 0, 0};
        PstRecord *record = add(records, &row);

        g_assert_false(pst_record_dates_note(&dates, record, 0));
        g_assert_true(pst_record_dates_note(&dates, record, T0 + i));
        g_assert_false(pst_record_dates_note(&dates, record, T0 + i + 1));
    }
    g_assert_cmpuint(dates->len, ==, PST_RECORD_DATES_MAX);
    g_assert_cmpint(((PstRecordDate *)dates->pdata[0])->seq, ==, PST_RECORD_DATES_MAX + 1);
    for (guint i = 0; i < dates->len; i++)
        pst_fields_free(&pst_record_date_fields, dates->pdata[i]);
    g_ptr_array_unref(dates);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/record-dates/plain", test_plain);
    g_test_add_func("/record-dates/leap", test_leap);
    g_test_add_func("/record-dates/host-ahead", test_host_ahead);
    g_test_add_func("/record-dates/paused", test_paused);
    g_test_add_func("/record-dates/pauses-seen", test_pauses_seen);
    g_test_add_func("/record-dates/reverted", test_reverted);
    g_test_add_func("/record-dates/boots", test_boots);
    g_test_add_func("/record-dates/random", test_random);
    g_test_add_func("/record-dates/noting", test_noting);
    return g_test_run();
}
