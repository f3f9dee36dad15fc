// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gio/gio.h>
#include <string.h>

#include "health-world.h"
#include "host-sidecar/metrics.h"
#include "host-sidecar/render-health.h"
#include "protocol/json.h"

/* What a guest may call itself and say: control characters, another line, another column of
 * performance data, another label, marks of direction, what is no UTF-8, and nothing. */
static const char *const hostile[] = {
    "\x1b[2J\x1b]0;owned\x07",
    "a\nok        b  answers",
    "x | ok=0;;;0",
    "a\",domain=\"b\"} 0\n# EOF\npostern_x 1",
    "\xe2\x80\xae"
    "evil\xe2\x80\xac",
    "\xff\xfe\x80",
    "back\\slash \\n \\\"",
    "",
    "\xc2\x85\xe2\x80\xa8",
    "# EOF",
};

static PstHealth *
hostile_health(PstHealthMemory *memory, guint n)
{
    GPtrArray *sights = g_ptr_array_new_with_free_func((GDestroyNotify)pst_health_sight_free);

    for (guint i = 0; i < n; i++) {
        const char *text = hostile[i % G_N_ELEMENTS(hostile)];
        const char *other = hostile[g_test_rand_int_range(0, G_N_ELEMENTS(hostile))];
        g_autofree char *name =
            i < G_N_ELEMENTS(hostile) ? g_strdup(text) : g_strdup_printf("%s%u", text, i);
        PstHealthSight *sight = i % 3 == 0 ? make_answering(name) : make_silent(name);
        PstProblem *problem = pst_health_sight_add(sight, i % 2 == 0 ? "ssh.x" : other,
                                                   PST_SEVERITY_CRITICAL, "%s", other);
        problem->subject = g_strdup(text);
        sight->why = sight->answered ? NULL : g_strdup(text);
        sight->job = g_strdup(other);
        sight->job_ms = 5000;
        g_ptr_array_add(sights, sight);
    }
    PstHealth *health =
        sweep_at(memory, "[expect *]\nacknowledge=a.b until 2001-01-01\n", 0, sights);
    health->uri = g_strdup("qemu+ssh://\"x\\y\n/system");
    health->took_ms = 3456;
    return health;
}

static void
assert_shown(const char *text)
{
    g_assert_true(g_utf8_validate(text, -1, NULL));
    for (const char *c = text; *c != '\0'; c = g_utf8_next_char(c)) {
        gunichar ch = g_utf8_get_char(c);
        g_assert_true(ch == '\n' || (ch >= 0x20 && !(ch >= 0x7f && ch < 0xa0)));
        g_assert_true(ch != 0x202e && ch != 0x202c && ch != 0x2028);
    }
}

static guint
count_lines(const char *text)
{
    guint n = 0;

    for (; *text != '\0'; text++)
        n += *text == '\n';
    return n;
}

/* Where the host can't tell why a guest is silent, what became of the paths to it is told. */
static void
test_why(void)
{
    g_autoptr(PstHealthMemory) memory = pst_health_memory_new();
    PstHealthSight *floods = make_silent("floods"), *off = make_sight("off", "running", "booted");
    GPtrArray *sights = sights_of(floods);

    floods->why = g_strdup("channel: rubbish\n");
    off->why = g_strdup("channel: nobody holds it");
    pst_health_sight_add(off, "host.nobody-listens", PST_SEVERITY_UNKNOWN, "nobody listens");
    g_ptr_array_add(sights, off);
    g_autoptr(PstHealth) health = sweep_at(memory, "", 0, sights);
    g_autofree char *text = pst_render_health(health, FALSE);
    g_autofree char *json = pst_render_health_json(health, FALSE);

    g_assert_nonnull(strstr(text, "nothing in it answers [host.no-answer]; channel: rubbish\\n;"));
    g_assert_null(strstr(text, "nobody holds it"));
    g_assert_nonnull(strstr(json, "\"why\":\"channel: nobody holds it\""));
}

