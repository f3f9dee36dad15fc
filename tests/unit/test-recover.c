// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the recovery door promises of every method: recorded before, done once, told after. */
#include "host-sidecar/recover.h"

#include "tests/unit/server-world.h"

/* What happened, in the order in which it did; of the tasks and of this thread. */
static struct {
    GMutex lock;
    GCond changed;
    GString *events;
    gboolean held; /* an act does not end */
    gboolean full; /* no record can be written */
} stage;

typedef struct {
    World world;
    PstRecover *recover;
} Door;

static void G_GNUC_PRINTF(1, 2) note(const char *format, ...)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&stage.lock);
    va_list args;

    va_start(args, format);
    g_string_append_vprintf(stage.events, format, args);
    va_end(args);
    g_cond_broadcast(&stage.changed);
}

static char *
events(void)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&stage.lock);

    return g_strdup(stage.events->str);
}

static void
hold(gboolean held)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&stage.lock);

    stage.held = held;
    g_cond_broadcast(&stage.changed);
}

static void
fill(gboolean full)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&stage.lock);

    stage.full = full;
}

static gboolean
is_full(void)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&stage.lock);

    return stage.full;
}

/* Waits for it, with the loop running. */
static void
await(Door *door, const char *event)
{
    gint64 end_us = g_get_monotonic_time() + PATIENCE_US;

    for (;;) {
        g_autofree char *now = events();

        if (strstr(now, event) != NULL)
            return;
        g_assert_cmpint(g_get_monotonic_time(), <, end_us);
        turn(&door->world);
        g_usleep(1000);
    }
}

/* A door lives as long as the process. */
static GPtrArray *doors;

/* ---- what is behind the door */

static gpointer
find(const char *domain, gint64 deadline_us G_GNUC_UNUSED, char **name, char **uuid,
     gpointer user_data G_GNUC_UNUSED, GError **error)
{
    if (g_str_equal(domain, "none")) {
        g_set_error(error, PST_ERROR, PST_ERROR_NO_DOMAIN, "no such domain");
        return NULL;
    }
    *name = g_strdup(domain);
    *uuid = g_strdup_printf("uuid-of-%s", domain);
    return g_strdup(domain);
}

static gboolean
record(const PstAuditRecord *audit, GError **error)
{
    g_autofree char *result = g_strdup(
        audit->answer->error != NULL ? pst_error_reason((PstErrorCode)audit->answer->error->code)
        : json_object_get_boolean_member_with_default(audit->answer->args, "done", FALSE)
            ? "done"
            : "asked");
    g_autofree char *line = g_strdup_printf("%s %s %s %s", audit->method, audit->answer->guest,
                                            audit->answer->probe, result);

    g_assert_cmpint(audit->process->pid, ==, getpid());
    g_assert_nonnull(strstr(audit->caller, "uid "));
    g_assert_false(json_object_has_member(audit->answer->args, "deadline_ms"));
    g_assert_false(json_object_has_member(audit->answer->args, "domain"));
    if (is_full() && audit->synced) {
        g_set_error(error, PST_ERROR, PST_ERROR_OUTPUT, "the disk is full");
        return FALSE;
    }
    note("[%s%s]", line, audit->synced ? " synced" : "");
    return TRUE;
}

static void
complain(const GError *error)
{
    note("(%s)", error->message);
}

static gboolean
check(JsonObject *params, GError **error)
{
    const char *how = NULL;

    return pst_json_get_string(params, "how", PST_JSON_OPTIONAL, &how, error);
}

static JsonObject *
run(gpointer guest, JsonObject *params, gint64 deadline_us G_GNUC_UNUSED, GError **error)
{
    const char *how = "";

    (void)pst_json_get_string(params, "how", PST_JSON_OPTIONAL, &how, NULL);
    note("<%s %s>", (const char *)guest, how);
    g_mutex_lock(&stage.lock);
    while (stage.held)
        g_cond_wait(&stage.changed, &stage.lock);
    g_mutex_unlock(&stage.lock);
    if (g_str_equal(how, "badly")) {
        g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "it went badly");
        return NULL;
    }
    JsonObject *result = json_object_new();
    json_object_set_string_member(result, "guest", guest);
    return result;
}

static const char *const params[] = {"how", NULL};
static const PstRecoverMethod touch = {"touch", "act-touch", PST_GRANT_HEAL, params, check, run};
static const PstRecoverMethod *const methods[] = {&touch, NULL};

static void
open_door(Door *door, gconstpointer unused G_GNUC_UNUSED)
{
    const PstRecoverBackend backend = {find, g_free, record, complain, NULL};
    const PstServerLimits limits = PST_SERVER_LIMITS_DEFAULT;
    g_autoptr(GError) error = NULL;
    World *world = &door->world;

    stage.events = g_string_new(NULL);
    stage.held = stage.full = FALSE;
    world->context = g_main_context_new();
    world->folder = g_dir_make_tmp("recover-XXXXXX", NULL);
    world->path = g_build_filename(world->folder, "s", NULL);
    door->recover = pst_recover_new(world->context, "test:///default", &limits, methods, &backend);
    g_ptr_array_add(doors, door->recover);
    world->server = pst_recover_server(door->recover);
    int fd = pst_server_bind(world->path, &error);
    g_assert_no_error(error);
    pst_server_listen(world->server, fd);
}

