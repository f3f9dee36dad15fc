// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/volume.h"

#include <stdlib.h>

#include "host-sidecar/lifecycle-stills.h"
#include "host-sidecar/store-lifecycle.h"
#include "host-sidecar/task.h"
#include "host-sidecar/volume-reading.h"
#include "protocol/error.h"

/* ---- the store ---- */

PstStore *
pst_volume_open_store(virConnectPtr connection, gint64 *keep_us, GError **error)
{
    g_autofree char *uri = pst_hypervisor_uri(connection);

    return pst_store_open_configured(uri, keep_us, error);
}

/* By what earlier readings saw; this one is noted. What can't be kept costs later ones. */
static void
date(const PstStore *store, const char *uuid, const PstVolumeReading *reading,
     PstVolumeRecords *records)
{
    guint n = records->records->len;
    const PstVolumePlace *place = reading->place;

    if (store == NULL || n == 0)
        return;
    if (reading->written_us > 0)
        pst_store_lifecycle_date(store, uuid, records->records->pdata[n - 1], reading->written_us,
                                 place != NULL && place->head != NULL ? place : NULL, NULL);
    g_autoptr(PstLifecycle) lifecycle = pst_store_lifecycle_read(store, uuid);
    g_autoptr(GArray) stills = pst_lifecycle_stills(lifecycle);
    pst_volume_records_date(records, lifecycle->dates, stills);
    pst_volume_records_adopt(records, lifecycle->former);
}

static void
note_unread(const PstVolumeReading *reading, PstVolumeRecords *records)
{
    if (reading->n_unread > 0) {
        g_autofree char *note =
            g_strdup_printf("%u of %u parts can't be read: %s", reading->n_unread, reading->n_parts,
                            reading->unread->message);
        pst_volume_records_note(records, note);
        records->unread = g_steal_pointer(&note);
    }
    if (reading->rolled) {
        static const char faster[] =
            "the volume is written to faster than it can be read: some of it may not be told";
        pst_volume_records_note(records, faster);
        if (records->unread == NULL)
            records->unread = g_strdup(faster);
    }
}

/* What virtlogd is told to keep, or what nobody rolls. */
static void
note_too_large(const PstVolumeReading *reading, PstVolumeRecords *records)
{
    g_autofree char *size = g_format_size_full(reading->skipped_bytes, G_FORMAT_SIZE_IEC_UNITS);

    if (reading->skipped_bytes > 0) {
        g_autofree char *note = g_strdup_printf(
            "the first %s of a part of more than %d MiB were not read: let virtlogd roll it "
            "(max_size in /etc/libvirt/virtlogd.conf, stdio_handler in qemu.conf)",
            size, PST_VOLUME_MAX_PART / 1024 / 1024);
        pst_volume_records_note(records, note);
    }
    if (reading->n_parts >= PST_VOLUME_MAX_PARTS) {
        g_autofree char *note = g_strdup_printf(
            "the volume has %d parts or more: the oldest are not read (max_backups in "
            "/etc/libvirt/virtlogd.conf)",
            PST_VOLUME_MAX_PARTS);
        pst_volume_records_note(records, note);
    }
}

static void
note_undated(const PstVolumeReading *reading, PstVolumeRecords *records)
{
    if (reading->n_parts > reading->n_unread && reading->written_us == 0 &&
        records->records->len > 0)
        pst_volume_records_note(records, "when the volume was last written to is not known (its "
                                         "date is none, or in the future): ages are by the guest's "
                                         "own clock");
}

/* All that the volume had before is in the store, and nothing was rolled away. */
static void
count_continued(const PstVolumeReading *reading, PstStoreView *view)
{
    gint64 n = view->records->len;

    view->merge.n_stored = (guint)MAX(0, n - (gint64)reading->counters.records);
    view->merge.missed = 0;
}

/* FALSE where nothing could be kept. The view is filled in any case; where there is no store, with
 * the volume alone. */
static gboolean
merge(const PstStore *store, const char *uuid, PstVolumeReading *reading, PstStoreView *view,
      GError **error)
{
    GPtrArray *records = g_steal_pointer(&reading->records);
    gboolean kept = store != NULL;

    *view = (PstStoreView){.written_us = reading->written_us, .kept = PST_INT_UNKNOWN};
    if (store != NULL)
        kept = pst_store_harvest(store, uuid, records, reading->written_us, view, error);
    else
        view->records = pst_record_set_merge(pst_record_set_new(), records, &view->merge);
    if (reading->place != NULL)
        reading->place->kept = view->kept;
    if (reading->continued)
        count_continued(reading, view);
    return kept;
}

static PstVolumeRecords *
tell(const PstStore *store, const char *uuid, const PstVolumeReading *reading, PstStoreView *view,
     const GError *trouble)
{
    PstVolumeRecords *records = pst_volume_records_new(
        g_steal_pointer(&view->records), &reading->counters, view->written_us, reading->n_parts);

    records->volume_us = reading->volume_us;
    records->n_stored = view->merge.n_stored;
    records->missed = view->merge.missed;
    date(store, uuid, reading, records);
    if (trouble != NULL) {
        records->unkept = g_strdup(trouble->message);
        g_autofree char *note = g_strdup_printf("they were not harvested: %s", trouble->message);
        pst_volume_records_note(records, note);
    }
    note_unread(reading, records);
    note_too_large(reading, records);
    note_undated(reading, records);
    return records;
}

