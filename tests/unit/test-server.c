// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/server-world.h"

static void
test_conversation(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Client client;
    JsonArray *domains = json_array_new();

    arrive(world, &client);
    say(&client, 1, "ping", "{}");
    check_result(&client, 1);
    say(&client, 2, "describe", "{}");
    check_result(&client, 2);
    say(&client, 3, "describe", "{\"name\":\"sudo\"}");
    check_result(&client, 3);
    say(&client, 4, "ask", ASK);
    say(&client, 5, "list", "{\"deadline_ms\":5000}");
    turn(world);
    g_assert_cmpuint(world->n_jobs, ==, 1);
    g_assert_cmpuint(world->n_lists, ==, 1);
    json_array_add_object_element(domains, json_object_new());
    pst_server_listed(world->server, world->list, domains, NULL, 0, NULL);
    check_method(&client, "domain");
    check_result(&client, 5);
    answer_job(world, 0);
    check_method(&client, "answer");
    check_result(&client, 4);
    json_array_unref(domains);
    g_autofree char *caller = g_strdup_printf("(uid %u)", getuid());
    g_autofree char *process = g_strdup_printf("process %d (", getpid());
    g_assert_nonnull(strstr(world->records->str, caller));
    g_assert_nonnull(strstr(world->records->str, process));
    g_assert_nonnull(strstr(world->records->str, "|ask|web|system|-\n"));
    g_assert_nonnull(strstr(world->records->str, "|ask|web|system|unavailable\n"));
    ring_off(&client);
}

static void
test_misuse(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const char *const changing[] = {"exec",  "exec.run",  "power", "snapshot", "recover",
                                           "probe", "subscribe", "Ask",   "ask ",     ""};
    Client client;

    dial(world, &client);
    say(&client, 1, "ping", "{}");
    check_error(&client, PST_ERROR_INVALID_REQUEST);
    say(&client, 1, "ask", ASK);
    check_error(&client, PST_ERROR_INVALID_REQUEST);
    say(&client, 0, "hello", "{}");
    check_error(&client, PST_ERROR_INVALID_PARAMS);
    say(&client, 0, "hello", "{\"session\":\"" SESSION "\",\"protocol\":[2]}");
    check_error(&client, PST_ERROR_UNAVAILABLE);
    say(&client, 0, "hello", "{\"session\":\"ffffffffffffffffffffffffffffffff\",\"protocol\":[1]}");
    check_error(&client, PST_ERROR_INVALID_PARAMS);
    greet(&client);
    for (guint i = 0; i < G_N_ELEMENTS(changing); i++) {
        say(&client, 1, changing[i], "{}");
        check_error(&client, PST_ERROR_UNKNOWN_METHOD);
    }
    say(&client, 2, "ask", "{}");
    check_error(&client, PST_ERROR_INVALID_PARAMS);
    say(&client, 3, "list", "{}");
    check_error(&client, PST_ERROR_INVALID_PARAMS);
    say(&client, 4, "describe", "{\"name\":\"none\"}");
    check_error(&client, PST_ERROR_INVALID_PARAMS);
    say(&client, 5, "ask", ASK);
    say(&client, 5, "ask", ASK);
    check_error(&client, PST_ERROR_INVALID_REQUEST);
    g_assert_cmpuint(world->n_jobs, ==, 1);
    ring_off(&client);

    /* All of it is in the audit, also what was made up. */
    static const struct {
        const char *line;
        guint n;
    } recorded[] = {
        {"|ping|-|ping|invalid-request\n", 1},
        {"|ask|web|ask|invalid-request\n", 1},
        {"|hello|-|hello|invalid-params\n", 2},
        {"|hello|-|hello|unavailable\n", 1},
        {"|exec|-|exec|unknown-method\n", 1},
        {"|power|-|power|unknown-method\n", 1},
        {"||-||unknown-method\n", 1},
        {"|ask|-|ask|invalid-params\n", 1},
        {"|list|-|list|invalid-params\n", 1},
        {"|describe|-|describe|invalid-params\n", 1},
        {"|ask|web|system|invalid-request\n", 1},
    };
    for (guint i = 0; i < G_N_ELEMENTS(recorded); i++) {
        g_test_message("%s", recorded[i].line);
        g_assert_cmpuint(count(world->records->str, recorded[i].line), ==, recorded[i].n);
    }
}

