// SPDX-License-Identifier: LGPL-2.1-or-later
/* Room that is kept, on a disk that has no more: here, for a process that may write no more. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host-sidecar/room.h"

#define LIMIT 16384

typedef struct {
    char *path;
    int folder;
    struct rlimit before;
} World;

static void
set_up(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    world->path = g_dir_make_tmp("postern-room-XXXXXX", NULL);
    world->folder = open(world->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_assert_cmpint(world->folder, >=, 0);
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &world->before), ==, 0);
    const struct rlimit small = {LIMIT, world->before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &small), ==, 0);
}

static void
tear_down(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &world->before), ==, 0);
    unlinkat(world->folder, "page", 0);
    close(world->folder);
    g_assert_cmpint(g_rmdir(world->path), ==, 0);
    g_free(world->path);
}

static void
assert_file(const World *world, const char *name, gint64 bytes)
{
    struct stat st;

    if (bytes < 0) {
        g_assert_cmpint(fstatat(world->folder, name, &st, 0), <, 0);
        return;
    }
    g_assert_cmpint(fstatat(world->folder, name, &st, 0), ==, 0);
    g_assert_cmpint(st.st_size, ==, bytes);
    g_assert_cmphex(st.st_mode & 07777, ==, 0600);
}

/* What is too large leaves the room as it was, for what is not. */
static void
test_fill(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    const PstRoomWish wish = {8192, 8192, 1};
    g_autofree char *large = g_strnfill(LIMIT + 1, 'x');
    PstRoom *room = pst_room_take(world->folder, "page", &wish);
    struct stat st;

    g_assert_cmpint(room->fd, >=, 0);
    g_assert_cmpuint(room->bytes, ==, 8192);
    assert_file(world, ".page", 8192);
    g_assert_false(pst_room_fill(room, large, LIMIT + 1));
    g_assert_cmpint(errno, ==, EFBIG);
    assert_file(world, ".page", 8192);
    g_assert_cmpint(fstat(room->fd, &st), ==, 0);
    g_assert_cmpint(st.st_blocks * 512, >=, 8192);
    /* Larger than the room, and the disk has it. */
    g_assert_true(pst_room_fill(room, large, LIMIT));
    g_assert_true(pst_room_fill(room, "word", 4));
    assert_file(world, "page", -1);
    g_assert_true(pst_room_name(room, world->folder));
    assert_file(world, "page", 4);
    assert_file(world, ".page", -1);
    pst_room_free(room, world->folder);
    assert_file(world, "page", 4);
}

/* As much as there is, that or the least, or none. */
static void
test_take(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    const PstRoomWish much = {4096, 1024 * 1024, 1}, little = {4096, 8192, 1},
                      none = {LIMIT + 4096, LIMIT + 4096, 1};
    PstRoom *room = pst_room_take(world->folder, "page", &much);

    g_assert_cmpuint(room->bytes, ==, 4096);
    assert_file(world, ".page", 4096);
    pst_room_free(room, world->folder);
    assert_file(world, ".page", -1);

    room = pst_room_take(world->folder, "page", &little);
    g_assert_cmpuint(room->bytes, ==, 8192);
    pst_room_shrink(room, 12288);
    assert_file(world, ".page", 8192);
    pst_room_shrink(room, 1);
    g_assert_cmpuint(room->bytes, ==, 4096);
    assert_file(world, ".page", 4096);
    pst_room_free(room, world->folder);

    room = pst_room_take(world->folder, "page", &none);
    g_assert_cmpint(errno, ==, EFBIG);
    g_assert_cmpint(room->fd, ==, -1);
    assert_file(world, ".page", -1);
    pst_room_free(room, world->folder);
}

/* What has the name already keeps it. */
static void
test_name(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    const PstRoomWish wish = {4096, 4096, 1};
    PstRoom *room = pst_room_take(world->folder, "page", &wish);
    PstRoom *other = pst_room_take(world->folder, "page", &wish);

    g_assert_cmpint(other->fd, ==, -1);
    pst_room_free(other, world->folder);
    assert_file(world, ".page", 4096);
    g_assert_cmpint(symlinkat("/nonexistent", world->folder, "page"), ==, 0);
    g_assert_true(pst_room_fill(room, "word", 4));
    g_assert_false(pst_room_name(room, world->folder));
    g_assert_cmpint(errno, ==, EEXIST);
    pst_room_free(room, world->folder);
    assert_file(world, ".page", -1);
    g_assert_cmpint(faccessat(world->folder, "page", F_OK, AT_SYMLINK_NOFOLLOW), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/room/fill", World, NULL, set_up, test_fill, tear_down);
    g_test_add("/room/take", World, NULL, set_up, test_take, tear_down);
    g_test_add("/room/name", World, NULL, set_up, test_name, tear_down);
    return g_test_run();
}
