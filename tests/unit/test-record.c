// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "protocol/crc32c.h"
#include "protocol/error.h"
#include "protocol/frame.h"
#include "protocol/json.h"
#include "protocol/limits.h"
#include "protocol/record-reader.h"

#define N 40
#define BOOT "11111111-2222-3333-4444-555555555555"
#define MACHINE "0123456789abcdef0123456789abcdef"

static char *
make_text(gint64 seq, guint padding, gsize *len)
{
    g_autoptr(JsonObject) body = json_object_new();
    g_autofree char *filler = g_strnfill(padding, 'x');
    PstRecord record = {.seq = seq,
                        .boot_id = (char *)BOOT,
                        .machine_id = (char *)MACHINE,
                        .domain = (char *)"web",
                        .realtime_us = 1700000000000000 + seq,
                        .boottime_us = seq,
                        .kind = PST_RECORD_EVENT,
                        .user = (char *)(seq % 2 == 0 ? NULL : "ops"),
                        .lost = seq / 4,
                        .body = body};

    json_object_set_string_member(body, "event", "kernel-warning");
    json_object_set_string_member(body, "message", filler);
    return pst_record_to_text(&record, len);
}

/* N records in their frames, of different lengths. */
static GByteArray *
make_stream(void)
{
    GByteArray *stream = g_byte_array_new();

    for (gint64 seq = 1; seq <= N; seq++) {
        gsize len = 0;
        g_autofree char *text = make_text(seq, (guint)(seq * 37 % 300), &len);
        pst_frame_append(stream, text, len);
    }
    return stream;
}

/* The numbers of the records in BYTES, fed in pieces of STEP. */
static GArray *
read_all(const guint8 *bytes, gsize len, gsize step, PstRecordCounters *counters)
{
    g_autoptr(PstRecordReader) reader = pst_record_reader_new();
    GArray *found = g_array_new(FALSE, FALSE, sizeof(gint64));

    while (len > 0) {
        g_autoptr(PstRecord) record = NULL;
        gsize n = pst_record_reader_take(reader, bytes, MIN(step, len), &record);

        g_assert_cmpuint(n, >, 0);
        bytes += n;
        len -= n;
        if (record == NULL)
            continue;
        g_assert_cmpint(record->realtime_us, ==, 1700000000000000 + record->seq);
        g_array_append_val(found, record->seq);
    }
    *counters = pst_record_reader_counters(reader);
    return found;
}

static void
test_crc(void)
{
    const guint8 *text = (const guint8 *)"123456789";
    guint8 zeros[32] = {0};

    g_assert_cmphex(pst_crc32c(PST_CRC32C_NONE, text, 9), ==, 0xe3069283);
    g_assert_cmphex(pst_crc32c(pst_crc32c(PST_CRC32C_NONE, text, 4), text + 4, 5), ==, 0xe3069283);
    /* RFC 3720, B.4 */
    g_assert_cmphex(pst_crc32c(PST_CRC32C_NONE, zeros, sizeof(zeros)), ==, 0x8a9136aa);
    g_assert_cmphex(pst_crc32c(PST_CRC32C_NONE, zeros, 0), ==, 0);
}

static void
test_round(void)
{
    gsize len = 0;
    g_autofree char *text = make_text(7, 5, &len);
    g_autoptr(GError) error = NULL;
    g_autoptr(PstRecord) record = pst_record_read(text, len, &error);

    g_assert_no_error(error);
    g_assert_true(g_str_has_prefix(text, "{\"crc32c\":\""));
    g_assert_cmpuint(strlen(text), ==, len);
    g_assert_cmpint(record->seq, ==, 7);
    g_assert_cmpstr(record->boot_id, ==, BOOT);
    g_assert_cmpstr(record->machine_id, ==, MACHINE);
    g_assert_cmpstr(record->domain, ==, "web");
    g_assert_cmpint(record->boottime_us, ==, 7);
    g_assert_cmpstr(record->user, ==, "ops");
    g_assert_cmpint(record->lost, ==, 1);
    g_assert_cmpint(record->kind, ==, PST_RECORD_EVENT);
    g_assert_cmpstr(json_object_get_string_member(record->body, "message"), ==, "xxxxx");
}

