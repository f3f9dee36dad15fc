// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/storage-devices.h"

#include <string.h>

#include "protocol/error.h"

#define MAX_DISKS 200
#define SECTOR 512
#define MAX_FILE (16 * 1024)

/* A number in a file of sysfs, in the base that its digits say; unknown where there is none. */
static gint64
read_number(const PstSysroot *sysroot, const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *text = pst_sysroot_read_line(sysroot, path, NULL);
    char *end;

    if (text == NULL || !g_ascii_isdigit(*text))
        return PST_INT_UNKNOWN;
    gint64 number = g_ascii_strtoll(text, &end, 0);
    return *end == '\0' ? number : PST_INT_UNKNOWN;
}

static PstTri
read_flag(const PstSysroot *sysroot, const char *folder, const char *name)
{
    gint64 number = read_number(sysroot, folder, name);

    return number == PST_INT_UNKNOWN ? PST_TRI_UNKNOWN : PST_TRI(number != 0);
}

/* Reads and writes that were handed to the device, as `inflight` has them. */
static gint64
read_in_flight(const PstSysroot *sysroot, const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "inflight", NULL);
    g_autofree char *text = pst_sysroot_read_line(sysroot, path, NULL);
    char *second;

    if (text == NULL || !g_ascii_isdigit(*text))
        return PST_INT_UNKNOWN;
    gint64 reads = g_ascii_strtoll(text, &second, 10);
    return reads + g_ascii_strtoll(second, NULL, 10);
}

static gint64
sectors_to_bytes(gint64 sectors)
{
    return sectors == PST_INT_UNKNOWN || sectors > G_MAXINT64 / SECTOR ? PST_INT_UNKNOWN
                                                                       : sectors * SECTOR;
}

/* Loop devices and drives without a medium are of size 0. */
static void
read_disk(const PstSysroot *sysroot, const char *name, PstStorageData *data)
{
    g_autofree char *folder = g_build_filename("/sys/block", name, NULL);
    gint64 sectors = read_number(sysroot, folder, "size");

    if (sectors == 0 || sectors == PST_INT_UNKNOWN)
        return;
    PstStorageDisk *disk = pst_fields_append(&pst_report_storage_disk_fields, &data->disks);
    disk->name = g_strdup(name);
    disk->size_bytes = sectors_to_bytes(sectors);
    disk->read_only = read_flag(sysroot, folder, "ro");
    disk->requests_in_flight = read_in_flight(sysroot, folder);
    disk->io_errors = read_number(sysroot, folder, "device/ioerr_cnt");
    disk->members_missing = read_number(sysroot, folder, "md/degraded");
}

static void
read_disks(const PstSysroot *sysroot, PstStorageData *data)
{
    g_auto(GStrv) names = pst_sysroot_list(sysroot, "/sys/block", NULL);

    for (guint i = 0; names != NULL && names[i] != NULL; i++)
        if (data->disks == NULL || data->disks->len < MAX_DISKS)
            read_disk(sysroot, names[i], data);
}

static gint64
seconds_to_us(gint64 seconds)
{
    return seconds == PST_INT_UNKNOWN || seconds <= 0 || seconds > G_MAXINT64 / G_USEC_PER_SEC
               ? PST_INT_UNKNOWN
               : seconds * G_USEC_PER_SEC;
}

static void
read_ext4(const PstSysroot *sysroot, const char *name, PstStorageData *data)
{
    g_autofree char *folder = g_build_filename("/sys/fs/ext4", name, NULL);
    g_autofree char *where = g_build_filename(folder, "last_error_func", NULL);
    gint64 count = read_number(sysroot, folder, "errors_count");

    if (count == PST_INT_UNKNOWN || count == 0)
        return;
    PstStorageErrors *errors = pst_fields_append(&pst_report_storage_errors_fields, &data->errors);
    errors->file_system = g_strdup(name);
    errors->type = g_strdup("ext4");
    errors->count = count;
    errors->first_us = seconds_to_us(read_number(sysroot, folder, "first_error_time"));
    errors->last_us = seconds_to_us(read_number(sysroot, folder, "last_error_time"));
    errors->where = pst_sysroot_read_line(sysroot, where, NULL);
}

