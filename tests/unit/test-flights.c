// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/error.h"
#include "tests/unit/flights-world.h"

static void
answer(World *world, guint64 number, guint place, PstVia via, int code, gint64 now_us)
{
    g_autoptr(PstAnswer) given = pst_answer_new("web", "system", NULL);

    given->via = (int)via;
    if (code >= 0)
        given->error = g_error_new(PST_ERROR, code, "why");
    pst_flights_answered(world->flights, number, place, given, now_us);
}

static void
test_one(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Asker asker;
    g_autoptr(JsonObject) host = json_object_new();

    ask(world, &asker, 1, "web", "system", 1000000);
    g_assert_cmpuint(world->begun->len, ==, 1);
    g_assert_cmpstr(begun(world, 0)->domain, ==, "web");
    g_assert_cmpstr(begun(world, 0)->caller, ==, "user 1");
    g_assert_cmpint(begun(world, 0)->deadline_us, ==, 1000000);
    answer(world, begun(world, 0)->number, 0, PST_VIA_CHANNEL, -1, 10);
    g_assert_cmpuint(asker.n_answers, ==, 1);
    g_assert_cmpuint(asker.n_ends, ==, 0);
    pst_flights_ended(world->flights, begun(world, 0)->number, "web-1", host, NULL, 20);
    g_assert_cmpuint(asker.n_ends, ==, 1);
    g_assert_cmpint(asker.end_code, ==, -1);
    g_assert_cmpstr(asker.guest, ==, "web-1");
    g_assert_true(asker.has_host);
    g_assert_cmpuint(pst_flights_n_running(world->flights), ==, 0);
}

/* Ten ask the same: one conversation; what is over is asked again. */
static void
test_shared(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Asker askers[10], later;

    for (guint i = 0; i < 10; i++)
        ask(world, &askers[i], i % 3, "web", "system", 1000000 + i);
    ask(world, &later, 1, "web", "network", 1000000);
    g_assert_cmpuint(world->begun->len, ==, 2);
    answer(world, begun(world, 0)->number, 0, PST_VIA_CHANNEL, -1, 10);
    pst_flights_ended(world->flights, begun(world, 0)->number, "web", NULL, NULL, 10);
    for (guint i = 0; i < 10; i++) {
        g_assert_cmpuint(askers[i].n_answers, ==, 1);
        g_assert_cmpuint(askers[i].n_ends, ==, 1);
    }
    g_assert_cmpuint(later.n_answers, ==, 0);
    ask(world, &askers[0], 1, "web", "system", 1000000);
    g_assert_cmpuint(world->begun->len, ==, 3);
    pst_flights_leave(askers[0].request);
    pst_flights_leave(later.request);
}

/* Some of the questions are asked already: only the others are asked. */
static void
test_shared_in_part(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const char *const three[] = {"network", "system", "ssh", NULL};
    Asker first, second;

    ask(world, &first, 1, "web", "system", 1000000);
    ask_as(world, &second, 2, "web", three, 1000000);
    g_assert_cmpuint(world->begun->len, ==, 2);
    g_assert_cmpuint(begun(world, 1)->n, ==, 2);
    answer(world, begun(world, 1)->number, 0, PST_VIA_CHANNEL, -1, 10);
    answer(world, begun(world, 1)->number, 1, PST_VIA_CHANNEL, -1, 10);
    pst_flights_ended(world->flights, begun(world, 1)->number, "web", NULL, NULL, 10);
    g_assert_cmpuint(second.n_answers, ==, 2);
    g_assert_cmpuint(second.n_ends, ==, 0);
    answer(world, begun(world, 0)->number, 0, PST_VIA_CHANNEL, -1, 10);
    g_assert_cmpuint(second.n_answers, ==, 3);
    pst_flights_ended(world->flights, begun(world, 0)->number, "web", NULL, NULL, 10);
    g_assert_cmpuint(first.n_ends + second.n_ends, ==, 2);
}

static void
test_key(void)
{
    g_autoptr(JsonObject) one = json_object_new();
    g_autoptr(JsonObject) two = json_object_new();

    json_object_set_string_member(one, "user", "x");
    json_object_set_int_member(one, "port", 22);
    json_object_set_int_member(one, "host_realtime_us", 1);
    json_object_set_int_member(two, "host_realtime_us", 2);
    json_object_set_int_member(two, "port", 22);
    json_object_set_string_member(two, "user", "x");
    g_autoptr(PstAnswer) a = pst_answer_new("web", "ssh", one);
    g_autoptr(PstAnswer) b = pst_answer_new("web", "ssh", two);
    g_autofree char *key_a = pst_api_request_key("web", a);
    g_autofree char *key_b = pst_api_request_key("web", b);
    g_assert_cmpstr(key_a, ==, key_b);
    g_autofree char *elsewhere = pst_api_request_key("db", a);
    g_assert_cmpstr(key_a, !=, elsewhere);
    json_object_set_int_member(two, "port", 23);
    g_autofree char *otherwise = pst_api_request_key("web", b);
    g_assert_cmpstr(key_a, !=, otherwise);
}

