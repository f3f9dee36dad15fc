// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest-shim/sysroot.h"
#include "protocol/error.h"

typedef struct {
    char *outside; /* a folder with a secret, and the root in it */
    char *folder;
    PstSysroot *root;
} World;

static void
put(const World *world, const char *path, const char *text)
{
    g_autofree char *full = g_build_filename(world->folder, path, NULL);
    g_autofree char *place = g_path_get_dirname(full);

    g_assert_cmpint(g_mkdir_with_parents(place, 0755), ==, 0);
    g_assert_true(g_file_set_contents(full, text, -1, NULL));
}

static void
put_link(const World *world, const char *path, const char *target)
{
    g_autofree char *full = g_build_filename(world->folder, path, NULL);

    g_assert_cmpint(symlink(target, full), ==, 0);
}

static void
set_up(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    world->outside = g_dir_make_tmp("postern-sysroot-XXXXXX", NULL);
    g_autofree char *secret = g_build_filename(world->outside, "secret", NULL);
    g_assert_true(g_file_set_contents(secret, "secret", -1, NULL));
    world->folder = g_build_filename(world->outside, "root", NULL);
    put(world, "etc/motd", " hello \n");
    put(world, "etc/empty", "");
    put(world, "etc/d/b", "");
    put(world, "etc/d/a", "");
    put(world, "etc/d/B", "");
    put(world, "etc/d/10-x", "");
    world->root = pst_sysroot_new(world->folder, NULL);
    g_assert_nonnull(world->root);
}

static void
remove_tree(const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    const char *name;

    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *inner = g_build_filename(path, name, NULL);
        if (g_file_test(inner, G_FILE_TEST_IS_DIR) && !g_file_test(inner, G_FILE_TEST_IS_SYMLINK))
            remove_tree(inner);
        else
            unlink(inner);
    }
    rmdir(path);
}

static void
tear_down(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    pst_sysroot_free(world->root);
    remove_tree(world->outside);
    g_free(world->outside);
    g_free(world->folder);
}

static void
assert_read_error(const PstSysroot *root, const char *path, PstErrorCode code)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = pst_sysroot_read(root, path, 100, NULL, &error);

    g_assert_null(text);
    g_assert_error(error, PST_ERROR, (int)code);
    g_assert_true(g_str_has_prefix(error->message, path));
}

