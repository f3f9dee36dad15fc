// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/careful-stat.h"

/* A walk over folders that gathers what changed since a moment. It follows no links, stays in one
 * file system, reads no content, and ends at its bounds. */

typedef struct {
    char *path;
    mode_t mode;
    uid_t uid;
    gid_t gid;
    gint64 size;
    gint64 changed_us, modified_us;
    gint64 created_us; /* PST_INT_UNKNOWN where it is not recorded */
    gboolean program;  /* of a place of programs: gathered whenever it changed */
} PstChangesEntry;

typedef struct {
    gint64 since_us;
    gint64 deadline_us; /* on CLOCK_BOOTTIME */
    GPtrArray *entries; /* of PstChangesEntry */
    guint n_seen;
    gboolean complete; /* nothing was left out up to now */
    const PstSysroot *sysroot;
    GHashTable *roots; /* places that were gone through, under whatever name */
} PstChangesWalk;

PstChangesWalk *pst_changes_walk_new(const PstSysroot *sysroot, gint64 since_us,
                                     gint64 deadline_us);
void pst_changes_walk_free(PstChangesWalk *walk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstChangesWalk, pst_changes_walk_free)

/* Goes through PATH, a folder with all below it or a single file. FALSE with PST_ERROR_ABSENT where
 * it is not there or was gone through under another name, or another error where it could not be
 * looked at. */
gboolean pst_changes_walk_place(PstChangesWalk *walk, const char *path, gboolean programs,
                                GError **error);

/* Sorts the entries, the latest first, and leaves out the folders that are told by what changed
 * right in them. */
void pst_changes_walk_finish(PstChangesWalk *walk);

/* Whether it changed since the walk's moment. */
gboolean pst_changes_walk_is_recent(const PstChangesWalk *walk, const PstChangesEntry *entry);
