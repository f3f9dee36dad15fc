// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>
#include <sys/stat.h>

#include "guest-shim/config.h"
#include "tests/unit/world.h"

#define DROP_IN(name) "/etc/postern/shim.conf.d/" name

static const char *const defaults[] = {"shipped", NULL};

static void
assert_list(const PstConfig *config, const char *group, const char *key, const char *expected)
{
    g_auto(GStrv) list = pst_config_list(config, group, key, defaults);
    g_autofree char *joined = g_strjoinv(" ", list);

    g_assert_cmpstr(joined, ==, expected);
}

static void
assert_problem(const PstConfig *config, const char *expected)
{
    const char *const *problems = pst_config_problems(config);

    g_assert_nonnull(problems);
    g_assert_cmpstr(problems[0], ==, expected);
    g_assert_null(problems[1]);
}

static PstConfig *
parse(const char *text)
{
    PstConfig *config = pst_config_new();

    pst_config_add(config, "FILE", text, strlen(text));
    return config;
}

static void
test_absent(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(PstConfig) config = pst_config_read(world->sysroot);

    g_assert_null(pst_config_problems(config));
    g_assert_null(pst_config_value(config, "read", "allow"));
    assert_list(config, "read", "allow", "shipped");
}

static void
test_layers(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_text(world, PST_CONFIG_FILE, "# ours\n[read]\nallow = /srv/a; /srv/b ;\nallow=/srv/c\n");
    put_text(world, DROP_IN("20-x.conf"), "[read]\nallow=/srv/e\ndeny=\n");
    put_text(world, DROP_IN("10-x.conf"), "[read]\nallow=/srv/d\ndeny=/srv/z");
    put_text(world, DROP_IN("30-x.conf.bak"), "[read]\nallow=/srv/never\n");
    g_autoptr(PstConfig) config = pst_config_read(world->sysroot);

    g_assert_null(pst_config_problems(config));
    assert_list(config, "read", "allow", "shipped /srv/a /srv/b /srv/c /srv/d /srv/e");
    assert_list(config, "read", "deny", "");
    g_assert_cmpstr(pst_config_value(config, "read", "allow"), ==, "/srv/e");
}

static void
test_forget(void)
{
    g_autoptr(PstConfig) config = parse("[private]\nunits=a\nunits=;b;;c\n; a comment\nunits=d\n");

    assert_list(config, "private", "units", "b c d");
    assert_list(config, "private", "other", "shipped");
}

static void
test_names(void)
{
    g_autoptr(PstConfig) config = parse(
        "[check disk]\nargv=/x\n[check load]\nargv=/y\n[check disk]\nuser=z\n[ read ]\na=b\n");
    g_auto(GStrv) names = pst_config_names(config, "check");
    g_autofree char *joined = g_strjoinv(" ", names);

    g_assert_null(pst_config_problems(config));
    g_assert_cmpstr(joined, ==, "disk load");
    g_assert_cmpstr(pst_config_value(config, "check disk", "user"), ==, "z");
}

static void
test_mistakes(void)
{
    static const struct {
        const char *text, *problem;
    } rows[] = {
        {"[raed]\n", "FILE:1: unknown group 'raed'; did you mean 'read'?"},
        {"[check ]\n", "FILE:1: unknown group 'check'; did you mean 'check *'?"},
        {"[read\n", "FILE:1: the group's name has no closing bracket"},
        {"\n[read]\nrubbish\n", "FILE:3: neither a comment, nor [GROUP], nor KEY=VALUE"},
        {"[read]\n=x\n", "FILE:2: neither a comment, nor [GROUP], nor KEY=VALUE"},
        {"a=b\n", "FILE:1: the setting stands in no group that is known"},
        {"[read]\na=\xFF\n", "FILE: not a text in UTF-8"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstConfig) config = parse(rows[i].text);
        assert_problem(config, rows[i].problem);
    }
}