/* Each has a deadline of its own: who has time left asks on, together with the like. */
static void
test_deadlines(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Asker hasty, patient, other, hurried;

    ask(world, &hasty, 1, "web", "system", 1000000);
    ask(world, &patient, 1, "web", "system", 5000000);
    ask(world, &other, 2, "web", "system", 6000000);
    ask(world, &hurried, 2, "web", "system", 500000);
    pst_flights_expire(hurried.request);
    g_assert_cmpint(hurried.code, ==, PST_ERROR_DEADLINE);
    g_assert_cmpint(hurried.end_code, ==, -1);

    answer(world, begun(world, 0)->number, 0, PST_VIA_NONE, PST_ERROR_DEADLINE, 1000000);
    g_assert_cmpint(hasty.code, ==, PST_ERROR_DEADLINE);
    g_assert_cmpuint(patient.n_answers + other.n_answers, ==, 0);
    pst_flights_ended(world->flights, begun(world, 0)->number, "web", NULL, NULL, 1000000);
    g_assert_cmpuint(hasty.n_ends, ==, 1);
    g_assert_cmpuint(world->begun->len, ==, 2);
    answer(world, begun(world, 1)->number, 0, PST_VIA_CHANNEL, -1, 2000000);
    pst_flights_ended(world->flights, begun(world, 1)->number, "web", NULL, NULL, 2000000);
    g_assert_cmpuint(patient.n_ends, ==, 1);
    g_assert_cmpuint(other.n_ends, ==, 1);
    g_assert_cmpint(patient.code, ==, -1);
}

/* What a guest told earlier is the answer of those whose time is over, a little before that too:
 * the guest said that it had none left. Who has time asks on, and hears of the host what is seen
 * then. */
static void
test_recalled(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    const gint64 end_us = 10000000;
    g_autoptr(JsonObject) host = json_object_new();
    Asker hasty, patient;

    ask(world, &hasty, 1, "web", "system", end_us);
    ask(world, &patient, 2, "web", "system", 2 * end_us);
    answer(world, begun(world, 0)->number, 0, PST_VIA_VOLUME, -1, end_us - 500000);
    g_assert_cmpint(hasty.code, ==, -1);
    g_assert_cmpuint(patient.n_answers, ==, 0);
    pst_flights_ended(world->flights, begun(world, 0)->number, "web", host, NULL, end_us - 400000);
    g_assert_true(hasty.has_host);
    g_assert_cmpuint(patient.n_ends, ==, 0);
    answer(world, begun(world, 1)->number, 0, PST_VIA_CHANNEL, -1, end_us);
    pst_flights_ended(world->flights, begun(world, 1)->number, "web", NULL, NULL, end_us);
    g_assert_cmpuint(patient.n_ends, ==, 1);
    g_assert_false(patient.has_host);

    ask(world, &hasty, 1, "web", "system", end_us);
    ask(world, &patient, 2, "web", "system", 2 * end_us);
    answer(world, begun(world, 2)->number, 0, PST_VIA_VOLUME, -1, end_us / 2);
    pst_flights_ended(world->flights, begun(world, 2)->number, "web", host, NULL, end_us / 2);
    g_assert_cmpuint(hasty.n_ends + patient.n_ends, ==, 2);
}

/* No such domain is everybody's answer; a hypervisor that was too slow for one is asked again. */
static void
test_errors(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(GError) gone = g_error_new(PST_ERROR, PST_ERROR_NO_DOMAIN, "no");
    g_autoptr(GError) slow = g_error_new(PST_ERROR, PST_ERROR_NO_HYPERVISOR, "slow");
    Asker hasty, patient;

    ask(world, &hasty, 1, "web", "system", 1000000);
    ask(world, &patient, 2, "web", "system", 9000000);
    pst_flights_ended(world->flights, begun(world, 0)->number, NULL, NULL, gone, 10);
    g_assert_cmpint(hasty.end_code, ==, PST_ERROR_NO_DOMAIN);
    g_assert_cmpint(patient.end_code, ==, PST_ERROR_NO_DOMAIN);
    g_assert_cmpstr(patient.guest, ==, "web");

    ask(world, &hasty, 1, "web", "system", 1000000);
    ask(world, &patient, 2, "web", "system", 9000000);
    pst_flights_ended(world->flights, begun(world, 1)->number, NULL, NULL, slow, 1000000);
    g_assert_cmpint(hasty.end_code, ==, PST_ERROR_NO_HYPERVISOR);
    g_assert_cmpuint(patient.n_ends, ==, 0);
    pst_flights_ended(world->flights, begun(world, 2)->number, NULL, NULL, slow, 9000000);
    g_assert_cmpint(patient.end_code, ==, PST_ERROR_NO_HYPERVISOR);
}

