// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any bytes as a Berkeley DB hash database. */
#include "guest-shim/bdb-hash.h"
#include "tests/fuzz/fuzz-each.h"

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    fuzz_each(pst_bdb_hash_each, data, len);
    return 0;
}
