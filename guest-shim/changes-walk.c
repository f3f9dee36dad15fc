// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/changes-walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "guest-shim/probe.h"
#include "protocol/error.h"

#define MAX_DEPTH 12
#define MAX_SEEN 50000
#define MAX_ENTRIES 20000
/* The clock is asked once for so many files. */
#define TIME_STEP 64
/* Putting a file there changes its folder too, hardly later. */
#define ONE_ACT_US G_USEC_PER_SEC

static void
free_entry(gpointer data)
{
    PstChangesEntry *entry = data;

    g_free(entry->path);
    g_free(entry);
}

PstChangesWalk *
pst_changes_walk_new(const PstSysroot *sysroot, gint64 since_us, gint64 deadline_us)
{
    PstChangesWalk *walk = g_new0(PstChangesWalk, 1);

    walk->since_us = since_us;
    walk->deadline_us = deadline_us;
    walk->entries = g_ptr_array_new_with_free_func(free_entry);
    walk->complete = TRUE;
    walk->sysroot = sysroot;
    walk->roots = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return walk;
}

void
pst_changes_walk_free(PstChangesWalk *walk)
{
    g_ptr_array_unref(walk->entries);
    g_hash_table_unref(walk->roots);
    g_free(walk);
}

static gint64
moment(const struct statx_timestamp *time)
{
    return (gint64)time->tv_sec * G_USEC_PER_SEC + time->tv_nsec / 1000;
}

/* Some file systems have the field and no time in it. */
static gint64
birth(const struct statx *st)
{
    gboolean known = (st->stx_mask & STATX_BTIME) != 0 && st->stx_btime.tv_sec > 0;

    return known ? moment(&st->stx_btime) : PST_INT_UNKNOWN;
}

static dev_t
device_of(const struct statx *st)
{
    return (dev_t)st->stx_dev_major << 32 | st->stx_dev_minor;
}

/* What the file system has at hand: a mount below that does not answer is not waited for. */
static gboolean
look(int folder, const char *name, struct statx *st)
{
    return statx(folder, name,
                 AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
                 STATX_BASIC_STATS | STATX_BTIME, st) == 0;
}

gboolean
pst_changes_walk_is_recent(const PstChangesWalk *walk, const PstChangesEntry *entry)
{
    /* Of a folder only its own content counts: what changed in it stands for itself. */
    return (S_ISDIR(entry->mode) ? entry->modified_us : entry->changed_us) >= walk->since_us;
}

static void
take(PstChangesWalk *walk, const char *path, const struct statx *st, gboolean program)
{
    PstChangesEntry entry = {
        .path = (char *)path,
        .mode = st->stx_mode,
        .uid = st->stx_uid,
        .gid = st->stx_gid,
        .size = (gint64)MIN(st->stx_size, (guint64)G_MAXINT64),
        .changed_us = moment(&st->stx_ctime),
        .modified_us = moment(&st->stx_mtime),
        .created_us = birth(st),
        .program = program && S_ISREG(st->stx_mode),
    };

    walk->n_seen++;
    if (!entry.program && !pst_changes_walk_is_recent(walk, &entry))
        return;
    if (walk->entries->len >= MAX_ENTRIES) {
        walk->complete = FALSE;
        return;
    }
    PstChangesEntry *kept = g_memdup2(&entry, sizeof(entry));
    kept->path = g_strdup(path);
    g_ptr_array_add(walk->entries, kept);
}

static gboolean
has_room(PstChangesWalk *walk)
{
    if (walk->n_seen >= MAX_SEEN ||
        (walk->n_seen % TIME_STEP == 0 && pst_probe_now_us() > walk->deadline_us))
        walk->complete = FALSE;
    return walk->n_seen < MAX_SEEN && (walk->complete || pst_probe_now_us() <= walk->deadline_us);
}

static void walk_folder(PstChangesWalk *walk, int fd, const char *path, dev_t device,
                        gboolean programs, guint depth);

static void
walk_child(PstChangesWalk *walk, int folder, const char *path, const char *name, dev_t device,
           gboolean programs, guint depth)
{
    g_autofree char *child = g_build_filename(path, name, NULL);
    struct statx st;

    if (!look(folder, name, &st)) {
        walk->complete &= errno == ENOENT;
        return;
    }
    if (device_of(&st) != device)
        return;
    take(walk, child, &st, programs);
    if (!S_ISDIR(st.stx_mode))
        return;
    int fd = depth < MAX_DEPTH
                 ? openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                 : -1;
    if (fd >= 0)
        walk_folder(walk, fd, child, device, programs, depth + 1);
    else
        walk->complete = FALSE;
}

/* Takes FD. */
static void
walk_folder(PstChangesWalk *walk, int fd, const char *path, dev_t device, gboolean programs,
            guint depth)
{
    const struct dirent *entry;
    DIR *folder = fdopendir(fd);

    if (folder == NULL) {
        walk->complete = FALSE;
        close(fd);
        return;
    }
    while (has_room(walk) && (entry = readdir(folder)) != NULL)
        if (!g_str_equal(entry->d_name, ".") && !g_str_equal(entry->d_name, ".."))
            walk_child(walk, dirfd(folder), path, entry->d_name, device, programs, depth);
    closedir(folder);
}

