// SPDX-License-Identifier: LGPL-2.1-or-later
/* A recorder's stream after all that can happen to it on its way to a disk and back. A second,
 * naive reader says what has to be found: each record that stands whole in the bytes, in their
 * order, and nothing else. POSTERN_TORN_ROUNDS is how often what is random is tried. */
#include "host-sidecar/record-set.h"
#include "tests/unit/record-streams.h"

#define SECTOR 512
#define LAST 8

#define LONG_ROUNDS 1000
#define SHORT_BYTES 5000

static guint rounds = 40;

/* What a shim wrote in a guest, to the byte. */
static GByteArray *
real_stream(void)
{
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "data", "records", "stream.records", NULL);
    g_autoptr(GError) error = NULL;
    char *text = NULL;
    gsize len = 0;

    g_file_get_contents(path, &text, &len, &error);
    g_assert_no_error(error);
    return g_byte_array_new_take((guint8 *)text, len);
}

/* Another guest's, or the same one's after a revert: records FIRST to LAST_SEQ, of random lengths.
 */
static void
append_made(GByteArray *stream, const char *boot_id, const char *machine_id, gint64 first,
            gint64 last)
{
    for (gint64 seq = first; seq <= last; seq++) {
        const StreamRecord wanted = {
            boot_id,          machine_id,       "other",    seq,
            seq * 1000 + 500, PST_RECORD_EVENT, "oom-kill", (guint)g_test_rand_int_range(0, 900)};
        stream_append(stream, &wanted);
    }
}

/* ---- the naive reader ---- */

/* A truth is all that was ever written: a set of the texts of records. */
static void
add_truth(GHashTable *truth, const GByteArray *stream)
{
    const guint8 *at = stream->data, *end = at + stream->len;

    while (at < end) {
        const guint8 *lf = memchr(at, PST_FRAME_LF, (gsize)(end - at));
        g_assert_nonnull(lf);
        g_assert_cmpint(*at, ==, PST_FRAME_RS);
        g_hash_table_add(truth, g_strndup((const char *)at + 1, (gsize)(lf - at - 1)));
        at = lf + 1;
    }
}

/* What stands in BYTES between an RS and the next control byte, where that is an LF. */
static GPtrArray *
find_whole(GHashTable *truth, const guint8 *bytes, gsize len, guint64 *begun, gboolean *unfinished)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
    gsize start = 0;

    *begun = 0;
    *unfinished = FALSE;
    for (gsize i = 0; i < len; i++) {
        if (bytes[i] == PST_FRAME_RS) {
            start = i + 1;
            *unfinished = TRUE;
            ++*begun;
        } else if (bytes[i] == PST_FRAME_LF && *unfinished) {
            g_autofree char *text = g_strndup((const char *)bytes + start, i - start);
            *unfinished = FALSE;
            if (strlen(text) == i - start && g_hash_table_contains(truth, text))
                g_ptr_array_add(found, g_steal_pointer(&text));
        }
    }
    return found;
}

static GPtrArray *
hold_to_truth(GHashTable *truth, const guint8 *bytes, gsize len)
{
    guint64 begun = 0;
    gboolean unfinished = FALSE;
    PstRecordCounters counters;
    g_autoptr(GPtrArray) wanted = find_whole(truth, bytes, len, &begun, &unfinished);
    g_autoptr(GPtrArray) records = stream_read(bytes, len, &counters);

    g_assert_cmpuint(records->len, ==, wanted->len);
    for (guint i = 0; i < wanted->len; i++)
        g_assert_cmpstr(((PstRecord *)records->pdata[i])->text, ==, wanted->pdata[i]);
    /* Each frame that was begun is a record, or was dropped and counted, or is not at its end. */
    g_assert_cmpuint(counters.records, ==, wanted->len);
    g_assert_cmpuint(counters.records + counters.dropped + unfinished, ==, begun);
    return g_steal_pointer(&records);
}

static void
hold(GHashTable *truth, const guint8 *bytes, gsize len)
{
    g_ptr_array_unref(hold_to_truth(truth, bytes, len));
}

static GHashTable *
truth_of(const GByteArray *stream)
{
    GHashTable *truth = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    add_truth(truth, stream);
    return truth;
}

/* ---- what happens to it ---- */

static void
test_whole(void)
{
    g_autoptr(GByteArray) stream = real_stream();
    g_autoptr(GHashTable) truth = truth_of(stream);
    g_autoptr(GPtrArray) records = hold_to_truth(truth, stream->data, stream->len);

    g_assert_cmpuint(records->len, ==, g_hash_table_size(truth));
    g_assert_cmpuint(records->len, >, 10);
    g_assert_cmpuint(stream->len, >, 2 * LAST * SECTOR);
    for (guint i = 1; i < records->len; i++)
        g_assert_cmpint(((PstRecord *)records->pdata[i])->seq, >,
                        ((PstRecord *)records->pdata[i - 1])->seq);
}

