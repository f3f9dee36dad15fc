// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any bytes as an ndb database. */
#include "guest-shim/ndb-table.h"
#include "tests/fuzz/fuzz-each.h"

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    fuzz_each(pst_ndb_table_each, data, len);
    return 0;
}
