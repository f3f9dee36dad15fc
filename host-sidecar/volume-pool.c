// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/volume-pool.h"

#include <stdlib.h>
#include <string.h>

#include <libvirt/virterror.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>

#include "host-sidecar/storage-read.h"
#include "host-sidecar/virt-error.h"
#include "protocol/error.h"

/* A refresh fails while a download runs, whoever's: "asynchronous jobs running". */
#define ATTEMPTS 20
#define PAUSE_US 50000

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathContext, xmlXPathFreeContext)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathObject, xmlXPathFreeObject)

gboolean
pst_volume_pool_fail(GError **error, const char *what)
{
    g_autoptr(GError) cause = NULL;

    pst_virt_error_set(&cause, what);
    if (cause->code != PST_ERROR_NO_PERMISSION)
        cause->code = PST_ERROR_PATH_SHUT;
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}

PstVolumePool *
pst_volume_pool_open(virConnectPtr connection, GError **error)
{
    g_autoptr(PstVolumePool) pool = g_new0(PstVolumePool, 1);

    pool->connection = connection;
    pool->pool = virStoragePoolLookupByName(connection, PST_VOLUME_POOL);
    if (pool->pool != NULL)
        return g_steal_pointer(&pool);
    pst_volume_pool_fail(error, "there is no storage pool " PST_VOLUME_POOL);
    return NULL;
}

void
pst_volume_pool_free(PstVolumePool *pool)
{
    g_clear_pointer(&pool->pool, virStoragePoolFree);
    virConnectClose(pool->connection);
    g_free(pool);
}

/* Which no other attempt mends. */
static gboolean
is_denied(void)
{
    int code = virGetLastErrorCode();

    return code == VIR_ERR_ACCESS_DENIED || code == VIR_ERR_OPERATION_DENIED;
}

/* libvirt switches a pool off that it could not refresh; what it then says names no cause. */
static gboolean
tell_switched_off(GError **error)
{
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT,
                "libvirt has switched the storage pool " PST_VOLUME_POOL " off, because it could "
                "not refresh it: a file of less than 100 bytes that begins like a qcow2 image "
                "does that; remove it, then virsh pool-start " PST_VOLUME_POOL);
    return FALSE;
}

gboolean
pst_volume_pool_refresh(virStoragePoolPtr pool, GError **error)
{
    if (virStoragePoolIsActive(pool) == 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT,
                    "the storage pool " PST_VOLUME_POOL
                    " is not active: virsh pool-start " PST_VOLUME_POOL);
        return FALSE;
    }
    for (guint i = 0; i < ATTEMPTS; i++) {
        if (virStoragePoolRefresh(pool, 0) == 0)
            return TRUE;
        if (is_denied())
            break;
        if (virStoragePoolIsActive(pool) == 0)
            return tell_switched_off(error);
        g_usleep(PAUSE_US);
    }
    return pst_volume_pool_fail(error, "the storage pool " PST_VOLUME_POOL " can't be refreshed");
}

char *
pst_volume_pool_uuid_of(const char *name)
{
    const char *suffix = strstr(name, PST_VOLUME_SUFFIX);
    const char *number = suffix != NULL ? suffix + strlen(PST_VOLUME_SUFFIX) : NULL;
    g_autofree char *uuid = suffix != NULL ? g_strndup(name, (gsize)(suffix - name)) : NULL;

    if (uuid == NULL || !g_uuid_string_is_valid(uuid))
        return NULL;
    if (*number == '.' && number[1] != '\0')
        number += 1 + strspn(number + 1, "0123456789");
    return *number == '\0' ? g_steal_pointer(&uuid) : NULL;
}

/* ---- parts ---- */

static void
free_part(gpointer data)
{
    PstVolumePart *part = data;

    virStorageVolFree(part->volume);
    g_free(part->uuid);
    g_free(part);
}

/* Takes the volume over. */
static PstVolumePart *
new_part(virStorageVolPtr volume, const char *uuid)
{
    PstVolumePart *part = g_new0(PstVolumePart, 1);

    part->volume = volume;
    part->uuid = g_strdup(uuid);
    part->written_us = pst_storage_read_mtime_us(volume);
    part->bytes = pst_storage_read_size(volume);
    return part;
}

/* FALSE where it is not there: that is no error. */
static gboolean
add_part(const PstVolumePool *pool, const char *name, const char *uuid, GPtrArray *parts)
{
    virStorageVolPtr volume = virStorageVolLookupByName(pool->pool, name);

    if (volume == NULL)
        return FALSE;
    g_ptr_array_insert(parts, 0, new_part(volume, uuid));
    return TRUE;
}

GPtrArray *
pst_volume_pool_parts(const PstVolumePool *pool, const char *uuid)
{
    GPtrArray *parts = g_ptr_array_new_with_free_func(free_part);
    g_autofree char *name = g_strconcat(uuid, PST_VOLUME_SUFFIX, NULL);
    gboolean more = TRUE;

    /* In the moment of a roll it is not there, and its parts are. */
    add_part(pool, name, uuid, parts);
    for (guint i = 0; more && i < PST_VOLUME_MAX_PARTS - 1; i++) {
        g_autofree char *rolled = g_strdup_printf("%s.%u", name, i);
        more = add_part(pool, rolled, uuid, parts);
    }
    return parts;
}

gint64
pst_volume_pool_written_us(const PstVolumePool *pool, const char *uuid)
{
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(free_part);
    g_autofree char *name = g_strconcat(uuid, PST_VOLUME_SUFFIX, NULL);

    return add_part(pool, name, uuid, parts) ? ((PstVolumePart *)parts->pdata[0])->written_us : 0;
}

gboolean
pst_volume_pool_has(const PstVolumePool *pool, const char *uuid)
{
    g_autoptr(GPtrArray) parts = pst_volume_pool_parts(pool, uuid);

    return parts->len > 0;
}

char *
pst_volume_pool_folder(const PstVolumePool *pool)
{
    char *text = virStoragePoolGetXMLDesc(pool->pool, 0);

    if (text == NULL)
        return NULL;
    g_autoptr(xmlDoc) document =
        xmlReadMemory(text, (int)strlen(text), "pool.xml", NULL,
                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    free(text);
    g_autoptr(xmlXPathContext) context = document != NULL ? xmlXPathNewContext(document) : NULL;
    g_autoptr(xmlXPathObject) found =
        context != NULL ? xmlXPathEvalExpression(BAD_CAST "string(/pool/target/path)", context)
                        : NULL;
    if (found == NULL || found->stringval == NULL || *found->stringval == '\0')
        return NULL;
    return g_strdup((const char *)found->stringval);
}

GPtrArray *
pst_volume_pool_list(const PstVolumePool *pool, GError **error)
{
    virStorageVolPtr *volumes = NULL;
    int n = virStoragePoolListAllVolumes(pool->pool, &volumes, 0);

    if (n < 0) {
        pst_volume_pool_fail(error, "the storage pool " PST_VOLUME_POOL " can't be listed");
        return NULL;
    }
    GPtrArray *parts = g_ptr_array_new_with_free_func(free_part);
    for (int i = 0; i < n; i++) {
        const char *name = virStorageVolGetName(volumes[i]);
        g_autofree char *uuid = name != NULL ? pst_volume_pool_uuid_of(name) : NULL;
        if (uuid != NULL)
            g_ptr_array_add(parts, new_part(volumes[i], uuid));
        else
            virStorageVolFree(volumes[i]);
    }
    free(volumes);
    return parts;
}
