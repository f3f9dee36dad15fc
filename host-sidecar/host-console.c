// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/host-console.h"

#include <string.h>

#include "host-sidecar/console-text.h"
#include "host-sidecar/storage-read.h"
#include "host-sidecar/task.h"
#include "host-sidecar/virt-error.h"
#include "host-sidecar/volume-pool.h"
#include "protocol/error.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStoragePool, virStoragePoolFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStorageVol, virStorageVolFree)

/* virtlogd rolls a log at 2 MiB unless it is told otherwise. */
#define MAX_LOG (64 * 1024 * 1024)
/* A whole trace of a panic stands in this. */
#define MAX_TAIL (64 * 1024)

typedef struct {
    PstGuest *guest;
    char *path;
} Wanted;

static void
free_wanted(gpointer data)
{
    Wanted *wanted = data;

    pst_guest_unref(wanted->guest);
    g_free(wanted->path);
    g_free(wanted);
}

static void
free_console(gpointer console)
{
    pst_fields_free(&pst_report_host_console_fields, console);
}

typedef struct {
    GByteArray *bytes;
    gsize total;
} Tail;

static void
keep_tail(const guint8 *bytes, gsize len, gpointer user_data)
{
    Tail *tail = user_data;

    tail->total += len;
    g_byte_array_append(tail->bytes, bytes, (guint)len);
    if (tail->bytes->len > 2 * MAX_TAIL)
        g_byte_array_remove_range(tail->bytes, 0, tail->bytes->len - MAX_TAIL);
}

/* A pool learns of a new file by a refresh alone; which one holds it, libvirt knows only then. */
static virStorageVolPtr
find_log(virConnectPtr connection, const char *path)
{
    virStorageVolPtr log = virStorageVolLookupByPath(connection, path);

    if (log != NULL)
        return log;
    g_autoptr(virStoragePool) pool = virStoragePoolLookupByName(connection, PST_VOLUME_POOL);
    if (pool == NULL || !pst_volume_pool_refresh(pool, NULL))
        return NULL;
    return virStorageVolLookupByPath(connection, path);
}

static gboolean
read_tail(virStorageVolPtr log, GByteArray *bytes, GError **error)
{
    Tail tail = {bytes, 0};

    if (!pst_storage_read(log, MAX_LOG, keep_tail, &tail, error))
        return FALSE;
    if (tail.total < MAX_LOG)
        return TRUE;
    /* What was read is not its end then. */
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT,
                "the log of its console has more than %d MiB: let virtlogd roll it (max_size)",
                MAX_LOG / 1024 / 1024);
    return FALSE;
}

/* NULL where virtlogd has not rolled it. */
static virStorageVolPtr
find_older(virStorageVolPtr log, const char *path)
{
    virConnectPtr connection = virStorageVolGetConnect(log);
    g_autofree char *older = g_strconcat(path, ".0", NULL);
    virStorageVolPtr found = virStorageVolLookupByPath(connection, older);

    if (found != NULL)
        return found;
    g_autoptr(virStoragePool) pool = virStoragePoolLookupByVolume(log);
    if (pool == NULL || !pst_volume_pool_refresh(pool, NULL))
        return NULL;
    return virStorageVolLookupByPath(connection, older);
}

/* A panic that was just rolled away stands in the older part. Where that can't be read, the end
 * stays what it is. */
static void
prepend_older(virStorageVolPtr log, const char *path, GByteArray *bytes)
{
    g_autoptr(virStorageVol) older = find_older(log, path);
    g_autoptr(GByteArray) before = g_byte_array_new();

    if (older != NULL && read_tail(older, before, NULL))
        g_byte_array_prepend(bytes, before->data, before->len);
}

static PstHostConsole *
read_log(virConnectPtr connection, const char *path, GError **error)
{
    g_autoptr(virStorageVol) log = find_log(connection, path);
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    if (log == NULL) {
        pst_virt_error_set(error, "the log of its console is in no storage pool");
        return NULL;
    }
    gint64 written_us = pst_storage_read_mtime_us(log);
    if (!read_tail(log, bytes, error))
        return NULL;
    if (bytes->len < MAX_TAIL)
        prepend_older(log, path, bytes);
    PstHostConsole *console = pst_console_text_read((const char *)bytes->data, bytes->len);
    if (written_us > 0)
        console->age_ms = MAX(0, g_get_real_time() - written_us) / 1000;
    return console;
}

static gpointer
run_read(gpointer data, GError **error)
{
    const Wanted *wanted = data;
    virConnectPtr connection = pst_hypervisor_connect(wanted->guest->hypervisor, error);

    if (connection == NULL)
        return NULL;
    PstHostConsole *console = read_log(connection, wanted->path, error);
    virConnectClose(connection);
    return console;
}

PstHostConsole *
pst_host_console_read(PstGuest *guest, const char *path, gint64 deadline_us, GError **error)
{
    Wanted *wanted = g_new0(Wanted, 1);

    wanted->guest = pst_guest_ref(guest);
    wanted->path = g_strdup(path);
    return pst_task_call(run_read, wanted, free_wanted, free_console, deadline_us,
                         "libvirt, of the console,", error);
}
