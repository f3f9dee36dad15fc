// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* What the files of a unit say, as systemd.unit(5) and systemd.syntax(7) have it: the unit's own
 * file in the first folder that has one, then the drop-ins of all folders in the order of their
 * names, one name once: of the unit, of its aliases, of the beginnings of its name, and of its
 * type. What a running systemd was told otherwise is not in them. */

/* Where systemd looks for them, the first of them first (`systemd-analyze unit-paths`); ends in
 * NULL. */
extern const char *const pst_unit_file_folders[];

typedef struct PstUnitFile PstUnitFile;

typedef struct {
    char *value; /* without blanks around it */
    char *path;  /* the file that says so */
    guint line;  /* from 1, where it begins */
} PstUnitFileValue;

void pst_unit_file_value_free(gpointer value);

/* Of UNIT, such as "ssh.service", which need not have files. NULL where one of them can't be read,
 * or where there are more of them than are looked at. */
PstUnitFile *pst_unit_file_load(const PstSysroot *sysroot, const char *unit, GError **error);
void pst_unit_file_free(PstUnitFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstUnitFile, pst_unit_file_free)

/* All values of KEY that hold, of the section that is the unit's type's; an empty value takes back
 * what came before it. Of PstUnitFileValue, borrowed from FILE. Free with g_ptr_array_unref(). */
GPtrArray *pst_unit_file_values(const PstUnitFile *file, const char *key);
