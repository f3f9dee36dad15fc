// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/fields.h"

/* Snapshots of a guest as libvirt knows them, and what may be asked of them. Pure functions. */

/* What a snapshot holds of the guest. */
typedef enum {
    PST_SNAPSHOT_MEMORY, /* its disks and its memory: it goes on where it was */
    PST_SNAPSHOT_DISKS,  /* the disks of one that ran, as after a loss of power */
    PST_SNAPSHOT_OFF,    /* the disks of one that was off */
} PstSnapshotHolds;

/* Where it is: in the disks' own files, or in files beside them. */
typedef enum {
    PST_SNAPSHOT_INTERNAL,
    PST_SNAPSHOT_EXTERNAL,
    PST_SNAPSHOT_MIXED,
} PstSnapshotKind;

/* How a disk is in it. */
typedef enum {
    PST_SNAPSHOT_DISK_INTERNAL,
    PST_SNAPSHOT_DISK_EXTERNAL,
    PST_SNAPSHOT_DISK_NO, /* it is not: it stays as it is */
    PST_SNAPSHOT_DISK_MANUAL,
} PstSnapshotDiskHow;

typedef struct {
    char *target; /* vda */
    int how;      /* PstSnapshotDiskHow */
    char *file;   /* that is written since, of an external one; NULL */
} PstSnapshotDisk;

typedef struct {
    char *name;
    char *description; /* NULL: none */
    char *parent;      /* NULL: none */
    PstTri current;    /* whether the guest as it is came from it */
    gint64 created_us; /* real time of the host that made it; PST_INT_UNKNOWN */
    gint64 age_ms;
    char *state; /* of the guest then, in libvirt's words */
    int holds;   /* PstSnapshotHolds */
    int kind;    /* PstSnapshotKind */
    GPtrArray *disks;
} PstSnapshot;

extern const PstFields pst_snapshot_fields;
extern const PstFields pst_snapshot_disk_fields;

void pst_snapshot_free(PstSnapshot *snapshot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstSnapshot, pst_snapshot_free)

/* So many are told of a guest, the newest, and one that has so many gets no more. */
#define PST_SNAPSHOT_MAX 128

typedef struct {
    char *guest;
    char *state;          /* of the domain, in libvirt's words */
    GPtrArray *snapshots; /* of PstSnapshot, the oldest first */
    gint64 left_out;      /* older ones, which are not told */
} PstSnapshotList;

extern const PstFields pst_snapshot_list_fields;

void pst_snapshot_list_free(PstSnapshotList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstSnapshotList, pst_snapshot_list_free)

/* The one called NAME, borrowed; NULL with PST_ERROR_USAGE, which says how to see which there are.
 */
const PstSnapshot *pst_snapshot_find(const PstSnapshotList *list, const char *name, GError **error);

/* ---- what is asked for ---- */

typedef struct {
    const char *name; /* NULL: of the moment */
    const char *description;
    gboolean disk_only; /* the disks alone, in files beside them */
    gboolean live;      /* with the memory, in files beside them, while the guest goes on */
    gboolean quiesce;   /* its file systems are brought to rest by its agent; with disk_only */
} PstSnapshotWish;

#define PST_SNAPSHOT_MAX_NAME 100
#define PST_SNAPSHOT_MAX_DESCRIPTION 400

/* Whether there can be such a snapshot; else PST_ERROR_INVALID_PARAMS. A name is 1 to 100 bytes of
 * UTF-8 without '/', control characters or a space at either end, and begins with neither '.' nor
 * '-': a file beside the disk is called so. */
gboolean pst_snapshot_check_wish(const PstSnapshotWish *wish, GError **error);

/* Of a snapshot that is there already, however it came by its name. */
gboolean pst_snapshot_check_name(const char *name, GError **error);

/* The name of one that nobody named, by the real time. Free with g_free(). */
char *pst_snapshot_name_of(gint64 now_us);

/* ---- what was done ---- */

typedef struct {
    PstSnapshot *snapshot; /* as it is, or was before it was reverted to */
    char *state_before;    /* of the domain, in libvirt's words */
    char *state_after;
    gint64 took_ms; /* of libvirt's call */
    gint64 lost_ms; /* of a revert: the time since the snapshot; PST_INT_UNKNOWN */
    char **lost;    /* of a revert: what is lost, in words */
    char **stays;   /* of a revert: the disks that are not in it */
    PstTri runs;    /* of a revert: the guest runs, and it can be waited for */
    char **notes;   /* what is to be known beside */
} PstSnapshotDone;

extern const PstFields pst_snapshot_done_fields;

void pst_snapshot_done_free(PstSnapshotDone *done);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstSnapshotDone, pst_snapshot_done_free)
