// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/volume-share.h"

#include <string.h>

/* References to JSON objects are not counted atomically, so no two threads may have the same: what
 * is shared are the texts, which are also a thirtieth of the size. */
typedef struct {
    gint references;
    gint64 begun_us; /* monotonic */
    gboolean made;   /* from then on nothing below changes */
    GError *error;   /* or: */
    GPtrArray *texts;
    GPtrArray *notes;
    GArray *written;
    PstRecordCounters counters;
    gint64 written_us, volume_us;
    guint n_parts, n_stored;
    gint64 missed;
    char *unread, *unkept;
} Reading;

struct PstVolumeShare {
    GMutex lock; /* never held while a volume is read */
    GCond changed;
    Reading *made;   /* of those that are, the one begun last; NULL: there is none */
    Reading *making; /* the same of those that are not */
};

PstVolumeShare *
pst_volume_share_new(void)
{
    PstVolumeShare *share = g_new0(PstVolumeShare, 1);

    g_mutex_init(&share->lock);
    g_cond_init(&share->changed);
    return share;
}

static Reading *
ref_reading(Reading *reading)
{
    g_atomic_int_inc(&reading->references);
    return reading;
}

static void
unref_reading(Reading *reading)
{
    if (!g_atomic_int_dec_and_test(&reading->references))
        return;
    g_clear_error(&reading->error);
    g_clear_pointer(&reading->texts, g_ptr_array_unref);
    g_clear_pointer(&reading->notes, g_ptr_array_unref);
    g_clear_pointer(&reading->written, g_array_unref);
    g_free(reading->unread);
    g_free(reading->unkept);
    g_free(reading);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reading, unref_reading)

void
pst_volume_share_free(PstVolumeShare *share)
{
    g_clear_pointer(&share->made, unref_reading);
    g_clear_pointer(&share->making, unref_reading);
    g_mutex_clear(&share->lock);
    g_cond_clear(&share->changed);
    g_free(share);
}

/* ---- what was read ---- */

static void
keep(Reading *reading, const PstVolumeRecords *records)
{
    reading->texts = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < records->records->len; i++)
        g_ptr_array_add(reading->texts, g_strdup(((PstRecord *)records->records->pdata[i])->text));
    reading->notes = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < records->notes->len; i++)
        g_ptr_array_add(reading->notes, g_strdup(records->notes->pdata[i]));
    reading->written = g_array_copy(records->written);
    reading->counters = records->counters;
    reading->written_us = records->written_us;
    reading->volume_us = records->volume_us;
    reading->n_parts = records->n_parts;
    reading->n_stored = records->n_stored;
    reading->missed = records->missed;
    reading->unread = g_strdup(records->unread);
    reading->unkept = g_strdup(records->unkept);
}

static PstVolumeRecords *
hand_out(const Reading *reading, GError **error)
{
    GPtrArray *set;

    if (reading->error != NULL) {
        g_propagate_error(error, g_error_copy(reading->error));
        return NULL;
    }
    set = pst_record_set_new();
    for (guint i = 0; i < reading->texts->len; i++) {
        const char *text = reading->texts->pdata[i];
        g_ptr_array_add(set, pst_record_read(text, strlen(text), NULL));
    }
    PstVolumeRecords *records =
        pst_volume_records_new(set, &reading->counters, reading->written_us, reading->n_parts);
    for (guint i = 0; i < reading->notes->len; i++)
        pst_volume_records_note(records, reading->notes->pdata[i]);
    g_array_unref(records->written);
    records->written = g_array_copy(reading->written);
    records->volume_us = reading->volume_us;
    records->n_stored = reading->n_stored;
    records->missed = reading->missed;
    records->unread = g_strdup(reading->unread);
    records->unkept = g_strdup(reading->unkept);
    return records;
}

/* ---- who reads ---- */

static gboolean
is_enough(const Reading *reading, gint64 since_us)
{
    return reading != NULL && reading->begun_us >= since_us;
}

/* Takes READING over, which is newer than what stands in *PLACE. */
static void
put(Reading **place, Reading *reading)
{
    g_clear_pointer(place, unref_reading);
    *place = reading;
}

/* One that was begun since, once it is made; NULL, and *mine, where the caller is to make it. */
static Reading *
find_or_begin(PstVolumeShare *share, gint64 since_us, Reading **mine)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&share->lock);

    if (is_enough(share->made, since_us))
        return ref_reading(share->made);
    if (!is_enough(share->making, since_us)) {
        *mine = g_new0(Reading, 1);
        (*mine)->references = 1;
        (*mine)->begun_us = g_get_monotonic_time();
        put(&share->making, ref_reading(*mine));
        return NULL;
    }
    Reading *reading = ref_reading(share->making);
    while (!reading->made)
        g_cond_wait(&share->changed, &share->lock);
    return reading;
}

static void
end(PstVolumeShare *share, Reading *reading)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&share->lock);

    reading->made = TRUE;
    if (share->making == reading)
        g_clear_pointer(&share->making, unref_reading);
    if (!is_enough(share->made, reading->begun_us))
        put(&share->made, ref_reading(reading));
    g_cond_broadcast(&share->changed);
}

PstVolumeRecords *
pst_volume_share_read(PstVolumeShare *share, gint64 since_us, PstVolumeShareRead read,
                      gpointer data, GError **error)
{
    g_autoptr(Reading) mine = NULL;
    g_autoptr(Reading) reading = find_or_begin(share, since_us, &mine);

    if (reading != NULL)
        return hand_out(reading, error);
    PstVolumeRecords *records = read(data, &mine->error);
    if (records != NULL)
        keep(mine, records);
    else
        g_propagate_error(error, g_error_copy(mine->error));
    end(share, mine);
    return records;
}

gboolean
pst_volume_share_await(PstVolumeShare *share)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&share->lock);

    while (share->making != NULL)
        g_cond_wait(&share->changed, &share->lock);
    return share->made != NULL;
}
