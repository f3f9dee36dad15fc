// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/byte-source.h"

/* The blobs of an ndb database, SUSE's choice of rpm's (Packages.db): pages of slots, each with the
 * number of a package and where its blob lies, as lib/backend/ndb/rpmpkg.c of rpm writes them. No
 * locks; what is written meanwhile fails a check and is an error.
 *
 * The bytes may be anybody's: a blob is no longer than is allowed and lies within them. Errors:
 * PST_ERROR_UNAVAILABLE for what is no such database, is damaged, or can't be read. */

/* Calls EACH for every blob. One of more than MAX_BLOB bytes is an error. */
gboolean pst_ndb_table_each(const PstByteSource *source, gsize max_blob, PstByteSourceEach each,
                            gpointer user_data, GError **error);
