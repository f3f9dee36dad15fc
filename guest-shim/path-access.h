// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* Whether a user may use a file: every folder on the way to it has to be searched, and a program to
 * be executed (path_resolution(7)). A mode that is too narrow on / or /usr shuts every user out. */

/* The first thing on the way to PATH, links followed, that the user may not enter, or PATH itself
 * where it may not be executed; *st is then filled in. GROUPS is of gid_t. NULL where all is open,
 * and where it can't be told: something is not there, or has an access control list. Free with
 * g_free(). */
char *pst_path_access_shut(const PstSysroot *sysroot, const char *path, gint64 uid,
                           const GArray *groups, struct stat *st);

/* As above for a file that is to be read, as the loader does with a library: its last part has to
 * be readable, and need not be executable. */
char *pst_path_access_unreadable(const PstSysroot *sysroot, const char *path, gint64 uid,
                                 const GArray *groups, struct stat *st);

/* The one bit of a mode that decides whether the user may execute, or enter. */
mode_t pst_path_access_bit(const struct stat *st, gint64 uid, const GArray *groups);

/* Whether an access control list says more than the mode does: with one the group's bits are only
 * its mask (acl(5)). TRUE also where it can't be told. */
gboolean pst_path_access_has_list(const PstSysroot *sysroot, const char *path);
