// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/store.h"

#include <string.h>
#include <unistd.h>

#include "host-sidecar/config.h"
#include "host-sidecar/record-keep.h"
#include "protocol/error.h"
#include "protocol/frame.h"
#include "protocol/record-reader.h"

/* What a domain may have where all others have used up the total. */
#define LEAST_BYTES (64 * 1024)
/* More than any setting allows. */
#define MAX_FILE (64 * 1024 * 1024)

struct PstStore {
    PstStoreFolder *folder;
    gsize domain_bytes, total_bytes;
};

PstStore *
pst_store_open(const PstStoreSettings *settings, const char *uri, GError **error)
{
    g_autofree char *name = pst_store_folder_name(uri);
    g_autofree char *path = g_build_filename(settings->folder, name, NULL);
    PstStoreFolder *folder = pst_store_folder_open(path, error);

    if (folder == NULL)
        return NULL;
    PstStore *store = g_new0(PstStore, 1);
    *store = (PstStore){folder, settings->domain_bytes, settings->total_bytes};
    return store;
}

PstStore *
pst_store_open_configured(const char *uri, gint64 *keep_us, GError **error)
{
    g_autoptr(GKeyFile) config = pst_config_load(error);
    g_autoptr(PstStoreSettings) settings =
        config != NULL ? pst_store_settings_read(config, error) : NULL;

    if (settings == NULL)
        return NULL;
    if (keep_us != NULL)
        *keep_us = settings->keep_us;
    return pst_store_open(settings, uri, error);
}

void
pst_store_free(PstStore *store)
{
    pst_store_folder_free(store->folder);
    g_free(store);
}

const PstStoreFolder *
pst_store_folder(const PstStore *store)
{
    return store->folder;
}

/* ---- reading ---- */

/* Of a file that was written under another bound. */
static GPtrArray *
thin(GPtrArray *records, gsize max_weight)
{
    PstRecordSetMerge merge;

    pst_record_keep_thin(records, max_weight);
    return pst_record_set_merge(pst_record_set_new(), records, &merge);
}

/* A set, which is empty with an error where the file could not be read. */
static GPtrArray *
read_records(const PstStore *store, int fd, gint64 *written_us, GError **error)
{
    GPtrArray *records = pst_record_set_new();
    g_autoptr(PstRecordReader) reader = pst_record_reader_new();
    struct stat st;
    gsize len = 0, weight = 0;

    *written_us = 0;
    if (fd < 0)
        return records;
    g_autoptr(GBytes) bytes = pst_store_file_read(fd, MAX_FILE, error);
    const guint8 *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    while (len > 0) {
        PstRecord *record = NULL;
        gsize n = pst_record_reader_take(reader, data, len, &record);
        data += n;
        len -= n;
        if (record == NULL)
            continue;
        g_ptr_array_add(records, record);
        weight += record->weight;
        if (weight > 2 * store->domain_bytes) {
            records = thin(records, store->domain_bytes);
            weight = pst_record_set_weight(records);
        }
    }
    if (records->len > 0 && fstat(fd, &st) == 0)
        *written_us = pst_store_file_written_us(&st);
    return records;
}

/* ---- writing ---- */

/* Whoever calls has the lock. */
static gboolean
replace(const PstStore *store, const char *name, const GPtrArray *records, gint64 written_us,
        GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    for (guint i = 0; i < records->len; i++) {
        const PstRecord *record = records->pdata[i];
        pst_frame_append(bytes, record->text, record->bytes);
    }
    return pst_store_file_replace(store->folder, name, bytes->data, bytes->len, written_us, error);
}

/* What this domain may have: its own bound, a fair share of the total, and no more than is left of
 * it. */
static gsize
allowance(const PstStore *store, const char *uuid)
{
    g_autoptr(GPtrArray) files = pst_store_list(store);
    gsize others = 0, n = 1;

    for (guint i = 0; i < files->len; i++) {
        const PstStoreFile *file = files->pdata[i];
        if (g_str_equal(file->uuid, uuid))
            continue;
        others += file->bytes;
        n += file->records;
    }
    gsize left = store->total_bytes > others ? store->total_bytes - others : 0;
    return MIN(store->domain_bytes, MAX(LEAST_BYTES, MIN(store->total_bytes / n, left)));
}

/* Of a volume without a date the newest record's own, which can't be later than now: a file of no
 * date would pass for none. */
static gint64
file_date(const GPtrArray *records, gint64 written_us)
{
    if (written_us > 0 || records->len == 0)
        return written_us;
    const PstRecord *newest = records->pdata[records->len - 1];
    return CLAMP(newest->realtime_us, 1, g_get_real_time());
}

static gboolean
has_stubs(const GPtrArray *records)
{
    for (guint i = 0; i < records->len; i++)
        if (((PstRecord *)records->pdata[i])->body == NULL)
            return TRUE;
    return FALSE;
}

