// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/program-start.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "guest-shim/mount-table.h"
#include "guest-shim/program-elf.h"
#include "guest-shim/program-loader.h"
#include "tests/unit/world.h"

/* What starts a shell of this machine's, taken into a folder: its loader and its libraries. */

#define SHELL "/bin/bash"
#define STRANGER 4242

static char *
copy(const World *world, const char *path)
{
    g_autofree char *text = NULL;
    gsize len;

    if (!g_file_get_contents(path, &text, &len, NULL))
        return NULL;
    put(world, path, text, (gssize)len, 0755);
    return g_build_filename(world->folder, path, NULL);
}

static GPtrArray *
needed_by(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    GPtrArray *names = pst_program_elf_needed(fd);
    close(fd);
    return names;
}

/* Returns the folder that the libraries came from. */
static char *
put_shell(const World *world)
{
    g_autofree char *shell = copy(world, SHELL);
    g_autofree char *loader = pst_program_loader_find(world->sysroot, SHELL);
    g_autofree char *real = realpath(loader, NULL);
    g_autofree char *folder = g_path_get_dirname(real);
    g_autofree char *copied = copy(world, real);
    g_autoptr(GPtrArray) names = needed_by(SHELL);

    g_assert_nonnull(copied);
    g_assert_cmpuint(names->len, >, 0);
    if (!g_str_equal(loader, real))
        put_symlink(world, loader, real);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
        g_autofree char *library = copy(world, path);
        g_assert_nonnull(library);
    }
    return g_steal_pointer(&folder);
}

/* "WHAT PATH EXPECTED-MODE", "" where nothing is the matter. */
static char *
look(const World *world, const char *shell, gint64 uid)
{
    g_autoptr(GArray) groups = g_array_new(FALSE, FALSE, sizeof(gid_t));
    PstProgramStart start = {NULL};
    char *said = g_strdup("");

    pst_program_start_look(world->sysroot, shell, uid, groups, &start);
    const char *const paths[] = {start.loader, start.noexec, start.library, start.shut};
    static const char *const words[] = {"loader", "noexec", "library", "shut"};
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        if (paths[i] == NULL)
            continue;
        g_assert_cmpstr(said, ==, "");
        g_free(said);
        said = g_strjoin(" ", words[i], paths[i], i == 3 ? start.shut_expected : NULL, NULL);
    }
    pst_program_start_clear(&start);
    return said;
}

static void
check(const World *world, gint64 uid, const char *expected)
{
    g_autofree char *said = look(world, SHELL, uid);

    g_assert_cmpstr(said, ==, expected);
}

static void
set_mode(const World *world, const char *path, mode_t mode)
{
    g_autofree char *whole = g_build_filename(world->folder, path, NULL);

    g_assert_cmpint(chmod(whole, mode), ==, 0);
}

static void
test_libraries(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *folder = put_shell(world);
    g_autoptr(GPtrArray) names = needed_by(SHELL);

    check(world, STRANGER, "");
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
        g_autofree char *shut = g_strdup_printf("shut %s 0644", path);
        g_autofree char *missing = g_strdup_printf("library %s", path);

        set_mode(world, path, 0600);
        check(world, STRANGER, shut);
        check(world, 0, "");
        set_mode(world, path, 0444);
        check(world, STRANGER, "");
        remove_path(world, path);
        check(world, STRANGER, missing);
        check(world, 0, missing);
        g_autofree char *again = copy(world, path);
    }
    check(world, STRANGER, "");
    g_autofree char *bar = g_strdup_printf("shut %s 0755", folder);
    set_mode(world, folder, 0700);
    check(world, STRANGER, bar);
    set_mode(world, folder, 0755);
}

