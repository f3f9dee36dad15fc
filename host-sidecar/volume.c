// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/volume.h"

#include <libvirt/virterror.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <stdlib.h>
#include <string.h>

#include "host-sidecar/task.h"
#include "host-sidecar/virt-error.h"
#include "protocol/error.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStoragePool, virStoragePoolFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStorageVol, virStorageVolFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStream, virStreamFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathContext, xmlXPathFreeContext)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathObject, xmlXPathFreeObject)

/* virtlogd rolls at 2 MiB unless it is told otherwise. */
#define MAX_PART (64 * 1024 * 1024)
/* Of the records the newest are kept; as JSON in memory they are some thirty times as large. */
#define MAX_KEPT (2 * 1024 * 1024)
#define READ_STEP 65536
/* A refresh fails while a download runs, whoever's: "asynchronous jobs running". */
#define ATTEMPTS 20
#define PAUSE_US 50000

typedef struct {
    virConnectPtr connection;
    virStoragePoolPtr pool;
    GPtrArray *parts; /* of virStorageVolPtr, oldest first */
} Volume;

static void
free_part(gpointer part)
{
    virStorageVolFree(part);
}

static void
clear_volume(Volume *volume)
{
    g_clear_pointer(&volume->parts, g_ptr_array_unref);
    g_clear_pointer(&volume->pool, virStoragePoolFree);
    g_clear_pointer(&volume->connection, virConnectClose);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Volume, clear_volume)

static gboolean
refresh(Volume *volume, GError **error)
{
    for (guint i = 0; i < ATTEMPTS; i++) {
        if (virStoragePoolRefresh(volume->pool, 0) == 0)
            return TRUE;
        g_usleep(PAUSE_US);
    }
    return pst_virt_error_set(error, "the storage pool " PST_VOLUME_POOL " can't be refreshed");
}

/* FALSE where it is not there: that is no error. */
static gboolean
add_part(Volume *volume, const char *name)
{
    virStorageVolPtr part = virStorageVolLookupByName(volume->pool, name);

    if (part == NULL)
        return FALSE;
    g_ptr_array_insert(volume->parts, 0, part);
    return TRUE;
}

static void
find_parts(Volume *volume, const char *uuid)
{
    g_autofree char *name = g_strconcat(uuid, PST_VOLUME_SUFFIX, NULL);

    g_ptr_array_set_size(volume->parts, 0);
    if (!add_part(volume, name))
        return;
    for (guint i = 0; i < PST_VOLUME_MAX_PARTS - 1; i++) {
        g_autofree char *rolled = g_strdup_printf("%s.%u", name, i);
        if (!add_part(volume, rolled))
            return;
    }
}

/* <timestamps><mtime>SECONDS.NANOSECONDS</mtime>: https://libvirt.org/formatstorage.html */
static gint64
mtime_of(virStorageVolPtr part)
{
    char *text = virStorageVolGetXMLDesc(part, 0);
    g_autoptr(xmlDoc) document =
        text != NULL ? xmlReadMemory(text, (int)strlen(text), "volume.xml", NULL,
                                     XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)
                     : NULL;
    g_autoptr(xmlXPathContext) context = document != NULL ? xmlXPathNewContext(document) : NULL;
    g_autoptr(xmlXPathObject) found =
        context != NULL ? xmlXPathEvalExpression(BAD_CAST "number(//timestamps/mtime)", context)
                        : NULL;
    double seconds = found != NULL ? found->floatval : 0;

    free(text);
    return seconds > 0 ? (gint64)(seconds * (double)G_USEC_PER_SEC) : 0;
}

static gboolean
open_pool(Volume *volume, const char *uuid, GError **error)
{
    volume->pool = virStoragePoolLookupByName(volume->connection, PST_VOLUME_POOL);
    if (volume->pool == NULL)
        return pst_virt_error_set(error, "there is no storage pool " PST_VOLUME_POOL);
    find_parts(volume, uuid);
    /* A pool learns of new files by a refresh alone. */
    if (volume->parts->len < PST_VOLUME_MAX_PARTS) {
        gboolean refreshed = refresh(volume, volume->parts->len == 0 ? error : NULL);

        if (!refreshed && volume->parts->len == 0)
            return FALSE;
        if (refreshed)
            find_parts(volume, uuid);
    }
    if (volume->parts->len > 0)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT,
                "the pool " PST_VOLUME_POOL " has no volume %s" PST_VOLUME_SUFFIX, uuid);
    return FALSE;
}

