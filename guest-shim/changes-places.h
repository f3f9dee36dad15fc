// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* Where `changes` looks, and what of it is the control plane: the files that decide about who gets
 * in and who becomes root. */

typedef struct {
    char *path;
    gboolean programs; /* its files are programs or libraries: held against their package's record
                          also where nothing changed since */
} PstChangesPlace;

/* The places of a look without named paths: of PstChangesPlace, in the order of their worth. USER
 * may be NULL. Free with g_ptr_array_unref(). */
GPtrArray *pst_changes_places_default(const PstSysroot *sysroot, const char *user);

/* The places for named paths; those that are not absolute are left out. */
GPtrArray *pst_changes_places_named(const char *const *paths);

/* Whether a file below /etc, or anywhere that pst_changes_places_default() names outside of it, is
 * of the control plane. */
gboolean pst_changes_places_is_control(const char *path);

/* Whether the content of a file may be told by its digest: from the digest of a short secret it can
 * be guessed. Files that not everybody may read keep it, but for those known to hold rules only. */
gboolean pst_changes_places_may_digest(const char *path, mode_t mode);
