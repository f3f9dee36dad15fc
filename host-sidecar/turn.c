// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host-sidecar/task.h"
#include "protocol/error.h"

#define SYSTEM_FOLDER "/run/postern"

struct PstTurn {
    int fd;
};

/* One folder for everybody who may use it, as the package's tmpfiles.d makes it; else one's own. */
static char *
folder(GError **error)
{
    g_autofree char *own = NULL;

    if (access(SYSTEM_FOLDER, W_OK) == 0)
        return g_strdup(SYSTEM_FOLDER);
    if (geteuid() == 0)
        own = g_strdup(SYSTEM_FOLDER);
    else
        own = g_build_filename(g_get_user_runtime_dir(), "postern", NULL);
    if (g_mkdir_with_parents(own, 0700) == 0)
        return g_steal_pointer(&own);

    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "no place for lock files: %s: %s", own,
                g_strerror(errno));
    return NULL;
}

static char *
file_of(const char *uuid, GError **error)
{
    g_autofree char *place = folder(error);

    return place != NULL ? g_strdup_printf("%s/%s.turn", place, uuid) : NULL;
}

static int
open_file(const char *uuid, GError **error)
{
    g_autofree char *path = file_of(uuid, error);

    if (path == NULL)
        return -1;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
    if (fd < 0)
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: %s", path, g_strerror(errno));
    return fd;
}

void
pst_turn_free(PstTurn *turn)
{
    close(turn->fd);
    g_free(turn);
}

/* Blocks for as long as it takes; a caller who has given up meanwhile gets the turn for a moment,
 * and closing the file gives it back. */
static gpointer
wait_for_lock(gpointer data, GError **error)
{
    PstTurn *turn = data;

    while (flock(turn->fd, LOCK_EX) < 0) {
        if (errno == EINTR)
            continue;
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "flock: %s", g_strerror(errno));
        return NULL;
    }

    PstTurn *mine = g_new0(PstTurn, 1);
    mine->fd = turn->fd;
    turn->fd = -1;
    return mine;
}

static void
free_waiting(gpointer data)
{
    PstTurn *turn = data;

    if (turn->fd >= 0)
        close(turn->fd);
    g_free(turn);
}

static char *
read_holder(int fd)
{
    char text[32] = "";
    gssize n = pread(fd, text, sizeof(text) - 1, 0);

    return n > 0 && strspn(text, "0123456789") == strlen(text) ? g_strdup(text) : g_strdup("unknown");
}

/* For the error message of those who wait in vain. */
static void
write_holder(const PstTurn *turn)
{
    char text[32];
    struct stat before;
    int n = g_snprintf(text, sizeof(text), "%d", getpid());

    /* The file's time stands for the guest's last answer. */
    if (fstat(turn->fd, &before) < 0)
        return;
    if (ftruncate(turn->fd, 0) == 0 && pwrite(turn->fd, text, (size_t)n, 0) == n) {
        const struct timespec times[2] = {before.st_atim,
                                          before.st_size > 0 ? before.st_mtim
                                                             : (struct timespec){0, 0}};
        futimens(turn->fd, times);
    }
}

PstTurn *
pst_turn_take(const char *uuid, gint64 deadline_us, GError **error)
{
    g_autoptr(GError) cause = NULL;
    int fd = open_file(uuid, error);
    PstTurn *turn;

    if (fd < 0)
        return NULL;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        turn = g_new0(PstTurn, 1);
        turn->fd = fd;
    } else {
        g_autofree char *holder = read_holder(fd);
        PstTurn *waiting = g_new0(PstTurn, 1);
        waiting->fd = fd;
        turn = pst_task_call(wait_for_lock, waiting, free_waiting, (GDestroyNotify)pst_turn_free,
                             deadline_us, "the turn", &cause);
        if (turn == NULL) {
            g_set_error(error, PST_ERROR, PST_ERROR_BUSY,
                        "the channel is taken by process %s, which did not let go in time", holder);
            return NULL;
        }
    }
    write_holder(turn);
    return turn;
}

void
pst_turn_note_answer(PstTurn *turn)
{
    futimens(turn->fd, NULL);
}

gint64
pst_turn_last_answer_us(const char *uuid)
{
    g_autofree char *path = file_of(uuid, NULL);
    struct stat st;

    if (path == NULL || stat(path, &st) < 0)
        return 0;
    return (gint64)st.st_mtim.tv_sec * G_USEC_PER_SEC + st.st_mtim.tv_nsec / 1000;
}
