// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/byte-source.h"
#include "guest-shim/sysroot.h"

/* Where rpm keeps its headers, one a package: an SQLite file (rpm 4.16 and later: Fedora, RHEL 9),
 * an ndb file (SUSE), or a Berkeley DB hash (RHEL 8 and earlier). Nothing is locked. */

/* Calls EACH for every header of the database that is there.
 * PST_ERROR_ABSENT where there is none; PST_ERROR_NOT_ALLOWED where an SQLite file has a
 * write-ahead log that was not written back; anything else where it is damaged or too large. */
gboolean pst_rpm_database_each(const PstSysroot *sysroot, PstByteSourceEach each,
                               gpointer user_data, GError **error);
