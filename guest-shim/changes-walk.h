// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/careful-stat.h"

/* A walk over folders that gathers what changed since a moment. It follows no links below a place,
 * reads no content, and ends at its bounds: 50,000 entries in all, folders 12 deep below a place,
 * its time. It goes into what is mounted on the way where that answers from this machine alone, and
 * passes over what holds nobody's files (mount-kinds.h). */

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
    gboolean complete;      /* nothing was left out up to now, but what not_entered tells */
    char *why_not;          /* the first reason why not, NULL where it is */
    GPtrArray *not_entered; /* of char *: where something is mounted that may not answer */
    gboolean follows;       /* a place that is a link is gone through where it leads */
    const PstSysroot *sysroot;
    const GPtrArray *mounts;
    GHashTable *mounted; /* in the place that is gone through: path → how to go about it */
    GHashTable *roots;   /* places that were gone through, under whatever name */
} PstChangesWalk;

/* MOUNTS: of pst_careful_open_mounts(), NULL where they are not known; borrowed. */
PstChangesWalk *pst_changes_walk_new(const PstSysroot *sysroot, const GPtrArray *mounts,
                                     gint64 since_us, gint64 deadline_us);
void pst_changes_walk_free(PstChangesWalk *walk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstChangesWalk, pst_changes_walk_free)

/* Goes through PATH, a folder with all below it or a single file. What is in a place that a link
 * leads to has the names that it has there. TRUE also where it was gone through under another name;
 * FALSE with PST_ERROR_ABSENT where it, or what it leads to, is not there, or another error where
 * it could not be looked at. */
gboolean pst_changes_walk_place(PstChangesWalk *walk, const char *path, gboolean programs,
                                GError **error);

/* Sorts the entries, the latest first, and leaves out the folders that are told by what changed
 * right in them. */
void pst_changes_walk_finish(PstChangesWalk *walk);

/* Whether it changed since the walk's moment. */
gboolean pst_changes_walk_is_recent(const PstChangesWalk *walk, const PstChangesEntry *entry);
