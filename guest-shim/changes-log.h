// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/package-db.h"
#include "protocol/report-changes.h"

/* Package transactions since a moment: dpkg's log (dpkg(1), --log), which has them line by line in
 * the guest's local time, and the packages' own dates of installation where the database has them.
 */

/* Adds what the end of /var/log/dpkg.log, and of the one before it, tells of since SINCE_US. FALSE
 * where there is a log that could not be read. */
gboolean pst_changes_log_read(const PstSysroot *sysroot, gint64 since_us, PstChangesData *data,
                              GError **error);

/* Adds those of TEXT, lines of dpkg's log in ZONE; changes TEXT. */
void pst_changes_log_parse(char *text, GTimeZone *zone, gint64 since_us, PstChangesData *data);

/* Adds the installations that a database knows. */
void pst_changes_log_add_installs(const PstPackageDb *db, PstChangesData *data);

/* The latest first. */
void pst_changes_log_sort(PstChangesData *data);
