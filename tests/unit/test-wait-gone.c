// SPDX-License-Identifier: LGPL-2.1-or-later
#include <libvirt/libvirt.h>

#include "host-sidecar/wait-gone.h"

#define SHUT PST_GUEST_XML_PORT_DISCONNECTED
#define OPEN PST_GUEST_XML_PORT_CONNECTED
#define NONE PST_GUEST_XML_PORT_ABSENT
#define UNSAID PST_GUEST_XML_PORT_UNKNOWN
#define RUNNING VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED

/* Whether the shim, or anybody, can answer, and else why not. */
static void
test_may_answer(void)
{
    static const struct {
        PstWaitDomain domain;
        const char *shim, *target; /* NULL: it can be asked */
    } rows[] = {
        {{RUNNING, OPEN, OPEN}, NULL, NULL},
        {{RUNNING, UNSAID, NONE}, NULL, NULL},
        {{RUNNING, SHUT, OPEN}, "the domain runs, and no shim holds the channel open", NULL},
        {{RUNNING, SHUT, SHUT},
         "the domain runs, and no shim holds the channel open",
         "the domain runs, and neither a shim nor an agent holds its port open"},
        {{RUNNING, NONE, OPEN}, "the domain has no channel for the shim", NULL},
        {{RUNNING, NONE, NONE},
         "the domain has no channel for the shim",
         "the domain has no channel for the shim, and none for an agent"},
        {{VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER, OPEN, OPEN},
         "the domain is paused (by somebody)",
         "the domain is paused (by somebody)"},
        {{VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_DESTROYED, UNSAID, UNSAID},
         "the domain is off (destroyed)",
         "the domain is off (destroyed)"},
        {{VIR_DOMAIN_SHUTOFF, 99, UNSAID, UNSAID}, "the domain is off", "the domain is off"},
    };
    const PstWaitGoal shim = {.state = PST_WAIT_SHIM}, target = {.state = PST_WAIT_TARGET};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *of_shim = NULL, *of_target = NULL;

        g_assert_cmpint(pst_wait_gone_may_answer(&shim, &rows[i].domain, &of_shim), ==,
                        rows[i].shim == NULL);
        g_assert_cmpint(pst_wait_gone_may_answer(&target, &rows[i].domain, &of_target), ==,
                        rows[i].target == NULL);
        g_assert_cmpstr(of_shim, ==, rows[i].shim);
        g_assert_cmpstr(of_target, ==, rows[i].target);
    }
}

/* Only what stays so, and comes back by nothing but somebody's act, is certain not to come. */
static void
test_gone(void)
{
    static const struct {
        PstWaitDomain domain;
        gboolean gone;
    } rows[] = {
        {{RUNNING, SHUT, SHUT}, FALSE},
        {{RUNNING, NONE, OPEN}, TRUE},
        {{VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER, OPEN, OPEN}, FALSE},
        {{VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_IOERROR, OPEN, OPEN}, FALSE},
        {{VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_CRASHED, OPEN, OPEN}, TRUE},
        {{VIR_DOMAIN_CRASHED, VIR_DOMAIN_CRASHED_PANICKED, OPEN, OPEN}, TRUE},
        {{VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_SHUTDOWN, UNSAID, UNSAID}, TRUE},
        {{VIR_DOMAIN_SHUTDOWN, 0, OPEN, OPEN}, FALSE},
        {{VIR_DOMAIN_PMSUSPENDED, 0, OPEN, OPEN}, FALSE},
    };
    const PstWaitGoal goal = {.state = PST_WAIT_SHIM};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        PstWaitGone gone = {0};
        const gint64 t = 5000000;

        g_assert_false(pst_wait_gone_note(&gone, &goal, &rows[i].domain, FALSE, t));
        g_assert_false(
            pst_wait_gone_note(&gone, &goal, &rows[i].domain, FALSE, t + PST_WAIT_GONE_US - 1));
        g_assert_cmpint(
            pst_wait_gone_note(&gone, &goal, &rows[i].domain, FALSE, t + PST_WAIT_GONE_US), ==,
            rows[i].gone);
    }
}

/* A restart in between begins it anew, seen or only told. */
static void
test_interrupted(void)
{
    const PstWaitGoal goal = {.state = PST_WAIT_TARGET};
    const PstWaitDomain off = {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_DESTROYED, SHUT, SHUT};
    const PstWaitDomain on = {RUNNING, SHUT, SHUT};
    PstWaitGone gone = {0};
    const gint64 t = 5000000, later = t + PST_WAIT_GONE_US;

    g_assert_false(pst_wait_gone_note(&gone, &goal, &off, FALSE, t));
    g_assert_false(pst_wait_gone_note(&gone, &goal, &off, TRUE, later));
    g_assert_false(pst_wait_gone_note(&gone, &goal, &on, FALSE, later + 1));
    g_assert_false(pst_wait_gone_note(&gone, &goal, &off, FALSE, later + PST_WAIT_GONE_US));
    g_assert_true(pst_wait_gone_note(&gone, &goal, &off, FALSE, later + 2 * PST_WAIT_GONE_US));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wait-gone/may-answer", test_may_answer);
    g_test_add_func("/wait-gone/gone", test_gone);
    g_test_add_func("/wait-gone/interrupted", test_interrupted);
    return g_test_run();
}
