// SPDX-License-Identifier: LGPL-2.1-or-later
/* Nobody is told what is not on record, and who makes records faster than they can be kept is read
 * from more slowly; who is refused without end is recorded in sum. */
#include "tests/unit/server-world.h"

#define ENOUGH 6000

static gboolean
has_nothing(Client *client)
{
    turn(client->world);
    return client->at == client->len &&
           recv(client->fd, client->bytes, sizeof(client->bytes), MSG_PEEK) < 0;
}

static void
test_told_when_written(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Client client;

    arrive(world, &client);
    world->log_stands = TRUE;
    say(&client, 1, "ask", ASK);
    turn(world);
    answer_job(world, 0);
    g_assert_true(has_nothing(&client));
    /* Of what is not on record either nothing is told. */
    say(&client, 2, "ask", "{}");
    g_assert_true(has_nothing(&client));
    g_assert_cmpuint(world->n_records, ==, 3);
    /* Two of three are written. */
    pst_server_recorded(world->server, 2);
    g_assert_true(has_nothing(&client));
    on_written(world);
    check_method(&client, "answer");
    check_result(&client, 1);
    check_error(&client, PST_ERROR_INVALID_PARAMS);
    ring_off(&client);
}

/* What was sent without waiting for answers, as far as it is taken. */
static guint
send_refused(Client *client)
{
    static const char frame[] =
        "\x1e{\"jsonrpc\":\"2.0\",\"id\":\"" SESSION "-1\",\"method\":\"ask\",\"params\":{}}\n";
    guint n = 0;

    for (guint i = 0; i < ENOUGH; i++) {
        gssize sent = send(client->fd, frame, sizeof(frame) - 1, MSG_NOSIGNAL);

        if (sent == sizeof(frame) - 1) {
            n++;
            continue;
        }
        if (sent > 0)
            put(client, frame + sent, sizeof(frame) - 1 - (gsize)sent);
        n += sent > 0;
        turn(client->world);
    }
    turn(client->world);
    return n;
}

static void
test_log_stands(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Client client, late;

    arrive(world, &client);
    world->log_stands = TRUE;
    guint n = send_refused(&client);
    g_assert_cmpuint(n, >, 500);
    g_assert_cmpuint(world->n_records, >, 256);
    g_assert_cmpuint(world->n_records, <, 300);
    /* It is the user who waits, not the connection. */
    dial(world, &late);
    say(&late, 0, "hello", "{\"session\":\"" SESSION "\",\"protocol\":[1]}");
    g_assert_true(has_nothing(&late));
    world->log_stands = FALSE;
    on_written(world);
    for (guint i = 0; i < MIN(n, 1500); i++)
        check_error(&client, PST_ERROR_INVALID_PARAMS);
    ring_off(&client);
    ring_off(&late);
}

/* Who asks again and again for what is refused does not fill the log: what is too much is told by
 * how many it was. Nobody waits for that, not even another of the same user. */
static void
test_refused(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *line =
        g_strdup_printf("uid %u, process %d|refused|-|refused|", getuid(), getpid());
    guint n_sent = 0;
    Client client, other;

    arrive(world, &client);
    arrive(world, &other);
    while (n_sent < 10000) {
        n_sent += send_refused(&client);
        while (recv(client.fd, client.bytes, sizeof(client.bytes), 0) > 0)
            turn(world);
    }
    g_assert_cmpuint(world->n_records, >=, 2001);
    g_assert_cmpuint(world->n_records, <, 2100);
    g_assert_cmpuint(count(world->records->str, line), ==, 1);
    say(&other, 1, "ping", "{}");
    check_result(&other, 1);
    pst_server_stop_listening(world->server);
    g_assert_cmpuint(count(world->records->str, line), ==, 2);
    ring_off(&client);
    ring_off(&other);
}

#define ADD(name, function) g_test_add(name, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/server-pace/told-when-written", test_told_when_written);
    ADD("/server-pace/log-stands", test_log_stands);
    ADD("/server-pace/refused", test_refused);
    return g_test_run();
}
