// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/volume-reading.h"

#include "host-sidecar/record-intake.h"
#include "host-sidecar/storage-read.h"
#include "protocol/error.h"

/* A flood rolls the volume faster than it can be read, and one of the smallest records makes each
 * reading long. */
#define READINGS 5
#define AGAIN_US (G_GINT64_CONSTANT(2) * G_USEC_PER_SEC)

void
pst_volume_reading_clear(PstVolumeReading *reading)
{
    g_clear_pointer(&reading->records, g_ptr_array_unref);
    g_clear_pointer(&reading->place, pst_volume_place_free);
    g_clear_error(&reading->unread);
}

/* ---- a part ---- */

typedef struct {
    PstRecordIntake *intake;
    GByteArray *head;
    gsize before; /* what the intake had taken before it */
} Part;

static void
take_bytes(const guint8 *bytes, gsize len, gpointer user_data)
{
    Part *part = user_data;

    if (part->head->len < PST_VOLUME_PLACE_HEAD)
        g_byte_array_append(part->head, bytes,
                            (guint)MIN(len, PST_VOLUME_PLACE_HEAD - part->head->len));
    pst_record_intake_take(part->intake, bytes, len);
}

/* From where on a part is read that is wanted from OFFSET on: what is newest in it is dearest. */
static guint64
start_of(const PstVolumePart *read, guint64 offset, PstVolumeReading *reading)
{
    if (read->bytes <= offset + PST_VOLUME_MAX_PART)
        return offset;
    reading->skipped_bytes += read->bytes - PST_VOLUME_MAX_PART - offset;
    return read->bytes - PST_VOLUME_MAX_PART;
}

/* What libvirt does not give out costs itself alone: a guest can make a part begin like an image
 * that libvirt reads by a program which is not there. */
static gboolean
read_part(virStorageVolPtr volume, guint64 offset, Part *part, PstVolumeReading *reading)
{
    gboolean read = pst_storage_read(volume, offset, PST_VOLUME_MAX_PART, take_bytes, part,
                                     reading->unread == NULL ? &reading->unread : NULL);

    if (!read)
        reading->n_unread++;
    return read;
}

static void
take_head(const guint8 *bytes, gsize len, gpointer user_data)
{
    g_byte_array_append(user_data, bytes, (guint)len);
}

/* NULL where it can't be read. */
static GByteArray *
read_head(virStorageVolPtr volume)
{
    g_autoptr(GByteArray) head = g_byte_array_new();

    return pst_storage_read(volume, 0, PST_VOLUME_PLACE_HEAD, take_head, head, NULL)
               ? g_steal_pointer(&head)
               : NULL;
}

/* What was read of the newest part began at OFFSET. */
static void
set_head(PstVolumePlace *place, virStorageVolPtr volume, guint64 offset, const Part *part)
{
    if (offset == 0) {
        pst_volume_place_set_head(place, part->head->data, part->head->len);
        return;
    }
    g_autoptr(GByteArray) head = read_head(volume);
    if (head != NULL)
        pst_volume_place_set_head(place, head->data, head->len);
}

/* ---- all of them ---- */

/* Without the head of the newest. */
static PstVolumePlace *
make_place(const GPtrArray *parts)
{
    PstVolumePlace *place = pst_volume_place_new();

    for (guint i = 0; i < parts->len; i++) {
        const PstVolumePart *part = parts->pdata[i];
        pst_volume_place_add_part(place, (gint64)part->bytes, part->written_us);
    }
    return place;
}

static void
begin_reading(const GPtrArray *parts, PstVolumeReading *reading)
{
    const PstVolumePart *newest = parts->pdata[parts->len - 1];

    pst_volume_reading_clear(reading);
    *reading = (PstVolumeReading){
        .records = pst_record_set_new(),
        .volume_us = newest->written_us,
        .n_parts = parts->len,
        .place = make_place(parts),
    };
}

/* PART is the newest; what was read of it began at OFFSET, before which there was what BEFORE
 * counts. Where no record has ended in it yet, one may have begun in the part before. */
static void
end_place(PstVolumePlace *place, const Part *part, guint64 offset, const PstRecordCounters *before)
{
    PstRecordCounters counters;
    gsize whole = pst_record_intake_whole(part->intake, &counters);

    if (whole > part->before) {
        place->offset = (gint64)(offset + whole - part->before);
        place->records = (gint64)(before->records + counters.records);
        place->dropped = (gint64)(before->dropped + counters.dropped);
        place->stray_bytes = (gint64)(before->stray_bytes + counters.stray_bytes);
    } else if (offset > 0) {
        place->offset = (gint64)offset;
        place->records = (gint64)before->records;
        place->dropped = (gint64)before->dropped;
        place->stray_bytes = (gint64)before->stray_bytes;
    }
}

static void
end_records(PstRecordIntake *intake, PstVolumeReading *reading)
{
    g_ptr_array_unref(reading->records);
    reading->records = pst_record_intake_end(intake, &reading->counters);
}

static gboolean
read_all(const GPtrArray *parts, PstVolumeReading *reading, GError **error)
{
    g_autoptr(PstRecordIntake) intake = pst_record_intake_new();
    const PstRecordCounters none = {0};

    begin_reading(parts, reading);
    for (guint i = 0; i < parts->len; i++) {
        const PstVolumePart *read = parts->pdata[i];
        g_autoptr(GByteArray) head = g_byte_array_new();
        Part part = {intake, head, pst_record_intake_taken(intake)};
        guint64 offset = start_of(read, 0, reading);

        if (!read_part(read->volume, offset, &part, reading))
            continue;
        /* Of before it was read: a record that came meanwhile is then told as older than it is, and
         * none as younger. */
        reading->written_us = read->written_us;
        if (i + 1 < parts->len)
            continue;
        set_head(reading->place, read->volume, offset, &part);
        end_place(reading->place, &part, offset, &none);
    }
    end_records(intake, reading);
    if (reading->n_unread < parts->len)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&reading->unread));
    return FALSE;
}

