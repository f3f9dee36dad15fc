// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/record-reader.h"

#include "protocol/frame.h"

struct PstRecordReader {
    PstFrameReader *frames;
    guint64 records, refused;
};

PstRecordReader *
pst_record_reader_new(void)
{
    PstRecordReader *reader = g_new0(PstRecordReader, 1);

    reader->frames = pst_frame_reader_new(&pst_validate_record);
    return reader;
}

void
pst_record_reader_free(PstRecordReader *reader)
{
    pst_frame_reader_free(reader->frames);
    g_free(reader);
}

gsize
pst_record_reader_take(PstRecordReader *reader, const guint8 *data, gsize len, PstRecord **record)
{
    const char *text = NULL;
    gsize taken = 0, text_len = 0;

    *record = NULL;
    while (taken < len && *record == NULL) {
        taken += pst_frame_reader_take(reader->frames, data + taken, len - taken, &text, &text_len);
        if (text == NULL)
            continue;
        *record = pst_record_read(text, text_len, NULL);
        if (*record != NULL)
            reader->records++;
        else
            reader->refused++;
    }
    return taken;
}

PstRecordCounters
pst_record_reader_counters(const PstRecordReader *reader)
{
    return (PstRecordCounters){
        .records = reader->records,
        .dropped = reader->refused + pst_frame_reader_dropped(reader->frames),
        .stray_bytes = pst_frame_reader_counters(reader->frames)->stray_bytes,
    };
}
