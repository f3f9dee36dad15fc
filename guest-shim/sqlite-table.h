// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/byte-source.h"

/* The rows of one table of an SQLite 3 database, read from its bytes: just as much of
 * https://www.sqlite.org/fileformat2.html as a walk over a table with row ids needs. No index, no
 * write-ahead log, no locks; whoever reads a database that has a log reads an older state of it.
 *
 * The bytes may be anybody's: every page is visited at most once, and a row is no longer than is
 * allowed. Errors: PST_ERROR_ABSENT where there is no such table, PST_ERROR_UNAVAILABLE for what is
 * no such database, is damaged, or can't be read. */

/* Calls EACH for every row of TABLE: with its id and its record. A row of more than MAX_ROW bytes
 * is an error. */
gboolean pst_sqlite_table_each(const PstByteSource *source, const char *table, gsize max_row,
                               PstByteSourceEach each, gpointer user_data, GError **error);

/* The bytes of a column (from 0) of a record that are a text or a blob; NULL where the column has
 * another type, or is not there. Borrowed. */
const guint8 *pst_sqlite_table_bytes(const guint8 *record, gsize len, guint column,
                                     gsize *column_len);

/* The whole number in a column; FALSE where there is none. */
gboolean pst_sqlite_table_integer(const guint8 *record, gsize len, guint column, gint64 *number);
