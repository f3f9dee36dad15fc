// SPDX-License-Identifier: LGPL-2.1-or-later
/* Looks with real workers at a folder that stands for a guest. */
#include "guest-shim/recorder-look.h"
#include "tests/unit/world.h"

typedef struct {
    GMainLoop *loop;
    GString *asked; /* a letter a report: capital where it has changed */
    gboolean refuse;
    guint n_ends;
    guint n_parts; /* of them that were not of the whole */
} Seen;

static gboolean
on_report(JsonObject *report, const char *user, gboolean changed, gpointer user_data)
{
    Seen *seen = user_data;
    char letter = json_object_get_string_member(report, "probe")[0];

    g_string_append_c(seen->asked, changed ? g_ascii_toupper(letter) : letter);
    g_string_append(seen->asked, user != NULL ? user : "");
    return !seen->refuse;
}

static void
on_end(PstRecorderLookResult result, gpointer user_data)
{
    Seen *seen = user_data;

    seen->n_parts += result != PST_RECORDER_LOOK_WHOLE;
    seen->n_ends++;
    g_main_loop_quit(seen->loop);
}

static const char *
look_at(PstRecorderLook *look, Seen *seen, const char *const *probes)
{
    g_string_truncate(seen->asked, 0);
    pst_recorder_look_begin(look, probes);
    g_main_loop_run(seen->loop);
    return seen->asked->str;
}

static const char *const both[] = {"pam", "account", NULL};
static const char *const nobody[] = {NULL};

/* Those that judge a user are asked about each, the others once; a change of what is said of one is
 * told of that one alone. */
static void
test_users(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const three[] = {"network", "sudo", "account", NULL};
    static const char *const account[] = {"account", NULL};
    static const char *const users[] = {"1", "2", NULL};
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GString) asked = g_string_new(NULL);
    Seen seen = {.loop = loop, .asked = asked};
    g_autoptr(PstRecorderLook) look =
        pst_recorder_look_new(world->sysroot, three, users, on_report, on_end, &seen);

    put_text(world, "/etc/passwd", "root:x:0:0::/root:/bin/sh\n");
    g_assert_cmpstr(look_at(look, &seen, NULL), ==, "SS1S2NAA1A2");
    g_assert_cmpstr(look_at(look, &seen, account), ==, "aa1a2");
    put_text(world, "/etc/passwd", "root:x:0:0::/root:/bin/sh\n2:x:1000:1000::/:/bin/sh\n");
    g_assert_cmpstr(look_at(look, &seen, account), ==, "aa1A2");
}

static void
test_due(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const pam[] = {"pam", "no-such", NULL};
    static const char *const other[] = {"sudo", NULL};
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GString) asked = g_string_new(NULL);
    Seen seen = {.loop = loop, .asked = asked, .refuse = TRUE};
    g_autoptr(PstRecorderLook) look =
        pst_recorder_look_new(world->sysroot, both, nobody, on_report, on_end, &seen);

    /* What could not be kept is news the next time too. */
    g_assert_cmpstr(look_at(look, &seen, NULL), ==, "AP");
    seen.refuse = FALSE;
    g_assert_cmpstr(look_at(look, &seen, NULL), ==, "AP");
    g_assert_cmpstr(look_at(look, &seen, NULL), ==, "ap");
    g_assert_cmpstr(look_at(look, &seen, pam), ==, "p");
    pst_recorder_look_forget(look);
    g_assert_cmpstr(look_at(look, &seen, pam), ==, "P");

    /* What is not among its probes is nothing. */
    g_string_truncate(asked, 0);
    pst_recorder_look_begin(look, other);
    g_assert_cmpstr(asked->str, ==, "");
    g_assert_cmpuint(seen.n_ends, ==, 5);
    /* The one of which something could not be kept has not told all. */
    g_assert_cmpuint(seen.n_parts, ==, 1);

    /* What becomes due while another is asked follows it. */
    pst_recorder_look_begin(look, pam);
    pst_recorder_look_begin(look, NULL);
    g_main_loop_run(loop);
    g_assert_cmpstr(asked->str, ==, "pAp");
}

/* A report that is another one each time is not written each time, however often one looks. */
static void
test_bound(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const system[] = {"system", NULL};
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GString) asked = g_string_new(NULL);
    Seen seen = {.loop = loop, .asked = asked};
    g_autoptr(PstRecorderLook) look =
        pst_recorder_look_new(world->sysroot, system, nobody, on_report, on_end, &seen);
    guint n_written = 0;

    for (guint i = 0; i < 24; i++) {
        if (i % 2 == 0)
            put_text(world, "/etc/nologin", "closed\n");
        else
            remove_path(world, "/etc/nologin");
        n_written += g_str_equal(look_at(look, &seen, NULL), "S");
    }
    g_assert_cmpuint(n_written, ==, 8);
    /* And nobody is told that nothing has changed: that a look is the same as what was written. */
    g_assert_cmpuint(seen.n_parts, ==, 8);
    pst_recorder_look_forget(look);
    g_assert_cmpstr(look_at(look, &seen, NULL), ==, "S");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/recorder-look/due", World, NULL, set_up, test_due, tear_down);
    g_test_add("/recorder-look/users", World, NULL, set_up, test_users, tear_down);
    g_test_add("/recorder-look/bound", World, NULL, set_up, test_bound, tear_down);
    return g_test_run();
}