/* One that a shim wrote in a guest, to the byte. */
static void
test_written(void)
{
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "data", "records", "event.json", NULL);
    g_autofree char *text = NULL, *again = NULL;
    g_autoptr(GError) error = NULL;
    gsize len = 0, again_len = 0;

    g_file_get_contents(path, &text, &len, &error);
    g_assert_no_error(error);
    g_autoptr(PstRecord) record = pst_record_read(text, len, &error);
    g_assert_no_error(error);
    g_assert_cmpint(record->seq, ==, 17);
    g_assert_cmpint(record->kind, ==, PST_RECORD_EVENT);
    again = pst_record_to_text(record, &again_len);
    g_assert_cmpstr(again, ==, text);
}

static void
test_too_large(void)
{
    gsize len = 0;
    g_autofree char *fits = make_text(1, PST_LIMIT_RECORD - 400, &len);
    g_autofree char *large = make_text(1, PST_LIMIT_RECORD, &len);

    g_assert_nonnull(fits);
    g_assert_null(large);
}

/* Any bit of any byte: it is not the record, nor another one. */
static void
test_flipped(void)
{
    gsize len = 0;
    g_autofree char *text = make_text(3, 20, &len);

    for (gsize i = 0; i < len; i++) {
        for (guint bit = 0; bit < 8; bit++) {
            g_autoptr(GError) error = NULL;
            g_autoptr(PstRecord) record = NULL;

            text[i] ^= (char)(1U << bit);
            if (pst_validate((const guint8 *)text, len, &pst_validate_record).reason ==
                PST_VALIDATE_OK) {
                record = pst_record_read(text, len, &error);
                g_assert_null(record);
                g_assert_error(error, PST_ERROR, PST_ERROR_PROTOCOL);
            }
            text[i] ^= (char)(1U << bit);
        }
    }
}

/* More than any id has. */
#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789"

/* With the right checksum, and yet no record. */
static void
test_no_record(void)
{
    static const char *const rests[] = {
        "\"seq\":1}",
        "\"seq\":\"1\",\"boot_id\":\"\",\"machine_id\":\"\",\"realtime_us\":1,\"boottime_us\":1,"
        "\"kind\":\"boot\",\"body\":{}}",
        "\"seq\":1,\"boot_id\":\"\",\"machine_id\":\"\",\"realtime_us\":1,\"boottime_us\":1,"
        "\"kind\":\"party\",\"body\":{}}",
        "\"seq\":1,\"boot_id\":\"\",\"machine_id\":\"\",\"realtime_us\":1,\"boottime_us\":1,"
        "\"kind\":\"boot\",\"body\":[]}",
        "\"seq\":-5,\"boot_id\":\"\",\"machine_id\":\"\",\"realtime_us\":1,\"boottime_us\":1,"
        "\"kind\":\"boot\",\"body\":{}}",
        "\"seq\":1,\"boot_id\":\"\",\"machine_id\":\"\",\"realtime_us\":-1,\"boottime_us\":1,"
        "\"kind\":\"boot\",\"body\":{}}",
        "\"seq\":1,\"boot_id\":\"\",\"machine_id\":\"\",\"realtime_us\":1,\"boottime_us\":-1,"
        "\"kind\":\"boot\",\"body\":{}}",
        "\"seq\":1,\"boot_id\":\"" LONG "\",\"machine_id\":\"\",\"realtime_us\":1,"
        "\"boottime_us\":1,\"kind\":\"boot\",\"body\":{}}",
        "\"seq\":1,\"boot_id\":\"\",\"machine_id\":\"" LONG "\",\"realtime_us\":1,"
        "\"boottime_us\":1,\"kind\":\"boot\",\"body\":{}}",
    };

    for (guint i = 0; i < G_N_ELEMENTS(rests); i++) {
        guint32 crc = pst_crc32c(PST_CRC32C_NONE, (const guint8 *)rests[i], strlen(rests[i]));
        g_autofree char *text = g_strdup_printf("{\"crc32c\":\"%08x\",%s", crc, rests[i]);
        g_autoptr(GError) error = NULL;

        g_assert_null(pst_record_read(text, strlen(text), &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_PROTOCOL);
    }
}

static void
test_pieces(void)
{
    static const gsize steps[] = {1, 2, 3, 7, 64, 1000, 1000000};
    g_autoptr(GByteArray) stream = make_stream();

    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        PstRecordCounters counters;
        g_autoptr(GArray) found = read_all(stream->data, stream->len, steps[i], &counters);

        g_assert_cmpuint(found->len, ==, N);
        g_assert_cmpuint(counters.records, ==, N);
        g_assert_cmpuint(counters.dropped, ==, 0);
        for (guint j = 0; j < N; j++)
            g_assert_cmpint(g_array_index(found, gint64, j), ==, j + 1);
    }
}

