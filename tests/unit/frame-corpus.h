// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Calls CHECK with each text of tests/data/frames: what postern and its shim really said. */
typedef void (*FrameCheck)(const char *name, const char *text, gsize len);

static inline void
for_each_frame(FrameCheck check)
{
    g_autofree char *folder = g_test_build_filename(G_TEST_DIST, "data", "frames", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
    const char *name;
    guint n = 0;

    g_assert_no_error(error);
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *text = NULL;
        gsize len;

        g_file_get_contents(path, &text, &len, &error);
        g_assert_no_error(error);
        check(name, text, len);
        n++;
    }
    g_assert_cmpuint(n, >=, 10);
}
