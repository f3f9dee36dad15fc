// SPDX-License-Identifier: LGPL-2.1-or-later
/* Events of folders, as the kernel tells of them. */
#include <glib/gstdio.h>
#include <string.h>

#include "guest-shim/recorder-events.h"
#include "protocol/json.h"
#include "tests/unit/world.h"

#define PATIENCE_US (10 * G_USEC_PER_SEC)
#define LINK "/run/systemd/units/invocation:"

typedef struct {
    World *world;
    GPtrArray *told; /* "EVENT PATH UNIT" */
    GPtrArray *messages;
    GPtrArray *looks;
    PstRecorderEvents *events;
} Fixture;

static void
on_event(PstEventKind kind, JsonObject *event, gpointer user_data)
{
    Fixture *fixture = user_data;
    const char *name = "", *path = "-", *unit = "-", *message = "";

    pst_json_get_string(event, "event", PST_JSON_REQUIRED, &name, NULL);
    pst_json_get_string(event, "path", PST_JSON_OPTIONAL, &path, NULL);
    pst_json_get_string(event, "unit", PST_JSON_OPTIONAL, &unit, NULL);
    pst_json_get_string(event, "message", PST_JSON_REQUIRED, &message, NULL);
    g_assert_cmpstr(name, ==, pst_record_event_names[kind]);
    g_ptr_array_add(fixture->messages, g_strdup(message));
    g_ptr_array_add(fixture->told, g_strdup_printf("%s %s %s", name, path, unit));
}

static void
on_due(const char *const *probes, gpointer user_data)
{
    Fixture *fixture = user_data;

    g_ptr_array_add(fixture->looks, g_strdup(probes != NULL ? probes[0] : "all"));
}

static gboolean
has(const GPtrArray *list, const char *text)
{
    for (guint i = 0; i < list->len; i++)
        if (g_str_equal(list->pdata[i], text))
            return TRUE;
    return FALSE;
}

static guint
count(const GPtrArray *list, const char *prefix)
{
    guint n = 0;

    for (guint i = 0; i < list->len; i++)
        n += g_str_has_prefix(list->pdata[i], prefix);
    return n;
}

/* The main loop turns until LIST has TEXT. */
static void
await(const GPtrArray *list, const char *text)
{
    gint64 until_us = g_get_monotonic_time() + PATIENCE_US;

    while (!has(list, text) && g_get_monotonic_time() < until_us)
        if (!g_main_context_iteration(NULL, FALSE))
            g_usleep(1000);
    if (!has(list, text))
        g_error("'%s' was not told", text);
}