/* A line a kind of error, as "write_errs 0". */
static void
read_btrfs_device(const PstSysroot *sysroot, const char *uuid, const char *id, PstStorageData *data)
{
    g_autofree char *path = g_strdup_printf("/sys/fs/btrfs/%s/devinfo/%s/error_stats", uuid, id);
    g_autofree char *text = pst_sysroot_read(sysroot, path, MAX_FILE, NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);
    g_autoptr(GString) kinds = g_string_new(NULL);
    gint64 count = 0;

    for (guint i = 0; lines[i] != NULL; i++) {
        const char *space = strchr(lines[i], ' ');
        gint64 n = space != NULL ? g_ascii_strtoll(space, NULL, 10) : 0;

        if (n <= 0)
            continue;
        count += MIN(n, G_MAXUINT32);
        g_string_append_printf(kinds, "%s%s", kinds->len > 0 ? ", " : "", lines[i]);
    }
    if (count == 0)
        return;
    PstStorageErrors *errors = pst_fields_append(&pst_report_storage_errors_fields, &data->errors);
    errors->file_system = g_strdup(uuid);
    errors->type = g_strdup("btrfs");
    errors->count = count;
    errors->where = g_strdup(kinds->str);
}

static void
read_errors(const PstSysroot *sysroot, PstStorageData *data)
{
    g_auto(GStrv) ext4 = pst_sysroot_list(sysroot, "/sys/fs/ext4", NULL);
    g_auto(GStrv) btrfs = pst_sysroot_list(sysroot, "/sys/fs/btrfs", NULL);

    for (guint i = 0; ext4 != NULL && ext4[i] != NULL && i < MAX_DISKS; i++)
        read_ext4(sysroot, ext4[i], data);
    for (guint i = 0; btrfs != NULL && btrfs[i] != NULL && i < MAX_DISKS; i++) {
        g_autofree char *folder = g_strdup_printf("/sys/fs/btrfs/%s/devinfo", btrfs[i]);
        g_auto(GStrv) ids = pst_sysroot_list(sysroot, folder, NULL);

        for (guint j = 0; ids != NULL && ids[j] != NULL && j < MAX_DISKS; j++)
            read_btrfs_device(sysroot, btrfs[i], ids[j], data);
    }
}

void
pst_storage_devices_read(const PstSysroot *sysroot, PstStorageData *data)
{
    read_disks(sysroot, data);
    read_errors(sysroot, data);
}

char *
pst_storage_devices_name(const PstSysroot *sysroot, const char *number)
{
    g_autofree char *path = g_strconcat("/sys/dev/block/", number, NULL);
    g_autofree char *target = pst_sysroot_read_link(sysroot, path, NULL);

    return target != NULL ? g_path_get_basename(target) : NULL;
}

gboolean
pst_storage_devices_read_only(const PstSysroot *sysroot, const char *number)
{
    g_autofree char *folder = g_strconcat("/sys/dev/block/", number, NULL);

    return read_flag(sysroot, folder, "ro") == PST_TRI_YES;
}

/* udev names these links with what would be odd in a name as \xHH (udev_util_encode_string): only
 * plain tags are looked up. */
char *
pst_storage_devices_path(const char *device)
{
    static const char *const tags[][2] = {{"UUID=", "/dev/disk/by-uuid/"},
                                          {"LABEL=", "/dev/disk/by-label/"},
                                          {"PARTUUID=", "/dev/disk/by-partuuid/"},
                                          {"PARTLABEL=", "/dev/disk/by-partlabel/"},
                                          {"ID=", "/dev/disk/by-id/"}};

    for (guint i = 0; i < G_N_ELEMENTS(tags); i++) {
        if (!g_str_has_prefix(device, tags[i][0]))
            continue;
        const char *value = device + strlen(tags[i][0]);
        gsize len = strlen(value);
        g_autofree char *bare = len >= 2 && *value == '"' && value[len - 1] == '"'
                                    ? g_strndup(value + 1, len - 2)
                                    : g_strdup(value);

        if (*bare == '\0' ||
            bare[strspn(bare, "-_.:+" G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS)] != '\0')
            return NULL;
        return g_strconcat(tags[i][1], bare, NULL);
    }
    return g_str_has_prefix(device, "/dev/") ? g_strdup(device) : NULL;
}

PstTri
pst_storage_devices_present(const PstSysroot *sysroot, const char *device)
{
    g_autofree char *path = pst_storage_devices_path(device);
    g_autoptr(GError) cause = NULL;
    struct stat st;

    /* Without udev nobody makes such links. */
    if (path == NULL ||
        (g_str_has_prefix(path, "/dev/disk/") && !pst_sysroot_exists(sysroot, "/dev/disk")))
        return PST_TRI_UNKNOWN;
    if (pst_sysroot_stat(sysroot, path, &st, &cause))
        return PST_TRI_YES;
    return g_error_matches(cause, PST_ERROR, PST_ERROR_ABSENT) ? PST_TRI_NO : PST_TRI_UNKNOWN;
}
