// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who watches is told what it may know, until it goes. */
#include "tests/unit/server-world.h"

static void
tell(World *world, const char *event)
{
    g_autoptr(PstWatchEvent) made = pst_watch_event_new(1, PST_WATCH_LIBVIRT, event, "by somebody");

    pst_server_watched(made, world->watcher);
}

static void
check_event(Client *client, const char *event)
{
    g_autoptr(PstMessage) message = next(client);
    JsonObject *json = NULL;
    const char *id = NULL;

    g_assert_nonnull(message);
    g_assert_cmpstr(message->method, ==, "event");
    g_assert_true(pst_json_get_string(message->params, "id", PST_JSON_REQUIRED, &id, NULL));
    g_assert_cmpstr(id, ==, SESSION "-1");
    g_assert_true(pst_json_get_object(message->params, "event", PST_JSON_REQUIRED, &json, NULL));
    g_autoptr(PstWatchEvent) read = pst_watch_event_from_json(json, NULL);
    g_assert_cmpstr(read->event, ==, event);
}

static void
test_told(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Client client;

    arrive(world, &client);
    say(&client, 1, "watch", "{\"domains\":[\"web\",\"db\"]}");
    turn(world);
    g_assert_nonnull(world->watcher);
    g_assert_cmpstr(world->watched, ==, "web,db");
    tell(world, "started");
    check_event(&client, "started");
    /* Other requests go on beside it. */
    say(&client, 2, "ping", "{}");
    check_result(&client, 2);
    tell(world, "stopped");
    check_event(&client, "stopped");
    g_assert_nonnull(strstr(world->records->str, "|watch|web|watch|-\n"));
    g_assert_nonnull(strstr(world->records->str, "|watch|db|watch|-\n"));
    g_autofree char *cancel = g_strdup("\x1e{\"jsonrpc\":\"2.0\",\"method\":\"cancel\",\"params\":{"
                                       "\"id\":\"" SESSION "-1\"}}\n");
    put(&client, cancel, strlen(cancel));
    turn(world);
    g_assert_null(world->watcher);
    ring_off(&client);
}

static void
test_gone(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Client client;

    arrive(world, &client);
    say(&client, 1, "watch", "{}");
    turn(world);
    g_assert_cmpstr(world->watched, ==, "all");
    g_assert_nonnull(strstr(world->records->str, "|watch|-|watch|-\n"));
    ring_off(&client);
    for (guint i = 0; i < 1000 && world->watcher != NULL; i++) {
        turn(world);
        g_usleep(1000);
    }
    g_assert_null(world->watcher);
}

static void
test_misuse(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Client client;
    GString *many = g_string_new("{\"domains\":[\"x\"");

    for (guint i = 0; i < 256; i++)
        g_string_append(many, ",\"x\"");
    g_string_append(many, "]}");
    arrive(world, &client);
    say(&client, 1, "watch", "{\"domains\":\"web\"}");
    check_error(&client, PST_ERROR_INVALID_PARAMS);
    say(&client, 1, "watch", "{\"domains\":[1]}");
    check_error(&client, PST_ERROR_INVALID_PARAMS);
    say(&client, 1, "watch", many->str);
    check_error(&client, PST_ERROR_INVALID_PARAMS);
    /* Nobody's grant is looked at for none. */
    g_string_truncate(world->records, 0);
    say(&client, 1, "watch", "{\"domains\":[]}");
    check_error(&client, PST_ERROR_INVALID_PARAMS);
    g_assert_nonnull(strstr(world->records->str, "|watch|-|watch|invalid-params\n"));
    g_assert_null(world->watcher);
    ring_off(&client);
    g_string_free(many, TRUE);
}

/* One that does not read costs no more than what may be queued for it. */
static void
test_slow(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Client client;

    arrive(world, &client);
    say(&client, 1, "watch", "{}");
    turn(world);
    for (guint i = 0; i < 200000 && world->watcher != NULL; i++) {
        tell(world, "started");
        turn(world);
    }
    g_assert_null(world->watcher);
    check_hung_up(&client);
    ring_off(&client);
}

#define ADD(name, function) g_test_add(name, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/server-watch/told", test_told);
    ADD("/server-watch/gone", test_gone);
    ADD("/server-watch/misuse", test_misuse);
    ADD("/server-watch/slow", test_slow);
    return g_test_run();
}
