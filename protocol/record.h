// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

/* A record: what the shim writes to the recorder's port while the guest is well, for those who ask
 * when it no longer answers. One JSON object in a frame, whose first member is the checksum of all
 * that follows it: what was torn, or put together from two, is told from what was written. */

typedef enum {
    PST_RECORD_BOOT, /* body: {shim, initramfs?}; first of each boot, again with each repetition */
    PST_RECORD_REPORT,   /* body: a report, compact */
    PST_RECORD_EVENT,    /* body: {event, message, path?, suppressed?} */
    PST_RECORD_SHUTDOWN, /* body: empty */
} PstRecordKind;

typedef struct {
    gint64 seq; /* rises within a boot; one that does not begins a new epoch. No number of it is
                 * below 0 */
    char *boot_id;
    char *machine_id;
    char *domain; /* as the host named it; NULL where it never did */
    gint64 realtime_us;
    gint64 boottime_us;
    PstRecordKind kind;
    char *user;  /* of a report: about whom its probe was asked; NULL: about nobody */
    gint64 lost; /* how many before it the shim could not write */
    JsonObject *body;
    char *text;   /* as it was read; NULL in one that was made here */
    gsize bytes;  /* of its text */
    gsize weight; /* that it takes of a budget: of its text and frame, or more where what it is in
                   * memory is more than PST_RECORD_MEMORY times as much */
    guint32 crc;  /* that its text begins with */
} PstRecord;

/* What a record may be in memory, in times of its text, before it weighs more than that; a real
 * recorder's in tests/data/records are up to 15 times as large. */
#define PST_RECORD_MEMORY 16

extern const char *const pst_record_kind_names[];

void pst_record_free(PstRecord *record);

/* Gives back what is large in it, its text and its body: a stub tells no more than which record it
 * was of. */
void pst_record_stub(PstRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstRecord, pst_record_free)

/* Its members without the checksum; owned by the caller. */
JsonObject *pst_record_to_json(const PstRecord *record);

/* The record's text, ready for a frame; NULL where it would be larger than PST_LIMIT_RECORD. Free
 * with g_free(). */
char *pst_record_to_text(const PstRecord *record, gsize *len);

/* The record in a text that the validator has accepted; NULL with PST_ERROR_PROTOCOL where its
 * checksum does not hold or it is no record. */
PstRecord *pst_record_read(const char *text, gsize len, GError **error);
