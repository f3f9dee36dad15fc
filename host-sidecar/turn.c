// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host-sidecar/turn-wait.h"
#include "host-sidecar/turn-want.h"
#include "protocol/error.h"

#define SYSTEM_FOLDER "/run/postern/turns"

/* Between two looks at places that are all taken. */
#define FIRST_PAUSE_US (10 * G_GINT64_CONSTANT(1000))
#define MAX_PAUSE_US (100 * G_GINT64_CONSTANT(1000))

struct PstTurn {
    int fd;
};

char *
pst_turn_folder(GError **error)
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
file_of(const char *name, GError **error)
{
    g_autofree char *place = pst_turn_folder(error);

    return place != NULL ? g_strdup_printf("%s/%s.turn", place, name) : NULL;
}

static int
open_file(const char *name, GError **error)
{
    g_autofree char *path = file_of(name, error);

    if (path == NULL)
        return -1;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
    if (fd < 0)
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: %s", path, g_strerror(errno));
    else
        /* The umask must not shut out the group that the folder is for. Fails on another's file,
         * which is as its owner made it. */
        (void)!fchmod(fd, 0660);
    return fd;
}

void
pst_turn_free(PstTurn *turn)
{
    close(turn->fd);
    g_free(turn);
}

/* What the file says: `PID MICROSECONDS OPENED`, who has the turn, when the guest last answered,
 * and whether (1 or 0) its port was opened since. Not the file's own times, which only its owner
 * may set. */
typedef struct {
    gint64 holder;
    gint64 answer_us;
    int opened;
} State;

static State
read_state(int fd)
{
    char text[64] = "";
    State state = {0};
    gssize n = pread(fd, text, sizeof(text) - 1, 0);

    if (n > 0 && sscanf(text, "%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %d", &state.holder,
                        &state.answer_us, &state.opened) != 3)
        state = (State){0};
    return state;
}

static void
write_state(int fd, gint64 answer_us, gboolean opened)
{
    g_autofree char *text = g_strdup_printf("%10d %20" G_GINT64_FORMAT " %d\n", (int)getpid(),
                                            answer_us, opened ? 1 : 0);

    /* Of fixed width, so that a reader never meets half of it. */
    (void)!pwrite(fd, text, strlen(text), 0);
}

/* The file's lock is held. */
static void
tell_holding(int fd)
{
    State state = read_state(fd);

    write_state(fd, state.answer_us, state.opened != 0);
}

/* It may only keep the turn so as to have it the next time. */
static void
tell_holder(const char *name)
{
    g_autofree char *place = pst_turn_folder(NULL);

    if (place != NULL)
        pst_turn_want_tell(place, name);
}

/* Waits for it; NULL with PST_ERROR_BUSY that names the holder where it does not come in time. */
static PstTurn *
wait_for_turn(const char *name, gint64 holder, gint64 deadline_us, GError **error)
{
    g_autoptr(GError) cause = NULL;

    tell_holder(name);
    int fd = pst_turn_wait(name, open_file, deadline_us, &cause);
    if (fd >= 0) {
        PstTurn *turn = g_new0(PstTurn, 1);
        turn->fd = fd;
        return turn;
    }
    if (g_error_matches(cause, PST_ERROR, PST_ERROR_DEADLINE))
        g_set_error(error, PST_ERROR, PST_ERROR_BUSY,
                    "process %" G_GINT64_FORMAT " has the turn and did not let go in time", holder);
    else
        g_propagate_error(error, g_steal_pointer(&cause));
    return NULL;
}

PstTurn *
pst_turn_take(const char *name, gint64 deadline_us, GError **error)
{
    PstTurn *turn = NULL;
    int fd = open_file(name, error);

    if (fd < 0)
        return NULL;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        turn = g_new0(PstTurn, 1);
        turn->fd = fd;
    } else {
        gint64 holder = read_state(fd).holder;
        close(fd);
        turn = wait_for_turn(name, holder, deadline_us, error);
    }
    if (turn != NULL)
        tell_holding(turn->fd);
    return turn;
}

/* A place that is free now; NULL without an error where all are taken. */
static PstTurn *
try_places(const char *name, guint n, GError **error)
{
    for (guint i = 0; i < n; i++) {
        g_autofree char *place = g_strdup_printf("%s-%u", name, i);
        int fd = open_file(place, error);

        if (fd < 0)
            return NULL;
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            PstTurn *turn = g_new0(PstTurn, 1);
            turn->fd = fd;
            tell_holding(turn->fd);
            return turn;
        }
        close(fd);
    }
    return NULL;
}

PstTurn *
pst_turn_take_place(const char *name, guint n, gint64 deadline_us, GError **error)
{
    gint64 pause_us = FIRST_PAUSE_US;

    /* No lock waits for any of several, and whoever waits for one of them may have chosen the one
     * that is held longest. */
    for (;;) {
        PstTurn *turn = try_places(name, n, error);
        gint64 left_us = deadline_us - g_get_monotonic_time();

        if (turn != NULL || (error != NULL && *error != NULL))
            return turn;
        if (left_us <= 0) {
            g_set_error(error, PST_ERROR, PST_ERROR_BUSY,
                        "%u others ask agents of this hypervisor, and none was done in time", n);
            return NULL;
        }
        g_usleep((gulong)MIN(left_us, pause_us));
        pause_us = MIN(pause_us * 2, MAX_PAUSE_US);
    }
}

void
pst_turn_note_answer(PstTurn *turn)
{
    write_state(turn->fd, g_get_real_time(), FALSE);
}

gboolean
pst_turn_note_opening(PstTurn *turn)
{
    State state = read_state(turn->fd);

    write_state(turn->fd, state.answer_us, TRUE);
    return state.opened != 0;
}

gint64
pst_turn_last_answer_us(const char *uuid)
{
    g_autofree char *path = file_of(uuid, NULL);
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;

    if (fd < 0)
        return 0;
    State state = read_state(fd);
    close(fd);
    return state.answer_us;
}
