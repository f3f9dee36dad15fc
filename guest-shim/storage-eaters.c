// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/storage-eaters.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "guest-shim/process-list.h"

#define SEARCH_MS 800
#define MAX_LINKS 20000
#define MAX_ENTRIES 50000
#define MAX_FOLDERS 20000
#define MAX_FILES 8
#define WORTH_BYTES (1024 * 1024)
#define BLOCK 512
#define DELETED " (deleted)"

/* Keeps the MAX_FILES largest, largest first. TRUE where it is one of them: then *file is to be
 * filled in. */
static gboolean
keep(GPtrArray **files, gint64 size_bytes, PstStorageFile **file)
{
    guint at = *files != NULL ? (*files)->len : 0;

    while (at > 0 && ((PstStorageFile *)(*files)->pdata[at - 1])->size_bytes < size_bytes)
        at--;
    if (at >= MAX_FILES)
        return FALSE;
    *file = pst_fields_append(&pst_report_storage_file_fields, files);
    (*file)->size_bytes = size_bytes;
    g_ptr_array_steal_index(*files, (*files)->len - 1);
    g_ptr_array_insert(*files, (int)at, *file);
    if ((*files)->len > MAX_FILES)
        pst_fields_free(&pst_report_storage_file_fields,
                        g_ptr_array_steal_index(*files, (*files)->len - 1));
    return TRUE;
}

typedef struct {
    const PstSysroot *sysroot;
    const char *device; /* major:minor */
    gint64 end_us;
    guint left;         /* steps that may still be taken */
    GHashTable *mounts; /* folders that something is mounted on */
    GHashTable *seen;   /* numbers of deleted files */
    GPtrArray **files;
} Search;

static gboolean
goes_on(Search *search)
{
    if (search->left == 0 || g_get_monotonic_time() > search->end_us)
        return FALSE;
    search->left--;
    return TRUE;
}

/* Whose size is asked of nobody but this kernel. The link is a magic one, which leads to the open
 * file whatever its name has become: the one place where it must be followed. */
static gboolean
stat_open_file(int folder, const char *name, struct statx *stx)
{
    return statx(folder, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
                 STATX_NLINK | STATX_BLOCKS | STATX_INO, stx) == 0;
}

static void
look_at_link(Search *search, int folder, const char *pid, const char *name, const char *target)
{
    g_autofree char *device = NULL;
    PstStorageFile *file;
    struct statx stx;

    if (!g_str_has_suffix(target, DELETED) || !stat_open_file(folder, name, &stx))
        return;
    gint64 size = (gint64)stx.stx_blocks * BLOCK, number = (gint64)stx.stx_ino;
    device = g_strdup_printf("%u:%u", stx.stx_dev_major, stx.stx_dev_minor);
    if (stx.stx_nlink != 0 || size < WORTH_BYTES || !g_str_equal(device, search->device) ||
        !g_hash_table_add(search->seen, g_memdup2(&number, sizeof(number))) ||
        !keep(search->files, size, &file))
        return;
    g_autofree char *comm = g_strdup_printf("/proc/%s/comm", pid);
    file->path = g_strndup(target, strlen(target) - strlen(DELETED));
    file->pid = g_ascii_strtoll(pid, NULL, 10);
    file->process = pst_sysroot_read_line(search->sysroot, comm, NULL);
    file->unit = pst_process_list_unit(search->sysroot, file->pid);
}

static void
look_at_process(Search *search, const char *pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/fd", pid);
    g_auto(GStrv) names = pst_sysroot_list(search->sysroot, path, NULL);
    int folder =
        names != NULL ? pst_sysroot_open(search->sysroot, path, O_PATH | O_DIRECTORY, NULL) : -1;

    for (guint i = 0; folder >= 0 && names[i] != NULL && goes_on(search); i++) {
        g_autofree char *link = g_build_filename(path, names[i], NULL);
        g_autofree char *target = pst_sysroot_read_link(search->sysroot, link, NULL);

        if (target != NULL)
            look_at_link(search, folder, pid, names[i], target);
    }
    if (folder >= 0)
        close(folder);
}

