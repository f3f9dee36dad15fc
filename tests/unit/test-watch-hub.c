// SPDX-License-Identifier: LGPL-2.1-or-later
/* What happens to domains is told, of those that are wanted, on libvirt's own test driver, whose
 * connections of one process share their domains. */
#include "host-sidecar/watch-hub.h"

#include <string.h>

#include "host-sidecar/channel-keep.h"

#define PATIENCE_US (20 * G_USEC_PER_SEC)

typedef struct {
    GMainContext *context;
    PstHypervisor *hypervisor;
    PstWatchHub *hub;
    virConnectPtr connection;
    virDomainPtr domain;
} World;

typedef struct {
    World *world;
    GString *told; /* `DOMAIN EVENT\n` */
    gboolean blind;
} Watcher;

static void
set_up(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    world->context = g_main_context_new();
    world->hypervisor = pst_hypervisor_new("test:///default");
    pst_hypervisor_set_keep(world->hypervisor, pst_channel_keep_new(world->context, &error));
    g_assert_no_error(error);
    world->hub = pst_watch_hub_new(world->context, world->hypervisor);
    world->connection = pst_hypervisor_connect(world->hypervisor, &error);
    g_assert_no_error(error);
    world->domain = virDomainLookupByName(world->connection, "test");
    g_assert_nonnull(world->domain);
}

static void
tear_down(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    pst_watch_hub_free(world->hub);
    virDomainFree(world->domain);
    virConnectClose(world->connection);
    pst_hypervisor_unref(world->hypervisor);
}

static void
on_told(const PstWatchEvent *event, gpointer data)
{
    Watcher *watcher = data;

    g_string_append_printf(watcher->told, "%s %s\n", event->domain != NULL ? event->domain : "-",
                           event->event);
}

static gboolean
may(const char *name, const char *uuid, gpointer data)
{
    g_assert_cmpstr(name, ==, "test");
    g_assert_cmpuint(strlen(uuid), ==, 36);
    return !((const Watcher *)data)->blind;
}

static PstWatchWant *
want(Watcher *watcher, World *world, const char *const *domains)
{
    watcher->world = world;
    watcher->told = g_string_new(NULL);
    const PstWatchWanted wanted = {domains, may, on_told, watcher};
    return pst_watch_hub_want(world->hub, &wanted);
}

static void
await(Watcher *watcher, const char *told)
{
    gint64 until_us = g_get_monotonic_time() + PATIENCE_US;

    while (strstr(watcher->told->str, told) == NULL) {
        if (g_get_monotonic_time() > until_us)
            g_error("'%s' is not told, but '%s'", told, watcher->told->str);
        g_main_context_iteration(watcher->world->context, FALSE);
        g_usleep(1000);
    }
}

static void
clear(Watcher *watcher)
{
    g_string_free(watcher->told, TRUE);
}

static void
test_told(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Watcher watcher = {0};
    PstWatchWant *wanted = want(&watcher, world, NULL);

    /* The first word is how it stands: this one has no channel. */
    await(&watcher, "test not-listening\n");
    g_assert_cmpint(virDomainSuspend(world->domain), ==, 0);
    g_assert_cmpint(virDomainResume(world->domain), ==, 0);
    g_assert_cmpint(virDomainDestroy(world->domain), ==, 0);
    g_assert_cmpint(virDomainCreate(world->domain), ==, 0);
    await(&watcher, "test started\n");
    g_assert_true(g_str_has_prefix(
        watcher.told->str,
        "test not-listening\ntest paused\ntest resumed\ntest stopped\ntest started\n"));
    pst_watch_hub_unwant(world->hub, wanted);
    clear(&watcher);
}

static void
test_named(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const char *const names[] = {"tset", NULL};
    char uuid[VIR_UUID_STRING_BUFLEN] = "";
    Watcher other = {0}, by_uuid = {0}, blind = {.blind = TRUE};

    virDomainGetUUIDString(world->domain, uuid);
    const char *const uuids[] = {uuid, NULL};
    PstWatchWant *wants[] = {want(&other, world, names), want(&by_uuid, world, uuids),
                             want(&blind, world, NULL)};
    await(&other, "tset not-listening\n");
    await(&by_uuid, "test not-listening\n");
    g_assert_cmpint(virDomainSuspend(world->domain), ==, 0);
    await(&by_uuid, "test paused\n");
    g_assert_cmpint(virDomainResume(world->domain), ==, 0);
    await(&by_uuid, "test resumed\n");
    g_assert_cmpstr(other.told->str, ==, "tset not-listening\n");
    g_assert_cmpstr(blind.told->str, ==, "");
    for (guint i = 0; i < G_N_ELEMENTS(wants); i++)
        pst_watch_hub_unwant(world->hub, wants[i]);
    clear(&other);
    clear(&by_uuid);
    clear(&blind);
}

/* One who comes later is told how it stands too, and who went is told nothing. */
static void
test_later(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Watcher first = {0}, second = {0};
    PstWatchWant *one = want(&first, world, NULL);

    await(&first, "test not-listening\n");
    PstWatchWant *other = want(&second, world, NULL);
    await(&second, "test not-listening\n");
    pst_watch_hub_unwant(world->hub, one);
    gsize before = first.told->len;
    g_assert_cmpint(virDomainSuspend(world->domain), ==, 0);
    await(&second, "test paused\n");
    g_assert_cmpuint(first.told->len, ==, before);
    g_assert_cmpint(virDomainResume(world->domain), ==, 0);
    pst_watch_hub_unwant(world->hub, other);
    clear(&first);
    clear(&second);
    /* And again, from nothing. */
    Watcher third = {0};
    other = want(&third, world, NULL);
    await(&third, "test not-listening\n");
    pst_watch_hub_unwant(world->hub, other);
    clear(&third);
}

#define ADD(name, function) g_test_add(name, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/watch-hub/told", test_told);
    ADD("/watch-hub/named", test_named);
    ADD("/watch-hub/later", test_later);
    return g_test_run();
}
