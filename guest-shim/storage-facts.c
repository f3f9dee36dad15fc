// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/storage-facts.h"

#include <string.h>

#include "guest-shim/storage-devices.h"
#include "guest-shim/storage-frozen.h"
#include "protocol/error.h"

#define MAX_ROWS 200
#define LIMIT_MS 1500
#define WHOLE_MS 4000
#define MAX_STEPS 64
#define START_S 120
#define MAX_TEXT (64 * 1024)

/* Of the kernel's own making, or images that are full and read-only by nature. */
static const char *const no_files[] = {
    "anon_inodefs",  "autofs",      "bdev",
    "binder",        "binfmt_misc", "bpf",
    "cgroup",        "cgroup2",     "configfs",
    "cpuset",        "debugfs",     "devfs",
    "devpts",        "devtmpfs",    "dlmfs",
    "efivarfs",      "fusectl",     "hugetlbfs",
    "mqueue",        "nfsd",        "nsfs",
    "ocfs2_dlmfs",   "pipefs",      "proc",
    "pstore",        "ramfs",       "resctrl",
    "rootfs",        "rpc_pipefs",  "securityfs",
    "selinuxfs",     "smackfs",     "sockfs",
    "sysfs",         "tracefs",     "xenfs",
    "fuse.lxcfs",    "fuse.portal", "fuse.gvfsd-fuse",
    "fuse.snapfuse", NULL,
};

/* Those that lean on a server, a cluster, a hypervisor or a daemon. */
static const char *const remote_types[] = {
    "9p",      "afs",      "beegfs", "ceph",   "cifs",   "coda",     "fuse",
    "fuseblk", "gfs2",     "gpfs",   "lustre", "ncpfs",  "nfs",      "nfs4",
    "ocfs2",   "orangefs", "smb3",   "smbfs",  "vboxsf", "virtiofs", NULL,
};

gboolean
pst_storage_facts_holds_files(const PstMount *mount)
{
    /* Folders that hold other mounts of the kernel's own (cgroup v1). */
    if (g_str_has_prefix(mount->folder, "/sys/") || g_str_has_prefix(mount->folder, "/proc/"))
        return FALSE;
    /* Layers over what is listed itself; only where it is the root there is nothing else. */
    if (g_str_equal(mount->type, "overlay") || g_str_equal(mount->type, "aufs"))
        return g_str_equal(mount->folder, "/");
    return !g_strv_contains(no_files, mount->type) && !pst_mount_table_is_never_writable(mount);
}

static gboolean
is_remote_type(const char *type)
{
    return g_str_has_prefix(type, "fuse.") || g_strv_contains(remote_types, type);
}

/* The way to what is mounted in a remote file system leads through that one. */
static gboolean
leans_on_others(GHashTable *by_id, const PstMount *mount)
{
    for (guint step = 0; mount != NULL && step < MAX_STEPS; step++) {
        if (is_remote_type(mount->type))
            return TRUE;
        if (mount->parent == mount->id)
            return FALSE;
        mount = g_hash_table_lookup(by_id, &mount->parent);
    }
    return FALSE;
}

/* Tells of MOUNT what its options say. */
static PstStorageMount *
tell(const PstMount *mount, const PstFstabEntry *entry, PstStorageData *data)
{
    PstStorageMount *told = pst_fields_append(&pst_report_storage_mount_fields, &data->mounts);

    told->path = g_strdup(mount->folder);
    told->source = g_strdup(mount->source);
    told->type = g_strdup(mount->type);
    told->device = g_strdup(mount->device);
    told->options = g_strdup(mount->options);
    told->file_options = g_strdup(mount->file_options);
    told->fstab_options = entry != NULL ? g_strdup(entry->options) : NULL;
    told->read_only = PST_TRI(pst_mount_table_is_read_only(mount));
    told->noexec = PST_TRI(pst_mount_table_has_option(mount->options, "noexec"));
    told->nosuid = PST_TRI(pst_mount_table_has_option(mount->options, "nosuid"));
    return told;
}

static void
clear_row(gpointer row)
{
    g_free(((PstStorageRow *)row)->block_name);
}

