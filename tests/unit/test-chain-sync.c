// SPDX-License-Identifier: LGPL-2.1-or-later
/* What waits for the disk keeps nobody else from the audit log. */
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/chain-world.h"

static GMutex mutex;
static GCond changed;
static gboolean held, waits;

/* In libc's place: a disk that takes its time. */
int
fsync(int fd)
{
    g_mutex_lock(&mutex);
    while (held) {
        waits = TRUE;
        g_cond_broadcast(&changed);
        g_cond_wait(&changed, &mutex);
    }
    g_mutex_unlock(&mutex);
    return (int)syscall(SYS_fsync, fd);
}

static gpointer
append_synced(gpointer path)
{
    g_autoptr(GError) error = NULL;
    PstChainEntry entry;

    g_assert_true(pst_chain_append(path, "{\"a\":1}", TRUE, &entry, &error));
    g_assert_no_error(error);
    g_assert_null(entry.fault);
    return NULL;
}

static void
test_others(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    held = TRUE;
    GThread *thread = g_thread_new("synced", append_synced, world->log);
    g_mutex_lock(&mutex);
    while (!waits)
        g_cond_wait(&changed, &mutex);
    g_mutex_unlock(&mutex);
    PstChainEntry entry = append_text(world, "{\"b\":2}");
    g_assert_cmpuint(entry.seq, >, 1);
    g_assert_null(entry.fault);

    g_mutex_lock(&mutex);
    held = FALSE;
    g_cond_broadcast(&changed);
    g_mutex_unlock(&mutex);
    g_thread_join(thread);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/chain-sync/others", World, NULL, set_up, test_others, tear_down);
    return g_test_run();
}
