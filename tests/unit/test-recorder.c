// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/recorder-config.h"
#include "guest-shim/recorder-digest.h"
#include "protocol/json.h"
#include "tests/unit/world.h"

/* ---- what is a change ---- */

#define REPORT(status, summary, findings, took)                                                    \
    "{\"probe\":\"sudo\",\"status\":\"" status "\",\"summary\":\"" summary                         \
    "\",\"findings\":[" findings "],\"data\":{\"x\":" took "},\"took_ms\":" took "}"
#define FINDING(severity, path, text)                                                              \
    "{\"id\":\"sudo.no-rule\",\"severity\":\"" severity                                            \
    "\",\"message\":\"m\",\"evidence\":{\"path\":\"" path "\",\"text\":\"" text "\"}}"

static char *
digest(const char *text)
{
    g_autoptr(JsonObject) json = pst_json_parse(text, strlen(text), &pst_validate_from_guest, NULL);

    g_assert_nonnull(json);
    return pst_recorder_digest(json);
}

static void
test_digest(void)
{
    static const struct {
        const char *text;
        gboolean same;
    } rows[] = {
        {REPORT("warning", "s", FINDING("warning", "/a", "1"), "1"), TRUE},
        /* What is another each time is no change. */
        {REPORT("warning", "other", FINDING("warning", "/a", "2"), "900"), TRUE},
        {REPORT("critical", "s", FINDING("warning", "/a", "1"), "1"), FALSE},
        {REPORT("warning", "s", FINDING("critical", "/a", "1"), "1"), FALSE},
        {REPORT("warning", "s", FINDING("warning", "/b", "1"), "1"), FALSE},
        {REPORT("warning", "s", "", "1"), FALSE},
        {REPORT("warning", "s", FINDING("warning", "/a", "1") "," FINDING("warning", "/b", "1"),
                "1"),
         FALSE},
    };
    /* What a finding is about may be nothing but a command, who says so, or a line of the same
     * file: one check healed, another failed. */
    static const char *const others[] = {"\"command\":\"/a\"", "\"command\":\"/b\"",
                                         "\"source\":\"podman\"", "\"path\":\"/a\",\"line\":1",
                                         "\"path\":\"/a\",\"line\":2"};
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *first = digest(rows[0].text);

    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autofree char *text =
            g_strdup_printf("{\"status\":\"warning\",\"findings\":[{\"id\":\"a.b\",\"severity\":"
                            "\"warning\",\"message\":\"m\",\"evidence\":{%s}}]}",
                            others[i]);
        g_assert_true(g_hash_table_add(seen, digest(text)));
    }
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *other = digest(rows[i].text);

        g_test_message("%s", rows[i].text);
        g_assert_true(g_str_equal(first, other) == rows[i].same);
    }
}

#define RULE(text) "\"rule\":{\"text\":\"" text "\",\"line\":"

/* What somebody has set is told anew where any word of it is another; what counts something is not.
 */
static void
test_steady(void)
{
    static const struct {
        const char *probe, *data;
        gboolean same;
    } rows[] = {
        {"sudo", "{" RULE("ALL") "1},\"verdict\":\"allowed\",\"sources\":[\"a\"]}", TRUE},
        {"sudo", "{" RULE("ALL") "7},\"verdict\":\"allowed\",\"sources\":[\"a\"]}", TRUE},
        {"sudo",
         "{" RULE("ALL") "1},\"verdict\":\"allowed\",\"sources\":[\"a\"],\"timestamps\":true}",
         TRUE},
        {"sudo", "{" RULE("/x") "1},\"verdict\":\"allowed\",\"sources\":[\"a\"]}", FALSE},
        {"sudo", "{" RULE("ALL") "1,\"allows\":false},\"verdict\":\"allowed\",\"sources\":[\"a\"]}",
         FALSE},
        {"sudo", "{" RULE("ALL") "1},\"verdict\":\"denied\",\"sources\":[\"a\"]}", FALSE},
        {"sudo", "{" RULE("ALL") "1},\"verdict\":\"allowed\",\"sources\":[\"a\",\"b\"]}", FALSE},
        {"sudo",
         "{" RULE("ALL") "1},\"verdict\":\"allowed\",\"sources\":[\"a\"],"
                         "\"files\":[{\"path\":\"/x\"}]}",
         FALSE},
        {"firewall", "{\"verdicts\":[{\"rule\":\"counter packets 1\"}]}", TRUE},
        {"firewall", "{\"verdicts\":[{\"rule\":\"counter packets 2\"}]}", TRUE},
        {"security", "{\"umask\":\"022\"}", TRUE},
        {"security", "{\"umask\":\"022\",\"denials\":[{\"target\":\"x\"}]}", TRUE},
        {"security", "{\"umask\":\"027\"}", FALSE},
        {"services", "{\"a\":\"x\"}", TRUE},
        {"services", "{\"a\":\"y\"}", TRUE},
    };
    guint first = 0;

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        first = g_str_equal(rows[i].probe, rows[first].probe) ? first : i;
        g_autofree char *a = g_strdup_printf("{\"probe\":\"%s\",\"status\":\"ok\",\"data\":%s}",
                                             rows[first].probe, rows[first].data);
        g_autofree char *b = g_strdup_printf("{\"probe\":\"%s\",\"status\":\"ok\",\"data\":%s}",
                                             rows[i].probe, rows[i].data);
        g_autofree char *one = digest(a), *other = digest(b);

        g_test_message("%s", b);
        g_assert_true(g_str_equal(one, other) == rows[i].same);
    }
}

/* ---- what the administrator wants ---- */

static void
test_config(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *text;
        gint64 interval_s;
        const char *probes; /* NULL: those that leave no trace */
        const char *users;
    } rows[] = {
        {"", 300, NULL},
        {"[recorder]\ninterval = 60\n", 60, NULL},
        {"[recorder]\ninterval = 0\n", 0, NULL},
        {"[recorder]\ninterval = 1\n", 30, NULL},
        {"[recorder]\ninterval = often\n", 300, NULL},
        {"[recorder]\ninterval = 99999999\n", 300, NULL},
        {"[recorder]\nprobes = system; no-such; sudo\n", 300, "system sudo"},
        {"[recorder]\nprobes =\n", 300, ""},
        {"[recorder]\nusers = ops; harness; ops\n", 300, NULL, "ops harness"},
        {"[recorder]\nusers = a:b; ; ../x; ok\n", 300, NULL, "ok"},
        {"[recorder]\nusers = a;b;c;d;e;f;g;h;i;j\n", 300, NULL, "a b c d e f g h"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        put_text(world, "/etc/postern/shim.conf", rows[i].text);
        g_autoptr(PstRecorderConfig) config = pst_recorder_config_read(world->sysroot);
        g_autofree char *probes = config->probes != NULL ? g_strjoinv(" ", config->probes) : NULL;
        g_autofree char *users = g_strjoinv(" ", config->users);

        g_test_message("%s", rows[i].text);
        g_assert_cmpstr(users, ==, rows[i].users != NULL ? rows[i].users : "");
        g_assert_cmpint(config->interval_s, ==, rows[i].interval_s);
        g_assert_cmpstr(probes, ==, rows[i].probes);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/recorder/digest", test_digest);
    g_test_add_func("/recorder/steady", test_steady);
    g_test_add("/recorder/config", World, NULL, set_up, test_config, tear_down);
    return g_test_run();
}