/* Where the cache leads is as good. */
static void
test_cache(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *folder = put_shell(world);
    g_autoptr(GPtrArray) names = needed_by(SHELL);
    const char *name = names->pdata[0];
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *other = g_build_filename("/opt/lib", name, NULL);
    g_autofree char *missing = g_strdup_printf("library %s", path);
    g_autoptr(GString) cache = g_string_new("glibc-ld.so.cache1.1");

    g_string_append_len(cache, "\0\x01\xff", 3);
    g_string_append_len(cache, "\0", 1);
    g_string_append_len(cache, other, (gssize)strlen(other) + 1);
    remove_path(world, path);
    put(world, "/etc/ld.so.cache", cache->str, (gssize)cache->len, 0644);
    check(world, STRANGER, missing);
    put(world, other, "", 0, 0644);
    check(world, STRANGER, "");
    set_mode(world, other, 0640);
    g_autofree char *shut = g_strdup_printf("shut %s 0644", other);
    check(world, STRANGER, shut);
    /* the loader goes on to the next place */
    g_autofree char *again = copy(world, path);
    check(world, STRANGER, "");
    remove_path(world, path);
    remove_path(world, "/etc/ld.so.cache");
    check(world, STRANGER, missing);
    /* without one the loader has folders of its own */
    g_autofree char *usr = g_str_has_prefix(path, "/usr/") ? g_strdup(path + strlen("/usr"))
                                                           : g_strconcat("/usr", path, NULL);
    put(world, usr, "", 0, 0644);
    check(world, STRANGER, "");
    remove_path(world, usr);
    /* one that can't be read is not known */
    put(world, "/etc/ld.so.cache/x", "", 0, 0644);
    check(world, STRANGER, "");
}

/* Another loader has its own places. */
static void
test_other_loader(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put(world, SHELL, "#!/lib/ld-musl-x86_64.so.1\n", -1, 0755);
    put(world, "/lib/ld-musl-x86_64.so.1", "", 0, 0755);
    check(world, STRANGER, "");
    remove_path(world, "/lib/ld-musl-x86_64.so.1");
    check(world, STRANGER, "loader /lib/ld-musl-x86_64.so.1");
}

static void
put_mounts(const World *world, const char *options)
{
    g_autofree char *whole = g_build_filename(world->folder, SHELL, NULL);
    int fd = open(whole, O_PATH | O_CLOEXEC);
    struct stat st;

    g_assert_cmpint(fstat(fd, &st), ==, 0);
    g_autofree char *table =
        g_strdup_printf("1 0 8:1 / / rw,relatime - ext4 /dev/vda1 rw\n"
                        "%" G_GINT64_FORMAT " 1 %u:%u / /usr %s - ext4 /dev/vda2 rw\n",
                        pst_mount_table_id_of(fd), major(st.st_dev), minor(st.st_dev), options);

    close(fd);
    put_text(world, "/proc/self/mountinfo", table);
}

static void
test_noexec(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *folder = put_shell(world);

    put_mounts(world, "rw,nodev");
    check(world, STRANGER, "");
    put_mounts(world, "rw,noexec,nodev");
    check(world, STRANGER, "noexec /usr");
    check(world, 0, "noexec /usr");
}

/* What is cut short, or makes no sense, accuses nobody. */
static void
test_nonsense(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *folder = put_shell(world);
    g_autofree char *text = NULL;
    g_autoptr(GRand) rand = g_rand_new_with_seed(4);
    gsize len;

    g_assert_true(g_file_get_contents(SHELL, &text, &len, NULL));
    for (gsize cut = 0; cut < 4096; cut += 16) {
        put(world, SHELL, text, (gssize)cut, 0755);
        check(world, STRANGER, "");
    }
    for (guint i = 0; i < 300; i++) {
        g_autofree char *bad = g_memdup2(text, len);

        for (guint j = 0; j < 4; j++)
            bad[g_rand_int_range(rand, 16, 1024)] = (char)g_rand_int(rand);
        put(world, SHELL, bad, (gssize)len, 0755);
        g_autofree char *said = look(world, SHELL, STRANGER);
        g_assert_true(said[0] == '\0' || g_str_has_prefix(said, "library ") ||
                      g_str_has_prefix(said, "loader "));
    }
}

#define ADD(path, test) g_test_add(path, World, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/program-start/libraries", test_libraries);
    ADD("/program-start/cache", test_cache);
    ADD("/program-start/other-loader", test_other_loader);
    ADD("/program-start/noexec", test_noexec);
    ADD("/program-start/nonsense", test_nonsense);
    return g_test_run();
}
