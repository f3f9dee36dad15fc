// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any bytes as an SQLite database: the walk ends, and either fails or has gone through every row.
 */
#include "guest-shim/sqlite-table.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/memory-source.h"

#define MAX_ROW (64 * 1024)
#define COLUMNS 4

static gboolean
take_row(gint64 id G_GNUC_UNUSED, const guint8 *record, gsize len, gpointer user_data,
         GError **error G_GNUC_UNUSED)
{
    guint64 *sum = user_data;

    g_assert_cmpuint(len, <=, MAX_ROW);
    for (guint column = 0; column < COLUMNS; column++) {
        gsize column_len = 0;
        gint64 number = 0;
        const guint8 *bytes = pst_sqlite_table_bytes(record, len, column, &column_len);

        for (gsize i = 0; bytes != NULL && i < column_len; i++)
            *sum += bytes[i];
        pst_sqlite_table_integer(record, len, column, &number);
    }
    return TRUE;
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    Memory memory = {data, len};
    const PstByteSource source = memory_source(&memory);
    g_autoptr(GError) error = NULL;
    guint64 sum = 0;

    gboolean done = pst_sqlite_table_each(&source, "Packages", MAX_ROW, take_row, &sum, &error);
    g_assert_cmpint(done, ==, error == NULL);
    return 0;
}