/* A runner that forgets a question leaves nobody waiting. */
static void
test_forgotten(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Asker asker;

    ask(world, &asker, 1, "web", "system", 1000000);
    pst_flights_ended(world->flights, begun(world, 0)->number, "web", NULL, NULL, 10);
    g_assert_cmpint(asker.end_code, ==, PST_ERROR_INTERNAL);
    pst_flights_ended(world->flights, begun(world, 0)->number, "web", NULL, NULL, 10);
    answer(world, 12345, 0, PST_VIA_CHANNEL, -1, 10);
}

/* Who has gone is told nothing; what was not begun for anybody else is never begun. */
static void
test_leaving(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Asker askers[PST_FLIGHTS_RUNNING_OF_GUEST], waiting, staying;
    char domain[16];

    for (guint i = 0; i < PST_FLIGHTS_RUNNING_OF_GUEST; i++) {
        static const char *const probes[] = {"system", "network", "ssh", "memory"};
        ask(world, &askers[i], 1, "web", probes[i], 1000000);
    }
    g_snprintf(domain, sizeof(domain), "web");
    ask(world, &waiting, 1, domain, "storage", 1000000);
    ask(world, &staying, 1, domain, "security", 2000000);
    g_assert_cmpuint(world->begun->len, ==, PST_FLIGHTS_RUNNING_OF_GUEST);
    pst_flights_leave(waiting.request);
    pst_flights_leave(askers[0].request);
    answer(world, begun(world, 0)->number, 0, PST_VIA_CHANNEL, -1, 10);
    pst_flights_ended(world->flights, begun(world, 0)->number, "web", NULL, NULL, 10);
    g_assert_cmpuint(askers[0].n_answers + askers[0].n_ends, ==, 0);
    g_assert_cmpuint(world->begun->len, ==, PST_FLIGHTS_RUNNING_OF_GUEST + 1);
    g_assert_cmpint(begun(world, PST_FLIGHTS_RUNNING_OF_GUEST)->deadline_us, ==, 2000000);
    for (guint i = 1; i < PST_FLIGHTS_RUNNING_OF_GUEST; i++)
        pst_flights_leave(askers[i].request);
    pst_flights_leave(staying.request);
}

/* Whose turn did not come is told so. */
static void
test_no_turn(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const char *const probes[] = {"system", "network", "ssh", "memory", "storage"};
    Asker askers[G_N_ELEMENTS(probes)];

    for (guint i = 0; i < G_N_ELEMENTS(probes); i++)
        ask(world, &askers[i], 1, "web", probes[i], 1000000);
    pst_flights_expire(askers[4].request);
    g_assert_cmpint(askers[4].end_code, ==, PST_ERROR_BUSY);
    g_assert_cmpuint(askers[4].n_answers, ==, 0);
    for (guint i = 0; i < 4; i++)
        pst_flights_leave(askers[i].request);
}

/* A user with a hundred questions leaves room for others, and these take turns. */
static void
test_fair(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Asker greedy[100], modest[3];
    char domain[16];

    for (guint i = 0; i < 100; i++) {
        g_snprintf(domain, sizeof(domain), "guest-%u", i);
        ask(world, &greedy[i], 1, domain, "system", 1000000);
    }
    g_assert_cmpuint(world->begun->len, ==, PST_FLIGHTS_RUNNING_OF_USER);
    for (guint i = 0; i < 3; i++) {
        g_snprintf(domain, sizeof(domain), "other-%u", i);
        ask(world, &modest[i], 2 + i, domain, "system", 1000000);
    }
    g_assert_cmpuint(world->begun->len, ==, PST_FLIGHTS_RUNNING_OF_USER + 3);
    answer(world, begun(world, 0)->number, 0, PST_VIA_CHANNEL, -1, 10);
    pst_flights_ended(world->flights, begun(world, 0)->number, "web", NULL, NULL, 10);
    g_assert_cmpuint(world->begun->len, ==, PST_FLIGHTS_RUNNING_OF_USER + 4);
    g_assert_cmpuint(pst_flights_n_running(world->flights), ==, PST_FLIGHTS_RUNNING_OF_USER + 3);
    for (guint i = 1; i < 100; i++)
        pst_flights_leave(greedy[i].request);
    for (guint i = 0; i < 3; i++)
        pst_flights_leave(modest[i].request);
}