static gsize
kept_bytes(const GPtrArray *records)
{
    gsize bytes = 0;

    for (guint i = 0; i < records->len; i++)
        bytes += ((PstRecord *)records->pdata[i])->bytes;
    return bytes;
}

/* Not one by one: each removal moves all the others. */
static void
drop_oldest(GPtrArray *records)
{
    gsize bytes = 0;
    guint first = records->len;

    while (first > 0 && bytes + ((PstRecord *)records->pdata[first - 1])->bytes <= MAX_KEPT)
        bytes += ((PstRecord *)records->pdata[--first])->bytes;
    g_ptr_array_remove_range(records, 0, first);
}

static void
feed(PstRecordReader *reader, const guint8 *bytes, gsize len, GPtrArray *records)
{
    while (len > 0) {
        PstRecord *record = NULL;
        gsize n = pst_record_reader_take(reader, bytes, len, &record);

        bytes += n;
        len -= n;
        if (record != NULL)
            g_ptr_array_add(records, record);
    }
    if (kept_bytes(records) > 2 * MAX_KEPT)
        drop_oldest(records);
}

static gboolean
receive(virStreamPtr stream, PstRecordReader *reader, GPtrArray *records)
{
    g_autofree guint8 *buffer = g_malloc(READ_STEP);
    gsize total = 0;
    int n;

    while ((n = virStreamRecv(stream, (char *)buffer, READ_STEP)) > 0 && total <= MAX_PART) {
        feed(reader, buffer, (gsize)n, records);
        total += (gsize)n;
    }
    return n == 0;
}

static gboolean
download(Volume *volume, virStorageVolPtr part, PstRecordReader *reader, GPtrArray *records,
         GError **error)
{
    g_autoptr(virStream) stream = virStreamNew(volume->connection, 0);

    if (stream == NULL)
        return pst_virt_error_set(error, "the volume can't be read");
    for (guint i = 0; virStorageVolDownload(part, stream, 0, 0, 0) < 0; i++) {
        if (i == ATTEMPTS)
            return pst_virt_error_set(error, "the volume can't be read");
        g_usleep(PAUSE_US);
    }
    if (receive(stream, reader, records) && virStreamFinish(stream) == 0)
        return TRUE;
    pst_virt_error_set(error, "the volume can't be read to its end");
    virStreamAbort(stream);
    return FALSE;
}

static void
free_record(gpointer record)
{
    pst_record_free(record);
}

static GPtrArray *
read_parts(Volume *volume, PstRecordCounters *counters, GError **error)
{
    g_autoptr(PstRecordReader) reader = pst_record_reader_new();
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func(free_record);

    for (guint i = 0; i < volume->parts->len; i++)
        if (!download(volume, volume->parts->pdata[i], reader, records, error))
            return NULL;
    drop_oldest(records);
    *counters = pst_record_reader_counters(reader);
    return g_steal_pointer(&records);
}

PstVolumeRecords *
pst_volume_read(const PstGuest *guest, GError **error)
{
    g_auto(Volume) volume = {NULL};
    PstRecordCounters counters;

    volume.connection = pst_hypervisor_connect(guest->hypervisor, error);
    if (volume.connection == NULL)
        return NULL;
    volume.parts = g_ptr_array_new_with_free_func(free_part);
    if (!open_pool(&volume, guest->uuid, error))
        return NULL;
    /* Before it is read: a record that comes meanwhile is then told as older than it is, and none
     * as younger. */
    gint64 written_us = mtime_of(volume.parts->pdata[volume.parts->len - 1]);
    GPtrArray *records = read_parts(&volume, &counters, error);
    if (records == NULL)
        return NULL;
    return pst_volume_records_new(records, &counters, written_us, volume.parts->len);
}

static gpointer
run_read(gpointer data, GError **error)
{
    return pst_volume_read(data, error);
}

PstVolumeRecords *
pst_volume_read_until(PstGuest *guest, gint64 deadline_us, GError **error)
{
    return pst_task_call(run_read, pst_guest_ref(guest), (GDestroyNotify)pst_guest_unref,
                         (GDestroyNotify)pst_volume_records_free, deadline_us, "libvirt", error);
}