static void
test_hostile_text(void)
{
    g_autoptr(PstHealthMemory) memory = pst_health_memory_new();
    g_autoptr(PstHealth) health = hostile_health(memory, 60);
    g_autofree char *text = pst_render_health(health, FALSE);
    g_autofree char *changes = pst_render_health(health, TRUE);
    g_autofree char *json = pst_render_health_json(health, FALSE);

    assert_shown(text);
    assert_shown(changes);
    assert_shown(json);
    /* The counts, and of each domain a line and a note. */
    g_assert_cmpuint(count_lines(text), ==, 1 + 2 * 60);
    g_assert_cmpuint(count_lines(json), ==, 1);
    const PstValidateLimits limits = {4 * 1024 * 1024, 100000, FALSE};
    g_autoptr(JsonObject) read = pst_json_parse(json, strlen(json), &limits, NULL);
    g_assert_nonnull(read);
}

static void
test_text(void)
{
    g_autoptr(PstHealthMemory) memory = pst_health_memory_new();
    GPtrArray *sights = sights_of(make_answering("web"));

    g_ptr_array_add(sights, make_silent("db"));
    g_autoptr(PstHealth) health = sweep_at(memory, "", 0, sights);
    health->took_ms = 1234;
    g_autofree char *text = pst_render_health(health, FALSE);
    g_assert_true(g_str_has_prefix(text, "2 domains: 1 unknown, 1 ok; 1.2 s\nUNKNOWN   db "));
    g_assert_nonnull(strstr(text, "\nok        web "));
    g_autoptr(PstHealth) again = sweep_at(memory, "", 60, sights_of(make_answering("web")));
    g_autofree char *changes = pst_render_health(again, TRUE);
    g_assert_nonnull(strstr(changes, "no more domains: db\n"));
    g_assert_null(strstr(changes, "web"));
}

/* ---- the plugin's line ---- */

static void
assert_plugin(const char *line)
{
    g_auto(GStrv) halves = g_strsplit(line, "|", -1);

    assert_shown(line);
    g_assert_cmpuint(count_lines(line), ==, 1);
    g_assert_cmpuint(strlen(line), <=, 2048);
    g_assert_true(g_regex_match_simple("^POSTERN (OK|WARNING|CRITICAL|UNKNOWN) - ", line, 0, 0));
    g_assert_cmpuint(g_strv_length(halves), ==, 2);
    g_assert_true(
        g_regex_match_simple("^( [a-z]+=[0-9]+(\\.[0-9]+)?s?;[0-9.]*;[0-9.]*;[0-9.]*(;[0-9.]*)?)+$",
                             g_strchomp(halves[1]), 0, 0));
}

static void
test_plugin(void)
{
    for (guint n = 0; n < 40; n += 3) {
        g_autoptr(PstHealthMemory) memory = pst_health_memory_new();
        g_autoptr(PstHealth) health = hostile_health(memory, n);
        g_autofree char *line = pst_render_health_plugin(health);

        assert_plugin(line);
    }
    g_autoptr(PstHealthMemory) memory = pst_health_memory_new();
    g_autoptr(PstHealth) health = sweep_at(memory, "", 0, sights_of(make_silent("db")));
    g_autofree char *line = pst_render_health_plugin(health);
    g_assert_true(g_str_has_prefix(line, "POSTERN UNKNOWN - 1 domain: 1 unknown; db: nothing in it "
                                         "answers [host.no-answer] | domains=1;;;0 ok=0;;;0;1 "));
    for (guint i = 0; i < G_N_ELEMENTS(hostile); i++) {
        g_autofree char *failed = pst_render_health_plugin_failure(hostile[i]);
        assert_shown(failed);
        g_assert_cmpuint(count_lines(failed), ==, 1);
        g_assert_null(strchr(failed, '|'));
        g_assert_true(g_str_has_prefix(failed, "POSTERN UNKNOWN - "));
    }
}

/* ---- metrics ---- */

#define NAME "[a-zA-Z_:][a-zA-Z0-9_:]*"
#define LABEL "[a-zA-Z_][a-zA-Z0-9_]*=\"([^\"\\\\\n]|\\\\[\\\\\"n])*\""

