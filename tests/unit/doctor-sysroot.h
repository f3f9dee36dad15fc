// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The files of a host, in a folder of their own. */
#include <glib/gstdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct {
    char *root;
} Sysroot;

static inline void
lay(const Sysroot *sysroot, const char *path, const char *text)
{
    g_autofree char *full = g_strconcat(sysroot->root, path, NULL);
    g_autofree char *folder = g_path_get_dirname(full);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    g_assert_true(g_file_set_contents(full, text, -1, NULL));
}

/* Sockets of a name that fits into an address. */
static inline void
lay_socket(const Sysroot *sysroot, const char *path, mode_t mode)
{
    g_autofree char *full = g_strconcat(sysroot->root, path, NULL);
    g_autofree char *folder = g_path_get_dirname(full);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    g_assert_cmpuint(g_strlcpy(address.sun_path, full, sizeof(address.sun_path)), <,
                     sizeof(address.sun_path));
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    close(fd);
    g_assert_cmpint(chmod(full, mode), ==, 0);
}

static inline void
remove_tree(const char *path)
{
    GDir *folder = g_dir_open(path, 0, NULL);
    const char *name;

    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        if (g_file_test(child, G_FILE_TEST_IS_DIR))
            remove_tree(child);
        else
            g_unlink(child);
    }
    if (folder != NULL)
        g_dir_close(folder);
    g_rmdir(path);
}

static inline void
make(Sysroot *sysroot, gconstpointer data G_GNUC_UNUSED)
{
    sysroot->root = g_dir_make_tmp("pst-doctor-XXXXXX", NULL);
    g_assert_nonnull(sysroot->root);
}

static inline void
unmake(Sysroot *sysroot, gconstpointer data G_GNUC_UNUSED)
{
    remove_tree(sysroot->root);
    g_free(sysroot->root);
}