static void
shut_door(Door *door, gconstpointer unused G_GNUC_UNUSED)
{
    World *world = &door->world;
    gint64 end_us = g_get_monotonic_time() + PATIENCE_US;

    hold(FALSE);
    while (pst_recover_n_running(door->recover) > 0 && g_get_monotonic_time() < end_us)
        turn(world);
    g_assert_cmpuint(pst_recover_n_running(door->recover), ==, 0);
    g_assert_true(pst_recover_flush(door->recover, end_us));
    pst_server_stop_listening(world->server);
    g_string_free(stage.events, TRUE);
    g_unlink(world->path);
    g_rmdir(world->folder);
    g_free(world->path);
    g_free(world->folder);
}

#define TOUCH(domain) "{\"domain\":\"" domain "\",\"deadline_ms\":30000}"
#define BEFORE(domain) "[touch " domain " act-touch asked synced]"

static void
check_events(const char *expected)
{
    g_autofree char *seen = events();

    g_assert_cmpstr(seen, ==, expected);
}

/* ---- */

/* The record is on the disk before it begins; what came of it is, before anybody is told. */
static void
test_order(Door *door, gconstpointer unused G_GNUC_UNUSED)
{
    Client client;

    arrive(&door->world, &client);
    hold(TRUE);
    say(&client, 1, "touch", TOUCH("web"));
    await(door, "<web >");
    check_events(BEFORE("web") "<web >");
    g_assert_cmpuint(pst_recover_n_running(door->recover), ==, 1);
    hold(FALSE);
    check_result(&client, 1);
    check_events(BEFORE("web") "<web >[touch web act-touch done synced]");
    say(&client, 2, "touch", "{\"domain\":\"db\",\"deadline_ms\":30000,\"how\":\"badly\"}");
    check_error(&client, PST_ERROR_PATH_SHUT);
    check_events(BEFORE("web") "<web >[touch web act-touch done synced]" BEFORE(
        "db") "<db badly>[touch db act-touch path-shut synced]");
    ring_off(&client);
}

/* What can't be written down is not done. */
static void
test_unwritable(Door *door, gconstpointer unused G_GNUC_UNUSED)
{
    Client client;

    arrive(&door->world, &client);
    fill(TRUE);
    say(&client, 1, "touch", TOUCH("web"));
    g_autoptr(PstMessage) message = next(&client);
    g_assert_cmpstr(message->reason, ==, "unavailable");
    g_assert_nonnull(strstr(message->error->message, "nothing was changed"));
    g_assert_nonnull(strstr(message->error->message, "the disk is full"));
    await(door, "[touch web act-touch unavailable]");
    check_events("(the disk is full)[touch web act-touch unavailable]");
    fill(FALSE);
    say(&client, 2, "touch", TOUCH("web"));
    check_result(&client, 2);
    ring_off(&client);
}

/* Two acts on a guest do not meet, whoever asks; on two guests they may. */
static void
test_one_at_a_time(Door *door, gconstpointer unused G_GNUC_UNUSED)
{
    Client client, other;

    arrive(&door->world, &client);
    arrive(&door->world, &other);
    hold(TRUE);
    say(&client, 1, "touch", TOUCH("web"));
    await(door, "<web >");
    say(&other, 1, "touch", TOUCH("web"));
    check_error(&other, PST_ERROR_BUSY);
    await(door, "[touch web act-touch busy]");
    say(&other, 2, "touch", TOUCH("db"));
    await(door, "<db >");
    hold(FALSE);
    check_result(&client, 1);
    check_result(&other, 2);
    say(&other, 3, "touch", TOUCH("web"));
    check_result(&other, 3);
    ring_off(&client);
    ring_off(&other);
}

/* What was begun goes on when nobody waits for it any more, and is recorded to its end. */
static void
test_gone(Door *door, gconstpointer unused G_GNUC_UNUSED)
{
    Client client;

    arrive(&door->world, &client);
    hold(TRUE);
    say(&client, 1, "touch", TOUCH("web"));
    await(door, "<web >");
    ring_off(&client);
    for (guint i = 0; i < 100 && !pst_server_is_idle(door->world.server); i++) {
        turn(&door->world);
        g_usleep(10000);
    }
    g_assert_true(pst_server_is_idle(door->world.server));
    g_assert_cmpuint(pst_recover_n_running(door->recover), ==, 1);
    hold(FALSE);
    await(door, "[touch web act-touch done synced]");
}