/* Cut off anywhere: every whole record before it, and no other. */
static void
test_truncated(void)
{
    g_autoptr(GByteArray) stream = make_stream();
    guint whole = 0;

    for (gsize len = 0; len <= stream->len; len++) {
        PstRecordCounters counters;
        g_autoptr(GArray) found = read_all(stream->data, len, 4096, &counters);

        whole += len > 0 && stream->data[len - 1] == PST_FRAME_LF;
        g_assert_cmpuint(found->len, ==, whole);
        for (guint i = 0; i < whole; i++)
            g_assert_cmpint(g_array_index(found, gint64, i), ==, i + 1);
    }
    g_assert_cmpuint(whole, ==, N);
}

#define SECTOR 512
#define LAST 8

/* What a crash leaves: of the last eight sectors any subset was written, the others are holes. */
static void
test_lost_sectors(void)
{
    g_autoptr(GByteArray) stream = make_stream();
    gsize start = stream->len / SECTOR * SECTOR - (LAST - 1) * SECTOR;

    for (guint subset = 0; subset < 1U << LAST; subset++) {
        g_autofree guint8 *copy = g_memdup2(stream->data, stream->len);
        PstRecordCounters counters;
        guint n_before = 0;

        for (guint i = 0; i < LAST; i++)
            if ((subset & 1U << i) == 0)
                memset(copy + start + i * SECTOR, 0, MIN(SECTOR, stream->len - start - i * SECTOR));
        g_autoptr(GArray) found = read_all(copy, stream->len, 4096, &counters);
        for (gsize i = 0; i < start; i++)
            n_before += copy[i] == PST_FRAME_LF;
        g_assert_cmpuint(found->len, >=, n_before);
        g_assert_cmpuint(found->len, <=, N);
        /* In their order, each once, and none that was never written. */
        for (guint i = 1; i < found->len; i++)
            g_assert_cmpint(g_array_index(found, gint64, i), >,
                            g_array_index(found, gint64, i - 1));
        g_assert_cmpuint(counters.records, ==, found->len);
    }
}

/* Sectors in each other's places: nothing is put together that was not written as one. */
static void
test_swapped_sectors(void)
{
    g_autoptr(GByteArray) stream = make_stream();
    gsize n_sectors = stream->len / SECTOR;

    for (gsize i = 0; i < n_sectors; i++) {
        for (gsize j = i + 1; j < n_sectors; j++) {
            g_autofree guint8 *copy = g_memdup2(stream->data, stream->len);
            PstRecordCounters counters;

            memcpy(copy + i * SECTOR, stream->data + j * SECTOR, SECTOR);
            memcpy(copy + j * SECTOR, stream->data + i * SECTOR, SECTOR);
            g_autoptr(GArray) found = read_all(copy, stream->len, 4096, &counters);
            g_assert_cmpuint(found->len, <, N);
            g_assert_cmpuint(counters.dropped + counters.stray_bytes, >, 0);
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/record/crc", test_crc);
    g_test_add_func("/record/round", test_round);
    g_test_add_func("/record/written", test_written);
    g_test_add_func("/record/too-large", test_too_large);
    g_test_add_func("/record/flipped", test_flipped);
    g_test_add_func("/record/no-record", test_no_record);
    g_test_add_func("/record/pieces", test_pieces);
    g_test_add_func("/record/truncated", test_truncated);
    g_test_add_func("/record/lost-sectors", test_lost_sectors);
    g_test_add_func("/record/swapped-sectors", test_swapped_sectors);
    return g_test_run();
}
