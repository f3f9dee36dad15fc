// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* What the files of a unit say, as systemd.unit(5) has it: the unit's own file in the first folder
 * that has one, then the drop-ins of all folders in the order of their names, one name once; an
 * empty value takes back what came before it. What a running systemd was told otherwise is not in
 * them. */

typedef struct {
    char *value; /* without blanks around it */
    char *path;  /* the file that says so */
    guint line;  /* from 1 */
} PstUnitFileValue;

void pst_unit_file_value_free(gpointer value);

/* All values of KEY that hold for UNIT, such as "ssh.service": of PstUnitFileValue, none where the
 * unit has no files. Free with g_ptr_array_unref(). */
GPtrArray *pst_unit_file_values(const PstSysroot *sysroot, const char *unit, const char *key);
