// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/error.h"
#include "protocol/nearest.h"

static void
test_reasons(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (int code = 0; code <= PST_ERROR_LAST; code++) {
        const char *reason = pst_error_reason((PstErrorCode)code);
        g_assert_nonnull(reason);
        g_assert_true(g_hash_table_add(seen, (gpointer)reason));
    }
    for (int code = 0; code <= PST_ERROR_LAST; code++) {
        PstErrorCode again = PST_ERROR_LAST;
        g_assert_true(pst_error_from_reason(pst_error_reason((PstErrorCode)code), &again));
        g_assert_cmpint(again, ==, code);
    }
    g_assert_false(pst_error_from_reason("", &(PstErrorCode){0}));
    g_assert_false(pst_error_from_reason("no-such", &(PstErrorCode){0}));
    g_assert_cmpstr(pst_error_reason((PstErrorCode)(PST_ERROR_LAST + 1)), ==, "internal");
    g_assert_cmpstr(pst_error_reason((PstErrorCode)-1), ==, "internal");
}

/* JSON-RPC 2.0 section 5.1, and the numbers of docs/protocol.md. */
static void
test_rpc(void)
{
    const struct {
        PstErrorCode code;
        int number;
    } rows[] = {
        {PST_ERROR_PARSE, -32700},          {PST_ERROR_INVALID_REQUEST, -32600},
        {PST_ERROR_UNKNOWN_METHOD, -32601}, {PST_ERROR_INVALID_PARAMS, -32602},
        {PST_ERROR_INTERNAL, -32603},       {PST_ERROR_NOT_ALLOWED, -32001},
        {PST_ERROR_DEADLINE, -32002},       {PST_ERROR_BUSY, -32003},
        {PST_ERROR_TOO_LARGE, -32004},      {PST_ERROR_UNAVAILABLE, -32005},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_cmpint(pst_error_to_rpc(rows[i].code), ==, rows[i].number);
        g_assert_cmpint(pst_error_from_rpc(rows[i].number), ==, rows[i].code);
    }
    for (int code = PST_ERROR_UNAVAILABLE + 1; code <= PST_ERROR_LAST; code++)
        g_assert_cmpint(pst_error_from_rpc(pst_error_to_rpc((PstErrorCode)code)), ==,
                        pst_error_to_rpc((PstErrorCode)code) == -32603 ? PST_ERROR_INTERNAL
                                                                       : PST_ERROR_PROTOCOL);
    g_assert_cmpint(pst_error_to_rpc(PST_ERROR_NO_DOMAIN), ==, -32006);
    g_assert_cmpint(pst_error_to_rpc(PST_ERROR_NO_HYPERVISOR), ==, -32007);
    g_assert_cmpint(pst_error_to_rpc(PST_ERROR_NO_PERMISSION), ==, -32008);
    g_assert_cmpint(pst_error_to_rpc((PstErrorCode)99), ==, -32603);
    g_assert_cmpint(pst_error_from_rpc(0), ==, PST_ERROR_PROTOCOL);
    g_assert_cmpint(pst_error_from_rpc(-32603 + (1LL << 32)), ==, PST_ERROR_PROTOCOL);
}

static void
test_nearest(void)
{
    static const char *const names[] = {"sudo", "services", "system", "ssh", "journal"};
    const struct {
        const char *word, *hint;
    } rows[] = {
        {"sud", "; did you mean 'sudo'?"},
        {"sudoo", "; did you mean 'sudo'?"},
        {"usdo", "; did you mean 'sudo'?"},
        {"service", "; did you mean 'services'?"},
        {"ser", "; did you mean 'services'?"},
        {"jour", "; did you mean 'journal'?"},
        {"ss", "; did you mean 'ssh'?"},
        {"x", "; known: sudo, services, system, ssh, journal"},
        {"", "; known: sudo, services, system, ssh, journal"},
        {"firewall", "; known: sudo, services, system, ssh, journal"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *hint = pst_nearest_hint(rows[i].word, names, G_N_ELEMENTS(names));
        g_assert_cmpstr(hint, ==, rows[i].hint);
    }
}

static void
test_nearest_edges(void)
{
    static const char *const names[] = {
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    g_autofree char *none = pst_nearest_hint("x", NULL, 0);
    g_autofree char *huge = g_strnfill(100000, 'a');
    g_autofree char *far = pst_nearest_hint(huge, names, 1);
    g_autofree char *near = pst_nearest_hint(names[0] + 1, names, 1);

    g_assert_cmpstr(none, ==, "");
    g_assert_true(g_str_has_prefix(far, "; known: aaa"));
    g_assert_true(g_str_has_prefix(near, "; did you mean 'aaa"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/error/reasons", test_reasons);
    g_test_add_func("/error/rpc", test_rpc);
    g_test_add_func("/nearest/words", test_nearest);
    g_test_add_func("/nearest/edges", test_nearest_edges);
    return g_test_run();
}