static void
test_unknown_key(void)
{
    g_autoptr(PstConfig) config = parse("[read]\nallow=/a\nalow=/b\n");

    pst_config_check_keys(config, "read");
    assert_problem(config, "FILE:3: unknown key 'alow'; did you mean 'allow'?");
}

static void
test_complain(void)
{
    g_autoptr(PstConfig) config = parse("[check x]\ntimeout=1\ntimeout=long\n");

    pst_config_complain(config, "check x", "timeout", "not a span of time");
    assert_problem(config, "FILE:3: not a span of time");
}

static void
test_unsafe(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put(world, PST_CONFIG_FILE, "[read]\nallow=/a\n", -1, 0666);
    put(world, DROP_IN("a.conf"), "[read]\nallow=/b\n", -1, 0664);
    g_autoptr(PstConfig) config = pst_config_read(world->sysroot);
    const char *const *problems = pst_config_problems(config);

    assert_list(config, "read", "allow", "shipped");
    g_assert_cmpuint(g_strv_length((char **)problems), ==, 2);
    g_assert_cmpstr(problems[0], ==,
                    PST_CONFIG_FILE ": not taken, because others than root can change it");
}

static void
test_unsafe_folder(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_text(world, PST_CONFIG_FILE, "[read]\nallow=/a\n");
    g_autofree char *folder = g_build_filename(world->folder, "etc/postern", NULL);
    g_assert_cmpint(chmod(folder, 0777), ==, 0);
    g_autoptr(PstConfig) config = pst_config_read(world->sysroot);

    assert_list(config, "read", "allow", "shipped");
    assert_problem(config, "/etc/postern: not taken, because others than root can change it");
}

static void
test_not_a_file(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *fifo = place(world, PST_CONFIG_FILE);
    g_autofree char *drop_in = place(world, DROP_IN("dangling.conf"));
    g_autofree char *loop = place(world, DROP_IN("loop.conf"));

    g_assert_cmpint(mkfifo(fifo, 0644), ==, 0);
    g_assert_cmpint(symlink("/nowhere", drop_in), ==, 0);
    g_assert_cmpint(symlink("loop.conf", loop), ==, 0);
    g_autoptr(PstConfig) config = pst_config_read(world->sysroot);
    const char *const *problems = pst_config_problems(config);
    g_assert_cmpuint(g_strv_length((char **)problems), ==, 2);
    g_assert_cmpstr(problems[0], ==, PST_CONFIG_FILE ": not a regular file");
    g_assert_cmpstr(problems[1], ==, DROP_IN("loop.conf") ": Too many levels of symbolic links");
}

static void
test_bounds(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GString) text = g_string_new("[read]\n");

    while (text->len < 60 * 1024)
        g_string_append(text, "a=b\n");
    put_text(world, DROP_IN("1.conf"), text->str);
    while (text->len < 65 * 1024)
        g_string_append(text, "a=b\n");
    put_text(world, DROP_IN("2.conf"), text->str);
    g_autoptr(PstConfig) config = pst_config_read(world->sysroot);
    const char *const *problems = pst_config_problems(config);

    g_assert_true(g_str_has_suffix(problems[0], "too many settings: the rest was left out"));
    g_assert_cmpstr(problems[1], ==, DROP_IN("2.conf") ": larger than 64 KiB");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/config/absent", World, NULL, set_up, test_absent, tear_down);
    g_test_add("/config/layers", World, NULL, set_up, test_layers, tear_down);
    g_test_add_func("/config/forget", test_forget);
    g_test_add_func("/config/names", test_names);
    g_test_add_func("/config/mistakes", test_mistakes);
    g_test_add_func("/config/unknown-key", test_unknown_key);
    g_test_add_func("/config/complain", test_complain);
    g_test_add("/config/unsafe", World, NULL, set_up, test_unsafe, tear_down);
    g_test_add("/config/unsafe-folder", World, NULL, set_up, test_unsafe_folder, tear_down);
    g_test_add("/config/not-a-file", World, NULL, set_up, test_not_a_file, tear_down);
    g_test_add("/config/bounds", World, NULL, set_up, test_bounds, tear_down);
    return g_test_run();
}
