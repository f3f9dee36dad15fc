// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/task.h"

#include "protocol/error.h"

typedef struct {
    gint references;
    GMutex lock;
    GCond done_or_not;
    gboolean done;
    PstTaskRun run;
    gpointer data;
    GDestroyNotify free_data, free_result;
    gpointer result;
    GError *error;
} Task;

static GMutex running_lock;
static GCond running_changed;
static guint n_running;

static void
count_running(int change)
{
    g_mutex_lock(&running_lock);
    n_running += (guint)change;
    g_cond_broadcast(&running_changed);
    g_mutex_unlock(&running_lock);
}

static void
release(Task *task)
{
    if (!g_atomic_int_dec_and_test(&task->references))
        return;
    if (task->free_data != NULL)
        task->free_data(task->data);
    if (task->result != NULL && task->free_result != NULL)
        task->free_result(task->result);
    g_clear_error(&task->error);
    g_mutex_clear(&task->lock);
    g_cond_clear(&task->done_or_not);
    g_free(task);
}

static gpointer
thread_main(gpointer user_data)
{
    Task *task = user_data;
    GError *error = NULL;
    gpointer result = task->run(task->data, &error);

    g_mutex_lock(&task->lock);
    task->result = result;
    task->error = error;
    task->done = TRUE;
    g_cond_signal(&task->done_or_not);
    g_mutex_unlock(&task->lock);
    release(task);
    count_running(-1);
    return NULL;
}

static gboolean
start(Task *task, const char *name, GError **error)
{
    g_atomic_int_inc(&task->references);
    count_running(1);
    GThread *thread = g_thread_try_new(name, thread_main, task, NULL);
    if (thread != NULL) {
        g_thread_unref(thread);
        return TRUE;
    }
    count_running(-1);
    release(task);
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "no thread left for %s", name);
    return FALSE;
}

static Task *
new_task(PstTaskRun run, gpointer data, GDestroyNotify free_data, GDestroyNotify free_result)
{
    Task *task = g_new0(Task, 1);

    task->references = 1;
    g_mutex_init(&task->lock);
    g_cond_init(&task->done_or_not);
    task->run = run;
    task->data = data;
    task->free_data = free_data;
    task->free_result = free_result;
    return task;
}

gpointer
pst_task_call(PstTaskRun run, gpointer data, GDestroyNotify free_data, GDestroyNotify free_result,
              gint64 deadline_us, const char *what, GError **error)
{
    Task *task = new_task(run, data, free_data, free_result);
    gpointer result = NULL;

    if (!start(task, what, error)) {
        release(task);
        return NULL;
    }
    g_mutex_lock(&task->lock);
    while (!task->done && g_cond_wait_until(&task->done_or_not, &task->lock, deadline_us))
        continue;
    if (task->done) {
        result = g_steal_pointer(&task->result);
        if (task->error != NULL)
            g_propagate_error(error, g_steal_pointer(&task->error));
    } else {
        g_set_error(error, PST_ERROR, PST_ERROR_DEADLINE, "%s did not answer in time", what);
    }
    g_mutex_unlock(&task->lock);
    release(task);
    return result;
}

gboolean
pst_task_start(PstTaskRun run, gpointer data, GDestroyNotify free_data, const char *name,
               GError **error)
{
    Task *task = new_task(run, data, free_data, NULL);
    gboolean started = start(task, name, error);

    release(task);
    return started;
}

void
pst_task_settle(gint64 limit_us)
{
    gint64 end_us = g_get_monotonic_time() + limit_us;

    g_mutex_lock(&running_lock);
    while (n_running > 0 && g_cond_wait_until(&running_changed, &running_lock, end_us))
        continue;
    g_mutex_unlock(&running_lock);
}