/* A row for each mount that holds files and is not hidden by a later one. */
static void
make_rows(const PstSysroot *sysroot, PstStorageFacts *facts, PstStorageData *data)
{
    g_autoptr(GHashTable) by_id = g_hash_table_new(g_int64_hash, g_int64_equal);
    g_autoptr(GHashTable) devices = g_hash_table_new(g_str_hash, g_str_equal);
    g_autofree char *command_line = pst_sysroot_read_line(sysroot, "/proc/cmdline", NULL);

    for (guint i = 0; i < facts->mounts->len; i++) {
        PstMount *mount = facts->mounts->pdata[i];
        g_hash_table_insert(by_id, &mount->id, mount);
    }
    for (guint i = 0; i < facts->mounts->len && !facts->cut; i++) {
        const PstMount *mount = facts->mounts->pdata[i];

        if (!pst_storage_facts_holds_files(mount) ||
            pst_mount_table_at(facts->mounts, mount->folder) != mount)
            continue;
        if ((facts->cut = facts->rows->len == MAX_ROWS))
            return;
        const PstFstabEntry *entry = pst_fstab_at(facts->entries, mount->folder);
        PstStorageRow row = {
            .mount = mount,
            .entry = entry,
            .told = tell(mount, entry, data),
            .ask = {.folder = mount->folder,
                    .device = mount->device,
                    .remote = leans_on_others(by_id, mount)},
            .meant = pst_fstab_meant(facts->entries, mount->folder, command_line),
            .block_name = pst_storage_devices_name(sysroot, mount->device),
            .device_read_only = pst_storage_devices_read_only(sysroot, mount->device),
            .repeated = !g_hash_table_add(devices, mount->device),
        };
        g_array_append_val(facts->rows, row);
    }
}

static gint64
bytes_of(guint64 blocks, guint64 size)
{
    return size > 0 && blocks > G_MAXINT64 / size ? G_MAXINT64 : (gint64)(blocks * size);
}

/* statfs(2): blocks of f_frsize bytes. */
static void
take_answer(PstStorageRow *row)
{
    const struct statfs *answer = &row->ask.answer;
    PstStorageMount *told = row->told;
    guint64 size = (guint64)(answer->f_frsize > 0 ? answer->f_frsize : answer->f_bsize);

    if (row->ask.state == PST_MOUNT_ASK_SILENT)
        told->answers = PST_TRI_NO;
    if (row->ask.state == PST_MOUNT_ASK_ANSWERED || row->ask.state == PST_MOUNT_ASK_FAILED)
        told->answers = PST_TRI_YES;
    if (row->ask.state != PST_MOUNT_ASK_ANSWERED)
        return;
    told->size_bytes = bytes_of(answer->f_blocks, size);
    told->free_bytes = bytes_of(answer->f_bfree, size);
    told->available_bytes = bytes_of(answer->f_bavail, size);
    told->used_bytes = MAX(0, told->size_bytes - told->free_bytes);
    told->inodes = bytes_of(answer->f_files, 1);
    told->inodes_free = bytes_of(answer->f_ffree, 1);
}

/* One of the mounts of a file system is enough, unless that one leans on others. */
static void
ask(const PstProbeContext *context, PstStorageFacts *facts)
{
    g_autofree PstMountAsk *asks = g_new0(PstMountAsk, facts->rows->len + 1);
    g_autofree guint *rows = g_new0(guint, facts->rows->len + 1);
    guint n = 0;

    if (!pst_sysroot_is_live(context->sysroot))
        return;
    for (guint i = 0; i < facts->rows->len; i++) {
        const PstStorageRow *row = &g_array_index(facts->rows, PstStorageRow, i);

        if (row->repeated && !row->ask.remote)
            continue;
        rows[n] = i;
        asks[n++] = row->ask;
    }
    pst_mount_ask_all(context->sysroot, asks, n, LIMIT_MS,
                      pst_probe_time_left_ms(context, WHOLE_MS));
    for (guint i = 0; i < n; i++) {
        PstStorageRow *row = &g_array_index(facts->rows, PstStorageRow, rows[i]);

        row->ask = asks[i];
        take_answer(row);
    }
}

/* FOLDER without the symbolic links in it, as the kernel has it. The links that lead there are
 * of the root file system in every guest that has any (/var/run, /var/lock). */
static char *
without_links(const PstSysroot *sysroot, const char *folder)
{
    g_auto(GStrv) parts = g_strsplit(folder, "/", -1);
    char *path = g_strdup("");

    for (guint i = 0; parts[i] != NULL; i++) {
        if (*parts[i] == '\0')
            continue;
        g_autofree char *next = g_strdup_printf("%s/%s", path, parts[i]);
        g_autofree char *target = pst_sysroot_read_link(sysroot, next, NULL);
        g_autofree char *parent = g_steal_pointer(&path);

        if (target == NULL)
            path = g_steal_pointer(&next);
        else
            path = g_canonicalize_filename(target, *parent != '\0' ? parent : "/");
    }
    return path;
}

static gboolean
is_mounted(const PstProbeContext *context, const PstStorageFacts *facts, const char *folder)
{
    if (pst_mount_table_at(facts->mounts, folder) != NULL)
        return TRUE;
    /* Its way may lead through what does not answer, or begin to mount something. */
    for (guint i = 0; i < facts->mounts->len; i++) {
        const PstMount *mount = facts->mounts->pdata[i];

        if ((is_remote_type(mount->type) || g_str_equal(mount->type, "autofs")) &&
            g_str_has_prefix(folder, mount->folder))
            return FALSE;
    }
    g_autofree char *path = without_links(context->sysroot, folder);
    return pst_mount_table_at(facts->mounts, path) != NULL;
}

