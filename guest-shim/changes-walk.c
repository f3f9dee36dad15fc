// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/changes-walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/careful-open.h"
#include "guest-shim/mount-kinds.h"
#include "guest-shim/probe.h"
#include "protocol/error.h"

#define MAX_DEPTH 12
#define MAX_SEEN 50000
#define MAX_ENTRIES 20000
#define MAX_NOT_ENTERED 16
/* The clock is asked once for so many files. */
#define TIME_STEP 64
/* Putting a file there changes its folder too, hardly later. */
#define ONE_ACT_US G_USEC_PER_SEC

/* Of linux/stat.h, which older systems to build on lack. */
#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x2000
#endif

/* What to do with what is mounted at a path. */
typedef enum {
    NOTHING_MOUNTED,
    ENTER,
    PASS_OVER,
    LEAVE, /* it may not answer */
} Mounted;

static void
free_entry(gpointer data)
{
    PstChangesEntry *entry = data;

    g_free(entry->path);
    g_free(entry);
}

PstChangesWalk *
pst_changes_walk_new(const PstSysroot *sysroot, const GPtrArray *mounts, gint64 since_us,
                     gint64 deadline_us)
{
    PstChangesWalk *walk = g_new0(PstChangesWalk, 1);

    walk->since_us = since_us;
    walk->deadline_us = deadline_us;
    walk->entries = g_ptr_array_new_with_free_func(free_entry);
    walk->complete = TRUE;
    walk->not_entered = g_ptr_array_new_with_free_func(g_free);
    walk->sysroot = sysroot;
    walk->mounts = mounts;
    walk->mounted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    walk->roots = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return walk;
}

void
pst_changes_walk_free(PstChangesWalk *walk)
{
    g_ptr_array_unref(walk->entries);
    g_ptr_array_unref(walk->not_entered);
    g_hash_table_unref(walk->roots);
    g_hash_table_unref(walk->mounted);
    g_free(walk->why_not);
    g_free(walk);
}

/* Something is left out, and the first such reason is told. */
static void G_GNUC_PRINTF(2, 3) give_up(PstChangesWalk *walk, const char *format, ...)
{
    va_list arguments;

    walk->complete = FALSE;
    if (walk->why_not != NULL)
        return;
    va_start(arguments, format);
    walk->why_not = g_strdup_vprintf(format, arguments);
    va_end(arguments);
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
        give_up(walk, "more than %d of what is there was changed", MAX_ENTRIES);
        return;
    }
    PstChangesEntry *kept = g_memdup2(&entry, sizeof(entry));
    kept->path = g_strdup(path);
    g_ptr_array_add(walk->entries, kept);
}

static gboolean
has_room(PstChangesWalk *walk)
{
    if (walk->n_seen >= MAX_SEEN) {
        give_up(walk, "there are more files and folders than the %d that are gone through",
                MAX_SEEN);
        return FALSE;
    }
    if (walk->n_seen % TIME_STEP != 0 && walk->complete)
        return TRUE;
    if (pst_boot_clock_us() <= walk->deadline_us)
        return TRUE;
    give_up(walk, "not all of it was gone through in time");
    return FALSE;
}

/* ---- what is mounted on the way ---- */

static Mounted
kind_of(const PstMount *mount)
{
    if (pst_mount_kinds_holds_no_files(mount))
        return PASS_OVER;
    return pst_mount_kinds_answers_by_itself(mount->type) ? ENTER : LEAVE;
}

/* Finds what is mounted below REAL, and gives it the name that it has below PATH, another name of
 * the same folder. Of several at one place those below the last one can be seen again. */
static void
find_mounts(PstChangesWalk *walk, const char *path, const char *real)
{
    gsize len = g_str_equal(real, "/") ? 0 : strlen(real);

    g_hash_table_remove_all(walk->mounted);
    for (guint i = 0; walk->mounts != NULL && i < walk->mounts->len; i++) {
        const PstMount *mount = walk->mounts->pdata[i];
        g_autofree char *folder = pst_mount_table_unescape(mount->folder);

        if (strncmp(folder, real, len) != 0 || folder[len] != '/' || folder[len + 1] == '\0')
            continue;
        char *name = g_build_filename(path, folder + len + 1, NULL);
        Mounted known = GPOINTER_TO_INT(g_hash_table_lookup(walk->mounted, name));
        Mounted kind = kind_of(mount);
        g_hash_table_insert(walk->mounted, name, GINT_TO_POINTER(known == LEAVE ? known : kind));
    }
}

static void
leave(PstChangesWalk *walk, const char *path)
{
    if (walk->not_entered->len < MAX_NOT_ENTERED)
        g_ptr_array_add(walk->not_entered, g_strdup(path));
    else
        give_up(walk, "more than %d mounts, of which %s is one, were not gone into",
                MAX_NOT_ENTERED, path);
}