/* Where all places are taken, the next goes to whoever's turn it is, not to the longest line. */
static void
test_turns(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Asker askers[3][20];
    char domain[32];

    for (guint user = 0; user < 3; user++) {
        for (guint i = 0; i < (user == 2 ? 2 : 20); i++) {
            g_snprintf(domain, sizeof(domain), "guest-%u-%u", user, i);
            ask(world, &askers[user][i], user, domain, "system", 1000000);
        }
    }
    /* Who has none going on is begun with one. */
    g_assert_cmpuint(pst_flights_n_running(world->flights), ==, PST_FLIGHTS_RUNNING + 1);
    g_assert_cmpstr(begun(world, PST_FLIGHTS_RUNNING - 1)->caller, ==, "user 1");
    guint of_last = 0;
    for (guint i = 0; i < 4; i++) {
        answer(world, begun(world, i)->number, 0, PST_VIA_CHANNEL, -1, 10);
        pst_flights_ended(world->flights, begun(world, i)->number, "web", NULL, NULL, 10);
    }
    for (guint i = PST_FLIGHTS_RUNNING; i < world->begun->len; i++)
        of_last += g_str_equal(begun(world, i)->caller, "user 2");
    g_assert_cmpuint(of_last, ==, 2);
    for (guint user = 0; user < 3; user++)
        for (guint i = 0; i < (user == 2 ? 2 : 20); i++)
            if (askers[user][i].request != NULL)
                pst_flights_leave(askers[user][i].request);
}

/* What takes long keeps nobody waiting but those who asked for it. */
static void
test_slow_users(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const char *const probes[] = {"system", "network", "ssh", "memory"};
    Asker slow[PST_FLIGHTS_RUNNING_OF_GUEST_MAX + 1], waiting, other;
    const guint first = PST_FLIGHTS_RUNNING_OF_GUEST;

    /* Of a guest whose places are all one user's, the next user gets one, and then waits too. */
    for (guint i = 0; i < first; i++)
        ask(world, &slow[i], 1, "web", probes[i], 1000000);
    ask(world, &waiting, 1, "web", "storage", 1000000);
    g_assert_cmpuint(world->begun->len, ==, first);
    ask(world, &other, 2, "web", "security", 1000000);
    g_assert_cmpuint(world->begun->len, ==, first + 1);
    g_assert_cmpstr(begun(world, first)->caller, ==, "user 2");
    pst_flights_leave(other.request);
    ask(world, &other, 2, "web", "changes", 1000000);
    g_assert_cmpuint(world->begun->len, ==, first + 1);
    for (guint i = first + 1; i < PST_FLIGHTS_RUNNING_OF_GUEST_MAX + 1; i++) {
        g_autoptr(JsonObject) args = json_object_new();

        json_object_set_int_member(args, "lines", i);
        ask_with(world, &slow[i], 100 + i, "web", "journal", args);
    }
    g_assert_cmpuint(world->begun->len, ==, PST_FLIGHTS_RUNNING_OF_GUEST_MAX);
    for (guint i = first + 1; i < PST_FLIGHTS_RUNNING_OF_GUEST_MAX + 1; i++)
        pst_flights_leave(slow[i].request);
    pst_flights_leave(other.request);
    pst_flights_leave(waiting.request);
    for (guint i = 0; i < first; i++)
        pst_flights_leave(slow[i].request);
}

