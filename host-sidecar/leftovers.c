// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/leftovers.h"

#include <libvirt/virterror.h>
#include <stdlib.h>

#include "host-sidecar/storage-read.h"
#include "host-sidecar/store-lifecycle.h"
#include "host-sidecar/task.h"
#include "host-sidecar/virt-error.h"
#include "host-sidecar/volume.h"
#include "protocol/record-reader.h"

/* Of a volume, for its domain's name: a boot record and all reports are far less. */
#define MAX_NAMING (256 * 1024)
/* So that what was removed is told before the deadline. */
#define MARGIN_US (G_USEC_PER_SEC / 2)

static void
free_item(gpointer data)
{
    PstLeftover *item = data;

    g_free(item->uuid);
    g_free(item->name);
    g_free(item->problem);
    g_free(item);
}

void
pst_leftovers_free(PstLeftovers *leftovers)
{
    g_ptr_array_unref(leftovers->items);
    g_free(leftovers->problem);
    g_free(leftovers);
}

/* ---- what there is ---- */

/* The item of UUID, made where it is missing; NULL where a domain has it. */
static PstLeftover *
find_item(PstLeftovers *leftovers, GHashTable *domains, const char *uuid)
{
    g_autofree char *key = g_ascii_strdown(uuid, -1);

    if (g_hash_table_contains(domains, key))
        return NULL;
    for (guint i = 0; i < leftovers->items->len; i++)
        if (g_str_equal(((PstLeftover *)leftovers->items->pdata[i])->uuid, key))
            return leftovers->items->pdata[i];
    PstLeftover *item = g_new0(PstLeftover, 1);
    item->uuid = g_steal_pointer(&key);
    g_ptr_array_add(leftovers->items, item);
    return item;
}

static void
add_parts(PstLeftovers *leftovers, GHashTable *domains, const GPtrArray *parts)
{
    for (guint i = 0; i < parts->len; i++) {
        const PstVolumePart *part = parts->pdata[i];
        PstLeftover *item = find_item(leftovers, domains, part->uuid);

        if (item == NULL)
            continue;
        item->n_parts++;
        item->volume_bytes += part->bytes;
        item->undated |= part->written_us == 0;
        item->written_us = MAX(item->written_us, part->written_us);
    }
}

static void
add_files(PstLeftovers *leftovers, GHashTable *domains, const GPtrArray *files)
{
    for (guint i = 0; i < files->len; i++) {
        const PstStoreFile *file = files->pdata[i];
        PstLeftover *item = find_item(leftovers, domains, file->uuid);

        if (item == NULL)
            continue;
        item->store_bytes += file->bytes;
        item->written_us = MAX(item->written_us, file->written_us);
    }
}

static gint
by_age(gconstpointer a, gconstpointer b)
{
    const PstLeftover *left = *(const PstLeftover *const *)a;
    const PstLeftover *right = *(const PstLeftover *const *)b;

    return left->written_us < right->written_us ? -1 : left->written_us > right->written_us;
}

/* The UUIDs of all domains, transient and defined ones; NULL where they can't be had: without them
 * nothing is known to be left over. */
static GHashTable *
list_domains(virConnectPtr connection, GError **error)
{
    virDomainPtr *domains = NULL;
    int n = virConnectListAllDomains(connection, &domains, 0);

    if (n < 0) {
        pst_virt_error_set(error, "the domains can't be listed");
        return NULL;
    }
    GHashTable *uuids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (int i = 0; i < n; i++) {
        char uuid[VIR_UUID_STRING_BUFLEN] = "";
        virDomainGetUUIDString(domains[i], uuid);
        g_hash_table_add(uuids, g_ascii_strdown(uuid, -1));
        virDomainFree(domains[i]);
    }
    free(domains);
    return uuids;
}

/* ---- the round ---- */

typedef struct {
    PstHypervisor *hypervisor;
    gboolean prune;
    gint64 deadline_us, names_until_us;
} Round;

static void
free_round(gpointer data)
{
    Round *round = data;

    pst_hypervisor_unref(round->hypervisor);
    g_free(round);
}

static gboolean
has_no_pool(virConnectPtr connection)
{
    virStoragePoolPtr pool = virStoragePoolLookupByName(connection, PST_VOLUME_POOL);

    if (pool == NULL)
        return virGetLastErrorCode() == VIR_ERR_NO_STORAGE_POOL;
    virStoragePoolFree(pool);
    return FALSE;
}

/* NULL, with the problem noted, where there is no pool: the store can have something all the same.
 */
static GPtrArray *
list_parts(virConnectPtr connection, PstLeftovers *leftovers)
{
    g_autoptr(GError) cause = NULL;

    virConnectRef(connection);
    g_autoptr(PstVolumePool) pool = pst_volume_pool_open(connection, &cause);
    GPtrArray *parts = NULL;
    leftovers->no_pool = pool == NULL && has_no_pool(connection);
    if (pool != NULL && pst_volume_pool_refresh(pool->pool, &cause))
        parts = pst_volume_pool_list(pool, &cause);
    if (parts == NULL)
        leftovers->problem = g_strdup(cause->message);
    return parts;
}

/* The part of UUID that was written last; NULL where there is none. */
static const PstVolumePart *
newest_part(const GPtrArray *parts, const char *uuid)
{
    const PstVolumePart *newest = NULL;

    for (guint i = 0; parts != NULL && i < parts->len; i++) {
        const PstVolumePart *part = parts->pdata[i];
        if (g_ascii_strcasecmp(part->uuid, uuid) == 0 &&
            (newest == NULL || part->written_us > newest->written_us))
            newest = part;
    }
    return newest;
}