/* Whether what has another device number, and is not told as a mount, is of the same one all the
 * same, as subvolumes and files of lower layers are. Linux before 5.8 does not tell. */
static gboolean
is_of_same_mount(const PstChangesWalk *walk, const struct statx *st)
{
    if ((st->stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0)
        return (st->stx_attributes & STATX_ATTR_MOUNT_ROOT) == 0;
    return walk->mounts != NULL;
}

/* ---- the walk itself ---- */

static void walk_folder(PstChangesWalk *walk, int fd, const char *path, dev_t device,
                        gboolean programs, guint depth);

static void
enter_folder(PstChangesWalk *walk, int folder, const char *path, const char *name,
             const struct statx *st, gboolean programs, guint depth)
{
    if (depth > MAX_DEPTH) {
        give_up(walk, "folders are gone into %d deep, and %s is deeper", MAX_DEPTH, path);
        return;
    }
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        walk_folder(walk, fd, path, device_of(st), programs, depth);
    else
        give_up(walk, "%s: %s", path, g_strerror(errno));
}

static void
walk_child(PstChangesWalk *walk, int folder, const char *path, const char *name, dev_t device,
           gboolean programs, guint depth)
{
    g_autofree char *child = g_build_filename(path, name, NULL);
    Mounted mounted = GPOINTER_TO_INT(g_hash_table_lookup(walk->mounted, child));
    struct statx st;

    if (mounted == PASS_OVER)
        return;
    if (mounted == LEAVE) {
        leave(walk, child);
        return;
    }
    if (!look(folder, name, &st)) {
        if (errno != ENOENT)
            give_up(walk, "%s: %s", child, g_strerror(errno));
        return;
    }
    if (device_of(&st) != device && mounted == NOTHING_MOUNTED && !is_of_same_mount(walk, &st)) {
        leave(walk, child);
        return;
    }
    take(walk, child, &st, programs);
    if (S_ISDIR(st.stx_mode))
        enter_folder(walk, folder, child, name, &st, programs, depth + 1);
}

/* Takes FD. */
static void
walk_folder(PstChangesWalk *walk, int fd, const char *path, dev_t device, gboolean programs,
            guint depth)
{
    const struct dirent *entry;
    DIR *folder = fdopendir(fd);

    if (folder == NULL) {
        give_up(walk, "%s: %s", path, g_strerror(errno));
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

/* REAL: the path without links. */
static gboolean
walk_place(PstChangesWalk *walk, const char *path, const char *real, gboolean programs,
           gboolean *is_link, GError **error)
{
    const PstSysroot *sysroot = walk->sysroot;
    struct statx st;

    int fd = pst_sysroot_open(sysroot, path, O_PATH | O_NOFOLLOW, error);
    if (fd < 0)
        return FALSE;
    gboolean seen = look(fd, "", &st);
    close(fd);
    if (!seen) {
        g_set_error(error, PST_ERROR, PST_ERROR_ABSENT, "%s: is gone", path);
        return FALSE;
    }
    *is_link = S_ISLNK(st.stx_mode);
    /* By another name it was gone through. */
    if (!is_new_root(walk, &st))
        return TRUE;
    take(walk, path, &st, programs);
    if (!S_ISDIR(st.stx_mode))
        return TRUE;
    fd = pst_sysroot_open(sysroot, path, O_DIRECTORY | O_NOFOLLOW, error);
    if (fd < 0)
        return FALSE;
    find_mounts(walk, path, real);
    walk_folder(walk, fd, path, device_of(&st), programs, 0);
    return TRUE;
}

/* The path without links to PATH, or to what a link there leads to. */
static char *
real_path(const PstChangesWalk *walk, const char *path, int flags, GError **error)
{
    return walk->mounts != NULL
               ? pst_careful_open_resolve(walk->sysroot, walk->mounts, path, flags, error)
               : g_strdup(path);
}

gboolean
pst_changes_walk_place(PstChangesWalk *walk, const char *path, gboolean programs, GError **error)
{
    gboolean is_link = FALSE;
    struct stat careful;

    if (!pst_careful_stat(walk->sysroot, path, &careful, error))
        return FALSE;
    g_autofree char *real = real_path(walk, path, O_NOFOLLOW, error);
    if (real == NULL || !walk_place(walk, path, real, programs, &is_link, error))
        return FALSE;
    if (!is_link || !walk->follows)
        return TRUE;
    if (walk->mounts == NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                    "%s: is a link, and what is mounted where it leads is not known", path);
        return FALSE;
    }
    g_autofree char *target = real_path(walk, path, 0, error);
    return target != NULL && pst_careful_stat(walk->sysroot, target, &careful, error) &&
           walk_place(walk, target, target, programs, &is_link, error);
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