/* The same of the whole, as far as there is room at all. */
static void
test_slow_everywhere(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree Asker *slow = g_new0(Asker, PST_FLIGHTS_RUNNING_MAX);
    guint n = 0;
    char domain[32];
    Asker late;

    for (; n < PST_FLIGHTS_RUNNING; n++) {
        g_snprintf(domain, sizeof(domain), "guest-%u", n);
        ask(world, &slow[n], n % 2, domain, "system", 1000000);
    }
    for (; n < PST_FLIGHTS_RUNNING_MAX; n++) {
        g_snprintf(domain, sizeof(domain), "guest-%u", n);
        ask(world, &slow[n], n, domain, "system", 1000000);
        g_assert_cmpuint(world->begun->len, ==, n + 1);
    }
    ask(world, &late, 1000, "guest-late", "system", 1000000);
    g_assert_cmpuint(world->begun->len, ==, PST_FLIGHTS_RUNNING_MAX);
    pst_flights_ended(world->flights, begun(world, 0)->number, "web", NULL, NULL, 10);
    g_assert_cmpuint(world->begun->len, ==, PST_FLIGHTS_RUNNING_MAX + 1);
    g_assert_cmpstr(begun(world, PST_FLIGHTS_RUNNING_MAX)->caller, ==, "user 1000");
    for (guint i = 1; i < PST_FLIGHTS_RUNNING_MAX; i++)
        pst_flights_leave(slow[i].request);
    pst_flights_leave(late.request);
}

/* Who asks afresh is told nothing that was begun before, and shares what waits, or begins later. */
static void
test_afresh(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Asker before, afresh, later, waiting[PST_FLIGHTS_RUNNING_OF_GUEST];
    g_autoptr(PstAnswer) question = pst_answer_new("web", "system", NULL);
    PstApiAsk wanted = {.domain = (char *)"web", .questions = &question, .n = 1, .afresh = TRUE};

    ask(world, &before, 1, "web", "system", 1000000);
    afresh = (Asker){.code = -2, .end_code = -2};
    afresh.request = pst_flights_ask(world->flights, 2, "user 2", &wanted, ASKED_US, 1000000,
                                     &listener, &afresh);
    pst_flights_tell_recent(afresh.request);
    ask(world, &later, 3, "web", "system", 1000000);
    g_assert_cmpuint(world->begun->len, ==, 2);
    answer(world, begun(world, 0)->number, 0, PST_VIA_CHANNEL, -1, 10);
    pst_flights_ended(world->flights, begun(world, 0)->number, "web", NULL, NULL, 10);
    g_assert_cmpuint(before.n_ends, ==, 1);
    g_assert_cmpuint(afresh.n_answers + later.n_answers, ==, 0);
    ask(world, &before, 1, "web", "system", 1000000);
    g_assert_cmpuint(world->begun->len, ==, 2);
    answer(world, begun(world, 1)->number, 0, PST_VIA_CHANNEL, -1, 10);
    pst_flights_ended(world->flights, begun(world, 1)->number, "web", NULL, NULL, 10);
    g_assert_cmpuint(before.n_ends + afresh.n_ends + later.n_ends, ==, 3);

    /* All places with the guest are taken: two who ask afresh wait for the same conversation. */
    for (guint i = 0; i < G_N_ELEMENTS(waiting); i++) {
        g_autofree char *probe = g_strdup_printf("other-%u", i);
        ask(world, &waiting[i], 2, "web", probe, 1000000);
    }
    for (guint i = 0; i < 2; i++) {
        Asker *asker = i == 0 ? &afresh : &later;
        *asker = (Asker){.code = -2, .end_code = -2};
        asker->request = pst_flights_ask(world->flights, 2, "user 2", &wanted, ASKED_US, 1000000,
                                         &listener, asker);
        pst_flights_tell_recent(asker->request);
    }
    g_assert_cmpuint(world->begun->len, ==, 2 + G_N_ELEMENTS(waiting));
    pst_flights_leave(waiting[0].request);
    pst_flights_ended(world->flights, begun(world, 2)->number, "web", NULL, NULL, 10);
    g_assert_cmpuint(world->begun->len, ==, 3 + G_N_ELEMENTS(waiting));
    pst_flights_leave(afresh.request);
    pst_flights_leave(later.request);
    for (guint i = 1; i < G_N_ELEMENTS(waiting); i++)
        pst_flights_leave(waiting[i].request);
}

#define ADD(name, function) g_test_add(name, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/flights/one", test_one);
    ADD("/flights/shared", test_shared);
    ADD("/flights/afresh", test_afresh);
    ADD("/flights/shared-in-part", test_shared_in_part);
    ADD("/flights/deadlines", test_deadlines);
    ADD("/flights/errors", test_errors);
    ADD("/flights/recalled", test_recalled);
    ADD("/flights/forgotten", test_forgotten);
    ADD("/flights/leaving", test_leaving);
    ADD("/flights/no-turn", test_no_turn);
    ADD("/flights/fair", test_fair);
    ADD("/flights/turns", test_turns);
    ADD("/flights/slow-users", test_slow_users);
    ADD("/flights/slow-everywhere", test_slow_everywhere);
    g_test_add_func("/flights/key", test_key);
    return g_test_run();
}