static void
find_deleted(Search *search)
{
    g_auto(GStrv) pids = pst_sysroot_list(search->sysroot, "/proc", NULL);

    for (guint i = 0; pids != NULL && pids[i] != NULL && goes_on(search); i++)
        if (g_ascii_isdigit(*pids[i]))
            look_at_process(search, pids[i]);
}

static void
look_at_entry(Search *search, const char *path, GQueue *folders, GHashTable *known)
{
    g_autofree char *device = NULL;
    PstStorageFile *file;
    struct stat st;

    if (g_hash_table_contains(search->mounts, path) ||
        !pst_sysroot_lstat(search->sysroot, path, &st, NULL))
        return;
    device = g_strdup_printf("%u:%u", major(st.st_dev), minor(st.st_dev));
    if (!g_str_equal(device, search->device))
        return;
    if (S_ISDIR(st.st_mode) && folders->length < MAX_FOLDERS &&
        g_hash_table_add(known, g_strdup(path)))
        g_queue_push_tail(folders, g_strdup(path));
    else if (S_ISREG(st.st_mode) && (gint64)st.st_blocks * BLOCK >= WORTH_BYTES &&
             keep(search->files, (gint64)st.st_blocks * BLOCK, &file))
        file->path = g_strdup(path);
}

/* Folder by folder, those near the root first: what is large is seldom deep. */
static void
find_largest(Search *search, const char *root)
{
    /* Where something grows by itself. */
    static const char *const seeds[] = {"/var/log",   "/var/lib/systemd/coredump",
                                        "/var/tmp",   "/tmp",
                                        "/var/cache", "/var/spool",
                                        "/home",      "/root",
                                        "/var/lib"};
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GQueue folders = G_QUEUE_INIT;

    for (guint i = 0; g_str_equal(root, "/") && i < G_N_ELEMENTS(seeds); i++)
        look_at_entry(search, seeds[i], &folders, known);
    if (g_hash_table_add(known, g_strdup(root)))
        g_queue_push_tail(&folders, g_strdup(root));
    while (folders.length > 0 && goes_on(search)) {
        g_autofree char *folder = g_queue_pop_head(&folders);
        gboolean cut = FALSE;
        g_auto(GStrv) names =
            pst_sysroot_list_some(search->sysroot, folder, MAX_ENTRIES, &cut, NULL);

        for (guint i = 0; names != NULL && names[i] != NULL && goes_on(search); i++) {
            g_autofree char *path = g_build_filename(folder, names[i], NULL);
            look_at_entry(search, path, &folders, known);
        }
    }
    g_queue_clear_full(&folders, g_free);
}

static Search
begin(const PstProbeContext *context, const PstStorageRow *row, guint steps, GPtrArray **files)
{
    return (Search){
        .sysroot = context->sysroot,
        .device = row->mount->device,
        .end_us = g_get_monotonic_time() + pst_probe_time_left_ms(context, SEARCH_MS) * 1000,
        .left = steps,
        .files = files,
    };
}

void
pst_storage_eaters_find(const PstProbeContext *context, const PstStorageFacts *facts,
                        const PstStorageRow *row, PstStorageData *data)
{
    g_autoptr(GHashTable) mounts = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);

    for (guint i = 0; i < facts->mounts->len; i++)
        g_hash_table_add(mounts, ((PstMount *)facts->mounts->pdata[i])->folder);
    Search deleted = begin(context, row, MAX_LINKS, &data->deleted);
    deleted.seen = seen;
    find_deleted(&deleted);
    Search largest = begin(context, row, MAX_ENTRIES, &data->largest);
    largest.mounts = mounts;
    find_largest(&largest, row->mount->folder);
}
