// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/storage-frozen.h"

#include <string.h>

#include "guest-shim/process-list.h"

/* qemu-ga's own, below its folder for states (--statedir), which distributions leave as it is. */
#define AGENT_FILE "/run/qga.state.isfrozen"
#define MAX_STACK 8192
#define MAX_WAITING 200
/* How far down its callers are looked for. */
#define MAX_FRAMES 3

/* The kernel's lock for it (struct super_block's s_writers) is one of those that many may hold;
 * there are others of that kind, so that the caller has to be one that writes. */
static const char *const waits[] = {"percpu_rwsem_wait", "__percpu_down_read", NULL};
static const char *const writers[] = {
    "write", "truncate", "fallocate", "mkwrite", "atime",  "update_time", "ext4_",
    "xfs_",  "btrfs_",   "f2fs_",     "gfs2_",   "splice", "aio_",        "io_",
};

/* "[<0>] mnt_want_write+0x8b/0xc0": what is between the bracket and the sign. */
static char *
function_of(const char *line)
{
    const char *start = strchr(line, ']');

    if (start == NULL)
        return g_strdup("");
    start += 1 + strspn(start + 1, " ");
    return g_strndup(start, strcspn(start, "+. \n"));
}

static gboolean
writes(const char *function)
{
    for (guint i = 0; i < G_N_ELEMENTS(writers); i++)
        if (strstr(function, writers[i]) != NULL)
            return TRUE;
    return FALSE;
}

gboolean
pst_storage_frozen_is_waiting(const char *stack)
{
    g_auto(GStrv) lines = g_strsplit(stack, "\n", MAX_FRAMES + 1);
    gboolean waiting = FALSE;

    for (guint i = 0; i < MAX_FRAMES && lines[i] != NULL; i++) {
        g_autofree char *function = function_of(lines[i]);

        /* Kernels before 5.12 have it as a function of its own. */
        if (g_str_equal(function, "__sb_start_write"))
            return TRUE;
        if (g_strv_contains(waits, function))
            waiting = TRUE;
        else if (waiting)
            return writes(function);
    }
    return FALSE;
}

/* "1 0x3 0x7f… …": the first argument of the call that it waits in is a descriptor in most of those
 * that write. Where it leads, or NULL. */
static char *
find_file(const PstSysroot *sysroot, gint64 pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%" G_GINT64_FORMAT "/syscall", pid);
    g_autofree char *text = pst_sysroot_read_line(sysroot, path, NULL);
    const char *argument = text != NULL ? strchr(text, ' ') : NULL;
    guint64 number = argument != NULL ? g_ascii_strtoull(argument + 1, NULL, 16) : G_MAXUINT64;

    if (number > G_MAXINT32)
        return NULL;
    g_autofree char *link =
        g_strdup_printf("/proc/%" G_GINT64_FORMAT "/fd/%" G_GUINT64_FORMAT, pid, number);
    g_autofree char *target = pst_sysroot_read_link(sysroot, link, NULL);
    return target != NULL && *target == '/' ? g_steal_pointer(&target) : NULL;
}

/* Where the file system is mounted that FILE lies in, or NULL. */
static char *
find_folder(const GPtrArray *mounts, const char *file)
{
    g_autofree char *folder = g_path_get_dirname(file);

    while (pst_mount_table_at(mounts, folder) == NULL) {
        char *parent = g_path_get_dirname(folder);

        if (g_str_equal(parent, folder)) {
            g_free(parent);
            return NULL;
        }
        g_free(folder);
        folder = parent;
    }
    return g_steal_pointer(&folder);
}

/* Where the only file system is mounted that could be frozen, which lies on a device and can be
 * written; NULL where there are several. */
static const char *
only_folder(const GPtrArray *mounts)
{
    const PstMount *only = NULL;

    for (guint i = 0; i < mounts->len; i++) {
        const PstMount *mount = mounts->pdata[i];

        if (!g_str_has_prefix(mount->source, "/dev/") || pst_mount_table_is_read_only(mount) ||
            pst_mount_table_is_never_writable(mount))
            continue;
        if (only != NULL && !g_str_equal(only->device, mount->device))
            return NULL;
        only = only == NULL ? mount : only;
    }
    return only != NULL ? only->folder : NULL;
}

static PstStorageFrozen *
row_for(PstStorageData *data, const char *folder)
{
    for (guint i = 0; data->frozen != NULL && i < data->frozen->len; i++) {
        PstStorageFrozen *row = data->frozen->pdata[i];

        if (row->by == NULL && g_strcmp0(row->path, folder) == 0)
            return row;
    }
    PstStorageFrozen *row = pst_fields_append(&pst_report_storage_frozen_fields, &data->frozen);
    row->path = g_strdup(folder);
    row->waiting = 0;
    return row;
}

static void
add_waiting(const PstSysroot *sysroot, const GPtrArray *mounts, const PstProcess *process,
            PstStorageData *data)
{
    g_autofree char *file = mounts != NULL ? find_file(sysroot, process->pid) : NULL;
    g_autofree char *folder = file != NULL ? find_folder(mounts, file) : NULL;
    const char *only = folder == NULL && mounts != NULL ? only_folder(mounts) : NULL;
    PstStorageFrozen *row = row_for(data, only != NULL ? only : folder);

    if (row->waiting++ > 0)
        return;
    row->pid = process->pid;
    row->process = g_strdup(process->name);
    row->unit = pst_process_list_unit(sysroot, process->pid);
}

static void
find_agent(const PstSysroot *sysroot, PstStorageData *data)
{
    struct stat st;

    if (!pst_sysroot_lstat(sysroot, AGENT_FILE, &st, NULL) || !S_ISREG(st.st_mode))
        return;
    PstStorageFrozen *row = pst_fields_append(&pst_report_storage_frozen_fields, &data->frozen);
    row->by = g_strdup("agent");
    row->since_us = st.st_mtim.tv_sec * (gint64)G_USEC_PER_SEC + st.st_mtim.tv_nsec / 1000;
}

/* One that has ended meanwhile waits for nothing. */
static gboolean
look_at(const PstSysroot *sysroot, const GPtrArray *mounts, const PstProcess *process,
        PstStorageData *data, GError **error)
{
    g_autofree char *path = g_strdup_printf("/proc/%" G_GINT64_FORMAT "/stack", process->pid);
    g_autoptr(GError) cause = NULL;
    g_autofree char *stack = pst_sysroot_read(sysroot, path, MAX_STACK, NULL, &cause);

    if (stack != NULL && pst_storage_frozen_is_waiting(stack))
        add_waiting(sysroot, mounts, process, data);
    if (stack != NULL || !pst_sysroot_exists(sysroot, path))
        return TRUE;
    if (error != NULL && *error == NULL)
        g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}

gboolean
pst_storage_frozen_find(const PstSysroot *sysroot, const GPtrArray *mounts, PstStorageData *data,
                        GError **error)
{
    g_autoptr(GPtrArray) processes = pst_process_list_read(sysroot, NULL, error);
    gboolean looked = processes != NULL;
    guint n = 0;

    find_agent(sysroot, data);
    for (guint i = 0; processes != NULL && i < processes->len && n < MAX_WAITING; i++) {
        const PstProcess *process = processes->pdata[i];

        if (process->state != 'D')
            continue;
        looked &= look_at(sysroot, mounts, process, data, error);
        n++;
    }
    return looked;
}