/* Who is turned away is recorded: the first at once, who comes soon after with the next record. */
static void
test_turned_away(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *line =
        g_strdup_printf("uid %u, process %d|connect|-|connect|busy\n", getuid(), getpid());
    Client clients[2], away;

    arrive(world, &clients[0]);
    arrive(world, &clients[1]);
    for (guint i = 0; i < 5; i++) {
        dial(world, &away);
        check_error(&away, PST_ERROR_BUSY);
        ring_off(&away);
        g_assert_cmpuint(count(world->records->str, line), ==, 1);
    }
    pst_server_stop_listening(world->server);
    g_assert_cmpuint(count(world->records->str, line), ==, 2);
    ring_off(&clients[0]);
    ring_off(&clients[1]);
}

/* What is of another session is not answered. */
static void
test_other_session(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const char other[] = "\x1e{\"jsonrpc\":\"2.0\",\"id\":\"ffffffffffffffffffffffffffffffff"
                                "-1\",\"method\":\"ping\"}\n";
    Client client;

    arrive(world, &client);
    put(&client, other, sizeof(other) - 1);
    say(&client, 7, "ping", "{}");
    check_result(&client, 7);
    /* A new hello ends what the last had in flight. */
    say(&client, 8, "ask", ASK);
    greet(&client);
    answer_job(world, 0);
    say(&client, 9, "ping", "{}");
    check_result(&client, 9);
    ring_off(&client);
}

static void
test_cancel(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const char cancel[] =
        "\x1e{\"jsonrpc\":\"2.0\",\"method\":\"cancel\",\"params\":{\"id\":\"" SESSION "-3\"}}\n";
    Client client;

    arrive(world, &client);
    say(&client, 3, "ask", ASK);
    put(&client, cancel, sizeof(cancel) - 1);
    put(&client, cancel, sizeof(cancel) - 1);
    answer_job(world, 0);
    say(&client, 4, "ping", "{}");
    check_result(&client, 4);
    ring_off(&client);
}

/* What is no frame is dropped; who sends much of it is hung up on. */
static void
test_nonsense(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const char broken[] = "stray\x1e{\"jsonrpc\":\x1e{}\n\x1e[]\n\x1e{\"a\":1,\"a\":2}\n";
    g_autofree char *large = g_strnfill(PST_LIMIT_FRAME_TO_API + 10, 'x');
    g_autofree char *stray = g_strnfill(PST_PEER_MAX_STRAY + 10, 'x');
    Client client;

    arrive(world, &client);
    put(&client, broken, sizeof(broken) - 1);
    put(&client, "\x1e", 1);
    check_error(&client, PST_ERROR_INVALID_REQUEST);
    say(&client, 1, "ping", "{}");
    check_result(&client, 1);
    put(&client, "\x1e{\"x\":\"", 7);
    put(&client, large, strlen(large));
    say(&client, 2, "ping", "{}");
    check_result(&client, 2);
    for (guint i = 0; i < PST_LIMIT_BAD_FRAMES_A_MINUTE; i++)
        put(&client, "\x1e[]\n", 4);
    check_hung_up(&client);
    ring_off(&client);

    /* Nor is what holds no message answered without end. */
    arrive(world, &client);
    for (guint i = 0; i < PST_LIMIT_BAD_FRAMES_A_MINUTE; i++)
        put(&client, "\x1e{\"a\":1}\n", 9);
    check_hung_up(&client);
    ring_off(&client);

    arrive(world, &client);
    put(&client, stray, strlen(stray));
    check_hung_up(&client);
    ring_off(&client);
}