/* A caller is answered by the deadline, also where the act is stuck; nothing begins after it. */
static void
test_late(Door *door, gconstpointer unused G_GNUC_UNUSED)
{
    Client client;

    arrive(&door->world, &client);
    hold(TRUE);
    say(&client, 1, "touch", "{\"domain\":\"web\",\"deadline_ms\":1000}");
    await(door, "<web >");
    check_error(&client, PST_ERROR_DEADLINE);
    hold(FALSE);
    await(door, "[touch web act-touch done synced]");
    say(&client, 2, "touch", TOUCH("web"));
    check_result(&client, 2);
    ring_off(&client);
}

/* Nothing of the other door is here, and nothing begins that is asked for wrongly. */
static void
test_misuse(Door *door, gconstpointer unused G_GNUC_UNUSED)
{
    static const char *const strange[] = {"ping", "describe", "list", "health",
                                          "ask",  "cancel",   "heal", ""};
    static const char *const wrong[] = {
        "{}",
        "{\"domain\":\"web\"}",
        "{\"deadline_ms\":1000}",
        "{\"domain\":7,\"deadline_ms\":1000}",
        "{\"domain\":\"web\",\"deadline_ms\":0}",
        "{\"domain\":\"web\",\"deadline_ms\":60001}",
        "{\"domain\":\"web\",\"deadline_ms\":1000,\"how\":7}",
        "{\"domain\":\"web\",\"deadline_ms\":1000,\"dry_run\":true}",
    };
    Client client;

    dial(&door->world, &client);
    say(&client, 1, "touch", TOUCH("web"));
    check_error(&client, PST_ERROR_INVALID_REQUEST);
    greet(&client);
    for (guint i = 0; i < G_N_ELEMENTS(strange); i++) {
        say(&client, 1, strange[i], TOUCH("web"));
        check_error(&client, PST_ERROR_UNKNOWN_METHOD);
    }
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_test_message("%s", wrong[i]);
        say(&client, 1, "touch", wrong[i]);
        check_error(&client, PST_ERROR_INVALID_PARAMS);
    }
    say(&client, 1, "touch", TOUCH("none"));
    check_error(&client, PST_ERROR_NO_DOMAIN);
    await(door, "[touch none act-touch no-domain]");
    hold(TRUE);
    say(&client, 2, "touch", TOUCH("web"));
    say(&client, 2, "touch", TOUCH("db"));
    check_error(&client, PST_ERROR_INVALID_REQUEST);
    await(door, "<web >");
    /* Not even who asked for it takes it back. */
    put(&client,
        "\x1e{\"jsonrpc\":\"2.0\",\"method\":\"cancel\",\"params\":{\"id\":\"" SESSION "-2\"}}\n",
        strlen("\x1e{\"jsonrpc\":\"2.0\",\"method\":\"cancel\",\"params\":{\"id\":\"" SESSION
               "-2\"}}\n"));
    hold(FALSE);
    check_result(&client, 2);
    g_assert_true(pst_recover_flush(door->recover, g_get_monotonic_time() + PATIENCE_US));
    g_autofree char *seen = events();
    g_assert_cmpuint(count(seen, "<"), ==, 1);
    g_assert_cmpuint(count(seen, " unknown-method]"), ==, G_N_ELEMENTS(strange));
    g_assert_cmpuint(count(seen, " invalid-params]"), ==, G_N_ELEMENTS(wrong));
    g_assert_cmpuint(count(seen, " invalid-request]"), ==, 2);
    ring_off(&client);
}

/* Acts bound their user although nobody waits for them any more. */
static void
test_crowd(Door *door, gconstpointer unused G_GNUC_UNUSED)
{
    const PstServerLimits limits = {128, 32, 2};
    Client client;

    pst_server_set_limits(door->world.server, &limits);
    hold(TRUE);
    for (guint i = 0; i < 2; i++) {
        arrive(&door->world, &client);
        say(&client, 1, "touch", i == 0 ? TOUCH("web") : TOUCH("db"));
        await(door, i == 0 ? "<web >" : "<db >");
        ring_off(&client);
        turn(&door->world);
    }
    arrive(&door->world, &client);
    say(&client, 1, "touch", TOUCH("mail"));
    check_error(&client, PST_ERROR_BUSY);
    g_assert_cmpuint(pst_recover_n_running(door->recover), ==, 2);
    hold(FALSE);
    while (pst_recover_n_running(door->recover) > 0)
        turn(&door->world);
    say(&client, 2, "touch", TOUCH("mail"));
    check_result(&client, 2);
    ring_off(&client);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*run)(Door *door, gconstpointer data);
    } tests[] = {
        {"/recover/order", test_order}, {"/recover/unwritable", test_unwritable},
        {"/recover/gone", test_gone},   {"/recover/one-at-a-time", test_one_at_a_time},
        {"/recover/late", test_late},   {"/recover/misuse", test_misuse},
        {"/recover/crowd", test_crowd},
    };

    g_test_init(&argc, &argv, NULL);
    doors = g_ptr_array_new();
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Door, NULL, open_door, tests[i].run, shut_door);
    return g_test_run();
}
