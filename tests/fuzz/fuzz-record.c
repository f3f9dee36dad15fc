// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any bytes as a volume: the reader ends, the same records come out in one piece or in many, and a
 * record that came out, written again, comes out again. */
#include <string.h>

#include "protocol/frame.h"
#include "protocol/record-reader.h"
#include "tests/fuzz/fuzz.h"

static void
check_round(const PstRecord *record)
{
    gsize len = 0;
    g_autofree char *text = pst_record_to_text(record, &len);
    g_autoptr(GByteArray) frame = g_byte_array_new();
    g_autoptr(PstRecordReader) reader = pst_record_reader_new();
    g_autoptr(PstRecord) again = NULL;

    /* What was read may be written in more bytes than a record may have. */
    if (text == NULL)
        return;
    pst_frame_append(frame, text, len);
    pst_record_reader_take(reader, frame->data, frame->len, &again);
    g_assert_nonnull(again);
    g_assert_cmpint(again->seq, ==, record->seq);
    g_assert_cmpstr(again->boot_id, ==, record->boot_id);
    g_assert_cmpint(again->kind, ==, record->kind);
}

static PstRecordCounters
read_all(const guint8 *data, gsize len, gsize step)
{
    g_autoptr(PstRecordReader) reader = pst_record_reader_new();

    while (len > 0) {
        g_autoptr(PstRecord) record = NULL;
        gsize n = pst_record_reader_take(reader, data, MIN(step, len), &record);

        data += n;
        len -= n;
        if (record != NULL)
            check_round(record);
    }
    return pst_record_reader_counters(reader);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    gsize step = len > 0 ? 1 + data[0] % 31U : 1;
    PstRecordCounters whole = read_all(data, len, len);
    PstRecordCounters pieces = read_all(data, len, step);

    g_assert_cmpuint(whole.records, ==, pieces.records);
    g_assert_cmpuint(whole.dropped, ==, pieces.dropped);
    g_assert_cmpuint(whole.stray_bytes, ==, pieces.stray_bytes);
    return 0;
}