static void
turn(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

static void
make_folder(World *world, const char *path)
{
    g_autofree char *whole = place(world, path);

    g_assert_cmpint(g_mkdir_with_parents(whole, 0755), ==, 0);
}

static void
make_link(World *world, const char *path)
{
    g_autofree char *whole = place(world, path);
    g_autofree char *made = g_strconcat(whole, ".new", NULL);

    /* As systemd does it. */
    g_assert_cmpint(symlink("0123", made), ==, 0);
    g_assert_cmpint(rename(made, whole), ==, 0);
}

static void
begin(Fixture *fixture, gconstpointer data)
{
    fixture->world = g_new0(World, 1);
    set_up(fixture->world, data);
    make_folder(fixture->world, "/etc/sudoers.d");
    make_folder(fixture->world, "/etc/ssh/sshd_config.d");
    make_folder(fixture->world, "/run/systemd/units");
    fixture->told = g_ptr_array_new_with_free_func(g_free);
    fixture->messages = g_ptr_array_new_with_free_func(g_free);
    fixture->looks = g_ptr_array_new_with_free_func(g_free);
    fixture->events = pst_recorder_events_new(fixture->world->sysroot, on_event, on_due, fixture);
}

static void
end(Fixture *fixture, gconstpointer data)
{
    pst_recorder_events_free(fixture->events);
    g_ptr_array_unref(fixture->told);
    g_ptr_array_unref(fixture->messages);
    g_ptr_array_unref(fixture->looks);
    tear_down(fixture->world, data);
    g_free(fixture->world);
}

/* ---- the control plane ---- */

static void
test_control_plane(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    pst_recorder_events_start(fixture->events);
    put_text(fixture->world, "/etc/no-matter", "x");
    put_text(fixture->world, "/etc/sudoers.d/one", "x");
    await(fixture->told, "control-plane-changed /etc/sudoers.d/one -");
    g_assert_cmpuint(count(fixture->told, "control-plane-changed /etc/no-matter"), ==, 0);
}

/* A name is chosen by whoever makes the file. */
static void
test_secret(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    static const char told[] = "control-plane-changed /etc/sudoers.d/token=[redacted:secret] -";

    pst_recorder_events_start(fixture->events);
    put_text(fixture->world, "/etc/sudoers.d/token=aG4rX0pQ", "x");
    await(fixture->told, told);
    g_assert_cmpuint(count(fixture->told, "control-plane-changed"), ==, count(fixture->told, told));
}

/* A file that is put there, written and given a mode is two events: at once, and what followed. */
static void
test_together(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *path = place(fixture->world, "/etc/sudoers.d/one");

    pst_recorder_events_start(fixture->events);
    for (guint i = 0; i < 20; i++) {
        g_autoptr(GError) error = NULL;

        g_file_set_contents_full(path, "x", 1, G_FILE_SET_CONTENTS_NONE, 0644, &error);
        g_assert_no_error(error);
        g_assert_cmpint(chmod(path, i % 2 == 0 ? 0666 : 0440), ==, 0);
        turn();
    }
    g_assert_cmpuint(fixture->told->len, ==, 1);
    await(fixture->messages, "written, mode or owner changed");
    g_assert_cmpstr(fixture->messages->pdata[0], ==, "put there");
    g_assert_cmpuint(count(fixture->told, "control-plane-changed /etc/sudoers.d/one -"), ==, 2);
    await(fixture->looks, "all");
}

/* Removed with all that is in it and made anew; moved away and another one put there; the folder
 * that it lies in too. */
static void
test_made_anew(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    World *world = fixture->world;
    g_autofree char *sudoers = place(world, "/etc/sudoers.d");
    g_autofree char *away = place(world, "/etc/sudoers.old");
    g_autofree char *ssh = place(world, "/etc/ssh");

    put_text(world, "/etc/sudoers.d/before", "x");
    pst_recorder_events_start(fixture->events);
    remove_tree(sudoers);
    await(fixture->told, "control-plane-changed /etc/sudoers.d -");
    make_folder(world, "/etc/sudoers.d");
    put_text(world, "/etc/sudoers.d/at-once", "x");
    await(fixture->told, "control-plane-changed /etc/sudoers.d/at-once -");
    put_text(world, "/etc/sudoers.d/later", "x");
    await(fixture->told, "control-plane-changed /etc/sudoers.d/later -");

    g_assert_cmpint(rename(sudoers, away), ==, 0);
    turn();
    put_text(world, "/etc/sudoers.old/elsewhere", "x");
    make_folder(world, "/etc/sudoers.d");
    turn();
    put_text(world, "/etc/sudoers.d/another", "x");
    await(fixture->told, "control-plane-changed /etc/sudoers.d/another -");
    g_assert_false(has(fixture->told, "control-plane-changed /etc/sudoers.d/elsewhere -"));

    remove_tree(ssh);
    turn();
    make_folder(world, "/etc/ssh/sshd_config.d");
    turn();
    put_text(world, "/etc/ssh/sshd_config.d/deep", "x");
    await(fixture->told, "control-plane-changed /etc/ssh/sshd_config.d/deep -");
}

/* One that was not there at the start is found when it is looked for again. */
static void
test_later(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *units = place(fixture->world, "/run/systemd/units");

    g_assert_cmpint(g_rmdir(units), ==, 0);
    pst_recorder_events_start(fixture->events);
    make_folder(fixture->world, "/run/systemd/units");
    pst_recorder_events_start(fixture->events);
    make_link(fixture->world, LINK "emergency.service");
    await(fixture->told, "emergency-entered - emergency.service");
}

static void
test_flood(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    pst_recorder_events_start(fixture->events);
    for (guint i = 0; i < 150; i++) {
        g_autofree char *path = g_strdup_printf("/etc/sudoers.d/%u", i);
        put_text(fixture->world, path, "x");
        turn();
    }
    g_assert_cmpuint(fixture->told->len, >=, 30);
    g_assert_cmpuint(fixture->told->len, <=, 40);
    /* What another kind tells is not held up by that. */
    make_link(fixture->world, LINK "rescue.service");
    await(fixture->told, "emergency-entered - rescue.service");
}

/* ---- units ---- */

#define FAILED                                                                                     \
    "{\"probe\":\"services\",\"status\":\"warning\",\"findings\":[{\"id\":\"services.failed\","    \
    "\"severity\":\"warning\",\"message\":\"a.service failed\",\"evidence\":{\"unit\":"            \
    "\"a.service\"}}]}"

static void
test_units(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *link = place(fixture->world, LINK "a.service");
    g_autofree char *scope = place(fixture->world, LINK "session-1.scope");
    g_autofree char *other = place(fixture->world, "/run/systemd/units/log-level-max:b.service");
    g_autoptr(JsonObject) report =
        pst_json_parse(FAILED, strlen(FAILED), &pst_validate_from_guest, NULL);

    make_link(fixture->world, LINK "a.service");
    make_link(fixture->world, LINK "session-1.scope");
    make_link(fixture->world, "/run/systemd/units/log-level-max:b.service");
    pst_recorder_events_start(fixture->events);

    /* A session that ends is nothing; a unit that ends is looked at, and told of if it failed. */
    g_assert_cmpint(g_unlink(scope), ==, 0);
    g_assert_cmpint(g_unlink(other), ==, 0);
    turn();
    g_usleep(2100 * 1000);
    turn();
    g_assert_cmpuint(fixture->looks->len, ==, 0);
    g_assert_cmpint(g_unlink(link), ==, 0);
    await(fixture->looks, "services");
    g_assert_cmpuint(fixture->told->len, ==, 0);
    pst_recorder_events_take_report(fixture->events, report);
    g_assert_true(has(fixture->told, "unit-failed - a.service"));
    await(fixture->looks, "system");
}

/* Nobody is told any more, and nothing wakes up for it; who begins anew is told of what is new. */
static void
test_stop(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(JsonObject) report =
        pst_json_parse(FAILED, strlen(FAILED), &pst_validate_from_guest, NULL);

    pst_recorder_events_stop(fixture->events);
    pst_recorder_events_start(fixture->events);
    put_text(fixture->world, "/etc/sudoers.d/one", "x");
    await(fixture->told, "control-plane-changed /etc/sudoers.d/one -");
    put_text(fixture->world, "/etc/sudoers.d/one", "y");
    turn();
    pst_recorder_events_stop(fixture->events);
    guint told = fixture->told->len;
    put_text(fixture->world, "/etc/sudoers.d/two", "x");
    turn();
    g_usleep(6 * 1000 * 1000);
    g_assert_false(g_main_context_pending(NULL));
    g_assert_cmpuint(fixture->told->len, ==, told);
    g_assert_cmpuint(fixture->looks->len, ==, 0);

    pst_recorder_events_start(fixture->events);
    pst_recorder_events_take_report(fixture->events, report);
    put_text(fixture->world, "/etc/sudoers.d/three", "x");
    await(fixture->told, "control-plane-changed /etc/sudoers.d/three -");
    g_assert_false(has(fixture->told, "control-plane-changed /etc/sudoers.d/two -"));
    g_assert_false(has(fixture->told, "unit-failed - a.service"));
}

static void
test_mode(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    /* It was so before the shim came. */
    make_link(fixture->world, LINK "emergency.service");
    pst_recorder_events_start(fixture->events);
    g_assert_true(has(fixture->told, "emergency-entered - emergency.service"));
    pst_recorder_events_start(fixture->events);
    g_assert_cmpuint(fixture->told->len, ==, 1);
    make_link(fixture->world, LINK "rescue.service");
    await(fixture->told, "emergency-entered - rescue.service");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test) g_test_add("/recorder-events/" name, Fixture, NULL, begin, test, end)
    ADD("control-plane", test_control_plane);
    ADD("secret", test_secret);
    ADD("together", test_together);
    ADD("made-anew", test_made_anew);
    ADD("later", test_later);
    ADD("flood", test_flood);
    ADD("units", test_units);
    ADD("stop", test_stop);
    ADD("mode", test_mode);
    return g_test_run();
}
