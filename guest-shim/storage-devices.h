// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"
#include "protocol/report-storage.h"

/* What lies below the mounts, from sysfs: Documentation/ABI of the kernel (sysfs-block,
 * sysfs-fs-ext4, sysfs-fs-btrfs), md.rst for RAID. */

/* Fills in data->disks and data->errors; what is not there is left out. */
void pst_storage_devices_read(const PstSysroot *sysroot, PstStorageData *data);

/* What the kernel calls the block device MAJOR:MINOR, as vda1; NULL for none. Free with g_free().
 */
char *pst_storage_devices_name(const PstSysroot *sysroot, const char *number);

/* Whether the block device MAJOR:MINOR, or the disk that it is a part of, refuses writing. */
gboolean pst_storage_devices_read_only(const PstSysroot *sysroot, const char *number);

/* Where the device of an entry of fstab(5) would be: a path, or the link of a tag as UUID=. NULL
 * for what is no device, and for a tag that udev would name oddly. Free with g_free(). */
char *pst_storage_devices_path(const char *device);

/* Whether the device of an entry of fstab(5) is there: a path, or a tag as UUID=. Unknown for what
 * is no device, as a server's folder. */
PstTri pst_storage_devices_present(const PstSysroot *sysroot, const char *device);
