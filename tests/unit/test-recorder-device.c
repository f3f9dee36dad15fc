// SPDX-License-Identifier: LGPL-2.1-or-later
/* What of a domain's XML is attached again, and which volumes are a recorder's: libvirt's own
 * texts, without libvirt. */
#include <string.h>

#include "host-sidecar/recorder-heal.h"
#include "host-sidecar/volume-pool.h"
#include "protocol/error.h"

#define UUID "3a4f5d6e-1111-4222-8333-444455556666"
#define RECORDER                                                                                   \
    "<channel type='file'><source path='/p/" UUID ".records' append='on'/>"                        \
    "<target type='virtio' name='org.postern.recorder.0' state='connected'/>"                      \
    "<alias name='channel3'/><address type='virtio-serial' controller='0' bus='0' port='4'/>"      \
    "</channel>"
#define SHIM                                                                                       \
    "<channel type='unix'><target type='virtio' name='org.postern.shim.0'/>"                       \
    "<alias name='channel1'/></channel>"
#define DOMAIN(devices) "<domain><devices>" devices "</devices></domain>"

static void
test_device(void)
{
    g_autofree char *alias = NULL;
    g_autofree char *device = pst_recorder_heal_device(DOMAIN(SHIM RECORDER), &alias);

    g_assert_cmpstr(alias, ==, "channel3");
    /* Where it was, and not under libvirt's own name of it. */
    g_assert_nonnull(strstr(device, "/p/" UUID ".records"));
    g_assert_nonnull(strstr(device, "append=\"on\""));
    g_assert_nonnull(strstr(device, "port=\"4\""));
    g_assert_null(strstr(device, "alias"));
    g_assert_null(strstr(device, "org.postern.shim.0"));
}

static void
test_no_device(void)
{
    static const char *const without[] = {
        DOMAIN(SHIM), DOMAIN(""), "", "<domain",
        /* One that is not written to a file is not the recorder. */
        DOMAIN("<channel type='pty'><target type='virtio' name='org.postern.recorder.0'/>"
               "</channel>")};

    for (guint i = 0; i < G_N_ELEMENTS(without); i++) {
        g_autofree char *alias = NULL;
        g_assert_null(pst_recorder_heal_device(without[i], &alias));
        g_assert_null(alias);
    }
}

/* What is taken away has to be given back before the deadline. */
static void
test_short_deadline(void)
{
    gint64 now_us = g_get_monotonic_time();
    g_autoptr(GError) error = NULL;

    g_assert_true(pst_recorder_heal_has_time(now_us + 30 * G_USEC_PER_SEC, &error));
    g_assert_no_error(error);
    g_assert_false(pst_recorder_heal_has_time(now_us + 2 * G_USEC_PER_SEC, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
    g_assert_nonnull(strstr(error->message, "nothing was changed"));
    g_assert_nonnull(strstr(error->message, "--deadline"));
}

static void
test_names(void)
{
    static const char *const ours[] = {UUID ".records", UUID ".records.0", UUID ".records.12"};
    static const char *const others[] = {"",
                                         "web.records",
                                         UUID,
                                         UUID ".records.",
                                         UUID ".records.x",
                                         UUID ".log",
                                         UUID ".records.0a",
                                         "x" UUID ".records",
                                         UUID ".recordsx",
                                         "../" UUID ".records"};

    for (guint i = 0; i < G_N_ELEMENTS(ours); i++) {
        g_autofree char *uuid = pst_volume_pool_uuid_of(ours[i]);
        g_assert_cmpstr(uuid, ==, UUID);
    }
    for (guint i = 0; i < G_N_ELEMENTS(others); i++)
        g_assert_null(pst_volume_pool_uuid_of(others[i]));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/recorder-device/device", test_device);
    g_test_add_func("/recorder-device/no-device", test_no_device);
    g_test_add_func("/recorder-device/short-deadline", test_short_deadline);
    g_test_add_func("/recorder-device/names", test_names);
    return g_test_run();
}
