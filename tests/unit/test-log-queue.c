// SPDX-License-Identifier: LGPL-2.1-or-later
/* A socket that programs log to: with room, full, taken from again, and without anybody behind. */
#include "guest-shim/log-queue.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LONG_MS 20000
#define SHORT_MS 50
#define MESSAGE "full"

typedef struct {
    char *folder, *path;
    int listener;
} Place;

static void
set_up(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    place->folder = g_dir_make_tmp("pst-log-XXXXXX", NULL);
    place->path = g_build_filename(place->folder, "log", NULL);
    place->listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    g_strlcpy(address.sun_path, place->path, sizeof(address.sun_path));
    g_assert_cmpint(bind(place->listener, (struct sockaddr *)&address, sizeof(address)), ==, 0);
}

static void
tear_down(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    if (place->listener >= 0)
        close(place->listener);
    g_unlink(place->path);
    g_rmdir(place->folder);
    g_free(place->path);
    g_free(place->folder);
}

static void
fill(const Place *place)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    g_strlcpy(address.sun_path, place->path, sizeof(address.sun_path));
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    /* What has sent much may send no more by its own bound: each sends one. */
    while (send(fd, MESSAGE, sizeof(MESSAGE), 0) > 0) {
        close(fd);
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    }
    g_assert_cmpint(errno, ==, EAGAIN);
    close(fd);
}

static void
test_room(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    char c;

    g_assert_cmpint(pst_log_queue_is_full(place->path, LONG_MS), ==, PST_TRI_NO);
    g_assert_cmpint(recv(place->listener, &c, 1, MSG_DONTWAIT), ==, -1);
}

static void
test_full(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    fill(place);
    g_assert_cmpint(pst_log_queue_is_full(place->path, SHORT_MS), ==, PST_TRI_YES);
}

static gpointer
take_all(gpointer data)
{
    const Place *place = data;
    char buffer[sizeof(MESSAGE)];

    g_usleep(SHORT_MS * 1000);
    while (recv(place->listener, buffer, sizeof(buffer), MSG_DONTWAIT) > 0)
        continue;
    return NULL;
}

/* A flood fills it too: what takes from it is waited for. */
static void
test_taken(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    fill(place);
    GThread *thread = g_thread_new("take", take_all, place);
    g_assert_cmpint(pst_log_queue_is_full(place->path, LONG_MS), ==, PST_TRI_NO);
    g_thread_join(thread);
}

static void
test_nobody(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *absent = g_build_filename(place->folder, "absent", NULL);
    g_autofree char *long_path = g_strnfill(200, 'x');

    g_assert_cmpint(pst_log_queue_is_full(absent, LONG_MS), ==, PST_TRI_UNKNOWN);
    g_assert_cmpint(pst_log_queue_is_full(long_path, LONG_MS), ==, PST_TRI_UNKNOWN);
    close(place->listener);
    place->listener = -1;
    g_assert_cmpint(pst_log_queue_is_full(place->path, LONG_MS), ==, PST_TRI_UNKNOWN);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/log-queue/room", Place, NULL, set_up, test_room, tear_down);
    g_test_add("/log-queue/full", Place, NULL, set_up, test_full, tear_down);
    g_test_add("/log-queue/taken", Place, NULL, set_up, test_taken, tear_down);
    g_test_add("/log-queue/nobody", Place, NULL, set_up, test_nobody, tear_down);
    return g_test_run();
}
