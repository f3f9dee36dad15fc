// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/exec-act.h"

#include <string.h>

#include "protocol/error.h"

#define ID "0123456789abcdef0123456789abcdef"

static const struct {
    PstErrorCode code;
    gboolean maybe;
    PstErrorCode expected;
} rows[] = {
    /* A shim that is gone greets nobody: nothing was sent. */
    {PST_ERROR_DEADLINE, FALSE, PST_ERROR_PATH_SHUT},
    {PST_ERROR_UNAVAILABLE, FALSE, PST_ERROR_PATH_SHUT},
    {PST_ERROR_PROTOCOL, FALSE, PST_ERROR_PATH_SHUT},
    {PST_ERROR_PATH_SHUT, FALSE, PST_ERROR_PATH_SHUT},
    /* What the guest said is its own word. */
    {PST_ERROR_NOT_ALLOWED, FALSE, PST_ERROR_NOT_ALLOWED},
    {PST_ERROR_BUSY, FALSE, PST_ERROR_BUSY},
    {PST_ERROR_INVALID_PARAMS, FALSE, PST_ERROR_INVALID_PARAMS},
    /* The channel ended behind the request: the shim may have handed it on. */
    {PST_ERROR_PATH_SHUT, TRUE, PST_ERROR_UNAVAILABLE},
    {PST_ERROR_DEADLINE, TRUE, PST_ERROR_DEADLINE},
    {PST_ERROR_PROTOCOL, TRUE, PST_ERROR_PROTOCOL},
};

static void
test_conclude(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) cause = g_error_new(PST_ERROR, (int)rows[i].code, "why");

        pst_exec_act_conclude(cause, rows[i].maybe, ID);
        g_assert_error(cause, PST_ERROR, (int)rows[i].expected);
        g_assert_cmpint(g_str_has_prefix(cause->message, "it may have been started"), ==,
                        rows[i].maybe);
        g_assert_cmpint(strstr(cause->message, ID) != NULL, ==, rows[i].maybe);
        g_assert_true(g_str_has_suffix(cause->message, "why"));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/exec-act/conclude", test_conclude);
    return g_test_run();
}
