// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/careful-open.h"

#include <fcntl.h>

#include "guest-shim/mount-table.h"
#include "protocol/error.h"
#include "tests/unit/world.h"

#define ROOT "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"

/* The error's code, or -1 where it is the one that WANTED leads to without any care. */
static int
open_with(const World *world, const char *line, const char *path, int flags)
{
    g_autofree char *text = g_strdup_printf(ROOT "%s\n", line);
    g_autoptr(GPtrArray) mounts = pst_mount_table_parse(text);
    g_autoptr(GError) error = NULL;
    struct stat wanted = {0}, seen = {0};

    g_assert_cmpuint(mounts->len, ==, *line != '\0' ? 2 : 1);
    int fd = pst_careful_open(world->sysroot, mounts, path, flags, &error);
    if (fd < 0) {
        g_assert_nonnull(error);
        return error->code;
    }
    int plain = pst_sysroot_open(world->sysroot, path, O_PATH | flags, NULL);
    g_assert_cmpint(fstat(plain, &wanted), ==, 0);
    g_assert_cmpint(fstat(fd, &seen), ==, 0);
    g_assert_cmpint(seen.st_ino, ==, wanted.st_ino);
    g_assert_cmpint(seen.st_mode, ==, wanted.st_mode);
    close(plain);
    close(fd);
    return -1;
}

static void
put_links(const World *world)
{
    put_text(world, "/etc/ssh/sshd_config", "");
    put_text(world, "/srv/a/b/file", "");
    put_text(world, "/mnt a/file", "");
    put_symlink(world, "/etc/away", "/srv/a");
    put_symlink(world, "/etc/up", "../srv/./a//b");
    put_symlink(world, "/etc/twice", "away/b/../b");
    put_symlink(world, "/etc/out", "../../../../srv/a/b");
    put_symlink(world, "/etc/space", "/mnt a");
    put_symlink(world, "/etc/loop", "loop");
    put_symlink(world, "/etc/dangling", "/nowhere");
}

/* Only what is on the way to a path can keep it waiting, and links lead there too. */
static void
test_mounts(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *line;
        const char *path;
        int code;
    } rows[] = {
        {"", "/", -1},
        {"", "/etc/ssh", -1},
        {"", "/etc/away/b/file", -1},
        {"23 22 0:5 / /srv rw - tmpfs tmpfs rw", "/etc/away/b/file", -1},
        {"30 21 0:28 / /proc/sys/fs/binfmt_misc rw - autofs systemd-1 rw", "/etc/ssh", -1},
        {"31 22 0:28 / /srv rw - autofs systemd-1 rw", "/srv/a/b", PST_ERROR_UNAVAILABLE},
        {"31 22 0:28 / /srv rw - autofs systemd-1 rw", "/srv", PST_ERROR_UNAVAILABLE},
        {"31 22 0:28 / /srv/ rw - autofs systemd-1 rw", "/etc/../etc/ssh/", -1},
        {"31 22 0:28 / /srv/a/b/c rw - autofs systemd-1 rw", "/etc/up", -1},
        {"40 22 0:40 / /srv/a rw - nfs4 server:/srv rw", "/etc/away", PST_ERROR_UNAVAILABLE},
        {"40 22 0:40 / /srv/a rw - nfs4 server:/srv rw", "/etc/up", PST_ERROR_UNAVAILABLE},
        {"40 22 0:40 / /srv/a/b rw - nfs4 server:/srv rw", "/etc/twice", PST_ERROR_UNAVAILABLE},
        {"40 22 0:40 / /srv/a/b rw - nfs4 server:/srv rw", "/etc/out", PST_ERROR_UNAVAILABLE},
        {"40 22 0:40 / /srv/a/b rw - nfs4 server:/srv rw", "/etc/away", -1},
        {"41 22 0:41 / /etc/ssh rw - fuse.x x rw", "/etc/ssh/sshd_config", PST_ERROR_UNAVAILABLE},
        {"42 22 0:42 / /mnt\\040a rw - a-new-one x rw", "/etc/space/file", PST_ERROR_UNAVAILABLE},
        {"42 22 0:42 / /mnt rw - a-new-one x rw", "/etc/space/file", -1},
        {"", "/etc/loop", PST_ERROR_UNAVAILABLE},
        {"", "/etc/dangling", PST_ERROR_ABSENT},
        {"", "/etc/ssh/sshd_config/x", PST_ERROR_ABSENT},
    };

    put_links(world);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s: %s", rows[i].line, rows[i].path);
        g_assert_cmpint(open_with(world, rows[i].line, rows[i].path, 0), ==, rows[i].code);
    }
}

/* The last link itself, which leads nowhere that matters. */
static void
test_links_themselves(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *dead = "40 22 0:40 / /srv/a rw - nfs4 server:/srv rw";
    const char *const paths[] = {"/etc/away", "/etc/loop", "/etc/dangling"};

    put_links(world);
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++)
        g_assert_cmpint(open_with(world, dead, paths[i], O_NOFOLLOW), ==, -1);
    g_assert_cmpint(open_with(world, dead, "/etc/away/b", O_NOFOLLOW), ==, PST_ERROR_UNAVAILABLE);
    g_assert_cmpint(open_with(world, "", "/etc/ssh", O_DIRECTORY), ==, -1);
    g_assert_cmpint(open_with(world, "", "/etc/ssh/sshd_config", O_DIRECTORY), >=, 0);
}

#define ADD(path, function) g_test_add(path, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/careful-open/mounts", test_mounts);
    ADD("/careful-open/links-themselves", test_links_themselves);
    return g_test_run();
}
