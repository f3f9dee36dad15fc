// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host-sidecar/record-keep.h"
#include "protocol/error.h"
#include "protocol/frame.h"
#include "protocol/record-reader.h"

#define SUFFIX ".records"
/* Of a file's name; what is longer is told by its checksum. */
#define MAX_NAME 200
/* What a domain may have where all others have used up the total. */
#define LEAST_BYTES (64 * 1024)
/* More than any setting allows. */
#define MAX_FILE (64 * 1024 * 1024)
#define LOCK_US G_USEC_PER_SEC
#define LOCK_PAUSE_US 10000

struct PstStore {
    char *path;
    int folder;
    gsize domain_bytes, total_bytes;
};

static gboolean
fail(const PstStore *store, const char *name, GError **error)
{
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s/%s: %s", store->path, name,
                g_strerror(errno));
    return FALSE;
}

static char *
folder_name(const char *uri)
{
    g_autofree char *name = g_uri_escape_string(uri, NULL, FALSE);

    if (strlen(name) <= MAX_NAME && name[0] != '.' && name[0] != '\0')
        return g_steal_pointer(&name);
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, uri, -1);
}

PstStore *
pst_store_open(const PstStoreSettings *settings, const char *uri, GError **error)
{
    g_autoptr(PstStore) store = g_new0(PstStore, 1);
    g_autofree char *name = folder_name(uri);

    store->path = g_build_filename(settings->folder, name, NULL);
    store->domain_bytes = settings->domain_bytes;
    store->total_bytes = settings->total_bytes;
    store->folder = -1;
    if (g_mkdir_with_parents(store->path, 0700) == 0)
        store->folder = open(store->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (store->folder >= 0)
        return g_steal_pointer(&store);
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: %s", store->path, g_strerror(errno));
    return NULL;
}

void
pst_store_free(PstStore *store)
{
    if (store->folder >= 0)
        close(store->folder);
    g_free(store->path);
    g_free(store);
}

/* ---- files ---- */

static gboolean
is_own_file(const struct stat *st)
{
    return S_ISREG(st->st_mode) && st->st_uid == geteuid();
}

static gint64
mtime_us(const struct stat *st)
{
    return st->st_mtim.tv_sec * (gint64)G_USEC_PER_SEC + st->st_mtim.tv_nsec / 1000;
}

static gboolean
set_mtime(int fd, gint64 us)
{
    const gint64 second = G_USEC_PER_SEC;
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                {.tv_sec = us / second, .tv_nsec = us % second * 1000}};

    return futimens(fd, times) == 0;
}

