// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who takes an answer of a moment ago: what is there is not asked. */
#include "protocol/vocabulary.h"
#include "tests/unit/flights-world.h"

#define UUID "5b0f2c1e-7d0a-4a54-9a67-3d1c6f2b8e90"

/* Asks for two probes, and takes answers of the last second. */
static void
ask_recent(World *world, Asker *asker, gint64 now_us)
{
    g_autoptr(PstAnswer) system = pst_answer_new("web", "system", NULL);
    g_autoptr(PstAnswer) network = pst_answer_new("web", "network", NULL);
    PstAnswer *questions[] = {system, network};
    PstApiAsk ask = {.domain = (char *)"web", .questions = questions, .n = 2, .max_age_ms = 1000};

    *asker = (Asker){.code = -2, .end_code = -2};
    asker->request = pst_flights_ask(world->flights, 7, "someone", &ask, now_us,
                                     now_us + 5 * G_USEC_PER_SEC, &listener, asker);
    g_assert_cmpuint(asker->n_answers, ==, 0);
    pst_flights_tell_recent(asker->request);
}

static void
give(World *world, guint64 number, guint place, const char *probe, gint64 now_us)
{
    g_autoptr(PstAnswer) given = pst_answer_new("web", probe, NULL);

    given->via = PST_VIA_CHANNEL;
    given->uuid = g_strdup(UUID);
    given->report = pst_report_new(pst_vocabulary_find(probe));
    pst_report_conclude(given->report, "well");
    pst_flights_answered(world->flights, number, place, given, now_us);
}

/* What a caller takes who says how old an answer may be: it is not asked, and what is not there is.
 */
static void
test_recent(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Asker first, second, third, fourth;

    pst_recent_watched(pst_flights_recent(world->flights), 1);
    ask_recent(world, &first, 1000);
    g_assert_cmpuint(begun(world, 0)->n, ==, 2);
    give(world, begun(world, 0)->number, 0, "system", 2000);
    /* One is there, the other is in flight: nothing is begun. */
    ask_recent(world, &second, 3000);
    g_assert_cmpuint(world->begun->len, ==, 1);
    g_assert_cmpuint(second.n_answers, ==, 1);
    give(world, begun(world, 0)->number, 1, "network", 4000);
    pst_flights_ended(world->flights, begun(world, 0)->number, "web", NULL, NULL, 5000);
    g_assert_cmpuint(first.n_ends, ==, 1);
    g_assert_cmpuint(second.n_answers, ==, 2);
    g_assert_cmpuint(second.n_ends, ==, 1);
    /* Both are. */
    ask_recent(world, &third, 6000);
    g_assert_cmpuint(world->begun->len, ==, 1);
    g_assert_cmpuint(third.n_answers, ==, 2);
    g_assert_cmpuint(third.n_ends, ==, 1);
    g_assert_cmpint(third.end_code, ==, -1);
    g_assert_cmpstr(third.guest, ==, "web");
    g_assert_null(third.request);
    /* Who does not take one has it asked. */
    ask(world, &third, 7, "web", "system", 1000000);
    g_assert_cmpuint(world->begun->len, ==, 2);
    pst_flights_leave(third.request);
    /* And after something happened. */
    pst_recent_forget(pst_flights_recent(world->flights), UUID, 7000);
    ask_recent(world, &fourth, 8000);
    g_assert_cmpuint(fourth.n_answers, ==, 0);
    g_assert_cmpuint(world->begun->len, ==, 3);
    pst_flights_leave(fourth.request);
}

/* It was asked before, and its answer comes after. */
static void
test_recent_overtaken(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Asker first, second;

    pst_recent_watched(pst_flights_recent(world->flights), 1);
    ask_recent(world, &first, 1000);
    pst_recent_forget(pst_flights_recent(world->flights), UUID, 2000);
    give(world, begun(world, 0)->number, 0, "system", 3000);
    give(world, begun(world, 0)->number, 1, "network", 3000);
    pst_flights_ended(world->flights, begun(world, 0)->number, "web", NULL, NULL, 3000);
    ask_recent(world, &second, 4000);
    g_assert_cmpuint(second.n_answers, ==, 0);
    pst_flights_leave(second.request);
}

#define ADD(name, function) g_test_add(name, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/flights-recent/taken", test_recent);
    ADD("/flights-recent/overtaken", test_recent_overtaken);
    return g_test_run();
}
