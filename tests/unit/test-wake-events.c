// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/wake-events.h"

/* libvirt's own test driver, whose domains are the same for all connections of a process. */
#define URI "test:///default"
#define DEADLINE_US (20 * G_USEC_PER_SEC)

typedef struct {
    PstHypervisor *hypervisor;
    PstWake *wake;
    PstWakeEvents *events;
    virDomainPtr domain;
} World;

static gint64
until(void)
{
    return g_get_monotonic_time() + DEADLINE_US;
}

static void
set_up(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    world->hypervisor = pst_hypervisor_new(URI);
    world->wake = pst_wake_new();
    g_autoptr(PstGuest) guest = pst_guest_open(world->hypervisor, "test", until(), &error);
    g_assert_no_error(error);
    world->events = pst_wake_events_start(guest, world->wake, until(), &error);
    g_assert_no_error(error);
    world->domain = pst_guest_connect(guest, &error);
    g_assert_no_error(error);
}

static void
tear_down(World *world, gconstpointer data G_GNUC_UNUSED)
{
    pst_guest_disconnect(world->domain);
    g_clear_pointer(&world->events, pst_wake_events_stop);
    pst_wake_unref(world->wake);
    pst_hypervisor_unref(world->hypervisor);
}

/* That it stops for a while is worth a look, and no other run of it; that it is started is one. */
static void
test_lifecycle(World *world, gconstpointer data G_GNUC_UNUSED)
{
    PstWakeCount before = pst_wake_count(world->wake);

    g_assert_cmpint(virDomainSuspend(world->domain), ==, 0);
    g_assert_true(pst_wake_await(world->wake, before.n_news, until()));
    PstWakeCount paused = pst_wake_count(world->wake);
    g_assert_cmpuint(paused.n_breaks, ==, before.n_breaks);
    g_assert_cmpint(virDomainResume(world->domain), ==, 0);
    g_assert_true(pst_wake_await(world->wake, paused.n_news, until()));
    PstWakeCount resumed = pst_wake_count(world->wake);
    g_assert_cmpuint(resumed.n_breaks, ==, before.n_breaks);

    g_assert_cmpint(virDomainDestroy(world->domain), ==, 0);
    g_assert_true(pst_wake_await(world->wake, resumed.n_news, until()));
    PstWakeCount off = pst_wake_count(world->wake);
    g_assert_cmpuint(off.n_breaks, ==, before.n_breaks);
    g_assert_cmpint(virDomainCreate(world->domain), ==, 0);
    g_assert_true(pst_wake_await(world->wake, off.n_news, until()));
    PstWakeCount started = pst_wake_count(world->wake);
    g_assert_cmpuint(started.n_breaks, ==, before.n_breaks + 1);
    g_assert_cmpuint(started.n_lost, ==, 0);
}

/* After the end nothing is told, and nothing is left that could. */
static void
test_stopped(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const gint64 short_us = 200 * G_GINT64_CONSTANT(1000);

    g_clear_pointer(&world->events, pst_wake_events_stop);
    g_usleep((gulong)short_us);
    PstWakeCount before = pst_wake_count(world->wake);
    g_assert_cmpint(virDomainSuspend(world->domain), ==, 0);
    g_assert_cmpint(virDomainResume(world->domain), ==, 0);
    g_assert_false(pst_wake_await(world->wake, before.n_news, g_get_monotonic_time() + short_us));
}

/* What passers-by see of a domain is not for the machine's own store. Set before there are threads.
 */
static char *
use_folder(void)
{
    g_autoptr(GError) error = NULL;
    char *folder = g_dir_make_tmp("wake-events-XXXXXX", &error);

    g_assert_no_error(error);
    g_autofree char *config = g_build_filename(folder, "postern.conf", NULL);
    g_autofree char *text = g_strdup_printf("[store]\nfolder=%s/store\n", folder);
    g_assert_true(g_file_set_contents(config, text, -1, NULL));
    g_setenv("POSTERN_CONFIG", config, TRUE);
    return folder;
}

static void
remove_folder(char *folder)
{
    char *argv[] = {(char *)"/bin/rm", (char *)"-rf", (char *)"--", folder, NULL};

    g_assert_true(
        g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, NULL, NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_autofree char *folder = use_folder();
    g_test_add("/wake-events/lifecycle", World, NULL, set_up, test_lifecycle, tear_down);
    g_test_add("/wake-events/stopped", World, NULL, set_up, test_stopped, tear_down);
    int failed = g_test_run();
    remove_folder(folder);
    return failed;
}
