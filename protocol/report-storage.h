// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The report of the probe `storage`: is there room, is it writable? */

typedef struct {
    char *unused; /* the probe takes no arguments; a table needs a row's type */
} PstStorageArgs;

/* A mounted file system that holds files: none of the kernel's own making. */
typedef struct {
    char *path;
    char *source; /* as /dev/vda1 */
    char *type;   /* as ext4 */
    char *device; /* major:minor; the same for all mounts of one file system */
    gint64 size_bytes;
    gint64 used_bytes;
    gint64 free_bytes;      /* for root */
    gint64 available_bytes; /* for everybody else */
    gint64 inodes;          /* 0 where the file system makes them as it needs them */
    gint64 inodes_free;
    PstTri answers; /* within its time */
    PstTri read_only;
    PstTri noexec;
    PstTri nosuid;
    char *options;
    char *file_options;
    char *fstab_options;
} PstStorageMount;

/* An entry of /etc/fstab that is not mounted. */
typedef struct {
    gint64 line;
    char *device;
    char *path;
    char *options;
    PstTri device_present;
} PstStorageUnmounted;

typedef struct {
    char *name; /* as vda */
    gint64 size_bytes;
    PstTri read_only;
    gint64 requests_in_flight;
    gint64 io_errors;       /* of a SCSI disk, since it was found */
    gint64 members_missing; /* of a RAID */
} PstStorageDisk;

/* What a file system's superblock remembers of its errors, until it is checked. */
typedef struct {
    char *file_system; /* as vda1 */
    char *type;
    gint64 count;
    gint64 first_us; /* since 1970 UTC */
    gint64 last_us;
    char *where; /* the kernel's function that found the last one */
} PstStorageErrors;

/* A file system that somebody has frozen: writing to it waits until it is thawed. */
typedef struct {
    char *by;        /* agent: the guest agent, all of them */
    char *path;      /* where it is mounted; absent where that is not known, and for all of them */
    gint64 since_us; /* since 1970 UTC; known of the agent */
    gint64 waiting;  /* processes that wait for it */
    char *process;   /* the first of them */
    gint64 pid;
    char *unit;
} PstStorageFrozen;

typedef struct {
    char *path; /* as it was called */
    gint64 size_bytes;
    gint64 pid; /* of a process that has it open; absent where it was not asked */
    char *process;
    char *unit;
} PstStorageFile;

typedef struct {
    GPtrArray *mounts;    /* of PstStorageMount */
    GPtrArray *unmounted; /* of PstStorageUnmounted */
    GPtrArray *disks;     /* of PstStorageDisk */
    GPtrArray *errors;    /* of PstStorageErrors */
    GPtrArray *frozen;    /* of PstStorageFrozen */
    GPtrArray *deleted;   /* of PstStorageFile; looked for only where a file system is full */
    GPtrArray *largest;   /* of PstStorageFile; looked for only where a file system is full */
} PstStorageData;

extern const PstFields pst_report_storage_mount_fields;
extern const PstFields pst_report_storage_unmounted_fields;
extern const PstFields pst_report_storage_disk_fields;
extern const PstFields pst_report_storage_errors_fields;
extern const PstFields pst_report_storage_frozen_fields;
extern const PstFields pst_report_storage_file_fields;
extern const PstReportKind pst_report_storage_kind;
