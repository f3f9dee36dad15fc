// SPDX-License-Identifier: LGPL-2.1-or-later
/* What happens to domains is told, of whichever, and no more once that is not wanted: on libvirt's
 * own test driver, whose connections of one process share their domains. */
#include "host-sidecar/domain-watch.h"
#include "protocol/error.h"

#define PATIENCE_US (20 * G_USEC_PER_SEC)

typedef struct {
    GMutex lock;
    GCond changed;
    guint n_happened;
    gboolean released;
    char uuid[VIR_UUID_STRING_BUFLEN];
    gint64 state, reason;
} Heard;

static void
on_happened(const PstDomainNews *news, gpointer user_data)
{
    Heard *heard = user_data;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&heard->lock);

    heard->n_happened++;
    g_strlcpy(heard->uuid, news->uuid, sizeof(heard->uuid));
    heard->state = news->state;
    heard->reason = news->reason;
    g_cond_broadcast(&heard->changed);
}

static void
on_lost(gpointer user_data G_GNUC_UNUSED)
{
    g_assert_not_reached();
}

static void
on_released(gpointer user_data)
{
    Heard *heard = user_data;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&heard->lock);

    heard->released = TRUE;
    g_cond_broadcast(&heard->changed);
}

static const PstDomainWatchFuncs funcs = {on_happened, NULL, on_lost, on_released};

static void
await(Heard *heard, guint n, gboolean released)
{
    gint64 until_us = g_get_monotonic_time() + PATIENCE_US;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&heard->lock);

    while (heard->n_happened < n || heard->released != released)
        g_assert_true(g_cond_wait_until(&heard->changed, &heard->lock, until_us));
}

static void
test_told(void)
{
    static Heard heard;
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new("test:///default");
    g_autoptr(GError) error = NULL;
    virConnectPtr connection = pst_hypervisor_connect(hypervisor, NULL);
    g_autoptr(virDomain) domain = virDomainLookupByName(connection, "test");
    char uuid[VIR_UUID_STRING_BUFLEN];
    PstDomainWatch *watch = pst_domain_watch_start(hypervisor, &funcs, &heard, &error);

    g_assert_no_error(error);
    g_assert_nonnull(domain);
    virDomainGetUUIDString(domain, uuid);
    g_assert_cmpint(virDomainSuspend(domain), ==, 0);
    await(&heard, 1, FALSE);
    g_assert_cmpstr(heard.uuid, ==, uuid);
    g_assert_cmpint(heard.state, ==, VIR_DOMAIN_PAUSED);
    g_assert_cmpint(heard.reason, ==, VIR_DOMAIN_PAUSED_USER);
    g_assert_cmpint(virDomainResume(domain), ==, 0);
    await(&heard, 2, FALSE);
    g_assert_cmpint(heard.state, ==, VIR_DOMAIN_RUNNING);
    g_assert_cmpint(heard.reason, ==, VIR_DOMAIN_RUNNING_UNPAUSED);
    pst_domain_watch_stop(watch);
    await(&heard, 2, TRUE);
    g_assert_cmpint(virDomainSuspend(domain), ==, 0);
    g_assert_cmpint(virDomainResume(domain), ==, 0);
    g_assert_cmpuint(heard.n_happened, ==, 2);
    virConnectClose(connection);
}

/* What it was given is let go of all the same. */
static void
test_no_hypervisor(void)
{
    static Heard heard;
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new("test:///nonexistent/file");
    g_autoptr(GError) error = NULL;

    g_assert_null(pst_domain_watch_start(hypervisor, &funcs, &heard, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_NO_HYPERVISOR);
    await(&heard, 0, TRUE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/domain-watch/told", test_told);
    g_test_add_func("/domain-watch/no-hypervisor", test_no_hypervisor);
    return g_test_run();
}
