// SPDX-License-Identifier: LGPL-2.1-or-later
/* What libvirt's events tell of domains is noted, as exactly as it is told: on libvirt's own test
 * driver, whose connections of one process share their domains. */
#include <glib/gstdio.h>

#include "host-sidecar/lifecycle-hear.h"
#include "host-sidecar/lifecycle-note.h"
#include "host-sidecar/store-lifecycle.h"

#define GONE "3a4f5d6e-1111-4222-8333-444455556666"
#define SECOND ((gint64)G_USEC_PER_SEC)
#define PATIENCE_US (20 * SECOND)

typedef struct {
    char *folder, *config, *uri;
    PstHypervisor *hypervisor;
    virConnectPtr connection;
    virDomainPtr domain;
    char uuid[VIR_UUID_STRING_BUFLEN];
} World;

static void
set_up(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *text = NULL;

    world->folder = g_dir_make_tmp("pst-hear-XXXXXX", NULL);
    world->config = g_build_filename(world->folder, "postern.conf", NULL);
    text = g_strdup_printf("[store]\nfolder = %s/store\n", world->folder);
    g_assert_true(g_file_set_contents(world->config, text, -1, NULL));
    g_setenv("POSTERN_CONFIG", world->config, TRUE);
    world->hypervisor = pst_hypervisor_new("test:///default");
    world->connection = pst_hypervisor_connect(world->hypervisor, NULL);
    world->uri = pst_hypervisor_uri(world->connection);
    world->domain = virDomainLookupByName(world->connection, "test");
    g_assert_nonnull(world->domain);
    virDomainGetUUIDString(world->domain, world->uuid);
}

static void
tear_down(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *const argv[] = {"/bin/rm", "-r", world->folder, NULL};

    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL,
                               NULL, NULL));
    virDomainFree(world->domain);
    virConnectClose(world->connection);
    pst_hypervisor_unref(world->hypervisor);
    g_free(world->uri);
    g_free(world->config);
    g_free(world->folder);
}

/* Somebody passes by. */
static void
look(const World *world)
{
    PstLifecycleSight sight;

    g_assert_true(pst_lifecycle_note_look(world->domain, &sight, NULL));
    g_autoptr(PstLifecycle) noted =
        pst_lifecycle_note_until(world->uri, world->uuid, "test", &sight, NULL, G_MAXINT64);
    g_assert_nonnull(noted);
}

static void
hear(const World *world, const char *uuid, gint64 state, gint64 reason, gint64 heard_us)
{
    const PstDomainNews news = {
        .uuid = uuid, .state = state, .reason = reason, .heard_us = heard_us};

    pst_lifecycle_hear(world->hypervisor, &news);
}

/* What is known of that domain, once it is N entries. */
static PstLifecycle *
await(const World *world, const char *uuid, guint n)
{
    gint64 until_us = g_get_monotonic_time() + PATIENCE_US;
    g_autoptr(PstStore) store = pst_store_open_configured(world->uri, NULL, NULL);
    g_autoptr(PstLifecycle) known = NULL;

    g_assert_nonnull(store);
    for (;;) {
        known = pst_store_lifecycle_read(store, uuid);
        if (known->entries != NULL && known->entries->len == n)
            return g_steal_pointer(&known);
        g_assert_cmpint(g_get_monotonic_time(), <, until_us);
        g_clear_pointer(&known, pst_lifecycle_free);
        g_usleep(5000);
    }
}

static void
assert_last(const PstLifecycle *known, gint64 state, gint64 reason, gint64 when_us)
{
    const PstLifecycleEntry *last = known->entries->pdata[known->entries->len - 1];

    g_assert_cmpint(last->state, ==, state);
    g_assert_cmpint(last->reason, ==, reason);
    g_assert_cmpint(last->seen_us, ==, when_us);
    g_assert_cmpint(last->before_us, ==, when_us);
}

/* libvirt says why, and the event when. */
static void
test_noted(World *world, gconstpointer data G_GNUC_UNUSED)
{
    look(world);
    g_assert_cmpint(virDomainSuspend(world->domain), ==, 0);
    gint64 when_us = g_get_real_time();
    hear(world, world->uuid, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_UNKNOWN, when_us);
    g_autoptr(PstLifecycle) known = await(world, world->uuid, 2);
    assert_last(known, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER, when_us);
    g_assert_cmpstr(known->domain, ==, "test");
    g_assert_cmpint(virDomainResume(world->domain), ==, 0);
}

/* The domain has moved on by the time that libvirt is asked: each event is noted, in its order. */
static void
test_moved_on(World *world, gconstpointer data G_GNUC_UNUSED)
{
    look(world);
    gint64 when_us = g_get_real_time();
    hear(world, world->uuid, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_WATCHDOG, when_us);
    hear(world, world->uuid, VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_DESTROYED, when_us + 1);
    hear(world, world->uuid, PST_INT_UNKNOWN, PST_INT_UNKNOWN, when_us + 2);
    hear(world, world->uuid, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED, when_us + 3);
    g_autoptr(PstLifecycle) known = await(world, world->uuid, 4);
    const PstLifecycleEntry *paused = known->entries->pdata[1], *off = known->entries->pdata[2];
    g_assert_cmpint(paused->reason, ==, VIR_DOMAIN_PAUSED_WATCHDOG);
    g_assert_cmpint(paused->before_us, ==, when_us);
    g_assert_cmpint(off->state, ==, VIR_DOMAIN_SHUTOFF);
    g_assert_cmpint(off->seen_us, ==, when_us + 1);
    const PstLifecycleEntry *last = known->entries->pdata[3];
    g_assert_cmpint(last->state, ==, VIR_DOMAIN_RUNNING);
    g_assert_cmpint(last->before_us, ==, when_us + 3);
    g_assert_cmpint(last->id, ==, (gint64)virDomainGetID(world->domain));
}

/* A transient domain is none any more once it is stopped. */
static void
test_gone(World *world, gconstpointer data G_GNUC_UNUSED)
{
    gint64 when_us = g_get_real_time();

    hear(world, GONE, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER, when_us);
    hear(world, GONE, VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_CRASHED, when_us + 1);
    g_autoptr(PstLifecycle) known = await(world, GONE, 1);
    assert_last(known, VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_CRASHED, when_us + 1);
    g_assert_null(known->domain);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function)                                                                        \
    g_test_add("/lifecycle-hear/" name, World, NULL, set_up, function, tear_down)
    ADD("noted", test_noted);
    ADD("moved-on", test_moved_on);
    ADD("gone", test_gone);
    return g_test_run();
}