/* At every byte: what is before it, as after a crash; what is behind it, as of a part whose
 * forerunner is gone; and both parts of a roll. */
static void
test_cut(void)
{
    g_autoptr(GByteArray) stream = real_stream();

    /* Each cut reads all of it: in the short form the first records are enough. */
    if (rounds < LONG_ROUNDS) {
        const guint8 *end = memrchr(stream->data, PST_FRAME_LF, SHORT_BYTES);
        g_byte_array_set_size(stream, (guint)(end + 1 - stream->data));
    }
    g_autoptr(GHashTable) truth = truth_of(stream);
    for (gsize at = 0; at <= stream->len; at++) {
        hold(truth, stream->data, at);
        hold(truth, stream->data + at, stream->len - at);
        if (rounds < LONG_ROUNDS && at % 16 != 0)
            continue;
        g_autoptr(PstRecordReader) reader = pst_record_reader_new();
        for (gsize i = 0; i < stream->len;) {
            PstRecord *record = NULL;
            gsize end = i < at ? at : stream->len;
            i += pst_record_reader_take(reader, stream->data + i, end - i, &record);
            g_clear_pointer(&record, pst_record_free);
        }
        g_assert_cmpuint(pst_record_reader_counters(reader).records, ==, g_hash_table_size(truth));
        g_assert_cmpuint(pst_record_reader_counters(reader).dropped, ==, 0);
    }
}

/* The sectors of BYTES that end a file of LEN, in the order of PLACES; of those not in SUBSET there
 * are zeros, or nothing. */
static GByteArray *
shuffle(const guint8 *bytes, gsize len, const guint *places, guint subset, gboolean holes)
{
    GByteArray *out = g_byte_array_new();
    gsize start = (len - LAST * SECTOR) / SECTOR * SECTOR;
    static const guint8 zeros[SECTOR];

    g_byte_array_append(out, bytes, (guint)start);
    for (guint i = 0; i < LAST; i++) {
        const guint8 *sector = bytes + start + (gsize)places[i] * SECTOR;
        if ((subset & 1U << places[i]) != 0)
            g_byte_array_append(out, sector, SECTOR);
        else if (holes)
            g_byte_array_append(out, zeros, SECTOR);
    }
    return out;
}

static void
mix(guint *places)
{
    for (guint i = LAST - 1; i > 0; i--) {
        guint j = (guint)g_test_rand_int_range(0, (int)i + 1), place = places[i];
        places[i] = places[j];
        places[j] = place;
    }
}

/* Every subset of the last eight sectors is lost, or they come in another order, or both; of a
 * stream that ends at whatever byte. */
static void
test_sectors(void)
{
    g_autoptr(GByteArray) stream = real_stream();
    g_autoptr(GHashTable) truth = truth_of(stream);
    guint times = MAX(1, rounds / 40);

    for (guint round = 0; round < times; round++) {
        gsize cut = round == 0 ? 0 : (gsize)g_test_rand_int_range(0, (int)stream->len / 2);

        for (guint subset = 0; subset < 1U << LAST; subset++) {
            guint places[LAST];
            for (guint i = 0; i < LAST; i++)
                places[i] = i;
            for (guint order = 0; order < 3; order++) {
                g_autoptr(GByteArray) holes =
                    shuffle(stream->data, stream->len - cut, places, subset, TRUE);
                g_autoptr(GByteArray) gaps =
                    shuffle(stream->data, stream->len - cut, places, subset, FALSE);
                hold(truth, holes->data, holes->len);
                hold(truth, gaps->data, gaps->len);
                mix(places);
            }
        }
    }
}

/* Reverted in the middle of a record, and written on: a new epoch, and what comes after it is
 * whole. */