static void
test_read(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    gsize len = 0;
    g_autofree char *text = pst_sysroot_read(world->root, "/etc/motd", 8, &len, NULL);
    g_autofree char *line = pst_sysroot_read_line(world->root, "/etc/motd", NULL);
    g_autofree char *empty = pst_sysroot_read(world->root, "/etc/empty", 0, &len, NULL);

    g_assert_cmpstr(text, ==, " hello \n");
    g_assert_cmpstr(line, ==, "hello");
    g_assert_cmpstr(empty, ==, "");
    g_assert_cmpuint(len, ==, 0);
    g_assert_false(pst_sysroot_is_live(world->root));
    g_autoptr(GError) error = NULL;
    g_assert_null(pst_sysroot_read(world->root, "/etc/motd", 7, NULL, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_TOO_LARGE);
    assert_read_error(world->root, "/etc/none", PST_ERROR_ABSENT);
    assert_read_error(world->root, "/etc/motd/x", PST_ERROR_ABSENT);
    assert_read_error(world->root, "/etc", PST_ERROR_UNAVAILABLE);
}

/* Links are followed inside of the root and never out of it. */
static void
test_links(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const char *const ways_out[] = {"/../secret", "/etc/up", "/etc/far-up", "/etc/absolute"};
    g_autofree char *absolute = g_build_filename(world->outside, "secret", NULL);

    put_link(world, "etc/here", "/etc/motd");
    put_link(world, "etc/up", "../../secret");
    put_link(world, "etc/far-up", "../../../../../../../../../secret");
    put_link(world, "etc/absolute", absolute);
    put_link(world, "etc/loop", "loop");
    g_autofree char *text = pst_sysroot_read(world->root, "/etc/here", 100, NULL, NULL);
    g_assert_cmpstr(text, ==, " hello \n");
    for (guint i = 0; i < G_N_ELEMENTS(ways_out); i++)
        assert_read_error(world->root, ways_out[i], PST_ERROR_ABSENT);
    assert_read_error(world->root, "/etc/loop", PST_ERROR_UNAVAILABLE);

    g_autofree char *target = pst_sysroot_read_link(world->root, "/etc/here", NULL);
    g_assert_cmpstr(target, ==, "/etc/motd");
}

/* What is there and is no link is not absent. */
static void
test_not_a_link(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    const char *const there[] = {"/etc/motd", "/etc"};

    for (guint i = 0; i < G_N_ELEMENTS(there); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(pst_sysroot_read_link(world->root, there[i], &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
    }
    g_autoptr(GError) error = NULL;
    g_assert_null(pst_sysroot_read_link(world->root, "/etc/none", &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_ABSENT);
}

/* A FIFO in the place of a file is not waited for, nor opened: its writer does not go on. */
static void
test_fifo(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *path = g_build_filename(world->folder, "etc/fifo", NULL);

    char event[256];

    g_assert_cmpint(mkfifo(path, 0644), ==, 0);
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    g_assert_cmpint(inotify_add_watch(watch, path, IN_OPEN), >=, 0);
    assert_read_error(world->root, "/etc/fifo", PST_ERROR_UNAVAILABLE);
    g_assert_cmpint(read(watch, event, sizeof(event)), ==, -1);
    g_assert_cmpint(errno, ==, EAGAIN);
    close(watch);
}

static void
test_list(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_auto(GStrv) names = pst_sysroot_list(world->root, "/etc/d", NULL);
    g_autoptr(GError) error = NULL;
    const char *const expected[] = {"10-x", "B", "a", "b", NULL};

    g_assert_nonnull(names);
    g_assert_true(g_strv_equal((const char *const *)names, expected));
    g_assert_null(pst_sysroot_list(world->root, "/etc/motd", &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_ABSENT);
    g_clear_error(&error);
    g_assert_null(pst_sysroot_list(world->root, "/none", &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_ABSENT);
}

/* Half of a folder is no answer, unless it was asked for. */
static void
test_list_large(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *path = g_build_filename(world->folder, "etc", "large", NULL);
    g_autoptr(GError) error = NULL;
    gboolean cut = FALSE;

    g_assert_cmpint(mkdir(path, 0755), ==, 0);
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (guint i = 0; i < 100000; i++) {
        g_autofree char *name = g_strdup_printf("%u", i);
        g_assert_cmpint(symlinkat("x", folder, name), ==, 0);
    }
    g_auto(GStrv) names = pst_sysroot_list(world->root, "/etc/large", NULL);
    g_assert_cmpuint(g_strv_length(names), ==, 100000);
    g_auto(GStrv) some = pst_sysroot_list_some(world->root, "/etc/large", 10, &cut, NULL);
    g_assert_cmpuint(g_strv_length(some), ==, 10);
    g_assert_true(cut);
    g_assert_cmpint(symlinkat("x", folder, "100000"), ==, 0);
    g_assert_null(pst_sysroot_list(world->root, "/etc/large", &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_TOO_LARGE);
    for (guint i = 0; i <= 100000; i++) {
        g_autofree char *name = g_strdup_printf("%u", i);
        g_assert_cmpint(unlinkat(folder, name, 0), ==, 0);
    }
    close(folder);
}

/* What was read once is not read again, but for what is larger than it may be. */
static void
test_remember(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    gsize len = 0;

    pst_sysroot_remember(world->root);
    put(world, "run/state", "1");
    g_autofree char *first = pst_sysroot_read(world->root, "/etc/motd", 100, NULL, NULL);
    g_autofree char *state = pst_sysroot_read(world->root, "/run/state", 100, NULL, NULL);
    put(world, "etc/motd", "another");
    put(world, "run/state", "2");

    g_autofree char *again = pst_sysroot_read(world->root, "/etc/motd", 100, &len, NULL);
    g_assert_cmpstr(again, ==, " hello \n");
    g_assert_cmpuint(len, ==, strlen(again));
    g_assert_null(pst_sysroot_read(world->root, "/etc/motd", 3, NULL, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_TOO_LARGE);
    g_autofree char *changed = pst_sysroot_read(world->root, "/run/state", 100, NULL, NULL);
    g_assert_cmpstr(changed, ==, "2");
    /* What could not be read is looked for again. */
    g_assert_null(pst_sysroot_read(world->root, "/etc/new", 100, NULL, NULL));
    put(world, "etc/new", "x");
    g_autofree char *new = pst_sysroot_read(world->root, "/etc/new", 100, NULL, NULL);
    g_assert_cmpstr(new, ==, "x");
}

static void
test_stat(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    struct stat st;

    put_link(world, "etc/dangling", "nowhere");
    g_assert_true(pst_sysroot_stat(world->root, "/etc/motd", &st, NULL));
    g_assert_true(S_ISREG(st.st_mode));
    g_assert_false(pst_sysroot_exists(world->root, "/etc/dangling"));
    g_assert_true(pst_sysroot_lstat(world->root, "/etc/dangling", &st, NULL));
    g_assert_true(S_ISLNK(st.st_mode));
}

/* On the running system: magic links lead past every mount and root, and are not followed. */
static void
test_live(void)
{
    g_autoptr(PstSysroot) live = pst_sysroot_new("/", NULL);
    g_autofree char *version = pst_sysroot_read_line(live, "/proc/version", NULL);
    g_autoptr(GError) error = NULL;
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    g_autofree char *magic = g_strdup_printf("/proc/self/fd/%d", fd);

    g_assert_true(pst_sysroot_is_live(live));
    g_assert_nonnull(version);
    g_assert_cmpint(pst_sysroot_open(live, magic, 0, &error), ==, -1);
    g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
    close(fd);
}

static void
test_no_root(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(pst_sysroot_new("/nonexistent", &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_ABSENT);
}

/* Nothing above leaves a descriptor behind. */
static void
test_descriptors(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    int before = open("/dev/null", O_RDONLY | O_CLOEXEC);

    close(before);
    for (int i = 0; i < 50; i++) {
        struct stat st;
        g_strfreev(pst_sysroot_list(world->root, "/etc/d", NULL));
        g_strfreev(pst_sysroot_list(world->root, "/etc/motd", NULL));
        g_free(pst_sysroot_read(world->root, "/etc/motd", 3, NULL, NULL));
        g_free(pst_sysroot_read(world->root, "/etc", 3, NULL, NULL));
        g_free(pst_sysroot_read_link(world->root, "/etc/motd", NULL));
        pst_sysroot_lstat(world->root, "/etc/motd", &st, NULL);
    }
    int after = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(after);
    g_assert_cmpint(after, ==, before);
}

#define ADD(name, func) g_test_add(name, World, NULL, set_up, func, tear_down)

/* What a link to it makes of a file is an empty one. */
static void
test_null(void)
{
    g_autoptr(PstSysroot) sysroot = pst_sysroot_new("/", NULL);
    g_autoptr(GError) error = NULL, refusal = NULL;
    gsize len = 1;
    g_autofree char *text = pst_sysroot_read(sysroot, "/dev/null", 4096, &len, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(text, ==, "");
    g_assert_cmpuint(len, ==, 0);
    g_assert_null(pst_sysroot_read(sysroot, "/dev/zero", 4096, &len, &refusal));
    g_assert_error(refusal, PST_ERROR, PST_ERROR_UNAVAILABLE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/sysroot/read", test_read);
    ADD("/sysroot/links", test_links);
    ADD("/sysroot/not-a-link", test_not_a_link);
    ADD("/sysroot/fifo", test_fifo);
    ADD("/sysroot/list", test_list);
    ADD("/sysroot/list-large", test_list_large);
    ADD("/sysroot/remember", test_remember);
    ADD("/sysroot/stat", test_stat);
    ADD("/sysroot/descriptors", test_descriptors);
    g_test_add_func("/sysroot/null", test_null);
    g_test_add_func("/sysroot/live", test_live);
    g_test_add_func("/sysroot/no-root", test_no_root);
    return g_test_run();
}