static gboolean
read_pool(virConnectPtr connection, const char *uuid, const PstVolumePlace *place,
          gboolean continues, PstVolumeReading *reading, GError **error)
{
    virConnectRef(connection);
    g_autoptr(PstVolumePool) pool = pst_volume_pool_open(connection, error);

    if (pool != NULL && pst_volume_reading_make(pool, uuid, place, continues, reading, error))
        return TRUE;
    pst_volume_reading_clear(reading);
    *reading = (PstVolumeReading){.records = pst_record_set_new()};
    return FALSE;
}

/* What the store had when the place was noted, and has no more, has to be read again. */
static gboolean
is_store_another(const PstVolumeReading *reading, const PstStoreView *view,
                 const PstVolumePlace *place)
{
    return reading->continued && (gint64)view->n_before != place->kept;
}

static PstVolumeRecords *
read_volume(virConnectPtr connection, const char *uuid, const PstStore *store,
            const GError *trouble, GError **unread)
{
    g_autoptr(PstLifecycle) lifecycle =
        store != NULL ? pst_store_lifecycle_read(store, uuid) : NULL;
    const PstVolumePlace *place = lifecycle != NULL ? lifecycle->place : NULL;
    g_auto(PstVolumeReading) reading = {NULL};
    g_autoptr(GError) cause = NULL;
    PstStoreView view;

    read_pool(connection, uuid, place, TRUE, &reading, unread);
    merge(store, uuid, &reading, &view, &cause);
    if (is_store_another(&reading, &view, place)) {
        g_ptr_array_unref(view.records);
        g_clear_error(&cause);
        read_pool(connection, uuid, place, FALSE, &reading, unread);
        merge(store, uuid, &reading, &view, &cause);
    }
    return tell(store, uuid, &reading, &view, trouble != NULL ? trouble : cause);
}

static PstVolumeRecords *
read_all(virConnectPtr connection, const char *uuid, GError **error)
{
    g_autoptr(GError) unread = NULL;
    g_autoptr(GError) trouble = NULL;
    g_autoptr(PstStore) store = pst_volume_open_store(connection, NULL, &trouble);
    g_autoptr(PstVolumeRecords) records = read_volume(connection, uuid, store, trouble, &unread);

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
    g_free(records->unread);
    records->unread = g_strdup(unread->message);
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
is_harvested(virConnectPtr connection, const PstStore *store, const char *uuid)
{
    g_autoptr(PstVolumePool) pool = pst_volume_pool_open(connection, NULL);
    gint64 volume_us = pool != NULL ? pst_volume_pool_written_us(pool, uuid) : 0;

    return volume_us > 0 && pst_store_written_us(store, uuid) == volume_us;
}

/* What was read before, or is read now. */
static gboolean
harvest(const PstGuest *guest, GError **error)
{
    g_autoptr(PstVolumeRecords) records = pst_volume_read(guest, PST_VOLUME_SHARE_ANY, error);

    if (records == NULL)
        return FALSE;
    const char *why = records->unread != NULL ? records->unread : records->unkept;
    if (why == NULL)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "its records are not harvested: %s", why);
    return FALSE;
}

static gpointer
run_harvest(gpointer data, GError **error)
{
    const PstGuest *guest = data;

    if (pst_volume_share_await(guest->volume))
        return GINT_TO_POINTER(harvest(guest, error));
    virConnectPtr connection = pst_hypervisor_connect(guest->hypervisor, error);
    if (connection == NULL)
        return NULL;
    g_autoptr(PstStore) store = pst_volume_open_store(connection, NULL, error);
    if (store == NULL) {
        g_prefix_error(error, "its records are not harvested: ");
        virConnectClose(connection);
        return NULL;
    }
    return GINT_TO_POINTER(is_harvested(connection, store, guest->uuid) || harvest(guest, error));
}

gboolean
pst_volume_harvest_until(PstGuest *guest, gint64 deadline_us, GError **error)
{
    return pst_task_call(run_harvest, pst_guest_ref(guest), (GDestroyNotify)pst_guest_unref, NULL,
                         deadline_us, "libvirt", error) != NULL;
}

gboolean
pst_volume_may_tell(const PstGuest *guest)
{
    return guest->xml.recorder || guest->has_kept || guest->state == VIR_DOMAIN_SHUTOFF ||
           guest->state == VIR_DOMAIN_CRASHED;
}

static gpointer
run_newest(gpointer data, GError **error)
{
    const PstGuest *guest = data;
    g_autoptr(PstStore) store = pst_store_open_configured(guest->uri, NULL, error);

    if (store == NULL)
        return NULL;
    gint64 written_us = pst_store_written_us(store, guest->uuid);
    return g_memdup2(&written_us, sizeof(written_us));
}

gboolean
pst_volume_newest_until(PstGuest *guest, gint64 deadline_us, gint64 *newest_us)
{
    g_autofree gint64 *told =
        pst_task_call(run_newest, pst_guest_ref(guest), (GDestroyNotify)pst_guest_unref, g_free,
                      deadline_us, "the store", NULL);

    if (told != NULL)
        *newest_us = *told;
    return told != NULL;
}
