// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/byte-source.h"

/* The values of a Berkeley DB hash database, which rpm kept its headers in before 4.16 (RHEL 8 and
 * earlier: Packages): pages of pairs, long values in chains of overflow pages, as dbinc/db_page.h
 * of Berkeley DB has them. Either byte order, versions 8 to 10. No locks; what is written meanwhile
 * may be seen half done.
 *
 * The bytes may be anybody's: a chain ends, and a value is no longer than is allowed. Errors:
 * PST_ERROR_UNAVAILABLE for what is no such database, is encrypted or damaged, or can't be read. */

/* Calls EACH for every pair: with its key where that is four bytes, a number in the database's byte
 * order, and -1 otherwise, and with its value. A value of more than MAX_VALUE bytes is an error. */
gboolean pst_bdb_hash_each(const PstByteSource *source, gsize max_value, PstByteSourceEach each,
                           gpointer user_data, GError **error);
