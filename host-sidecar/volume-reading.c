// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/volume-reading.h"

#include "host-sidecar/record-keep.h"
#include "host-sidecar/storage-read.h"
#include "protocol/error.h"

/* As JSON in memory records are some thirty times as large. */
#define MAX_KEPT (2 * 1024 * 1024)
/* A flood rolls the volume faster than it can be read. */
#define READINGS 5

void
pst_volume_reading_clear(PstVolumeReading *reading)
{
    g_clear_pointer(&reading->records, g_ptr_array_unref);
    g_clear_pointer(&reading->place, pst_volume_place_free);
    g_clear_error(&reading->unread);
}

/* ---- a part ---- */

typedef struct {
    PstRecordReader *reader;
    GPtrArray *records;
    GByteArray *head;
    gsize bytes;                /* that came of it */
    gsize whole;                /* of these: up to behind the last whole record; 0 for none */
    PstRecordCounters counters; /* up to there */
} Part;

static void
take_bytes(const guint8 *bytes, gsize len, gpointer user_data)
{
    Part *part = user_data;

    if (part->head->len < PST_VOLUME_PLACE_HEAD)
        g_byte_array_append(part->head, bytes,
                            (guint)MIN(len, PST_VOLUME_PLACE_HEAD - part->head->len));
    while (len > 0) {
        PstRecord *record = NULL;
        gsize n = pst_record_reader_take(part->reader, bytes, len, &record);

        bytes += n;
        len -= n;
        part->bytes += n;
        if (record == NULL)
            continue;
        g_ptr_array_add(part->records, record);
        part->whole = part->bytes;
        part->counters = pst_record_reader_counters(part->reader);
    }
    if (pst_record_set_bytes(part->records) > 2 * MAX_KEPT)
        pst_record_keep_thin(part->records, MAX_KEPT);
}

/* FALSE with an error where nothing may be told of the volume. What libvirt does not give out costs
 * itself alone: a guest can make a part begin like an image that libvirt reads by a program which
 * is not there. */
static gboolean
read_part(virStorageVolPtr volume, guint64 offset, Part *part, PstVolumeReading *reading,
          GError **error)
{
    if (!pst_storage_read(volume, offset, PST_VOLUME_MAX_PART + 1, take_bytes, part,
                          reading->unread == NULL ? &reading->unread : NULL))
        reading->n_unread++;
    return pst_volume_pool_check_part(offset + part->bytes, error);
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

/* PART is the newest, which begins with HEAD; what was read of it began at OFFSET, before which
 * there was what BEFORE counts. */
static void
end_place(PstVolumePlace *place, const Part *part, guint64 offset, const PstRecordCounters *before)
{
    place->offset = (gint64)(offset + part->whole);
    place->records = (gint64)(before->records + part->counters.records);
    place->dropped = (gint64)(before->dropped + part->counters.dropped);
    place->stray_bytes = (gint64)(before->stray_bytes + part->counters.stray_bytes);
}

static gboolean
read_all(const GPtrArray *parts, PstVolumeReading *reading, GError **error)
{
    g_autoptr(PstRecordReader) reader = pst_record_reader_new();
    const PstRecordCounters none = {0};

    begin_reading(parts, reading);
    for (guint i = 0; i < parts->len; i++) {
        const PstVolumePart *read = parts->pdata[i];
        g_autoptr(GByteArray) head = g_byte_array_new();
        Part part = {.reader = reader, .records = reading->records, .head = head};
        guint n_unread = reading->n_unread;

        if (!read_part(read->volume, 0, &part, reading, error))
            return FALSE;
        if (reading->n_unread > n_unread)
            continue;
        /* Of before it was read: a record that came meanwhile is then told as older than it is, and
         * none as younger. */
        reading->written_us = read->written_us;
        if (i + 1 < parts->len)
            continue;
        pst_volume_place_set_head(reading->place, head->data, head->len);
        /* Where it has none yet, one may have begun in the part before. */
        if (part.whole > 0)
            end_place(reading->place, &part, 0, &none);
    }
    reading->counters = pst_record_reader_counters(reader);
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
    g_autoptr(PstRecordReader) reader = pst_record_reader_new();
    g_autoptr(GByteArray) begin = g_byte_array_new();
    const PstRecordCounters before = {.records = (guint64)from->records,
                                      .dropped = (guint64)from->dropped,
                                      .stray_bytes = (guint64)from->stray_bytes};

    begin_reading(parts, reading);
    Part part = {.reader = reader, .records = reading->records, .head = begin};
    if (!read_part(newest->volume, (guint64)from->offset, &part, reading, error))
        return FALSE;
    if (reading->n_unread > 0) {
        g_propagate_error(error, g_steal_pointer(&reading->unread));
        return FALSE;
    }
    const PstRecordCounters since = pst_record_reader_counters(reader);
    reading->counters =
        (PstRecordCounters){before.records + since.records, before.dropped + since.dropped,
                            before.stray_bytes + since.stray_bytes};
    reading->written_us = newest->written_us;
    reading->continued = TRUE;
    reading->place->head = g_strdup(from->head);
    reading->place->head_bytes = from->head_bytes;
    end_place(reading->place, &part, (guint64)from->offset, &before);
    return TRUE;
}

/* ---- what has to be read ---- */

static void
take_head(const guint8 *bytes, gsize len, gpointer user_data)
{
    g_byte_array_append(user_data, bytes, (guint)len);
}

/* Whether these are the parts that PLACE was in, under the same names: of those that were rolled
 * nothing has changed, and the newest begins as it did. */
static gboolean
is_same(const PstVolumePlace *place, const GPtrArray *parts)
{
    g_autoptr(PstVolumePlace) now = make_place(parts);
    g_autoptr(GByteArray) head = g_byte_array_new();

    if (place->head == NULL || !pst_volume_place_is_like(place, now))
        return FALSE;
    const PstVolumePart *newest = parts->pdata[parts->len - 1];
    return pst_storage_read(newest->volume, 0, PST_VOLUME_PLACE_HEAD, take_head, head, NULL) &&
           pst_volume_place_has_head(place, head->data, head->len);
}

/* A part whose file was removed is known to the pool all the same. */
static gboolean
are_all_known(const GPtrArray *parts)
{
    for (guint i = 0; i < parts->len; i++)
        if (((PstVolumePart *)parts->pdata[i])->written_us == 0)
            return FALSE;
    return parts->len >= PST_VOLUME_MAX_PARTS;
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
    if (pst_volume_pool_written_us(pool, uuid) == reading->volume_us)
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
    gboolean rolled = place == NULL || !read_known(pool, uuid, place, continues, reading);

    gboolean all = TRUE;

    for (guint i = 0; i < READINGS && rolled; i++) {
        g_autoptr(GPtrArray) parts = find_parts(pool, uuid, &all, error);

        if (parts == NULL || !read_all(parts, reading, error))
            return FALSE;
        rolled = is_rolled(pool, uuid, reading);
    }
    pst_record_keep_thin(reading->records, MAX_KEPT);
    reading->rolled = rolled;
    if (rolled || !all || reading->n_unread > 0)
        g_clear_pointer(&reading->place, pst_volume_place_free);
    return TRUE;
}
