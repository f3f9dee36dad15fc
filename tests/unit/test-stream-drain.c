// SPDX-License-Identifier: LGPL-2.1-or-later
/* libvirt's client as it is under a flood: a connection that is readable in every turn of the loop,
 * and a stream whose timer is armed anew by every message. */
#include <libvirt-glib/libvirt-glib.h>
#include <libvirt/libvirt.h>
#include <unistd.h>

#include "host-sidecar/stream-drain.h"

#define TURNS 1000

typedef struct {
    int timer;
    int pipe[2];
    guint queued, worst; /* messages that nobody has taken, now and at most */
    guint messages, timeouts;
    gboolean freed;
} Flood;

static void
on_message(int watch G_GNUC_UNUSED, int fd G_GNUC_UNUSED, int events G_GNUC_UNUSED, void *data)
{
    Flood *flood = data;

    flood->messages++;
    flood->queued++;
    flood->worst = MAX(flood->worst, flood->queued);
    virEventUpdateTimeout(flood->timer, 0);
}

static void
on_timeout(int timer G_GNUC_UNUSED, void *data)
{
    Flood *flood = data;

    flood->timeouts++;
    flood->queued = 0;
}

static void
drain(gpointer data)
{
    ((Flood *)data)->queued = 0;
}

static void
note_freed(gpointer data)
{
    ((Flood *)data)->freed = TRUE;
}

static void
free_nothing(void *data G_GNUC_UNUSED)
{
}

static void
run_flood(Flood *flood)
{
    g_assert_cmpint(pipe(flood->pipe), ==, 0);
    g_assert_cmpint(write(flood->pipe[1], "x", 1), ==, 1);
    int watch = virEventAddHandle(flood->pipe[0], VIR_EVENT_HANDLE_READABLE, on_message, flood,
                                  free_nothing);
    g_assert_cmpint(watch, >=, 0);
    flood->timer = virEventAddTimeout(-1, on_timeout, flood, free_nothing);
    g_assert_cmpint(flood->timer, >=, 0);

    while (flood->messages < TURNS)
        g_main_context_iteration(NULL, TRUE);

    virEventRemoveHandle(watch);
    virEventRemoveTimeout(flood->timer);
    while (g_main_context_iteration(NULL, FALSE))
        ;
    close(flood->pipe[0]);
    close(flood->pipe[1]);
}

/* Without this the module has lost its reason. */
static void
test_a_timer_starves(void)
{
    Flood flood = {0};

    run_flood(&flood);
    g_assert_cmpuint(flood.timeouts, <, TURNS / 10);
    g_assert_cmpuint(flood.worst, >, TURNS / 10);
}

static void
test_drained_in_every_turn(void)
{
    Flood flood = {0};
    GSource *source = pst_stream_drain_attach(drain, &flood, note_freed);

    run_flood(&flood);
    g_assert_cmpuint(flood.worst, ==, 1);
    g_assert_false(flood.freed);
    g_source_destroy(source);
    g_source_unref(source);
    g_assert_true(flood.freed);
}

static void
test_makes_no_turn_of_its_own(void)
{
    Flood flood = {0};
    GSource *source = pst_stream_drain_attach(drain, &flood, note_freed);

    g_assert_false(g_main_context_iteration(NULL, FALSE));
    g_assert_false(g_main_context_pending(NULL));
    g_source_destroy(source);
    g_source_unref(source);
}

/* libvirt-glib tells of each of these thousands of events. */
static void
leave_unsaid(const char *domain G_GNUC_UNUSED, GLogLevelFlags level G_GNUC_UNUSED,
             const char *text G_GNUC_UNUSED, gpointer data G_GNUC_UNUSED)
{
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_handler(NULL, G_LOG_LEVEL_DEBUG, leave_unsaid, NULL);
    gvir_event_register();
    g_test_add_func("/stream-drain/a-timer-starves", test_a_timer_starves);
    g_test_add_func("/stream-drain/drained-in-every-turn", test_drained_in_every_turn);
    g_test_add_func("/stream-drain/makes-no-turn-of-its-own", test_makes_no_turn_of_its_own);
    return g_test_run();
}