static gboolean
read_on(const GPtrArray *parts, const PstVolumePlace *from, PstVolumeReading *reading,
        GError **error)
{
    const PstVolumePart *newest = parts->pdata[parts->len - 1];
    g_autoptr(PstRecordIntake) intake = pst_record_intake_new();
    g_autoptr(GByteArray) begin = g_byte_array_new();
    const PstRecordCounters before = {.records = (guint64)from->records,
                                      .dropped = (guint64)from->dropped,
                                      .stray_bytes = (guint64)from->stray_bytes};

    begin_reading(parts, reading);
    Part part = {intake, begin, 0};
    guint64 offset = start_of(newest, (guint64)from->offset, reading);
    if (!read_part(newest->volume, offset, &part, reading)) {
        g_propagate_error(error, g_steal_pointer(&reading->unread));
        return FALSE;
    }
    end_place(reading->place, &part, offset, &before);
    end_records(intake, reading);
    reading->counters.records += before.records;
    reading->counters.dropped += before.dropped;
    reading->counters.stray_bytes += before.stray_bytes;
    reading->written_us = newest->written_us;
    reading->continued = TRUE;
    reading->place->head = g_strdup(from->head);
    reading->place->head_bytes = from->head_bytes;
    return TRUE;
}

/* ---- what has to be read ---- */

/* Whether these are the parts that PLACE was in, under the same names: of those that were rolled
 * nothing has changed, and the newest begins as it did. */
static gboolean
is_same(const PstVolumePlace *place, const GPtrArray *parts)
{
    g_autoptr(PstVolumePlace) now = make_place(parts);

    if (place->head == NULL || !pst_volume_place_is_like(place, now))
        return FALSE;
    const PstVolumePart *newest = parts->pdata[parts->len - 1];
    g_autoptr(GByteArray) head = read_head(newest->volume);
    return head != NULL && pst_volume_place_has_head(place, head->data, head->len);
}

/* A part whose file was removed is known to the pool all the same. */
static gboolean
are_all_known(const GPtrArray *parts)
{
    for (guint i = 0; i < parts->len; i++)
        if (((PstVolumePart *)parts->pdata[i])->written_us == 0)
            return FALSE;
    return parts->len >= PST_VOLUME_USUAL_PARTS;
}

/* NULL where the pool has none. *ALL: there are no others that it has not heard of. */
static GPtrArray *
find_parts(PstVolumePool *pool, const char *uuid, gboolean *all, GError **error)
{
    g_autoptr(GPtrArray) parts = pst_volume_pool_parts(pool, uuid);

    *all = TRUE;
    if (!are_all_known(parts)) {
        gboolean none = parts->len == 0;
        gboolean refreshed = pst_volume_pool_refresh(pool->pool, none ? error : NULL);

        if (!refreshed && none)
            return NULL;
        *all = refreshed;
        g_ptr_array_unref(parts);
        parts = pst_volume_pool_parts(pool, uuid);
    }
    if (parts->len > 0)
        return g_steal_pointer(&parts);
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT,
                "the pool " PST_VOLUME_POOL " has no volume %s" PST_VOLUME_SUFFIX, uuid);
    return NULL;
}

/* Whether what stands under each name is not what stood there before: a part that was rolled is not
 * written to any more, and with each roll all of them change their names. */
static gboolean
is_rolled(PstVolumePool *pool, const char *uuid, const PstVolumeReading *reading)
{
    /* What was not written to was not rolled. */
    if (reading->volume_us > 0 && pst_volume_pool_written_us(pool, uuid) == reading->volume_us)
        return FALSE;
    g_autoptr(GPtrArray) parts = pst_volume_pool_parts(pool, uuid);
    g_autoptr(PstVolumePlace) now = make_place(parts);
    return reading->place->head != NULL ? !is_same(reading->place, parts)
                                        : !pst_volume_place_is_like(reading->place, now);
}

/* FALSE without an error where it is not known to be the same. */
static gboolean
read_known(PstVolumePool *pool, const char *uuid, const PstVolumePlace *place, gboolean continues,
           PstVolumeReading *reading)
{
    g_autoptr(GPtrArray) parts = pst_volume_pool_parts(pool, uuid);

    if (!is_same(place, parts))
        return FALSE;
    gboolean read = continues && pst_volume_place_can_continue(place)
                        ? read_on(parts, place, reading, NULL)
                        : read_all(parts, reading, NULL);
    return read && reading->n_unread == 0 && !is_rolled(pool, uuid, reading);
}

gboolean
pst_volume_reading_make(PstVolumePool *pool, const char *uuid, const PstVolumePlace *place,
                        gboolean continues, PstVolumeReading *reading, GError **error)
{
    gint64 until_us = g_get_monotonic_time() + AGAIN_US;
    gboolean rolled = place == NULL || !read_known(pool, uuid, place, continues, reading);
    gboolean all = TRUE;

    for (guint i = 0; rolled && i < READINGS; i++) {
        if (i > 0 && g_get_monotonic_time() >= until_us)
            break;
        g_autoptr(GPtrArray) parts = find_parts(pool, uuid, &all, error);

        if (parts == NULL || !read_all(parts, reading, error))
            return FALSE;
        rolled = is_rolled(pool, uuid, reading);
    }
    reading->rolled = rolled;
    if (rolled || !all || reading->n_unread > 0)
        g_clear_pointer(&reading->place, pst_volume_place_free);
    return TRUE;
}
