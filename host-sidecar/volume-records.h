// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/record-set.h"
#include "protocol/record-reader.h"

/* What a guest's volume holds, and what the store has kept of it, for people and programs: pure
 * functions. */

typedef struct {
    GPtrArray *records; /* of PstRecord, in file order */
    GArray *epochs;     /* of guint: the number of each record's epoch, from 0 on; a new one begins
                         * with each boot, and where sequence or clock fall (a revert) */
    GPtrArray *live;    /* of those, borrowed: what no revert has undone */
    gboolean reverted;  /* the newest epoch began by a revert */
    GArray *foreign;    /* of gboolean: another guest wrote this record than the one before it */
    gboolean mixed;     /* two guests write to it at the same time */
    PstRecordCounters counters; /* of the volume alone */
    gint64 written_us;   /* when the newest was written, the host's real time; 0 where not known */
    gint64 volume_us;    /* when the volume was last written to, by whatever */
    guint n_parts;       /* 0 where there is no volume (any more) */
    guint n_stored;      /* of the records: that the store alone still has */
    gint64 missed;       /* that were rolled away between two harvests */
    char *unread;        /* why there may be newer ones that could not be read, or NULL */
    char *unkept;        /* why the store does not keep them, or NULL */
    GPtrArray *notes;    /* of char: what else is to be said, a line each */
    GArray *written;     /* of gint64: when each had been written, as record-dates.h reckons it */
    GHashTable *order;   /* of each record, its place among them from 1 on */
    GHashTable *adopted; /* a set of records of former names; NULL where there are none */
} PstVolumeRecords;

/* Takes RECORDS over. */
PstVolumeRecords *pst_volume_records_new(GPtrArray *records, const PstRecordCounters *counters,
                                         gint64 written_us, guint n_parts);
void pst_volume_records_free(PstVolumeRecords *records);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstVolumeRecords, pst_volume_records_free)

void pst_volume_records_note(PstVolumeRecords *records, const char *note);

/* The newest report of PROBE asked about USER (NULL: about nobody) that no revert has undone and
 * that is DOMAIN's, borrowed; NULL where there is none. A record is the domain's that carries its
 * name, or one that it had then, and one without any name whose machine or boot is that of such a
 * one, or where none carries a name: another domain may have written to the volume by mistake. */
const PstRecord *pst_volume_records_find(const PstVolumeRecords *records, const char *probe,
                                         const char *user, const char *domain);

/* The same, but of those at which the probe gave an answer (recalled.h). */
const PstRecord *pst_volume_records_find_told(const PstVolumeRecords *records, const char *probe,
                                              const char *user, const char *domain);

/* Of those, with the same probe and user as RECORD, one of them, the newest N that were written
 * before it, borrowed, the newest first; free with g_ptr_array_unref(). */
GPtrArray *pst_volume_records_find_older(const PstVolumeRecords *records, const PstRecord *record,
                                         const char *domain, guint n);

typedef struct {
    const PstRecord *last;
    const PstRecord *told; /* of the last look that had an answer */
} PstVolumeFound;

/* Both, of what was recorded about USER; where none of that told anything, of what was recorded
 * about nobody, which may have turned out to be about USER. */
PstVolumeFound pst_volume_records_find_best(const PstVolumeRecords *records, const char *probe,
                                            const char *user, const char *domain);

/* The newest word of DOMAIN's guest that a look at everything found nothing new, borrowed, where
 * that holds for RECORD, a report: its recorder was not begun anew since, lost nothing, and told of
 * nothing else when it was asked the same. NULL where there is none. */
const PstRecord *pst_volume_records_no_news(const PstVolumeRecords *records,
                                            const PstRecord *record, const char *domain);

/* The newest record of whatever kind that no revert has undone and that is DOMAIN's, borrowed; NULL
 * where there is none. */
const PstRecord *pst_volume_records_newest(const PstVolumeRecords *records, const char *domain);

/* The addresses of all records that are not DOMAIN's; free with g_hash_table_unref(). */
GHashTable *pst_volume_records_others(const PstVolumeRecords *records, const char *domain);

/* The name of another domain that the newest record with one carries, borrowed; NULL where all that
 * have one carry DOMAIN's. */
const char *pst_volume_records_other_name(const PstVolumeRecords *records, const char *domain);

/* Whether nothing was written since a revert that happened between BEFORE_US (PST_INT_UNKNOWN: no
 * matter when before) and SEEN_US of the host's real time: then some of it may never have happened
 * for the guest that is there now, and which is not known. */
gboolean pst_volume_records_is_undone(const PstVolumeRecords *records, gint64 before_us,
                                      gint64 seen_us);

/* Knows them by what the domain was called before (FORMER, a GPtrArray of PstLifecycleName, or
 * NULL): those that carry such a name and were written while it had that. They have to be dated
 * before. */
void pst_volume_records_adopt(PstVolumeRecords *records, const GPtrArray *former);

/* Dates them by what is known of earlier readings, and of pauses (record-dates.h). */
void pst_volume_records_date(PstVolumeRecords *records, const GPtrArray *dates,
                             const GArray *stills);

/* How old the record, one of them, is at least at NOW_US, the host's real time: the newest is as
 * old as the file's last change, those that an earlier reading saw last as the file's change then;
 * of the guest's own clock, right or wrong, only what passed between two records counts.
 * Microseconds. */
gint64 pst_volume_records_age_us(const PstVolumeRecords *records, const PstRecord *record,
                                 gint64 now_us);

/* What a record says, in a line for people; free with g_free(). */
char *pst_volume_records_words(const PstRecord *record);

/* Record I of them with its age and its epoch; owned by the caller. */
JsonObject *pst_volume_records_item(const PstVolumeRecords *records, guint i, gint64 now_us);

/* The newest N, the newest first, and what was dropped. In the text, what is long is cut. */
JsonObject *pst_volume_records_to_json(const PstVolumeRecords *records, guint n, gint64 now_us);
char *pst_volume_records_to_text(const PstVolumeRecords *records, guint n, gint64 now_us);
