// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/exit-code.h"
#include "protocol/error.h"

static void
test_status(void)
{
    g_assert_cmpint(pst_exit_code_of_status(PST_STATUS_OK), ==, 0);
    g_assert_cmpint(pst_exit_code_of_status(PST_STATUS_WARNING), ==, 1);
    g_assert_cmpint(pst_exit_code_of_status(PST_STATUS_CRITICAL), ==, 2);
    g_assert_cmpint(pst_exit_code_of_status(PST_STATUS_UNKNOWN), ==, 3);
}

static void
test_error(void)
{
    static const struct {
        PstErrorCode code;
        int exit_code;
    } rows[] = {
        {PST_ERROR_USAGE, 64},         {PST_ERROR_INVALID_PARAMS, 64}, {PST_ERROR_NO_DOMAIN, 68},
        {PST_ERROR_NO_HYPERVISOR, 69}, {PST_ERROR_ABSENT, 66},         {PST_ERROR_OUTPUT, 74},
        {PST_ERROR_NO_PERMISSION, 77}, {PST_ERROR_DEADLINE, 3},        {PST_ERROR_PATH_SHUT, 3},
        {PST_ERROR_UNAVAILABLE, 3},    {PST_ERROR_INTERNAL, 3},        {PST_ERROR_PROTOCOL, 3},
        {PST_ERROR_BUSY, 3},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = g_error_new(PST_ERROR, (int)rows[i].code, "x");
        g_assert_cmpint(pst_exit_code_of_error(error), ==, rows[i].exit_code);
    }
    g_autoptr(GError) foreign = g_error_new(G_FILE_ERROR, G_FILE_ERROR_NOENT, "x");
    g_assert_cmpint(pst_exit_code_of_error(foreign), ==, 3);
}

/* No error ever ends a command with success. */
static void
test_never_ok(void)
{
    for (int code = 0; code <= PST_ERROR_LAST; code++) {
        g_autoptr(GError) error = g_error_new(PST_ERROR, code, "x");
        g_assert_cmpint(pst_exit_code_of_error(error), >=, 3);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/exit-code/status", test_status);
    g_test_add_func("/exit-code/error", test_error);
    g_test_add_func("/exit-code/never-ok", test_never_ok);
    return g_test_run();
}
