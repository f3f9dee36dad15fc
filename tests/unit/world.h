// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "guest-shim/sysroot.h"

/* A folder that stands for a guest's root; gone with the test. */
typedef struct {
    char *folder;
    PstSysroot *sysroot;
} World;

static inline void
set_up(World *world, gconstpointer data G_GNUC_UNUSED)
{
    world->folder = g_dir_make_tmp("postern-test-XXXXXX", NULL);
    /* A guest's root folder is everybody's to enter. */
    g_assert_cmpint(chmod(world->folder, 0755), ==, 0);
    world->sysroot = pst_sysroot_new(world->folder, NULL);
    g_assert_nonnull(world->sysroot);
}

static inline void
remove_tree(const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    const char *name;

    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        if (g_file_test(child, G_FILE_TEST_IS_DIR) && !g_file_test(child, G_FILE_TEST_IS_SYMLINK))
            remove_tree(child);
        else
            g_unlink(child);
    }
    g_rmdir(path);
}

static inline void
tear_down(World *world, gconstpointer data G_GNUC_UNUSED)
{
    pst_sysroot_free(world->sysroot);
    remove_tree(world->folder);
    g_free(world->folder);
}

static inline char *
place(const World *world, const char *path)
{
    char *whole = g_build_filename(world->folder, path, NULL);
    g_autofree char *folder = g_path_get_dirname(whole);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    return whole;
}

static inline void
put(const World *world, const char *path, const char *text, gssize len, int mode)
{
    g_autofree char *whole = place(world, path);
    g_autoptr(GError) error = NULL;

    g_file_set_contents(whole, text, len, &error);
    g_assert_no_error(error);
    g_assert_cmpint(chmod(whole, (mode_t)mode), ==, 0);
}

static inline void
put_text(const World *world, const char *path, const char *text)
{
    put(world, path, text, -1, 0644);
}

static inline void
put_symlink(const World *world, const char *path, const char *target)
{
    g_autofree char *whole = place(world, path);

    g_assert_cmpint(symlink(target, whole), ==, 0);
}

static inline void
remove_path(const World *world, const char *path)
{
    g_autofree char *whole = g_build_filename(world->folder, path, NULL);

    remove_tree(whole);
    g_unlink(whole);
}
