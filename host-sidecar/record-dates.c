// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/record-dates.h"

static const PstField rows[] = {
    PST_STRING(PstRecordDate, boot_id, "of the record"),
    PST_INT(PstRecordDate, seq, "its number"),
    PST_INT(PstRecordDate, boottime_us, "its clock"),
    PST_INT(PstRecordDate, written_us, "when the volume was last written to"),
};
const PstFields pst_record_date_fields = PST_FIELDS(PstRecordDate, rows);

static gboolean
is_of(const PstRecordDate *date, const PstRecord *record)
{
    return date->seq == record->seq && date->boottime_us == record->boottime_us &&
           g_strcmp0(date->boot_id, record->boot_id) == 0;
}

gboolean
pst_record_dates_note(GPtrArray **dates, const PstRecord *newest, gint64 written_us)
{
    guint n = *dates != NULL ? (*dates)->len : 0;
    const PstRecordDate *last = n > 0 ? (*dates)->pdata[n - 1] : NULL;

    if (written_us <= 0 || (last != NULL && is_of(last, newest)))
        return FALSE;
    PstRecordDate *date = pst_fields_append(&pst_record_date_fields, dates);
    date->boot_id = g_strdup(newest->boot_id);
    date->seq = newest->seq;
    date->boottime_us = newest->boottime_us;
    date->written_us = written_us;
    if ((*dates)->len > PST_RECORD_DATES_MAX)
        pst_fields_free(&pst_record_date_fields, g_ptr_array_remove_index(*dates, 0));
    return TRUE;
}

/* PASSED_US before LATER_US, by a clock that stood still now and then. */
static gint64
go_back(const GArray *stills, gint64 later_us, gint64 passed_us)
{
    for (guint i = stills != NULL ? stills->len : 0; i > 0; i--) {
        const PstRecordStill *still = &g_array_index(stills, PstRecordStill, i - 1);

        if (still->from_us >= later_us)
            continue;
        gint64 ran_us = later_us - MIN(later_us, still->until_us);
        if (ran_us >= passed_us)
            break;
        passed_us -= ran_us;
        later_us = still->from_us;
    }
    return later_us - passed_us;
}

/* When RECORD was written, at the latest, where LATER was at LATER_US: within a boot by the clock
 * that nobody sets. One that went back meanwhile says nothing. */
static gint64
date_before(const GArray *stills, const PstRecord *record, const PstRecord *later, gint64 later_us)
{
    if (g_str_equal(record->boot_id, later->boot_id))
        return go_back(stills, later_us, MAX(0, later->boottime_us - record->boottime_us));
    return later_us - MAX(0, later->realtime_us - record->realtime_us);
}

/* The moments in the order of the records: 0 for those of which there is none. A number may come
 * again after a revert, and so may a clock: each moment is the first record's that is like it after
 * the one of the moment before. */
static GArray *
place(const GPtrArray *dates, const GPtrArray *records, gint64 last_us)
{
    GArray *moments = g_array_sized_new(FALSE, TRUE, sizeof(gint64), records->len);
    guint next = 0;

    g_array_set_size(moments, records->len);
    for (guint i = 0; dates != NULL && i < dates->len; i++) {
        const PstRecordDate *date = dates->pdata[i];

        for (guint j = next; j < records->len; j++) {
            if (!is_of(date, records->pdata[j]))
                continue;
            g_array_index(moments, gint64, j) = date->written_us;
            next = j + 1;
            break;
        }
    }
    /* Noted while the host's clock was ahead. */
    for (guint i = records->len; i > 0; i--) {
        gint64 *moment_us = &g_array_index(moments, gint64, i - 1);

        if (*moment_us > last_us)
            *moment_us = 0;
        else if (*moment_us > 0)
            last_us = *moment_us;
    }
    return moments;
}

/* From the newest to the oldest: none was written later than the one after it, and the guest's
 * clock tells how much earlier at least. */
static void
reckon_back(const GPtrArray *records, const GArray *moments, const GArray *stills, gint64 last_us,
            GArray *written)
{
    const PstRecord *anchor = records->pdata[records->len - 1];
    gint64 anchor_us = last_us, after_us = last_us;

    for (guint i = records->len; i > 0; i--) {
        const PstRecord *record = records->pdata[i - 1];
        gint64 moment_us = g_array_index(moments, gint64, i - 1);

        if (i < records->len && moment_us > 0 && moment_us <= after_us) {
            anchor = record;
            anchor_us = moment_us;
        }
        after_us = MIN(after_us, date_before(stills, record, anchor, anchor_us));
        g_array_index(written, gint64, i - 1) = after_us;
    }
}

/* From the oldest to the newest: what came after a moment was written after it, whatever a clock
 * says of it that leapt ahead since. */
static void
reckon_on(const GArray *moments, GArray *written)
{
    gint64 since_us = 0;

    for (guint i = 0; i < written->len; i++) {
        gint64 *at_us = &g_array_index(written, gint64, i);

        *at_us = MAX(*at_us, since_us);
        if (g_array_index(moments, gint64, i) > 0)
            since_us = g_array_index(moments, gint64, i);
    }
}

GArray *
pst_record_dates_estimate(const GPtrArray *dates, const GArray *stills, const GPtrArray *records,
                          gint64 written_us)
{
    GArray *written = g_array_sized_new(FALSE, TRUE, sizeof(gint64), records->len);

    g_array_set_size(written, records->len);
    if (records->len == 0)
        return written;
    const PstRecord *newest = records->pdata[records->len - 1];
    gint64 last_us = written_us > 0 ? written_us : newest->realtime_us;
    g_autoptr(GArray) moments = place(dates, records, last_us);
    reckon_back(records, moments, stills, last_us, written);
    reckon_on(moments, written);
    return written;
}
