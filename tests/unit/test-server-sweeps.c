// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sweeps that callers ask for, and the line in which they wait. */
#include "tests/unit/server-world.h"

static void
sweep(World *world, const GError *error)
{
    g_autoptr(JsonArray) rows = json_array_new();
    g_autoptr(JsonObject) health = json_object_new();
    g_autoptr(PstAnswer) record = pst_answer_new("web", "health", NULL);

    json_array_add_object_element(rows, json_object_new());
    pst_server_swept(world->server, world->sweep, error == NULL ? health : NULL,
                     error == NULL ? rows : NULL, &record, 1, error);
}

/* Who asks while a sweep of that user's is under way has that one's verdict; what comes after it is
 * another one. */
static void
test_sweeps(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const char params[] = "{\"deadline_ms\":30000}";
    g_autoptr(GError) error = g_error_new(PST_ERROR, PST_ERROR_NO_HYPERVISOR, "gone");
    Client clients[2];

    arrive(world, &clients[0]);
    arrive(world, &clients[1]);
    say(&clients[0], 1, "health", "{}");
    check_error(&clients[0], PST_ERROR_INVALID_PARAMS);
    say(&clients[0], 2, "health", params);
    say(&clients[1], 1, "health", params);
    turn(world);
    g_assert_cmpuint(world->n_sweeps, ==, 1);
    sweep(world, NULL);
    for (guint i = 0; i < 2; i++)
        check_method(&clients[i], "domain");
    check_result(&clients[0], 2);
    check_result(&clients[1], 1);
    g_assert_cmpuint(count(world->records->str, "|health|-|health|-\n"), ==, 4);
    g_assert_cmpuint(count(world->records->str, "|health|web|health|-\n"), ==, 1);

    /* One that is told twice, or of a number that nobody waits for, is passed over. */
    sweep(world, NULL);
    say(&clients[0], 3, "health", params);
    turn(world);
    g_assert_cmpuint(world->n_sweeps, ==, 2);
    say(&clients[0], 3, "health", params);
    check_error(&clients[0], PST_ERROR_INVALID_REQUEST);
    sweep(world, error);
    check_error(&clients[0], PST_ERROR_NO_HYPERVISOR);
    g_assert_cmpuint(count(world->records->str, "|health|-|health|no-hypervisor\n"), ==, 1);

    /* At the deadline that is said, whatever becomes of the sweep; who rings off meanwhile is not
     * waited for, and there is one sweep all the same. */
    say(&clients[0], 4, "health", "{\"deadline_ms\":1}");
    check_error(&clients[0], PST_ERROR_DEADLINE);
    say(&clients[1], 5, "health", params);
    turn(world);
    g_assert_cmpuint(world->n_sweeps, ==, 3);
    ring_off(&clients[1]);
    turn(world);
    sweep(world, NULL);
    say(&clients[0], 6, "health", params);
    turn(world);
    g_assert_cmpuint(world->n_sweeps, ==, 4);
    ring_off(&clients[0]);
}

static void
check_busy(Client *client, const char *says)
{
    g_autoptr(PstMessage) message = next(client);

    g_assert_nonnull(message);
    g_assert_cmpint(message->type, ==, PST_MESSAGE_ERROR);
    g_assert_cmpstr(message->reason, ==, pst_error_reason(PST_ERROR_BUSY));
    g_assert_nonnull(strstr(message->error->message, says));
    g_assert_null(strchr(message->error->message, '\n'));
}

/* Who asks for more time than the one under way had waits for the next, as does who goes before it
 * has to end: there are never two. */
