// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/journal.h"
#include "protocol/report-containers.h"

/* Units whose journal lines are nobody's business outside of the guest: what people write to each
 * other, what a workflow handles, what a vault opens. Shipped ones, and those of the configuration,
 * [private] units=: names with * and ?, with or without the unit's type. */

/* NULL-terminated. */
extern const char *const pst_private_units_shipped[];

/* The patterns that hold. *problem (may be NULL) becomes NULL, or what is wrong with the
 * configuration: then what it was meant to say may be lost. Free both with g_strfreev(), g_free().
 */
char **pst_private_units_read(const PstSysroot *sysroot, char **problem);

/* Whether a unit, or what writes under such a name (may be NULL), is among them. */
gboolean pst_private_units_has(char **patterns, const char *name);

/* Puts "[private]" in the place of each such entry's message; returns how many there were. An entry
 * is of a unit also where only its identifier or its container has the name. *problem becomes NULL,
 * or what is wrong with the configuration: then what it was meant to say may be lost. Free it with
 * g_free(). */
guint pst_private_units_hide(const PstSysroot *sysroot, GPtrArray *entries, char **problem);

/* The same for the last lines of each container (of PstContainersContainer, or NULL) whose name,
 * unit or image has such a name. What the configuration lacks is for the probe journal to say. */
void pst_private_units_hide_containers(const PstSysroot *sysroot, GPtrArray *containers);