/* The exposition format, as narrow as the two readers of it together are: each family once, with
 * its help and its type in front, its series without a time and none of them twice. */
static void
assert_metrics(const char *text)
{
    g_autoptr(GHashTable) families = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) series = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GRegex) head = g_regex_new("^# (HELP|TYPE) (" NAME ") (.+)$", 0, 0, NULL);
    g_autoptr(GRegex) sample =
        g_regex_new("^((" NAME ")\\{" LABEL "(," LABEL ")*\\}) ([0-9]+(\\.[0-9]+)?)$", 0, 0, NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *family = NULL;
    guint n = g_strv_length(lines);

    g_assert_nonnull(head);
    g_assert_nonnull(sample);
    assert_shown(text);
    g_assert_cmpstr(lines[n - 1], ==, "");
    g_assert_cmpstr(lines[n - 2], ==, "# EOF");
    for (guint i = 0; i < n - 2; i++) {
        g_autoptr(GMatchInfo) match = NULL;

        if (g_regex_match(head, lines[i], 0, &match)) {
            g_autofree char *kind = g_match_info_fetch(match, 1);
            g_autofree char *name = g_match_info_fetch(match, 2);
            g_autofree char *rest = g_match_info_fetch(match, 3);
            if (g_str_equal(kind, "HELP")) {
                g_assert_true(g_hash_table_add(families, g_strdup(name)));
                g_free(family);
                family = g_steal_pointer(&name);
                continue;
            }
            g_assert_cmpstr(name, ==, family);
            g_assert_cmpstr(rest, ==, "gauge");
            continue;
        }
        g_clear_pointer(&match, g_match_info_free);
        if (!g_regex_match(sample, lines[i], 0, &match))
            g_error("this is no sample: %s", lines[i]);
        g_autofree char *name = g_match_info_fetch(match, 2);
        g_assert_cmpstr(name, ==, family);
        g_assert_true(g_hash_table_add(series, g_match_info_fetch(match, 1)));
    }
}

static void
test_metrics(void)
{
    for (guint n = 0; n < 40; n += 3) {
        g_autoptr(PstHealthMemory) memory = pst_health_memory_new();
        g_autoptr(PstHealth) health = hostile_health(memory, n);
        g_autofree char *text = pst_metrics_text(health);

        assert_metrics(text);
    }
}

/* So many series, and no more, whatever there is; and two names that look alike are one. */
static void
test_cardinality(void)
{
    g_autoptr(PstHealthMemory) memory = pst_health_memory_new();
    GPtrArray *sights = sights_of(make_answering("twin\x01"));
    guint n_series = 0;

    g_ptr_array_add(sights, make_answering("twin\\x01"));
    for (guint i = 0; i < PST_METRICS_MAX_DOMAINS + 10; i++) {
        g_autofree char *name = g_strdup_printf("g%u", i);
        g_ptr_array_add(sights, i == 700 ? make_silent(name) : make_answering(name));
    }
    g_autoptr(PstHealth) health = sweep_at(memory, "", 0, sights);
    g_autofree char *text = pst_metrics_text(health);
    assert_metrics(text);
    for (const char *at = text; (at = strstr(at, "\npostern_domain_status{")) != NULL; at++)
        n_series++;
    g_assert_cmpuint(n_series, ==, PST_METRICS_MAX_DOMAINS);
    g_assert_nonnull(strstr(text, "postern_health_domains_left_out{uri=\"unknown\"} 12\n"));
    g_assert_nonnull(strstr(text, "domain=\"g700\"} 3\n"));
    g_assert_nonnull(strstr(text, "postern_health_last_sweep_timestamp_seconds{uri=\"unknown\"} "
                                  "1795600000.000000\n"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/render-health/why", test_why);
    g_test_add_func("/render-health/text", test_text);
    g_test_add_func("/render-health/hostile", test_hostile_text);
    g_test_add_func("/render-health/plugin", test_plugin);
    g_test_add_func("/metrics/grammar", test_metrics);
    g_test_add_func("/metrics/cardinality", test_cardinality);
    return g_test_run();
}
