// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any bytes as a manifest: refused, or every path in it stays in the bundle, and what is written
 * again is read again. */
#include "host-sidecar/manifest.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstManifest) manifest = pst_manifest_read((const char *)data, len, &error);
    g_autoptr(GPtrArray) files = g_ptr_array_new();

    g_assert_true((manifest == NULL) == (error != NULL));
    if (manifest == NULL)
        return 0;
    guint n = 0;
    for (guint i = 0; i < manifest->parts->len; i++) {
        const PstManifestPart *part = manifest->parts->pdata[i];

        if (part->path == NULL)
            continue;
        g_assert_true(pst_manifest_is_path(part->path));
        n++;
    }
    g_autoptr(GPtrArray) changes = pst_manifest_compare(manifest, files);
    g_assert_cmpuint(changes->len, ==, n);
    gsize again_len = 0;
    g_autofree char *again = pst_manifest_to_text(manifest, &again_len);
    g_autoptr(PstManifest) second = pst_manifest_read(again, again_len, NULL);
    g_assert_true(second != NULL || again_len > PST_MANIFEST_MAX_BYTES);
    return 0;
}
