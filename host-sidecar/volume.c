// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/volume.h"

#include <stdlib.h>

#include "host-sidecar/record-intake.h"
#include "host-sidecar/storage-read.h"
#include "host-sidecar/store-lifecycle.h"
#include "host-sidecar/task.h"
#include "protocol/error.h"

/* A flood rolls the volume faster than it can be read, and one of the smallest records makes each
 * reading long. */
#define READINGS 5
#define AGAIN_US (G_GINT64_CONSTANT(2) * G_USEC_PER_SEC)

typedef struct {
    GPtrArray *records;
    PstRecordCounters counters;
    gint64 written_us;
    guint n_parts;
    gboolean rolled; /* while it was read: a part may have been missed */
} Reading;

static void
clear_reading(Reading *reading)
{
    g_clear_pointer(&reading->records, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reading, clear_reading)

/* ---- the volume ---- */

typedef struct {
    PstRecordIntake *intake;
    gsize bytes;
} Part;

static void
take_bytes(const guint8 *bytes, gsize len, gpointer user_data)
{
    Part *part = user_data;

    part->bytes += len;
    pst_record_intake_take(part->intake, bytes, len);
}

static gboolean
read_part(virStorageVolPtr volume, PstRecordIntake *intake, GError **error)
{
    Part part = {intake, 0};

    return pst_storage_read(volume, PST_VOLUME_MAX_PART + 1, take_bytes, &part, error) &&
           pst_volume_pool_check_part(part.bytes, error);
}

static gint64
written_us(const GPtrArray *parts)
{
    const PstVolumePart *newest = parts->len > 0 ? parts->pdata[parts->len - 1] : NULL;

    return newest != NULL ? newest->written_us : 0;
}

/* NULL where the pool has none. */
static GPtrArray *
find_parts(PstVolumePool *pool, const char *uuid, GError **error)
{
    g_autoptr(GPtrArray) parts = pst_volume_pool_parts(pool, uuid);

    if (parts->len < PST_VOLUME_MAX_PARTS) {
        gboolean none = parts->len == 0;
        gboolean refreshed = pst_volume_pool_refresh(pool->pool, none ? error : NULL);

        if (!refreshed && none)
            return NULL;
        g_ptr_array_unref(parts);
        parts = pst_volume_pool_parts(pool, uuid);
    }
    if (parts->len > 0)
        return g_steal_pointer(&parts);
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT,
                "the pool " PST_VOLUME_POOL " has no volume %s" PST_VOLUME_SUFFIX, uuid);
    return NULL;
}

/* Whether what stands under each name is what stood there before: a part that was rolled is not
 * written to any more, and with each roll all of them change their names. */
static gboolean
is_rolled(PstVolumePool *pool, const char *uuid, const GPtrArray *before)
{
    /* What was not written to was not rolled. */
    if (pst_volume_pool_written_us(pool, uuid) == written_us(before))
        return FALSE;
    g_autoptr(GPtrArray) now = find_parts(pool, uuid, NULL);
    if (now == NULL || now->len != before->len)
        return TRUE;
    for (guint i = 0; i < now->len; i++) {
        const PstVolumePart *a = before->pdata[i], *b = now->pdata[i];
        gboolean newest = i + 1 == now->len;

        if (newest ? b->bytes < a->bytes : b->written_us != a->written_us || b->bytes != a->bytes)
            return TRUE;
    }
    return FALSE;
}

static gboolean
read_parts(const GPtrArray *parts, Reading *reading, GError **error)
{
    g_autoptr(PstRecordIntake) intake = pst_record_intake_new();

    for (guint i = 0; i < parts->len; i++) {
        const PstVolumePart *part = parts->pdata[i];
        if (!read_part(part->volume, intake, error))
            return FALSE;
    }
    clear_reading(reading);
    reading->records = pst_record_intake_end(intake, &reading->counters);
    reading->n_parts = parts->len;
    /* Of before it was read: a record that came meanwhile is then told as older than it is, and
     * none as younger. */
    reading->written_us = written_us(parts);
    return TRUE;
}

static gboolean
read_volume(PstVolumePool *pool, const char *uuid, Reading *reading, GError **error)
{
    gint64 until_us = g_get_monotonic_time() + AGAIN_US;
    guint n = 0;

    do {
        g_autoptr(GPtrArray) parts = find_parts(pool, uuid, error);

        if (parts == NULL || !read_parts(parts, reading, error))
            return FALSE;
        reading->rolled = is_rolled(pool, uuid, parts);
    } while (reading->rolled && ++n < READINGS && g_get_monotonic_time() < until_us);
    return TRUE;
}

/* ---- the store ---- */

PstStore *
pst_volume_open_store(virConnectPtr connection, gint64 *keep_us, GError **error)
{
    g_autofree char *uri = pst_hypervisor_uri(connection);

    return pst_store_open_configured(uri, keep_us, error);
}

/* By what earlier readings saw; this one is noted. What can't be kept costs later ones. */
static void
date(const PstStore *store, const char *uuid, gint64 volume_us, PstVolumeRecords *records)
{
    guint n = records->records->len;

    if (store == NULL || n == 0)
        return;
    if (volume_us > 0)
        pst_store_lifecycle_date(store, uuid, records->records->pdata[n - 1], volume_us, NULL);
    g_autoptr(PstLifecycle) lifecycle = pst_store_lifecycle_read(store, uuid);
    pst_volume_records_date(records, lifecycle->dates);
}

