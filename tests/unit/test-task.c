// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/task.h"
#include "protocol/error.h"

/* What a task owns: every way out must free it exactly once, and only when it has returned. */
typedef struct {
    GMutex lock;
    GCond changed;
    gboolean released, finished;
    guint freed, results_freed;
} World;

static World world;

static void
reset_world(void)
{
    g_mutex_lock(&world.lock);
    world.released = world.finished = FALSE;
    world.freed = world.results_freed = 0;
    g_mutex_unlock(&world.lock);
}

static void
release_world(void)
{
    g_mutex_lock(&world.lock);
    world.released = TRUE;
    g_cond_broadcast(&world.changed);
    g_mutex_unlock(&world.lock);
}

static void
free_data(gpointer data)
{
    g_assert_true(data == &world);
    g_mutex_lock(&world.lock);
    world.freed++;
    g_mutex_unlock(&world.lock);
}

static void
free_result(gpointer result)
{
    g_free(result);
    g_mutex_lock(&world.lock);
    world.results_freed++;
    g_mutex_unlock(&world.lock);
}

static gpointer
run_well(gpointer data G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    return g_strdup("result");
}

static gpointer
run_badly(gpointer data G_GNUC_UNUSED, GError **error)
{
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "shut");
    return NULL;
}

static gpointer
run_for_long(gpointer data G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    g_mutex_lock(&world.lock);
    while (!world.released)
        g_cond_wait(&world.changed, &world.lock);
    g_assert_cmpuint(world.freed, ==, 0);
    world.finished = TRUE;
    g_mutex_unlock(&world.lock);
    return g_strdup("too late");
}

static gpointer
run_untold(gpointer data, GError **error)
{
    g_free(run_for_long(data, error));
    return NULL;
}

static gint64
in_ms(gint64 ms)
{
    return g_get_monotonic_time() + ms * 1000;
}

static void
assert_freed(guint freed, guint results_freed)
{
    g_mutex_lock(&world.lock);
    g_assert_cmpuint(world.freed, ==, freed);
    g_assert_cmpuint(world.results_freed, ==, results_freed);
    g_mutex_unlock(&world.lock);
}

static void
test_result(void)
{
    g_autoptr(GError) error = NULL;

    reset_world();
    g_autofree char *result =
        pst_task_call(run_well, &world, free_data, free_result, in_ms(60000), "it", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(result, ==, "result");
    pst_task_settle(10 * G_USEC_PER_SEC);
    assert_freed(1, 0);
}

static void
test_error(void)
{
    g_autoptr(GError) error = NULL;

    reset_world();
    g_assert_null(
        pst_task_call(run_badly, &world, free_data, free_result, in_ms(60000), "it", &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_PATH_SHUT);
    pst_task_settle(10 * G_USEC_PER_SEC);
    assert_freed(1, 0);
}

static void
test_deadline(void)
{
    g_autoptr(GError) error = NULL;
    gint64 start_us = g_get_monotonic_time();

    reset_world();
    g_assert_null(
        pst_task_call(run_for_long, &world, free_data, free_result, in_ms(200), "it", &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_DEADLINE);
    g_assert_cmpstr(error->message, ==, "it did not answer in time");
    g_assert_cmpint(g_get_monotonic_time() - start_us, >=, 200 * 1000);
    g_assert_cmpint(g_get_monotonic_time() - start_us, <, 2 * G_USEC_PER_SEC);
    assert_freed(0, 0);

    release_world();
    pst_task_settle(10 * G_USEC_PER_SEC);
    assert_freed(1, 1);
    g_assert_true(world.finished);
}

/* A deadline that has passed already does not mean that the call is not made. */
static void
test_no_time(void)
{
    g_autoptr(GError) error = NULL;

    reset_world();
    g_assert_null(
        pst_task_call(run_for_long, &world, free_data, free_result, in_ms(-1000), "it", &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_DEADLINE);
    release_world();
    pst_task_settle(10 * G_USEC_PER_SEC);
    assert_freed(1, 1);
}

static void
test_settle(void)
{
    g_autoptr(GError) error = NULL;
    gint64 start_us = g_get_monotonic_time();

    reset_world();
    g_assert_true(pst_task_start(run_untold, &world, free_data, "it", &error));
    g_assert_no_error(error);
    pst_task_settle(200 * 1000);
    g_assert_cmpint(g_get_monotonic_time() - start_us, >=, 200 * 1000);
    g_assert_cmpint(g_get_monotonic_time() - start_us, <, 2 * G_USEC_PER_SEC);
    assert_freed(0, 0);
    release_world();
    pst_task_settle(10 * G_USEC_PER_SEC);
    assert_freed(1, 0);
    start_us = g_get_monotonic_time();
    pst_task_settle(10 * G_USEC_PER_SEC);
    g_assert_cmpint(g_get_monotonic_time() - start_us, <, 2 * G_USEC_PER_SEC);
}

/* Calls that end about when their callers give them up: whichever comes first, nothing is lost or
 * freed twice. */
static gpointer
run_about_as_long(gpointer data, GError **error G_GNUC_UNUSED)
{
    g_usleep(GPOINTER_TO_UINT(data));
    return g_strdup("result");
}

static void
test_race(void)
{
    for (guint i = 0; i < 200; i++) {
        guint us = 200 + i * 5;
        g_autoptr(GError) error = NULL;
        g_autofree char *result = pst_task_call(run_about_as_long, GUINT_TO_POINTER(us), NULL,
                                                g_free, g_get_monotonic_time() + 700, "it", &error);
        g_assert_true((result == NULL) == (error != NULL));
    }
    pst_task_settle(10 * G_USEC_PER_SEC);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/task/result", test_result);
    g_test_add_func("/task/error", test_error);
    g_test_add_func("/task/deadline", test_deadline);
    g_test_add_func("/task/no-time", test_no_time);
    g_test_add_func("/task/settle", test_settle);
    g_test_add_func("/task/race", test_race);
    return g_test_run();
}
