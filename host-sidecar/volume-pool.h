// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>

/* The storage pool `postern` of a hypervisor: one volume a domain, called UUID.records, and the
 * parts UUID.records.0 (the newest) and on that virtlogd rolled it to. A guest decides what is in
 * them, and libvirt looks at the head of every file in a pool for a disk's format: nothing that the
 * pool says of a volume is believed but its name, its size and when it was written. Blocks: only
 * inside of tasks. Errors: PST_ERROR_PATH_SHUT, PST_ERROR_NO_PERMISSION. */

#define PST_VOLUME_POOL "postern"
#define PST_VOLUME_SUFFIX ".records"
/* As virtlogd keeps them unless it is told otherwise (max_backups of virtlogd.conf), and the one
 * that is written to. */
#define PST_VOLUME_USUAL_PARTS 4
/* More of a domain's are not read. */
#define PST_VOLUME_MAX_PARTS 16
/* Of a larger part the tail is read. virtlogd rolls at 2 MiB unless it is told otherwise; without
 * it (stdio_handler = "file" in qemu.conf) nobody does. */
#define PST_VOLUME_MAX_PART (64 * 1024 * 1024)

typedef struct {
    virConnectPtr connection;
    virStoragePoolPtr pool;
} PstVolumePool;

/* Takes the connection over. */
PstVolumePool *pst_volume_pool_open(virConnectPtr connection, GError **error);
void pst_volume_pool_free(PstVolumePool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstVolumePool, pst_volume_pool_free)

/* The pool learns of new files by this alone. One that libvirt is busy with is tried again for a
 * second. */
gboolean pst_volume_pool_refresh(virStoragePoolPtr pool, GError **error);

typedef struct {
    virStorageVolPtr volume;
    char *uuid;
    gint64 written_us; /* 0 where libvirt does not tell */
    guint64 bytes;
} PstVolumePart;

/* The parts of a domain that the pool knows, the oldest first; PstVolumePart, freed with it. */
GPtrArray *pst_volume_pool_parts(const PstVolumePool *pool, const char *uuid);

/* When the volume was last written to; 0 where the pool does not know it. */
gint64 pst_volume_pool_written_us(const PstVolumePool *pool, const char *uuid);

/* Whether the pool knows a volume of the domain's. */
gboolean pst_volume_pool_has(const PstVolumePool *pool, const char *uuid);

/* The folder that the pool is over, on the hypervisor's host; NULL where it is over none, or
 * libvirt does not tell. Free with g_free(). */
char *pst_volume_pool_folder(const PstVolumePool *pool);

/* All parts of all domains, in no order; NULL with an error. */
GPtrArray *pst_volume_pool_list(const PstVolumePool *pool, GError **error);

/* The UUID in a part's name, or NULL where it is none. Free with g_free(). */
char *pst_volume_pool_uuid_of(const char *name);

/* As pst_virt_error_set(), for what concerns the pool alone: whatever libvirt calls it, the
 * hypervisor is there. */
gboolean pst_volume_pool_fail(GError **error, const char *what);