/* -1 with errno. */
static int
open_own(const PstStore *store, const char *name, int flags)
{
    struct stat st;
    int fd = openat(store->folder, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

    if (fd < 0 || (fstat(fd, &st) == 0 && is_own_file(&st)))
        return fd;
    close(fd);
    errno = EPERM;
    return -1;
}

static gboolean
is_current(const PstStore *store, const char *name, int fd)
{
    struct stat here, there;

    return fstat(fd, &here) == 0 &&
           fstatat(store->folder, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

static gboolean
take_lock(int fd)
{
    gint64 until_us = g_get_monotonic_time() + LOCK_US;

    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if ((errno != EWOULDBLOCK && errno != EINTR) || g_get_monotonic_time() >= until_us)
            return FALSE;
        g_usleep(LOCK_PAUSE_US);
    }
    return TRUE;
}

/* The domain's file, made where it is missing, and locked: the lock is on the file itself, and void
 * when the file was replaced meanwhile. */
static int
open_locked(const PstStore *store, const char *name, GError **error)
{
    for (;;) {
        int fd = open_own(store, name, O_RDWR | O_CREAT);

        if (fd < 0) {
            fail(store, name, error);
            return -1;
        }
        if (!take_lock(fd)) {
            g_set_error(error, PST_ERROR, PST_ERROR_BUSY, "%s/%s: another process holds it",
                        store->path, name);
            close(fd);
            return -1;
        }
        if (is_current(store, name, fd))
            return fd;
        close(fd);
    }
}

/* ---- reading ---- */

static GBytes *
read_whole(int fd)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    guint8 buffer[65536];
    gssize n;

    while (bytes->len < MAX_FILE && (n = read(fd, buffer, sizeof(buffer))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        g_byte_array_append(bytes, buffer, (guint)n);
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

static GPtrArray *
read_records(const PstStore *store, const char *name, gint64 *written_us)
{
    GPtrArray *records = pst_record_set_new();
    g_autoptr(PstRecordReader) reader = pst_record_reader_new();
    struct stat st;
    int fd = open_own(store, name, O_RDONLY);
    gsize len = 0;

    *written_us = 0;
    if (fd < 0)
        return records;
    g_autoptr(GBytes) bytes = read_whole(fd);
    const guint8 *data = g_bytes_get_data(bytes, &len);
    while (len > 0) {
        PstRecord *record = NULL;
        gsize n = pst_record_reader_take(reader, data, len, &record);
        data += n;
        len -= n;
        if (record != NULL)
            g_ptr_array_add(records, record);
    }
    if (records->len > 0 && fstat(fd, &st) == 0)
        *written_us = mtime_us(&st);
    close(fd);
    return records;
}

/* ---- writing ---- */

static gboolean
write_all(int fd, const guint8 *data, gsize len)
{
    while (len > 0) {
        gssize n = write(fd, data, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return FALSE;
        data += n;
        len -= (gsize)n;
    }
    return TRUE;
}

/* Whoever calls has the lock: nobody else makes a file of this name. */
static gboolean
replace(const PstStore *store, const char *name, const GPtrArray *records, gint64 written_us,
        GError **error)
{
    g_autofree char *new_name = g_strdup_printf(".%s.new", name);
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    for (guint i = 0; i < records->len; i++) {
        const PstRecord *record = records->pdata[i];
        pst_frame_append(bytes, record->text, record->bytes);
    }
    unlinkat(store->folder, new_name, 0);
    int fd =
        openat(store->folder, new_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail(store, new_name, error);
    gboolean written =
        write_all(fd, bytes->data, bytes->len) && set_mtime(fd, written_us) && fsync(fd) == 0 &&
        renameat(store->folder, new_name, store->folder, name) == 0 && fsync(store->folder) == 0;
    if (!written) {
        fail(store, name, error);
        unlinkat(store->folder, new_name, 0);
    }
    close(fd);
    return written;
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
        n++;
    }
    gsize left = store->total_bytes > others ? store->total_bytes - others : 0;
    return MIN(store->domain_bytes, MAX(LEAST_BYTES, MIN(store->total_bytes / n, left)));
}

/* BEFORE are those N that the file holds. */
static gboolean
keep(const PstStore *store, const char *uuid, int locked, const PstStoreView *view,
     gpointer *before, guint n, GError **error)
{
    g_autofree char *name = g_strconcat(uuid, SUFFIX, NULL);
    g_autoptr(GPtrArray) kept = pst_record_keep_in(view->records, allowance(store, uuid));

    if (kept->len == n && (n == 0 || memcmp(kept->pdata, before, n * sizeof(gpointer)) == 0)) {
        if (n == 0)
            unlinkat(store->folder, name, 0);
        else
            set_mtime(locked, view->written_us);
        return TRUE;
    }
    return replace(store, name, kept, view->written_us, error);
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
    g_autofree char *name = g_strconcat(uuid, SUFFIX, NULL);
    int locked = open_locked(store, name, error);
    gint64 stored_us = 0;
    GPtrArray *stored = read_records(store, name, &stored_us);
    guint n = stored->len;
    g_autofree gpointer *before = g_memdup2(stored->pdata, n * sizeof(gpointer));

    view->records = pst_record_set_merge(stored, volume, &view->merge);
    view->written_us =
        date_newest(view->records, n > 0 ? before[n - 1] : NULL, stored_us, volume_us);
    if (locked < 0)
        return FALSE;
    gboolean done = keep(store, uuid, locked, view, before, n, error);
    close(locked);
    return done;
}

gint64
pst_store_written_us(const PstStore *store, const char *uuid)
{
    g_autofree char *name = g_strconcat(uuid, SUFFIX, NULL);
    struct stat st;

    if (fstatat(store->folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !is_own_file(&st) ||
        st.st_size == 0)
        return 0;
    return mtime_us(&st);
}

char *
pst_store_name(const PstStore *store, const char *uuid)
{
    g_autofree char *file = g_strconcat(uuid, SUFFIX, NULL);
    gint64 written_us = 0;
    g_autoptr(GPtrArray) records = read_records(store, file, &written_us);

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

static void
add_file(const PstStore *store, const char *name, GPtrArray *files)
{
    g_autofree char *uuid = g_strndup(name, strlen(name) - strlen(SUFFIX));
    struct stat st;

    if (!g_uuid_string_is_valid(uuid) ||
        fstatat(store->folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !is_own_file(&st))
        return;
    PstStoreFile *file = g_new0(PstStoreFile, 1);
    file->uuid = g_steal_pointer(&uuid);
    file->bytes = (gsize)st.st_size;
    file->written_us = mtime_us(&st);
    g_ptr_array_add(files, file);
}

GPtrArray *
pst_store_list(const PstStore *store)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(free_file);
    int fd = openat(store->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL)
        if (g_str_has_suffix(entry->d_name, SUFFIX))
            add_file(store, entry->d_name, files);
    if (folder != NULL)
        closedir(folder);
    else if (fd >= 0)
        close(fd);
    return files;
}

gboolean
pst_store_remove(const PstStore *store, const char *uuid, GError **error)
{
    g_autofree char *name = g_strconcat(uuid, SUFFIX, NULL);
    struct stat st;

    if (fstatat(store->folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
        return TRUE;
    int locked = open_locked(store, name, error);
    if (locked < 0)
        return FALSE;
    gboolean removed = unlinkat(store->folder, name, 0) == 0 || fail(store, name, error);
    close(locked);
    return removed;
}
