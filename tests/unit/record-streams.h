// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string.h>

#include "protocol/frame.h"
#include "protocol/record-reader.h"

/* Streams of records as a recorder writes them, and what is read of them again. */

#define STREAM_BOOT_A "11111111-2222-3333-4444-555555555555"
#define STREAM_BOOT_B "66666666-7777-8888-9999-000000000000"
#define STREAM_MACHINE_A "0123456789abcdef0123456789abcdef"
#define STREAM_MACHINE_B "fedcba9876543210fedcba9876543210"

typedef struct {
    const char *boot_id, *machine_id, *domain;
    gint64 seq, boottime_us;
    PstRecordKind kind;
    const char *name; /* of the event or of the probe */
    guint padding;
} StreamRecord;

static inline PstRecord *
stream_record(const StreamRecord *wanted)
{
    g_autoptr(PstRecord) record = g_new0(PstRecord, 1);
    g_autofree char *filler = g_strnfill(wanted->padding, 'x');
    gsize len = 0;

    record->seq = wanted->seq;
    record->boot_id = g_strdup(wanted->boot_id);
    record->machine_id = g_strdup(wanted->machine_id);
    record->domain = g_strdup(wanted->domain);
    record->boottime_us = wanted->boottime_us;
    record->realtime_us = 1700000000000000 + wanted->boottime_us;
    record->kind = wanted->kind;
    record->body = json_object_new();
    if (wanted->kind == PST_RECORD_REPORT) {
        json_object_set_string_member(record->body, "probe", wanted->name);
        json_object_set_string_member(record->body, "summary", filler);
    } else if (wanted->kind == PST_RECORD_EVENT) {
        json_object_set_string_member(record->body, "event", wanted->name);
        json_object_set_string_member(record->body, "message", filler);
    }
    g_autofree char *text = pst_record_to_text(record, &len);
    g_assert_nonnull(text);
    return pst_record_read(text, len, NULL);
}

/* As above, in its frame. */
static inline void
stream_append(GByteArray *stream, const StreamRecord *wanted)
{
    g_autoptr(PstRecord) record = stream_record(wanted);

    pst_frame_append(stream, record->text, record->bytes);
}

static inline void
stream_free_record(gpointer record)
{
    pst_record_free(record);
}

/* All records in the bytes, fed in one piece. */
static inline GPtrArray *
stream_read(const guint8 *bytes, gsize len, PstRecordCounters *counters)
{
    g_autoptr(PstRecordReader) reader = pst_record_reader_new();
    GPtrArray *records = g_ptr_array_new_with_free_func(stream_free_record);

    while (len > 0) {
        PstRecord *record = NULL;
        gsize n = pst_record_reader_take(reader, bytes, len, &record);
        bytes += n;
        len -= n;
        if (record != NULL)
            g_ptr_array_add(records, record);
    }
    if (counters != NULL)
        *counters = pst_record_reader_counters(reader);
    return records;
}