/* A byte at a time, and two callers whose bytes come between each other's. */
static void
test_pieces(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const char frame[] =
        "\x1e{\"jsonrpc\":\"2.0\",\"id\":\"" SESSION "-5\",\"method\":\"ping\"}\n";
    Client one, two;

    arrive(world, &one);
    arrive(world, &two);
    for (gsize i = 0; i < sizeof(frame) - 1; i++) {
        put(&one, frame + i, 1);
        put(&two, frame + i, 1);
    }
    check_result(&one, 5);
    check_result(&two, 5);
    ring_off(&one);
    ring_off(&two);
}

static const PstServerLimits few = {3, 2, 2};

static void
test_limits(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Client clients[3];

    arrive(world, &clients[0]);
    arrive(world, &clients[1]);
    dial(world, &clients[2]);
    check_error(&clients[2], PST_ERROR_BUSY);
    check_hung_up(&clients[2]);
    ring_off(&clients[2]);

    say(&clients[0], 1, "ask", ASK);
    say(&clients[1], 1, "list", "{\"deadline_ms\":5000}");
    turn(world);
    say(&clients[1], 2, "ask", ASK);
    check_error(&clients[1], PST_ERROR_BUSY);
    g_assert_nonnull(strstr(world->records->str, "|ask|web|system|busy\n"));
    /* What a caller had goes with the caller. */
    ring_off(&clients[0]);
    turn(world);
    say(&clients[1], 3, "ask", ASK_OTHER);
    turn(world);
    g_assert_cmpuint(world->n_jobs, ==, 2);
    dial(world, &clients[0]);
    greet(&clients[0]);
    ring_off(&clients[0]);
    ring_off(&clients[1]);
}

/* What an end has to wait for: every request but those that would never end. */
static void
test_awaited(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(GError) error = g_error_new(PST_ERROR, PST_ERROR_NO_HYPERVISOR, "gone");
    Client client;

    arrive(world, &client);
    say(&client, 1, "watch", "{}");
    turn(world);
    g_assert_nonnull(world->watcher);
    g_assert_cmpuint(pst_server_n_awaited(world->server), ==, 0);
    say(&client, 2, "list", "{\"deadline_ms\":30000}");
    say(&client, 3, "health", "{\"deadline_ms\":30000}");
    say(&client, 4, "ask", ASK);
    turn(world);
    g_assert_cmpuint(pst_server_n_awaited(world->server), ==, 3);
    pst_server_listed(world->server, world->list, NULL, NULL, 0, error);
    check_error(&client, PST_ERROR_NO_HYPERVISOR);
    g_assert_cmpuint(pst_server_n_awaited(world->server), ==, 2);
    pst_server_swept(world->server, world->sweep, NULL, NULL, NULL, 0, error);
    check_error(&client, PST_ERROR_NO_HYPERVISOR);
    answer_job(world, 0);
    check_method(&client, "answer");
    check_result(&client, 4);
    g_assert_cmpuint(pst_server_n_awaited(world->server), ==, 0);
    ring_off(&client);
}

/* A list is shared with who would wait as long for one of their own, or a little longer; never with
 * who would have to give up before it is there. */
static void
test_lists(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const struct {
        const char *params;
        guint n_lists;
    } cases[] = {
        {"{\"deadline_ms\":5000}", 1}, {"{\"deadline_ms\":5000}", 1}, {"{\"deadline_ms\":5500}", 1},
        {"{\"deadline_ms\":4500}", 2}, {"{\"deadline_ms\":9000}", 3},
    };
    Client client;

    arrive(world, &client);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        say(&client, (int)i + 1, "list", cases[i].params);
        turn(world);
        g_assert_cmpuint(world->n_lists, ==, cases[i].n_lists);
    }
    ring_off(&client);
}

/* One user's lists, however many, keep no other from having one; all users' together have a bound
 * too. */