/* Where there is no store, the volume alone is told. */
static PstVolumeRecords *
harvest(const PstStore *store, const char *uuid, Reading *reading, GError *trouble)
{
    g_autoptr(GError) cause = NULL;
    PstStoreView view = {.written_us = reading->written_us};

    if (store != NULL)
        pst_store_harvest(store, uuid, g_steal_pointer(&reading->records), reading->written_us,
                          &view, &cause);
    else
        view.records = pst_record_set_merge(pst_record_set_new(),
                                            g_steal_pointer(&reading->records), &view.merge);
    PstVolumeRecords *records =
        pst_volume_records_new(view.records, &reading->counters, view.written_us, reading->n_parts);
    records->volume_us = reading->written_us;
    records->n_stored = view.merge.n_stored;
    records->missed = view.merge.missed;
    date(store, uuid, reading->written_us, records);
    trouble = trouble != NULL ? trouble : cause;
    if (trouble != NULL) {
        g_autofree char *note = g_strdup_printf("they were not harvested: %s", trouble->message);
        pst_volume_records_note(records, note);
    }
    if (reading->rolled)
        pst_volume_records_note(records, "the volume is written to faster than it can be read: "
                                         "some of it may not be told");
    return records;
}

static gboolean
read_pool(virConnectPtr connection, const char *uuid, Reading *reading, GError **error)
{
    virConnectRef(connection);
    g_autoptr(PstVolumePool) pool = pst_volume_pool_open(connection, error);

    if (pool == NULL || !read_volume(pool, uuid, reading, error)) {
        clear_reading(reading);
        return FALSE;
    }
    return TRUE;
}

static PstVolumeRecords *
read_all(virConnectPtr connection, const char *uuid, GError **error)
{
    g_autoptr(GError) unread = NULL;
    g_autoptr(GError) trouble = NULL;
    g_auto(Reading) reading = {NULL};
    g_autoptr(PstStore) store = pst_volume_open_store(connection, NULL, &trouble);

    if (!read_pool(connection, uuid, &reading, &unread))
        reading = (Reading){.records = pst_record_set_new()};
    g_autoptr(PstVolumeRecords) records = harvest(store, uuid, &reading, trouble);
    if (unread == NULL)
        return g_steal_pointer(&records);
    if (records->records->len == 0) {
        g_propagate_error(error, g_steal_pointer(&unread));
        return NULL;
    }
    g_autofree char *note = g_strdup_printf("the volume can't be read, these were kept from "
                                            "earlier readings: %s",
                                            unread->message);
    pst_volume_records_note(records, note);
    return g_steal_pointer(&records);
}

static PstVolumeRecords *
read_guest(gpointer data, GError **error)
{
    const PstGuest *guest = data;
    virConnectPtr connection = pst_hypervisor_connect(guest->hypervisor, error);

    if (connection == NULL)
        return NULL;
    PstVolumeRecords *records = read_all(connection, guest->uuid, error);
    virConnectClose(connection);
    return records;
}

PstVolumeRecords *
pst_volume_read(const PstGuest *guest, gint64 since_us, GError **error)
{
    return pst_volume_share_read(guest->volume, since_us, read_guest, (gpointer)guest, error);
}

static gpointer
run_read(gpointer data, GError **error)
{
    return pst_volume_read(data, PST_VOLUME_SHARE_ANY, error);
}

PstVolumeRecords *
pst_volume_read_until(PstGuest *guest, gint64 deadline_us, GError **error)
{
    return pst_task_call(run_read, pst_guest_ref(guest), (GDestroyNotify)pst_guest_unref,
                         (GDestroyNotify)pst_volume_records_free, deadline_us, "libvirt", error);
}

/* Takes the connection over. */
static gboolean
is_harvested(virConnectPtr connection, const char *uuid)
{
    g_autoptr(PstStore) store = pst_volume_open_store(connection, NULL, NULL);
    g_autoptr(PstVolumePool) pool = pst_volume_pool_open(connection, NULL);
    gint64 volume_us = pool != NULL ? pst_volume_pool_written_us(pool, uuid) : 0;

    /* Without a store there is nothing to be harvested into. */
    return store == NULL || (volume_us > 0 && pst_store_written_us(store, uuid) == volume_us);
}

static gpointer
run_harvest(gpointer data, GError **error)
{
    const PstGuest *guest = data;

    if (pst_volume_share_await(guest->volume))
        return NULL;
    virConnectPtr connection = pst_hypervisor_connect(guest->hypervisor, error);
    if (connection != NULL && !is_harvested(connection, guest->uuid)) {
        PstVolumeRecords *records = pst_volume_read(guest, PST_VOLUME_SHARE_ANY, NULL);
        g_clear_pointer(&records, pst_volume_records_free);
    }
    return NULL;
}

void
pst_volume_harvest_until(PstGuest *guest, gint64 deadline_us)
{
    g_autoptr(GError) error = NULL;

    pst_task_call(run_harvest, pst_guest_ref(guest), (GDestroyNotify)pst_guest_unref, NULL,
                  deadline_us, "libvirt", &error);
}
