// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/turn-wait.h"

#include <errno.h>
#include <sys/file.h>
#include <unistd.h>

#include "host-sidecar/task.h"
#include "protocol/error.h"

/* A thread that waits, and those who wait for it. It is in the table until its thread is done, and
 * goes when nobody waits for it any more. */
typedef struct {
    char *name;
    int fd; /* -1 once somebody has taken it */
    gboolean done;
    int failure; /* errno; 0: the file is locked */
    guint n_waiting;
} Wait;

static GMutex lock;
static GCond changed;
static GHashTable *waits; /* of Wait, by name */

static void
free_wait(Wait *wait)
{
    if (wait->fd >= 0)
        close(wait->fd);
    g_free(wait->name);
    g_free(wait);
}

static gpointer
run_wait(gpointer data, GError **unused G_GNUC_UNUSED)
{
    Wait *wait = data;
    int failed = 0;

    while ((failed = flock(wait->fd, LOCK_EX) < 0 ? errno : 0) == EINTR)
        continue;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
    wait->failure = failed;
    wait->done = TRUE;
    g_hash_table_remove(waits, wait->name);
    if (wait->n_waiting == 0)
        free_wait(wait);
    g_cond_broadcast(&changed);
    return NULL;
}

static Wait *
begin(const char *name, PstTurnWaitOpen open_file, GError **error)
{
    int fd = open_file(name, error);

    if (fd < 0)
        return NULL;
    Wait *wait = g_new0(Wait, 1);
    wait->name = g_strdup(name);
    wait->fd = fd;
    if (!pst_task_start(run_wait, wait, NULL, "turn", error)) {
        free_wait(wait);
        return NULL;
    }
    g_hash_table_insert(waits, wait->name, wait);
    return wait;
}

static Wait *
join(const char *name, PstTurnWaitOpen open_file, GError **error)
{
    if (waits == NULL)
        waits = g_hash_table_new(g_str_hash, g_str_equal);
    Wait *wait = g_hash_table_lookup(waits, name);
    if (wait == NULL)
        wait = begin(name, open_file, error);
    if (wait != NULL)
        wait->n_waiting++;
    return wait;
}

static void
leave(Wait *wait)
{
    if (--wait->n_waiting == 0 && wait->done)
        free_wait(wait);
}

/* What came of it; -1 without an error where another one who waited has the turn now. */
static int
take(Wait *wait, GError **error)
{
    if (!wait->done)
        g_set_error(error, PST_ERROR, PST_ERROR_DEADLINE, "the turn did not come in time");
    else if (wait->failure != 0)
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "flock: %s",
                    g_strerror(wait->failure));
    int fd = wait->done && wait->failure == 0 ? wait->fd : -1;
    if (fd >= 0)
        wait->fd = -1;
    leave(wait);
    return fd;
}

int
pst_turn_wait(const char *name, PstTurnWaitOpen open_file, gint64 deadline_us, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);

    for (;;) {
        g_autoptr(GError) cause = NULL;
        Wait *wait = join(name, open_file, error);

        if (wait == NULL)
            return -1;
        while (!wait->done && g_cond_wait_until(&changed, &lock, deadline_us))
            continue;
        int fd = take(wait, &cause);
        if (fd >= 0)
            return fd;
        if (cause != NULL) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return -1;
        }
    }
}