static void
test_lists_of_users(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    enum { other_uid = 65534, of_user = 4 };
    g_autoptr(GError) error = g_error_new(PST_ERROR, PST_ERROR_NO_HYPERVISOR, "gone");
    Client mine, other;

    if (geteuid() != 0) {
        g_test_skip("needs root for another user");
        return;
    }
    admit_also(world, other_uid);
    arrive(world, &mine);
    arrive_as(world, &other, other_uid);
    for (guint i = 0; i < of_user; i++) {
        g_autofree char *params = g_strdup_printf("{\"deadline_ms\":%u}", 50000 - i * 5000);
        say(&mine, i + 1, "list", params);
    }
    turn(world);
    g_assert_cmpuint(world->n_lists, ==, of_user);
    say(&mine, 10, "list", "{\"deadline_ms\":10000}");
    check_error(&mine, PST_ERROR_BUSY);
    say(&other, 1, "list", "{\"deadline_ms\":10000}");
    turn(world);
    g_assert_cmpuint(world->n_lists, ==, of_user + 1);
    pst_server_listed(world->server, world->list, NULL, NULL, 0, error);
    check_error(&other, PST_ERROR_NO_HYPERVISOR);
    /* There is one that serves it: whose that is makes no difference. */
    say(&other, 2, "list", "{\"deadline_ms\":50400}");
    turn(world);
    g_assert_cmpuint(world->n_lists, ==, of_user + 1);
    ring_off(&mine);
    ring_off(&other);
}

/* Who asks and does not read is hung up on; the others go on. */
static void
test_slow(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Client slow, other;
    guint n = 0;
    JsonArray *domains = json_array_new();
    g_autofree char *filling = g_strnfill(100 * 1024, 'x');

    for (guint i = 0; i < 100; i++) {
        JsonObject *domain = json_object_new();
        json_object_set_string_member(domain, "name", filling);
        json_array_add_object_element(domains, domain);
    }
    arrive(world, &slow);
    arrive(world, &other);
    say(&slow, 1, "list", "{\"deadline_ms\":5000}");
    turn(world);
    pst_server_listed(world->server, world->list, domains, NULL, 0, NULL);
    say(&other, 1, "ping", "{}");
    check_result(&other, 1);
    for (;;) {
        g_autoptr(PstMessage) message = next(&slow);
        if (message == NULL)
            break;
        n++;
    }
    g_assert_cmpuint(n, <, PST_PEER_MAX_QUEUED / (100 * 1024));
    json_array_unref(domains);
    ring_off(&slow);
    ring_off(&other);
}

/* While it does not read its answers, no more is taken from it. */
static void
test_paused(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Client client;
    guint n = 0;

    arrive(world, &client);
    for (guint i = 1; i <= 100; i++) {
        g_autofree char *frame = g_strdup_printf(
            "\x1e{\"jsonrpc\":\"2.0\",\"id\":\"" SESSION "-%u\",\"method\":\"describe\"}\n", i);
        if (send(client.fd, frame, strlen(frame), MSG_NOSIGNAL) < 0)
            break;
        n = i;
        turn(world);
    }
    g_assert_cmpuint(n, ==, 100);
    for (guint i = 1; i <= n; i++)
        check_result(&client, i);
    ring_off(&client);
}

/* Who sends no more still gets the answers, and is then hung up on. */
static void
test_half_closed(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Client client;

    arrive(world, &client);
    say(&client, 1, "ask", ASK);
    shutdown(client.fd, SHUT_WR);
    turn(world);
    answer_job(world, 0);
    check_method(&client, "answer");
    check_result(&client, 1);
    check_hung_up(&client);
    ring_off(&client);
    turn(world);
    g_assert_true(pst_server_is_idle(world->server));
}

static void
test_nameless(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Client client;

    world->nameless = TRUE;
    dial(world, &client);
    check_hung_up(&client);
    g_assert_cmpuint(count(world->records->str, "|connect|-|connect|busy\n"), ==, 1);
    ring_off(&client);
}

/* Nobody answers in time: the caller is told at its own deadline. */
static void
test_deadline(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Client client;
    gint64 begun_us = g_get_monotonic_time();

    arrive(world, &client);
    say(&client, 1, "ask",
        "{\"domain\":\"web\",\"deadline_ms\":100,\"questions\":[{\"probe\":\"system\"}]}");
    say(&client, 2, "list", "{\"deadline_ms\":150}");
    check_method(&client, "answer");
    check_result(&client, 1);
    check_error(&client, PST_ERROR_DEADLINE);
    g_assert_cmpint(g_get_monotonic_time() - begun_us, >=, 100000);
    /* What comes later is nobody's. */
    answer_job(world, 0);
    say(&client, 3, "ping", "{}");
    check_result(&client, 3);
    ring_off(&client);
}

