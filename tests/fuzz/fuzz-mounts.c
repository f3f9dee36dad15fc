// SPDX-License-Identifier: LGPL-2.1-or-later
/* The readers of the mount table and of fstab take any text: what they give is whole, and no secret
 * of a known form is left in it. */
#include <string.h>

#include "guest-shim/fstab.h"
#include "guest-shim/mount-secrets.h"
#include "guest-shim/mount-table.h"
#include "tests/fuzz/fuzz.h"

static void
check_mounts(const char *text)
{
    g_autoptr(GPtrArray) mounts = pst_mount_table_parse(text);

    for (guint i = 0; i < mounts->len; i++) {
        const PstMount *mount = mounts->pdata[i];

        g_assert_cmpint(mount->id, >=, 0);
        g_assert_cmpint(mount->folder[0], ==, '/');
        g_assert_nonnull(pst_mount_table_at(mounts, mount->folder));
        g_assert_nonnull(mount->source);
        g_assert_nonnull(mount->file_options);
        pst_mount_table_is_read_only(mount);
        pst_mount_table_is_never_writable(mount);
    }
}

static void
check_entries(const char *text)
{
    g_autoptr(GPtrArray) entries = pst_fstab_parse(text);

    for (guint i = 0; i < entries->len; i++) {
        const PstFstabEntry *entry = entries->pdata[i];

        g_assert_cmpint(entry->line, >, 0);
        g_assert_nonnull(entry->options);
        g_assert_nonnull(pst_fstab_at(entries, entry->folder));
        g_assert_cmpint(pst_fstab_meant(entries, entry->folder, text), !=, PST_FSTAB_UNSAID);
    }
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    g_autofree char *text = g_strndup((const char *)data, len);
    g_autofree char *hidden = pst_mount_secrets_hide(text);
    g_autofree char *again = pst_mount_secrets_hide(hidden);
    g_autofree char *plain = pst_mount_table_unescape(text);

    g_assert_cmpstr(hidden, ==, again);
    g_assert_cmpuint(strlen(plain), <=, strlen(text));
    check_mounts(text);
    check_entries(text);
    return 0;
}