/* FALSE for a place that was gone through already, by this name or another. */
static gboolean
is_new_root(PstChangesWalk *walk, const struct statx *st)
{
    char *key = g_strdup_printf("%u:%u:%" G_GUINT64_FORMAT, st->stx_dev_major, st->stx_dev_minor,
                                (guint64)st->stx_ino);

    return g_hash_table_add(walk->roots, key);
}

gboolean
pst_changes_walk_place(PstChangesWalk *walk, const char *path, gboolean programs, GError **error)
{
    const PstSysroot *sysroot = walk->sysroot;
    struct stat careful;
    struct statx st;

    if (!pst_careful_stat(sysroot, path, &careful, error))
        return FALSE;
    int fd = pst_sysroot_open(sysroot, path, O_PATH | O_NOFOLLOW, error);
    if (fd < 0)
        return FALSE;
    gboolean seen = look(fd, "", &st);
    close(fd);
    if (!seen) {
        g_set_error(error, PST_ERROR, PST_ERROR_ABSENT, "%s: is gone", path);
        return FALSE;
    }
    /* By another name it was gone through. */
    if (!is_new_root(walk, &st))
        return TRUE;
    take(walk, path, &st, programs);
    if (!S_ISDIR(st.stx_mode))
        return TRUE;
    fd = pst_sysroot_open(sysroot, path, O_DIRECTORY | O_NOFOLLOW, error);
    if (fd < 0)
        return FALSE;
    walk_folder(walk, fd, path, device_of(&st), programs, 0);
    return TRUE;
}

static int
compare_latest(gconstpointer a, gconstpointer b)
{
    const PstChangesEntry *left = *(const PstChangesEntry *const *)a;
    const PstChangesEntry *right = *(const PstChangesEntry *const *)b;

    if (left->changed_us != right->changed_us)
        return left->changed_us < right->changed_us ? 1 : -1;
    return strcmp(left->path, right->path);
}

static gboolean
is_one_act(gint64 one_us, gint64 other_us)
{
    return one_us != PST_INT_UNKNOWN && ABS(one_us - other_us) <= ONE_ACT_US;
}

/* By their names, those that changed, for their own sake; borrowed. */
static GHashTable *
folders_of(const PstChangesWalk *walk)
{
    GHashTable *folders = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < walk->entries->len; i++) {
        PstChangesEntry *entry = walk->entries->pdata[i];
        if (S_ISDIR(entry->mode) && pst_changes_walk_is_recent(walk, entry))
            g_hash_table_insert(folders, entry->path, entry);
    }
    return folders;
}

/* Whether ENTRY came into its folder when that was changed: it was made then, or was made since the
 * moment asked for and renamed then, as package managers do. One that was there and was only
 * written to, or renamed, tells nothing of what went from the folder in the same second. */
static gboolean
came_to(const PstChangesWalk *walk, const PstChangesEntry *entry, const PstChangesEntry *folder)
{
    if (is_one_act(entry->created_us, folder->modified_us))
        return TRUE;
    if (!is_one_act(entry->changed_us, folder->modified_us))
        return FALSE;
    return entry->created_us == PST_INT_UNKNOWN ||
           (entry->created_us >= walk->since_us &&
            !is_one_act(entry->modified_us, entry->changed_us));
}

/* What came to a folder tells of its change where it came in the same moment. What was changed in
 * it at another does not: of what went from it nothing else tells. */
static GHashTable *
told_by_another(const PstChangesWalk *walk)
{
    g_autoptr(GHashTable) folders = folders_of(walk);
    GHashTable *told = g_hash_table_new(g_direct_hash, g_direct_equal);

    for (guint i = 0; i < walk->entries->len; i++) {
        const PstChangesEntry *entry = walk->entries->pdata[i];
        g_autofree char *parent = g_path_get_dirname(entry->path);
        PstChangesEntry *folder = g_hash_table_lookup(folders, parent);

        if (folder != NULL && folder != entry && pst_changes_walk_is_recent(walk, entry) &&
            came_to(walk, entry, folder))
            g_hash_table_add(told, folder);
    }
    return told;
}

void
pst_changes_walk_finish(PstChangesWalk *walk)
{
    g_autoptr(GHashTable) told = told_by_another(walk);
    guint kept = 0;

    for (guint i = 0; i < walk->entries->len; i++) {
        PstChangesEntry *entry = walk->entries->pdata[i];

        if (g_hash_table_contains(told, entry))
            free_entry(entry);
        else
            walk->entries->pdata[kept++] = entry;
    }
    g_ptr_array_set_free_func(walk->entries, NULL);
    g_ptr_array_set_size(walk->entries, (gint)kept);
    g_ptr_array_set_free_func(walk->entries, free_entry);
    g_ptr_array_sort(walk->entries, compare_latest);
}