/* Entries for swap, and those that wait to be asked for, are not missed. */
static gboolean
is_meant_to_be_mounted(const PstFstabEntry *entry)
{
    return *entry->folder == '/' && !g_str_equal(entry->type, "swap") &&
           !g_str_equal(entry->type, "ignore") &&
           !pst_mount_table_has_option(entry->options, "noauto") &&
           !pst_mount_table_has_option(entry->options, "x-systemd.automount");
}

static void
find_missing(const PstProbeContext *context, PstStorageFacts *facts, PstStorageData *data)
{
    for (guint i = 0; facts->entries != NULL && i < facts->entries->len; i++) {
        PstFstabEntry *entry = facts->entries->pdata[i];

        if (!is_meant_to_be_mounted(entry) || is_mounted(context, facts, entry->folder) ||
            facts->missing->len >= MAX_ROWS)
            continue;
        PstStorageUnmounted *told =
            pst_fields_append(&pst_report_storage_unmounted_fields, &data->unmounted);
        told->line = entry->line;
        told->device = g_strdup(entry->device);
        told->path = g_strdup(entry->folder);
        told->options = g_strdup(entry->options);
        told->device_present = pst_storage_devices_present(context->sysroot, entry->device);
        g_ptr_array_add(facts->missing, entry);
    }
}

static gboolean
any_exists(const PstSysroot *sysroot, const char *const *paths)
{
    for (guint i = 0; paths[i] != NULL; i++)
        if (pst_sysroot_exists(sysroot, paths[i]))
            return TRUE;
    return FALSE;
}

/* Whether the guest was started lately and has not come to the services that wait for its file
 * systems. systemd-tmpfiles makes /run/nologin and systemd-user-sessions removes it; a start that
 * ended in maintenance goes no further. */
static gboolean
is_starting(const PstSysroot *sysroot, const PstStorageFacts *facts)
{
    static const char *const maintenance[] = {
        "/sys/fs/cgroup/system.slice/emergency.service",
        "/sys/fs/cgroup/system.slice/rescue.service",
        "/sys/fs/cgroup/systemd/system.slice/emergency.service",
        NULL,
    };
    static const char *const later[] = {
        "/sys/fs/cgroup/system.slice/dbus.service",
        "/sys/fs/cgroup/system.slice/dbus-broker.service",
        "/sys/fs/cgroup/systemd/system.slice/dbus.service",
        NULL,
    };

    if (facts->uptime_s == PST_INT_UNKNOWN || facts->uptime_s > START_S ||
        any_exists(sysroot, maintenance))
        return FALSE;
    return pst_sysroot_exists(sysroot, "/run/nologin") || !any_exists(sysroot, later);
}

static gint64
read_uptime(const PstSysroot *sysroot)
{
    g_autofree char *uptime = pst_sysroot_read_line(sysroot, "/proc/uptime", NULL);

    return uptime != NULL && g_ascii_isdigit(*uptime) ? g_ascii_strtoll(uptime, NULL, 10)
                                                      : PST_INT_UNKNOWN;
}

PstStorageFacts *
pst_storage_facts_read(const PstProbeContext *context, PstStorageData *data)
{
    const PstSysroot *sysroot = context->sysroot;
    PstStorageFacts *facts = g_new0(PstStorageFacts, 1);

    facts->rows = g_array_new(FALSE, TRUE, sizeof(PstStorageRow));
    g_array_set_clear_func(facts->rows, clear_row);
    facts->missing = g_ptr_array_new();
    facts->mounts = pst_mount_table_read(sysroot, &facts->mounts_error);
    facts->entries = pst_fstab_read(sysroot, &facts->fstab_error);
    facts->uptime_s = read_uptime(sysroot);
    facts->starting = is_starting(sysroot, facts);
    pst_storage_devices_read(sysroot, data);
    pst_storage_frozen_find(sysroot, facts->mounts, data,
                            pst_sysroot_is_live(sysroot) ? &facts->frozen_error : NULL);
    if (facts->mounts == NULL)
        return facts;
    make_rows(sysroot, facts, data);
    ask(context, facts);
    find_missing(context, facts, data);
    return facts;
}

void
pst_storage_facts_free(PstStorageFacts *facts)
{
    g_clear_pointer(&facts->mounts, g_ptr_array_unref);
    g_clear_pointer(&facts->entries, g_ptr_array_unref);
    g_array_unref(facts->rows);
    g_ptr_array_unref(facts->missing);
    g_clear_error(&facts->mounts_error);
    g_clear_error(&facts->fstab_error);
    g_clear_error(&facts->frozen_error);
    g_free(facts);
}