static void
test_reverted(void)
{
    g_autoptr(GByteArray) stream = real_stream();
    g_autoptr(GPtrArray) all = stream_read(stream->data, stream->len, NULL);
    const PstRecord *first = all->pdata[0];

    for (guint round = 0; round < rounds; round++) {
        gsize cut = (gsize)g_test_rand_int_range((int)first->bytes + 2, (int)stream->len + 1);
        gint64 from = g_test_rand_int_range(1, 4);
        g_autoptr(GByteArray) again = g_byte_array_new();
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        g_autoptr(GHashTable) truth = truth_of(stream);
        gboolean reverted;

        append_made(again, first->boot_id, first->machine_id, from, from + 9);
        add_truth(truth, again);
        g_byte_array_append(bytes, stream->data, (guint)cut);
        g_byte_array_append(bytes, again->data, again->len);
        g_autoptr(GPtrArray) records = hold_to_truth(truth, bytes->data, bytes->len);
        g_autoptr(GArray) epochs = pst_record_set_epochs(records);
        g_autoptr(GPtrArray) live = pst_record_set_live(records, &reverted);
        const PstRecord *before = records->pdata[records->len - 11];
        const PstRecord *after = records->pdata[records->len - 10];
        gboolean falls = before->seq >= from || before->boottime_us > after->boottime_us;

        g_assert_cmpuint(g_array_index(epochs, guint, records->len - 11), ==, 0);
        for (guint i = records->len - 10; i < records->len; i++)
            g_assert_cmpuint(g_array_index(epochs, guint, i), ==, falls ? 1 : 0);
        /* What was undone does not count any more. */
        for (guint i = 1; i < live->len; i++)
            g_assert_cmpint(((PstRecord *)live->pdata[i])->seq, >,
                            ((PstRecord *)live->pdata[i - 1])->seq);
        g_assert_true(live->pdata[live->len - 1] == records->pdata[records->len - 1]);
    }
}

/* Two guests write to one file by mistake, in pieces of whatever length. */
static void
test_interleaved(void)
{
    g_autoptr(GByteArray) one = real_stream();
    guint marked = 0;

    for (guint round = 0; round < rounds; round++) {
        g_autoptr(GByteArray) two = g_byte_array_new();
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        g_autoptr(GHashTable) truth = truth_of(one);
        const GByteArray *streams[] = {one, two};
        gsize at[] = {0, 0};
        int piece = g_test_rand_int_range(2, 4000);
        gboolean mixed = FALSE;

        append_made(two, STREAM_BOOT_B, STREAM_MACHINE_B, 1, 30);
        add_truth(truth, two);
        while (at[0] < one->len || at[1] < two->len) {
            guint i = (guint)g_test_rand_int_range(0, 2);
            gsize n = (gsize)g_test_rand_int_range(1, piece);
            n = MIN(n, streams[i]->len - at[i]);
            g_byte_array_append(bytes, streams[i]->data + at[i], (guint)n);
            at[i] += n;
        }
        g_autoptr(GPtrArray) records = hold_to_truth(truth, bytes->data, bytes->len);
        g_autoptr(GArray) foreign = pst_record_set_foreign(records, &mixed);
        for (guint i = 1; i < records->len; i++) {
            const PstRecord *a = records->pdata[i - 1], *b = records->pdata[i];
            g_assert_cmpint(g_array_index(foreign, gboolean, i), ==,
                            !g_str_equal(a->machine_id, b->machine_id));
        }
        marked += mixed;
    }
    g_assert_cmpuint(marked, >, 0);
}

/* All of it at once, and bytes of anybody's in between. */
static void
test_everything(void)
{
    g_autoptr(GByteArray) stream = real_stream();

    for (guint round = 0; round < rounds; round++) {
        g_autoptr(GHashTable) truth = truth_of(stream);
        g_autoptr(GByteArray) bytes = g_byte_array_new();

        for (guint i = 0; i < 12; i++) {
            gsize from = (gsize)g_test_rand_int_range(0, (int)stream->len);
            gsize n = (gsize)g_test_rand_int_range(0, (int)(stream->len - from) + 1);
            g_byte_array_append(bytes, stream->data + from, (guint)n);
            for (int j = g_test_rand_int_range(0, 40); j > 0; j--) {
                guint8 byte = (guint8)g_test_rand_int_range(0, 256);
                g_byte_array_append(bytes, &byte, 1);
            }
            if (bytes->len > 0)
                bytes->data[g_test_rand_int_range(0, (int)bytes->len)] =
                    (guint8)g_test_rand_int_range(0, 256);
        }
        hold(truth, bytes->data, bytes->len);
    }
}

int
main(int argc, char **argv)
{
    const char *wanted = g_getenv("POSTERN_TORN_ROUNDS");

    g_test_init(&argc, &argv, NULL);
    rounds = wanted != NULL ? (guint)g_ascii_strtoull(wanted, NULL, 10) : rounds;
    g_test_add_func("/torn-records/whole", test_whole);
    g_test_add_func("/torn-records/cut", test_cut);
    g_test_add_func("/torn-records/sectors", test_sectors);
    g_test_add_func("/torn-records/reverted", test_reverted);
    g_test_add_func("/torn-records/interleaved", test_interleaved);
    g_test_add_func("/torn-records/everything", test_everything);
    return g_test_run();
}