static void
test_socket(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *file = g_build_filename(world->folder, "f", NULL);
    g_autofree char *dead = g_build_filename(world->folder, "d", NULL);
    g_autofree char *longer = g_strnfill(200, 'x');
    g_autoptr(GError) error = NULL;
    struct stat st;

    g_assert_cmpint(stat(world->path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 07777, ==, 0660);
    g_assert_cmpint(pst_server_bind(world->path, &error), ==, -1);
    g_assert_error(error, PST_ERROR, PST_ERROR_BUSY);
    g_clear_error(&error);
    g_assert_true(g_file_set_contents(file, "mine", -1, NULL));
    g_assert_cmpint(pst_server_bind(file, &error), ==, -1);
    g_assert_error(error, PST_ERROR, PST_ERROR_BUSY);
    g_assert_true(g_file_test(file, G_FILE_TEST_IS_REGULAR));
    g_clear_error(&error);
    g_assert_cmpint(pst_server_bind(longer, &error), ==, -1);
    g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
    g_clear_error(&error);
    close(pst_server_bind(dead, &error));
    int again = pst_server_bind(dead, &error);
    g_assert_no_error(error);
    close(again);
    g_unlink(dead);
    g_unlink(file);
}

static gpointer
serve(gpointer data)
{
    World *world = data;

    while (world->n_jobs == 0)
        g_main_context_iteration(world->context, TRUE);
    answer_job(world, 0);
    while (!pst_server_is_idle(world->server))
        g_main_context_iteration(world->context, TRUE);
    return NULL;
}

static void
count_part(const char *method, JsonObject *params G_GNUC_UNUSED, gpointer data)
{
    *(guint *)data += g_str_equal(method, "answer");
}

/* The caller's end as the command has it. */
static void
test_client(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    GThread *thread = g_thread_new("server", serve, world);
    gint64 deadline_us = g_get_monotonic_time() + PATIENCE_US;
    g_autoptr(JsonObject) params = pst_json_parse(ASK, strlen(ASK), &pst_validate_to_api, NULL);
    g_autoptr(JsonObject) none = json_object_new();
    g_autoptr(GError) error = NULL;
    gboolean lost = TRUE;
    guint n = 0;
    PstApiClient *client = pst_api_client_open(world->path, deadline_us, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(pst_api_client_uri(client), ==, "test:///default");
    g_assert_null(pst_api_client_call(client, "ask", none, deadline_us, NULL, NULL, &lost, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS);
    g_assert_false(lost);
    g_clear_error(&error);
    g_autoptr(JsonObject) result =
        pst_api_client_call(client, "ask", params, deadline_us, count_part, &n, &lost, &error);
    g_assert_no_error(error);
    g_assert_nonnull(result);
    g_assert_cmpuint(n, ==, 1);
    pst_api_client_free(client);
    g_thread_join(thread);
}

#define ADD(name, limits, function) g_test_add(name, World, limits, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/server/conversation", NULL, test_conversation);
    ADD("/server/misuse", NULL, test_misuse);
    ADD("/server/other-session", NULL, test_other_session);
    ADD("/server/cancel", NULL, test_cancel);
    ADD("/server/nonsense", NULL, test_nonsense);
    ADD("/server/pieces", NULL, test_pieces);
    ADD("/server/limits", &few, test_limits);
    ADD("/server/turned-away", &few, test_turned_away);
    ADD("/server/slow", NULL, test_slow);
    ADD("/server/awaited", NULL, test_awaited);
    ADD("/server/lists", NULL, test_lists);
    ADD("/server/lists-of-users", NULL, test_lists_of_users);
    ADD("/server/paused", NULL, test_paused);
    ADD("/server/half-closed", NULL, test_half_closed);
    ADD("/server/nameless", NULL, test_nameless);
    ADD("/server/deadline", NULL, test_deadline);
    ADD("/server/socket", NULL, test_socket);
    ADD("/server/client", NULL, test_client);
    return g_test_run();
}
