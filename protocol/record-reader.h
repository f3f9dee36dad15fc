// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/record.h"

/* Every whole record in the bytes of a volume, in the order in which they stand there, which is the
 * truth: a guest that was reverted counts again from an earlier number, and its clock runs a second
 * time. What is not a whole record is dropped and counted; a record that was cut by a roll is whole
 * again where the parts are fed one after the other. The bytes may be anybody's. */

typedef struct PstRecordReader PstRecordReader;

typedef struct {
    guint64 records;
    guint64 dropped;     /* frames that are no record, or whose checksum does not hold */
    guint64 stray_bytes; /* outside of any frame */
} PstRecordCounters;

PstRecordReader *pst_record_reader_new(void);
void pst_record_reader_free(PstRecordReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstRecordReader, pst_record_reader_free)

/* Takes bytes from DATA until a record is whole, or all of them, and returns how many it took.
 * *record is the caller's, or NULL. */
gsize pst_record_reader_take(PstRecordReader *reader, const guint8 *data, gsize len,
                             PstRecord **record);

PstRecordCounters pst_record_reader_counters(const PstRecordReader *reader);
