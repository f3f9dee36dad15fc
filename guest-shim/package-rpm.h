// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/package-db.h"

/* rpm's database where it is an SQLite file (rpm 4.16 and later: Fedora, RHEL 9): the table
 * Packages holds one header a package. The older Berkeley DB and SUSE's ndb are not read, which is
 * PST_ERROR_NOT_ALLOWED; so is a database with a write-ahead log that was not written back. */

gboolean pst_package_rpm_read(PstPackageDb *db, GError **error);

/* One package's header, a pure function but for DB. What is no header is FALSE. */
gboolean pst_package_rpm_take_header(PstPackageDb *db, const guint8 *bytes, gsize len);