typedef struct {
    PstRecordReader *reader;
    char *name;
} Naming;

static void
take_name(const guint8 *bytes, gsize len, gpointer user_data)
{
    Naming *naming = user_data;

    while (len > 0) {
        g_autoptr(PstRecord) record = NULL;
        gsize n = pst_record_reader_take(naming->reader, bytes, len, &record);

        bytes += n;
        len -= n;
        if (record != NULL && record->domain != NULL) {
            g_free(naming->name);
            naming->name = g_strdup(record->domain);
        }
    }
}

/* Where the store does not know it: of the volume's newest part as much as can't hold up what is to
 * be removed. */
static char *
name_in_volume(const GPtrArray *parts, const char *uuid)
{
    const PstVolumePart *part = newest_part(parts, uuid);
    g_autoptr(PstRecordReader) reader = pst_record_reader_new();
    Naming naming = {reader, NULL};

    if (part != NULL)
        pst_storage_read(part->volume, 0, MAX_NAMING, take_name, &naming, NULL);
    return naming.name;
}

static void
find_name(const PstStore *store, const GPtrArray *parts, PstLeftover *item)
{
    item->name = pst_store_lifecycle_name(store, item->uuid);
    if (item->name == NULL)
        item->name = name_in_volume(parts, item->uuid);
}

/* The list is of a moment ago: a domain can have been defined since. */
static gboolean
has_no_domain(virConnectPtr connection, const char *uuid)
{
    virDomainPtr domain = virDomainLookupByUUIDString(connection, uuid);

    if (domain == NULL)
        return virGetLastErrorCode() == VIR_ERR_NO_DOMAIN;
    virDomainFree(domain);
    return FALSE;
}

static gboolean
delete_parts(const GPtrArray *parts, const char *uuid, GError **error)
{
    for (guint i = 0; parts != NULL && i < parts->len; i++) {
        const PstVolumePart *part = parts->pdata[i];
        if (g_ascii_strcasecmp(part->uuid, uuid) == 0 && virStorageVolDelete(part->volume, 0) < 0)
            return pst_volume_pool_fail(error, "a volume can't be removed");
    }
    return TRUE;
}

static void
remove_item(virConnectPtr connection, const PstStore *store, const GPtrArray *parts,
            PstLeftover *item)
{
    g_autoptr(GError) cause = NULL;

    if (!has_no_domain(connection, item->uuid))
        item->problem = g_strdup("a domain has it again, or libvirt does not tell");
    else if (!delete_parts(parts, item->uuid, &cause) ||
             !pst_store_remove(store, item->uuid, &cause))
        item->problem = g_strdup(cause->message);
    else
        item->removed = TRUE;
}

static void
look_at(const Round *round, virConnectPtr connection, const PstStore *store, const GPtrArray *parts,
        PstLeftover *item)
{
    if (g_get_monotonic_time() >= round->deadline_us - MARGIN_US) {
        item->problem = g_strdup("there was no time to look at it");
        return;
    }
    if (g_get_monotonic_time() < round->names_until_us)
        find_name(store, parts, item);
    if (round->prune && item->expired)
        remove_item(connection, store, parts, item);
}

/* Whether all that there is of it was looked at, and has a date. */
static gboolean
is_known(const PstLeftovers *leftovers, const PstLeftover *item)
{
    return (leftovers->problem == NULL || leftovers->no_pool) && !item->undated;
}

static PstLeftovers *
make(const Round *round, virConnectPtr connection, GError **error)
{
    g_autoptr(PstLeftovers) leftovers = g_new0(PstLeftovers, 1);
    gint64 now_us = g_get_real_time();

    leftovers->items = g_ptr_array_new_with_free_func(free_item);
    g_autoptr(PstStore) store = pst_volume_open_store(connection, &leftovers->keep_us, error);
    if (store == NULL)
        return NULL;
    /* First what there is, then the domains: what is made between the two is theirs. */
    g_autoptr(GPtrArray) parts = list_parts(connection, leftovers);
    g_autoptr(GPtrArray) files = pst_store_list(store);
    g_autoptr(GHashTable) domains = list_domains(connection, error);
    if (domains == NULL)
        return NULL;
    if (parts != NULL)
        add_parts(leftovers, domains, parts);
    add_files(leftovers, domains, files);
    g_ptr_array_sort(leftovers->items, by_age);
    for (guint i = 0; i < leftovers->items->len; i++) {
        PstLeftover *item = leftovers->items->pdata[i];
        /* Of one whose age is not known nobody can say that it is old. */
        item->expired = is_known(leftovers, item) && item->written_us > 0 &&
                        now_us - item->written_us >= leftovers->keep_us;
        look_at(round, connection, store, parts, item);
    }
    return g_steal_pointer(&leftovers);
}

static gpointer
run_round(gpointer data, GError **error)
{
    const Round *round = data;
    virConnectPtr connection = pst_hypervisor_connect(round->hypervisor, error);

    if (connection == NULL)
        return NULL;
    PstLeftovers *leftovers = make(round, connection, error);
    virConnectClose(connection);
    return leftovers;
}

PstLeftovers *
pst_leftovers_make(PstHypervisor *hypervisor, gboolean prune, gint64 deadline_us, GError **error)
{
    Round *round = g_new0(Round, 1);
    gint64 now_us = g_get_monotonic_time();

    *round = (Round){pst_hypervisor_ref(hypervisor), prune, deadline_us,
                     prune ? now_us + (deadline_us - now_us) / 2 : deadline_us};
    return pst_task_call(run_round, round, free_round, (GDestroyNotify)pst_leftovers_free,
                         deadline_us, "libvirt", error);
}