static void
test_not_served(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(GError) error = g_error_new(PST_ERROR, PST_ERROR_NO_HYPERVISOR, "no answer in time");
    Client hasty, patient, brief;

    arrive(world, &hasty);
    arrive(world, &patient);
    arrive(world, &brief);
    say(&hasty, 1, "health", "{\"deadline_ms\":5000}");
    say(&patient, 1, "health", "{\"deadline_ms\":30000}");
    turn(world);
    g_assert_cmpuint(world->n_sweeps, ==, 1);
    sweep(world, error);
    check_error(&hasty, PST_ERROR_NO_HYPERVISOR);
    g_assert_cmpuint(world->n_sweeps, ==, 2);

    /* One that ends earlier, and had all the time that is asked for, serves. */
    g_usleep(100000);
    say(&hasty, 2, "health", "{\"deadline_ms\":30500}");
    say(&brief, 1, "health", "{\"deadline_ms\":60}");
    check_busy(&brief, "a sweep for ");
    g_assert_cmpuint(world->n_sweeps, ==, 2);
    sweep(world, NULL);
    check_method(&patient, "domain");
    check_result(&patient, 1);
    check_method(&hasty, "domain");
    check_result(&hasty, 2);
    /* Who was turned away meanwhile is swept for no more. */
    g_assert_cmpuint(world->n_sweeps, ==, 2);
    ring_off(&hasty);
    ring_off(&patient);
    ring_off(&brief);
}

/* Sweeps of several users take turns; who has gone, or has too little time left, has none. */
static void
test_line(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const char params[] = "{\"deadline_ms\":30000}";
    enum { nobody = 65534 };
    Client first, joins, other, gone, late;

    if (geteuid() != 0) {
        g_test_skip("needs root for another user");
        return;
    }
    admit_also(world, nobody);
    arrive(world, &first);
    arrive(world, &joins);
    arrive_as(world, &other, nobody);
    arrive_as(world, &gone, nobody);
    arrive_as(world, &late, nobody);

    say(&first, 1, "health", params);
    say(&other, 1, "health", params);
    say(&joins, 1, "health", params);
    turn(world);
    g_assert_cmpuint(world->n_sweeps, ==, 1);
    g_assert_cmpuint(world->sweep_uid, ==, 0);
    sweep(world, NULL);
    check_method(&first, "domain");
    check_result(&first, 1);
    check_method(&joins, "domain");
    check_result(&joins, 1);
    g_assert_cmpuint(world->n_sweeps, ==, 2);
    g_assert_cmpuint(world->sweep_uid, ==, nobody);

    say(&first, 2, "health", params);
    turn(world);
    g_assert_cmpuint(world->n_sweeps, ==, 2);
    sweep(world, NULL);
    check_method(&other, "domain");
    check_result(&other, 1);
    g_assert_cmpuint(world->n_sweeps, ==, 3);
    g_assert_cmpuint(world->sweep_uid, ==, 0);

    say(&gone, 1, "health", params);
    turn(world);
    ring_off(&gone);
    turn(world);
    sweep(world, NULL);
    check_method(&first, "domain");
    check_result(&first, 2);
    g_assert_cmpuint(world->n_sweeps, ==, 3);

    say(&first, 3, "health", params);
    turn(world);
    say(&late, 1, "health", "{\"deadline_ms\":400}");
    turn(world);
    g_assert_cmpuint(world->n_sweeps, ==, 4);
    g_usleep(250000);
    sweep(world, NULL);
    check_busy(&late, "a sweep for ");
    check_method(&first, "domain");
    check_result(&first, 3);
    g_assert_cmpuint(world->n_sweeps, ==, 4);

    /* However many of one user's wait, the other's first comes after one of them. */
    say(&first, 4, "health", "{\"deadline_ms\":10000}");
    say(&joins, 2, "health", "{\"deadline_ms\":20000}");
    say(&first, 5, "health", "{\"deadline_ms\":40000}");
    say(&other, 2, "health", params);
    turn(world);
    static const guint turns[] = {0, nobody, 0, 0};
    for (guint i = 0; i < G_N_ELEMENTS(turns); i++) {
        g_assert_cmpuint(world->n_sweeps, ==, 5 + i);
        g_assert_cmpuint(world->sweep_uid, ==, turns[i]);
        sweep(world, NULL);
    }
    ring_off(&first);
    ring_off(&joins);
    ring_off(&other);
    ring_off(&late);
}

#define ADD(name, function) g_test_add(name, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/server-sweeps/shared", test_sweeps);
    ADD("/server-sweeps/not-served", test_not_served);
    ADD("/server-sweeps/line", test_line);
    return g_test_run();
}
