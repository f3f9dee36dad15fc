// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/initramfs-facts.h"

#include <string.h>
#include <sys/sysmacros.h>

#include "guest-shim/kernel-log.h"
#include "guest-shim/mount-table.h"
#include "guest-shim/process-list.h"
#include "guest-shim/storage-devices.h"

#define CLASS_BLOCK "/sys/class/block"
#define MAX_DEVICES 64
#define MAX_UDEV (64 * 1024)
#define MAX_ENVIRONMENT (64 * 1024)
#define MAX_LOG (64 * 1024)
#define MAX_SAID 300
#define SECTOR 512

char *
pst_initramfs_facts_word(const char *command_line, const char *key)
{
    g_auto(GStrv) words = g_strsplit(command_line != NULL ? command_line : "", " ", -1);
    char *value = NULL;

    for (guint i = 0; words[i] != NULL; i++) {
        if (!g_str_has_prefix(words[i], key))
            continue;
        g_free(value);
        value = g_strdup(words[i] + strlen(key));
    }
    return value;
}

/* The value of KEY (as "E:ID_FS_TYPE=") in a text of lines; NULL for none. */
static char *
value_in(const char *text, const char *key)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++)
        if (g_str_has_prefix(lines[i], key))
            return g_strdup(lines[i] + strlen(key));
    return NULL;
}

/* What udev keeps of a device, once it has looked at it (not a documented format, but the same
 * since 2009): lines as "E:ID_FS_TYPE=ext4". */
static void
read_udev(const PstSysroot *sysroot, PstSystemBlock *block, const char *folder)
{
    g_autofree char *number_path = g_build_filename(folder, "dev", NULL);
    g_autofree char *number = pst_sysroot_read_line(sysroot, number_path, NULL);
    g_autofree char *path = number != NULL ? g_strdup_printf("/run/udev/data/b%s", number) : NULL;
    g_autofree char *text =
        path != NULL ? pst_sysroot_read(sysroot, path, MAX_UDEV, NULL, NULL) : NULL;

    block->looked_at = PST_TRI(text != NULL);
    if (text == NULL)
        return;
    block->file_system = value_in(text, "E:ID_FS_TYPE=");
    block->uuid = value_in(text, "E:ID_FS_UUID=");
    block->label = value_in(text, "E:ID_FS_LABEL=");
}

static gint64
size_of(const PstSysroot *sysroot, const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "size", NULL);
    g_autofree char *text = pst_sysroot_read_line(sysroot, path, NULL);
    guint64 sectors;

    return text != NULL &&
                   g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64 / SECTOR, &sectors, NULL)
               ? (gint64)sectors * SECTOR
               : PST_INT_UNKNOWN;
}

/* Loop devices and drives without a medium are of size 0, and an array that is not run for want of
 * members, which is of interest. */
static gboolean
is_of_interest(const char *name, gint64 size)
{
    return !g_str_has_prefix(name, "ram") && (size != 0 || g_str_has_prefix(name, "md"));
}

static void
read_blocks(const PstSysroot *sysroot, PstSystemEarly *early)
{
    g_auto(GStrv) names = pst_sysroot_list(sysroot, CLASS_BLOCK, NULL);

    for (guint i = 0; names != NULL && names[i] != NULL; i++) {
        g_autofree char *folder = g_build_filename(CLASS_BLOCK, names[i], NULL);
        gint64 size = size_of(sysroot, folder);

        if (!is_of_interest(names[i], size) ||
            (early->blocks != NULL && early->blocks->len == MAX_DEVICES))
            continue;
        PstSystemBlock *block = pst_fields_append(&pst_report_system_block_fields, &early->blocks);
        block->name = g_strdup(names[i]);
        block->size_bytes = size;
        read_udev(sysroot, block, folder);
    }
}

/* The kernel's name of the device that PATH leads to. */
static char *
name_of(const PstSysroot *sysroot, const char *path)
{
    g_autofree char *target = pst_sysroot_read_link(sysroot, path, NULL);
    struct stat st;

    if (pst_sysroot_stat(sysroot, path, &st, NULL) && S_ISBLK(st.st_mode)) {
        g_autofree char *number = g_strdup_printf("%u:%u", major(st.st_rdev), minor(st.st_rdev));
        char *name = pst_storage_devices_name(sysroot, number);

        if (name != NULL)
            return name;
    }
    return g_path_get_basename(target != NULL ? target : path);
}

static void
read_root(const PstSysroot *sysroot, const char *command_line, PstSystemEarly *early)
{
    g_autofree char *path = NULL;

    early->root = pst_initramfs_facts_word(command_line, "root=");
    if (early->root != NULL && *early->root == '\0')
        g_clear_pointer(&early->root, g_free);
    /* A root of another kind, as one that comes over the network, is no device. */
    if (early->root == NULL || g_str_equal(early->root, "/dev/nfs"))
        return;
    early->root_present = pst_storage_devices_present(sysroot, early->root);
    if (early->root_present != PST_TRI_YES)
        return;
    path = pst_storage_devices_path(early->root);
    early->root_device = name_of(sysroot, path);
}

