// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/report-storage.h"

static const PstField mount_rows[] = {
    PST_STRING(PstStorageMount, path, "where it is mounted", PST_KEY),
    PST_STRING(PstStorageMount, source, "what is mounted, as /dev/vda1"),
    PST_STRING(PstStorageMount, type, "as ext4"),
    PST_STRING(PstStorageMount, device, "major:minor, one for all mounts of a file system",
               PST_PASSING),
    PST_INT(PstStorageMount, size_bytes, "its size"),
    PST_INT(PstStorageMount, used_bytes, "of it in use", PST_PASSING),
    PST_INT(PstStorageMount, free_bytes, "of it free for root", PST_PASSING),
    PST_INT(PstStorageMount, available_bytes, "of it free for everybody else", PST_PASSING),
    PST_INT(PstStorageMount, inodes, "how many files it can hold, 0 where that has no limit",
            PST_PASSING),
    PST_INT(PstStorageMount, inodes_free, "how many more", PST_PASSING),
    PST_BOOL(PstStorageMount, answers, "it answers within its time"),
    PST_BOOL(PstStorageMount, read_only, "it can't be written"),
    PST_BOOL(PstStorageMount, noexec, "no program in it can be run"),
    PST_BOOL(PstStorageMount, nosuid, "set-user-id bits in it have no effect"),
    PST_STRING(PstStorageMount, options, "of the mount"),
    PST_STRING(PstStorageMount, file_options, "of the file system, for all its mounts"),
    PST_STRING(PstStorageMount, fstab_options, "that /etc/fstab wants"),
};
const PstFields pst_report_storage_mount_fields = PST_FIELDS(PstStorageMount, mount_rows);

static const PstField unmounted_rows[] = {
    PST_INT(PstStorageUnmounted, line, "in /etc/fstab, from 1", PST_PASSING),
    PST_STRING(PstStorageUnmounted, device, "as /etc/fstab names it", PST_KEY),
    PST_STRING(PstStorageUnmounted, path, "where it is meant to be mounted", PST_KEY),
    PST_STRING(PstStorageUnmounted, options, "that /etc/fstab wants"),
    PST_BOOL(PstStorageUnmounted, device_present, "the device is there"),
};
const PstFields pst_report_storage_unmounted_fields =
    PST_FIELDS(PstStorageUnmounted, unmounted_rows);

static const PstField disk_rows[] = {
    PST_STRING(PstStorageDisk, name, "as vda", PST_KEY),
    PST_INT(PstStorageDisk, size_bytes, "its size"),
    PST_BOOL(PstStorageDisk, read_only, "it refuses writing"),
    PST_INT(PstStorageDisk, requests_in_flight, "that it has not answered yet", PST_PASSING),
    PST_INT(PstStorageDisk, io_errors, "of a SCSI disk, since it was found", PST_PASSING),
    PST_INT(PstStorageDisk, members_missing, "of a RAID"),
};
const PstFields pst_report_storage_disk_fields = PST_FIELDS(PstStorageDisk, disk_rows);

static const PstField errors_rows[] = {
    PST_STRING(PstStorageErrors, file_system, "as vda1", PST_KEY),
    PST_STRING(PstStorageErrors, type, "as ext4"),
    PST_INT(PstStorageErrors, count, "errors that it remembers", PST_PASSING),
    PST_INT(PstStorageErrors, first_us, "the first one, microseconds since 1970 UTC", PST_PASSING),
    PST_INT(PstStorageErrors, last_us, "the last one, microseconds since 1970 UTC", PST_PASSING),
    PST_STRING(PstStorageErrors, where, "what the last one was, as the kernel names it"),
};
const PstFields pst_report_storage_errors_fields = PST_FIELDS(PstStorageErrors, errors_rows);

static const PstField frozen_rows[] = {
    PST_STRING(PstStorageFrozen, by, "who froze it, where that is known: agent", PST_KEY),
    PST_STRING(PstStorageFrozen, path, "where it is mounted, where that is known", PST_KEY),
    PST_INT(PstStorageFrozen, since_us, "since when, microseconds since 1970 UTC", PST_PASSING),
    PST_INT(PstStorageFrozen, waiting, "processes that wait for it", PST_PASSING),
    PST_STRING(PstStorageFrozen, process, "the name of the first of them", PST_PASSING),
    PST_INT(PstStorageFrozen, pid, "of that one", PST_PASSING),
    PST_STRING(PstStorageFrozen, unit, "of that one", PST_PASSING),
};
const PstFields pst_report_storage_frozen_fields = PST_FIELDS(PstStorageFrozen, frozen_rows);

static const PstField file_rows[] = {
    PST_STRING(PstStorageFile, path, "of the file, or what it was before it was deleted"),
    PST_INT(PstStorageFile, size_bytes, "that it occupies"),
    PST_INT(PstStorageFile, pid, "of a process that has it open"),
    PST_STRING(PstStorageFile, process, "that process' name"),
    PST_STRING(PstStorageFile, unit, "that process' unit"),
};
const PstFields pst_report_storage_file_fields = PST_FIELDS(PstStorageFile, file_rows);

static const PstField data_rows[] = {
    PST_LIST(PstStorageData, mounts, pst_report_storage_mount_fields,
             "mounted file systems that hold files"),
    PST_LIST(PstStorageData, unmounted, pst_report_storage_unmounted_fields,
             "entries of /etc/fstab that are not mounted"),
    PST_LIST(PstStorageData, disks, pst_report_storage_disk_fields, "block devices"),
    PST_LIST(PstStorageData, errors, pst_report_storage_errors_fields,
             "file systems that have met errors"),
    PST_LIST(PstStorageData, frozen, pst_report_storage_frozen_fields,
             "file systems that are frozen, as for a snapshot: writing to them waits"),
    PST_LIST(PstStorageData, deleted, pst_report_storage_file_fields,
             "large files that are deleted and still open, where a file system is full",
             PST_PASSING),
    PST_LIST(PstStorageData, largest, pst_report_storage_file_fields,
             "the largest files that were found in a short search, where a file system is full",
             PST_PASSING),
};
static const PstFields data_fields = PST_FIELDS(PstStorageData, data_rows);

static const PstFields args_fields = {sizeof(PstStorageArgs), 0, NULL};

const PstReportKind pst_report_storage_kind = {
    .name = "storage",
    .question = "is there room, is it writable?",
    .footprint = "",
    .args = &args_fields,
    .data = &data_fields,
};