/* BEFORE are those N that the file holds. */
static gboolean
keep(const PstStore *store, const char *uuid, int locked, const PstStoreView *view,
     gpointer *before, guint n, gint64 *n_kept, GError **error)
{
    g_autofree char *name = g_strconcat(uuid, PST_STORE_RECORDS, NULL);
    g_autoptr(GPtrArray) kept = pst_record_keep_in(view->records, allowance(store, uuid));

    *n_kept = kept->len;
    if (kept->len == n && (n == 0 || memcmp(kept->pdata, before, n * sizeof(gpointer)) == 0)) {
        if (n == 0)
            unlinkat(store->folder->fd, name, 0);
        else
            pst_store_file_date(locked, file_date(kept, view->written_us));
        return TRUE;
    }
    return replace(store, name, kept, file_date(kept, view->written_us), error);
}

/* When the newest record of all was written. A volume can have been written to since, with what is
 * no record; nothing can have been before. */
static gint64
date_newest(const GPtrArray *merged, const PstRecord *last, gint64 stored_us, gint64 volume_us)
{
    if (last == NULL || stored_us == 0 || merged->pdata[merged->len - 1] != last)
        return volume_us;
    return volume_us > 0 ? MIN(stored_us, volume_us) : stored_us;
}

gboolean
pst_store_harvest(const PstStore *store, const char *uuid, GPtrArray *volume, gint64 volume_us,
                  PstStoreView *view, GError **error)
{
    g_autofree char *name = g_strconcat(uuid, PST_STORE_RECORDS, NULL);
    int locked = pst_store_file_lock(store->folder, name, error);
    g_autoptr(GError) cause = NULL;
    gint64 stored_us = 0;
    /* Who has not the lock reads what there is all the same. */
    int fd = locked >= 0 ? locked : pst_store_file_open(store->folder, name);
    GPtrArray *stored = read_records(store, fd, &stored_us, &cause);
    guint n = stored->len;
    g_autofree gpointer *before = g_memdup2(stored->pdata, n * sizeof(gpointer));

    gboolean whole = !has_stubs(volume);
    view->n_before = n;
    view->records = pst_record_set_merge(stored, volume, &view->merge);
    view->written_us =
        date_newest(view->records, n > 0 ? before[n - 1] : NULL, stored_us, volume_us);
    gint64 kept = PST_INT_UNKNOWN;
    gboolean done =
        locked >= 0 && cause == NULL && keep(store, uuid, locked, view, before, n, &kept, error);
    view->kept = whole && done && kept == view->records->len ? kept : PST_INT_UNKNOWN;
    if (locked >= 0 && cause != NULL)
        g_propagate_error(error, g_steal_pointer(&cause));
    if (fd >= 0)
        close(fd);
    return done;
}

gint64
pst_store_written_us(const PstStore *store, const char *uuid)
{
    g_autofree char *name = g_strconcat(uuid, PST_STORE_RECORDS, NULL);
    struct stat st;

    if (!pst_store_file_stat(store->folder, name, &st) || st.st_size == 0)
        return 0;
    return pst_store_file_written_us(&st);
}

gboolean
pst_store_has_records(const PstStore *store, const char *uuid)
{
    return pst_store_written_us(store, uuid) > 0;
}

char *
pst_store_name(const PstStore *store, const char *uuid)
{
    g_autofree char *file = g_strconcat(uuid, PST_STORE_RECORDS, NULL);
    gint64 written_us = 0;
    int fd = pst_store_file_open(store->folder, file);
    g_autoptr(GPtrArray) records = read_records(store, fd, &written_us, NULL);

    if (fd >= 0)
        close(fd);
    for (guint i = records->len; i > 0; i--) {
        const PstRecord *record = records->pdata[i - 1];
        if (record->domain != NULL)
            return g_strdup(record->domain);
    }
    return NULL;
}

/* ---- all of them ---- */

static void
free_file(gpointer data)
{
    PstStoreFile *file = data;

    g_free(file->uuid);
    g_free(file);
}

typedef struct {
    const PstStore *store;
    const char *suffix;
    GPtrArray *files;
} Listing;

static void
add_file(const char *name, gpointer user_data)
{
    const Listing *listing = user_data;
    g_autofree char *uuid = g_strndup(name, strlen(name) - strlen(listing->suffix));
    struct stat st;

    if (!g_uuid_string_is_valid(uuid) || !pst_store_file_stat(listing->store->folder, name, &st))
        return;
    PstStoreFile *file = g_new0(PstStoreFile, 1);
    file->uuid = g_steal_pointer(&uuid);
    file->records = g_str_equal(listing->suffix, PST_STORE_RECORDS);
    file->bytes = (gsize)st.st_size;
    file->written_us = pst_store_file_written_us(&st);
    g_ptr_array_add(listing->files, file);
}

static const char *const suffixes[] = {PST_STORE_RECORDS, PST_STORE_LIFECYCLE};

GPtrArray *
pst_store_list(const PstStore *store)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(free_file);

    for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        Listing listing = {store, suffixes[i], files};
        pst_store_folder_walk(store->folder, suffixes[i], add_file, &listing);
    }
    return files;
}

gboolean
pst_store_remove(const PstStore *store, const char *uuid, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *name = g_strconcat(uuid, suffixes[i], NULL);

        if (!pst_store_file_remove(store->folder, name, error))
            return FALSE;
    }
    return TRUE;
}