/* initramfs-tools mounts it at the first, systemd and dracut at the second. */
static void
read_mounted(const PstSysroot *sysroot, const char *command_line, PstSystemEarly *early)
{
    static const char *const folders[] = {"/root", "/sysroot"};
    static const char *const inits[] = {"/sbin/init", "/etc/init", "/bin/init"};
    g_autofree char *own = pst_initramfs_facts_word(command_line, "init=");
    g_autoptr(GPtrArray) mounts = pst_mount_table_read(sysroot, NULL);

    if (mounts == NULL)
        return;
    early->root_mounted = PST_TRI_NO;
    for (guint i = 0; i < G_N_ELEMENTS(folders) && early->root_mounted == PST_TRI_NO; i++) {
        struct stat st;

        if (pst_mount_table_at(mounts, folders[i]) == NULL)
            continue;
        early->root_mounted = PST_TRI_YES;
        early->root_has_init = PST_TRI_NO;
        for (guint j = 0; j <= G_N_ELEMENTS(inits); j++) {
            const char *init = j < G_N_ELEMENTS(inits) ? inits[j] : own;
            g_autofree char *path = init != NULL ? g_strconcat(folders[i], init, NULL) : NULL;

            /* A link that it may be leads elsewhere from here. */
            if (path != NULL && *init == '/' && pst_sysroot_lstat(sysroot, path, &st, NULL))
                early->root_has_init = PST_TRI_YES;
        }
    }
}

/* Why initramfs-tools gave up, in its own words: its emergency shell has them in its environment.
 */
static char *
reason_of(const PstSysroot *sysroot, gint64 pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%" G_GINT64_FORMAT "/environ", pid);
    gsize len = 0;
    g_autofree char *text = pst_sysroot_read(sysroot, path, MAX_ENVIRONMENT, &len, NULL);

    for (gsize at = 0; text != NULL && at < len; at += strlen(text + at) + 1)
        if (g_str_has_prefix(text + at, "REASON="))
            return g_strndup(text + at + strlen("REASON="), MAX_SAID);
    return NULL;
}

/* What asks for the passphrase of an encrypted disk: names are of at most 15 bytes. */
static gboolean
is_asking(const PstProcess *process)
{
    static const char *const names[] = {"askpass", "systemd-ask-pas", "systemd-tty-ask", NULL};

    return g_strv_contains(names, process->name);
}

static void
read_processes(const PstSysroot *sysroot, PstSystemEarly *early)
{
    g_autoptr(GPtrArray) processes = pst_process_list_read(sysroot, NULL, NULL);

    for (guint i = 0; processes != NULL && i < processes->len; i++) {
        const PstProcess *process = processes->pdata[i];

        if (early->gave_up == NULL && g_str_equal(process->name, "sh"))
            early->gave_up = reason_of(sysroot, process->pid);
        if (early->asking == NULL && is_asking(process))
            early->asking = g_strdup(process->name);
    }
}

typedef struct {
    const char *device;
    char *last;
} Complaint;

static gboolean
names_device(const char *message, const char *device)
{
    gsize len = strlen(device);

    for (const char *at = strstr(message, device); at != NULL; at = strstr(at + 1, device))
        if ((at == message || !g_ascii_isalnum(at[-1])) && !g_ascii_isalnum(at[len]))
            return TRUE;
    return FALSE;
}

/* File systems and block layers have no words in common but these. */
static void
on_record(const char *message, gint64 time_us G_GNUC_UNUSED, gpointer user_data)
{
    static const char *const words[] = {"error",  "can't",       "cannot", "invalid", "corrupt",
                                        "failed", "unsupported", "unable", "bad ",    "unknown"};
    Complaint *complaint = user_data;

    if (!names_device(message, complaint->device))
        return;
    g_autofree char *lower = g_ascii_strdown(message, -1);
    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strstr(lower, words[i]) == NULL)
            continue;
        g_free(complaint->last);
        complaint->last = g_strndup(message, MAX_SAID);
        return;
    }
}

/* The last line that the check of the root wrote. */
static char *
read_check(const PstSysroot *sysroot)
{
    g_autofree char *text =
        pst_sysroot_read(sysroot, "/run/initramfs/fsck.log", MAX_LOG, NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(text != NULL ? g_strstrip(text) : "", "\n", -1);
    guint n = g_strv_length(lines);

    return n > 0 && *lines[n - 1] != '\0' ? g_strndup(lines[n - 1], MAX_SAID) : NULL;
}

PstSystemEarly *
pst_initramfs_facts_read(const PstSysroot *sysroot, const char *command_line)
{
    PstSystemEarly *early = pst_fields_new(&pst_report_system_early_fields);

    early->stop_at = pst_initramfs_facts_word(command_line, "break=");
    read_root(sysroot, command_line, early);
    read_mounted(sysroot, command_line, early);
    read_blocks(sysroot, early);
    read_processes(sysroot, early);
    early->check = read_check(sysroot);
    if (early->root_device != NULL) {
        Complaint complaint = {early->root_device, NULL};

        pst_kernel_log_read(sysroot, on_record, &complaint, NULL);
        early->complaint = complaint.last;
    }
    return early;
}
