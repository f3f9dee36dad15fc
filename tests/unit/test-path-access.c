// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "guest-shim/path-access.h"
#include "tests/unit/world.h"

#define STRANGER 4242

/* A guest with merged folders, as all distributions have them by now. */
static void
furnish(const World *world)
{
    g_autofree char *bin = place(world, "/bin");
    g_autofree char *sh = place(world, "/usr/bin/sh");

    put(world, "/usr/bin/dash", "a shell", -1, 0755);
    g_assert_cmpint(symlink("usr/bin", bin), ==, 0);
    g_assert_cmpint(symlink("/usr/bin/../bin/./dash", sh), ==, 0);
}

static void
give_mode(const World *world, const char *path, mode_t mode)
{
    g_autofree char *whole = g_build_filename(world->folder, path, NULL);

    g_assert_cmpint(chmod(whole, mode), ==, 0);
}

static char *
shut(const World *world, const char *path, gint64 uid, gid_t gid)
{
    g_autoptr(GArray) groups = g_array_new(FALSE, FALSE, sizeof(gid_t));
    struct stat st;

    g_array_append_val(groups, gid);
    return pst_path_access_shut(world->sysroot, path, uid, groups, &st);
}

/* What is shut, of the way to PATH, once the first of them has that mode. */
static const struct {
    const char *changed;
    mode_t mode;
    const char *path;
    const char *expected;
} cases[] = {
    {"/usr/bin/dash", 0755, "/bin/sh", NULL},
    {"/usr/bin/dash", 0750, "/bin/sh", "/usr/bin/dash"},
    {"/usr/bin/dash", 0644, "/usr/bin/sh", "/usr/bin/dash"},
    {"/usr", 0700, "/bin/sh", "/usr"},
    {"/usr", 0711, "/bin/sh", NULL},
    {"/usr/bin", 0754, "/bin/dash", "/usr/bin"},
    {"/", 0700, "/bin/sh", "/"},
    {"/usr", 0755, "/bin/zsh", NULL},
    {"/usr", 0755, "", NULL},
    {"/usr", 0755, "/../../bin/sh", NULL},
};

static void
test_modes(World *world, gconstpointer data G_GNUC_UNUSED)
{
    furnish(world);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        give_mode(world, cases[i].changed, cases[i].mode);
        g_autofree char *found = shut(world, cases[i].path, STRANGER, STRANGER);
        g_test_message("%s with %s %04o", cases[i].path, cases[i].changed, cases[i].mode);
        g_assert_cmpstr(found, ==, cases[i].expected);
        give_mode(world, cases[i].changed, 0755);
    }
}

/* One class of bits decides, and it is the narrowest that fits: an owner without a right has none,
 * whatever all others have. root is not asked. */
static void
test_classes(World *world, gconstpointer data G_GNUC_UNUSED)
{
    furnish(world);
    give_mode(world, "/usr", 0750);
    g_autofree char *group = shut(world, "/bin/sh", STRANGER, getegid());
    g_assert_null(group);
    give_mode(world, "/usr", 0705);
    g_autofree char *not_group = shut(world, "/bin/sh", STRANGER, getegid());
    g_assert_cmpstr(not_group, ==, "/usr");
    g_autofree char *root = shut(world, "/bin/sh", 0, 0);
    g_assert_null(root);
}

static void
test_loop(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *one = place(world, "/one"), *two = place(world, "/two");

    g_assert_cmpint(symlink("two/x", one), ==, 0);
    g_assert_cmpint(symlink("one/y", two), ==, 0);
    g_autofree char *found = shut(world, "/one", STRANGER, STRANGER);
    g_assert_null(found);
}

/* To look whether a place has a list does not open it: it may be a device. */
static void
test_not_opened(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *fifo = place(world, "/fifo");
    char event[256];

    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    g_assert_cmpint(inotify_add_watch(watch, fifo, IN_OPEN), >=, 0);
    g_autofree char *found = shut(world, "/fifo", STRANGER, STRANGER);
    g_assert_cmpstr(found, ==, "/fifo");
    g_assert_cmpint(read(watch, event, sizeof(event)), ==, -1);
    g_assert_cmpint(errno, ==, EAGAIN);
    close(watch);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/path-access/modes", World, NULL, set_up, test_modes, tear_down);
    g_test_add("/path-access/classes", World, NULL, set_up, test_classes, tear_down);
    g_test_add("/path-access/loop", World, NULL, set_up, test_loop, tear_down);
    g_test_add("/path-access/not-opened", World, NULL, set_up, test_not_opened, tear_down);
    return g_test_run();
}
