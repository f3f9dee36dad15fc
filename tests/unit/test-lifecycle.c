// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/lifecycle.h"
#include "protocol/error.h"
#include "protocol/limits.h"

#define SECOND G_GINT64_CONSTANT(1000000)
#define NOW (G_GINT64_CONSTANT(1800000000) * SECOND)
#define NONE PST_INT_UNKNOWN
/* libvirt's numbers. */
#define RUNNING 1
#define PAUSED 3
#define OFF 5

static const PstLifecycleEntry *
entry_at(const PstLifecycle *lifecycle, guint i)
{
    return lifecycle->entries->pdata[i];
}

static guint
count(const PstLifecycle *lifecycle)
{
    return lifecycle->entries != NULL ? lifecycle->entries->len : 0;
}

/* What must hold whatever was noted: it is in order, bounded, and read again as it was written. */
static void
assert_sound(const PstLifecycle *lifecycle)
{
    g_autoptr(GError) error = NULL;
    gsize len = 0, again_len = 0;
    g_autofree char *text = pst_lifecycle_to_text(lifecycle, &len);

    g_assert_cmpuint(count(lifecycle), <=, PST_LIFECYCLE_MAX);
    g_assert_cmpuint(len, <=, PST_LIFECYCLE_MAX_BYTES);
    for (guint i = 0; i < count(lifecycle); i++) {
        const PstLifecycleEntry *entry = entry_at(lifecycle, i);
        gint64 earliest_us = i > 0 ? entry_at(lifecycle, i - 1)->seen_us : 0;

        g_assert_cmpint(entry->seen_us, >=, earliest_us);
        if (entry->before_us == NONE)
            continue;
        g_assert_cmpint(entry->before_us, >=, earliest_us);
        g_assert_cmpint(entry->before_us, <=, entry->seen_us);
    }
    g_autoptr(PstLifecycle) again = pst_lifecycle_parse(text, len, &error);
    g_assert_no_error(error);
    g_autofree char *again_text = pst_lifecycle_to_text(again, &again_len);
    g_assert_cmpstr(again_text, ==, text);
}

/* ---- noting ---- */

typedef struct {
    gint64 state, reason, id, seen_s; /* seconds after NOW */
    gint64 looked_s;                  /* of the look before */
    gboolean exact;
    PstLifecycleNote noted;
    guint n;          /* entries after it */
    gint64 told_s;    /* of the last of them: when it was seen, */
    gint64 before_s;  /* and the one before it last; NONE */
    gboolean restart; /* and whether it was off in between */
} Step;

static gint64
moment(gint64 seconds)
{
    return seconds == NONE ? NONE : NOW + seconds * SECOND;
}

static void
test_note(void)
{
    static const Step steps[] = {
        /* Nobody had looked before. */
        {RUNNING, 1, 4, 0, 0, FALSE, PST_LIFECYCLE_NEWS, 1, 0, NONE, FALSE},
        {RUNNING, 1, 4, 60, 0, FALSE, PST_LIFECYCLE_SAME, 1, 0, NONE, FALSE},
        /* It changed between two looks. */
        {PAUSED, 1, 4, 100, 60, FALSE, PST_LIFECYCLE_NEWS, 2, 100, 60, FALSE},
        {RUNNING, 5, 4, 101, 100, FALSE, PST_LIFECYCLE_NEWS, 3, 101, 100, FALSE},
        /* Another number: it was off, though nobody saw it, or was seen so. */
        {RUNNING, 5, 9, 200, 150, FALSE, PST_LIFECYCLE_NEWS, 4, 200, 150, TRUE},
        {OFF, 2, NONE, 300, 250, FALSE, PST_LIFECYCLE_NEWS, 5, 300, 250, FALSE},
        {RUNNING, 1, 10, 400, 300, FALSE, PST_LIFECYCLE_NEWS, 6, 400, 300, FALSE},
        /* The same state for another reason. */
        {RUNNING, 4, 10, 500, 450, FALSE, PST_LIFECYCLE_NEWS, 7, 500, 450, FALSE},
        /* An event, which tells the moment. */
        {PAUSED, 5, 10, 600, 510, TRUE, PST_LIFECYCLE_NEWS, 8, 600, 600, FALSE},
        {PAUSED, 5, 10, 610, 600, TRUE, PST_LIFECYCLE_SAME, 8, 600, 600, FALSE},
        /* One who had looked earlier comes later. */
        {RUNNING, 4, 10, 605, 610, FALSE, PST_LIFECYCLE_NOTHING, 8, 600, 600, FALSE},
        /* Who looked while it was started knew no number: what comes with one is no other run. */
        {OFF, 1, NONE, 700, 650, FALSE, PST_LIFECYCLE_NEWS, 9, 700, 650, FALSE},
        {RUNNING, 1, NONE, 800, 750, FALSE, PST_LIFECYCLE_NEWS, 10, 800, 750, FALSE},
        {RUNNING, 1, 11, 801, 800, FALSE, PST_LIFECYCLE_NEWS, 10, 800, 750, FALSE},
        {RUNNING, 1, 12, 802, 801, FALSE, PST_LIFECYCLE_NEWS, 11, 802, 801, TRUE},
        /* Who passed by was faster than the one who hears: what he saw is dated, if the event lies
         * between his look and the one before, and only once. */
        {PAUSED, 1, 12, 848, 845, FALSE, PST_LIFECYCLE_NEWS, 12, 848, 845, FALSE},
        {PAUSED, 1, 12, 844, 848, TRUE, PST_LIFECYCLE_NOTHING, 12, 848, 845, FALSE},
        {RUNNING, 1, 12, 846, 848, TRUE, PST_LIFECYCLE_NOTHING, 12, 848, 845, FALSE},
        {PAUSED, 1, 12, 846, 848, FALSE, PST_LIFECYCLE_NOTHING, 12, 848, 845, FALSE},
        {PAUSED, 1, 12, 846, 848, TRUE, PST_LIFECYCLE_NEWS, 12, 846, 846, FALSE},
        {PAUSED, 1, 12, 845, 848, TRUE, PST_LIFECYCLE_NOTHING, 12, 846, 846, FALSE},
        /* What no libvirt says. */
        {-1, 1, 12, 900, 850, FALSE, PST_LIFECYCLE_NOTHING, 12, 846, 846, FALSE},
        {RUNNING, 1 << 20, 12, 900, 850, FALSE, PST_LIFECYCLE_NOTHING, 12, 846, 846, FALSE},
        {OFF, 1, -2, 900, 850, FALSE, PST_LIFECYCLE_NOTHING, 12, 846, 846, FALSE},
    };
    g_autoptr(PstLifecycle) lifecycle = pst_lifecycle_new();

    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        const Step *step = &steps[i];
        const PstLifecycleSight sight = {step->state, step->reason, step->id, moment(step->seen_s),
                                         step->exact};

        g_test_message("step %u", i);
        g_assert_cmpint(pst_lifecycle_note(lifecycle, &sight, moment(step->looked_s)), ==,
                        step->noted);
        g_assert_cmpuint(count(lifecycle), ==, step->n);
        g_assert_cmpint(entry_at(lifecycle, step->n - 1)->seen_us, ==, moment(step->told_s));
        g_assert_cmpint(entry_at(lifecycle, step->n - 1)->before_us, ==, moment(step->before_s));
        g_assert_cmpint(pst_lifecycle_is_restart(lifecycle, step->n - 1), ==, step->restart);
        assert_sound(lifecycle);
    }
}

static PstLifecycleNote
note(PstLifecycle *lifecycle, gint64 state, gint64 seen_us, gint64 looked_us)
{
    const PstLifecycleSight sight = {state, 1, NONE, seen_us, FALSE};

    return pst_lifecycle_note(lifecycle, &sight, looked_us);
}

/* A clock that was an hour ahead, and was set right. */
static void
test_clock_set_back(void)
{
    g_autoptr(PstLifecycle) lifecycle = pst_lifecycle_new();

    note(lifecycle, RUNNING, NOW, 0);
    note(lifecycle, PAUSED, NOW + 3600 * SECOND, NOW + 3500 * SECOND);
    note(lifecycle, RUNNING, NOW + 3700 * SECOND, NOW + 3650 * SECOND);
    /* For so little it may as well be one who was slow. */
    g_assert_cmpint(note(lifecycle, OFF, NOW + 3699 * SECOND, NOW + 3700 * SECOND), ==,
                    PST_LIFECYCLE_NOTHING);
    g_assert_cmpint(note(lifecycle, OFF, NOW + 100 * SECOND, NOW + 3700 * SECOND), ==,
                    PST_LIFECYCLE_NEWS);
    assert_sound(lifecycle);
    g_assert_cmpuint(count(lifecycle), ==, 4);
    g_assert_cmpint(entry_at(lifecycle, 0)->seen_us, ==, NOW);
    /* None of them lies ahead, and of none it is said to know when it happened. */
    for (guint i = 1; i < 4; i++) {
        g_assert_cmpint(entry_at(lifecycle, i)->seen_us, ==, NOW + 100 * SECOND);
        g_assert_cmpint(entry_at(lifecycle, i)->before_us, ==, NONE);
    }
    /* From then on all is well, though nothing was written meanwhile. */
    note(lifecycle, RUNNING, NOW + 200 * SECOND, NOW + 150 * SECOND);
    g_assert_cmpint(entry_at(lifecycle, 4)->before_us, ==, NOW + 150 * SECOND);
    assert_sound(lifecycle);
}

/* The same, and nothing has happened: what lies ahead is dated anew all the same. */
static void
test_clock_same(void)
{
    g_autoptr(PstLifecycle) lifecycle = pst_lifecycle_new();

    note(lifecycle, RUNNING, NOW + 3600 * SECOND, 0);
    g_assert_cmpint(note(lifecycle, RUNNING, NOW, NOW + 3600 * SECOND), ==, PST_LIFECYCLE_NEWS);
    g_assert_cmpuint(count(lifecycle), ==, 1);
    g_assert_cmpint(entry_at(lifecycle, 0)->seen_us, ==, NOW);
    g_assert_cmpint(note(lifecycle, RUNNING, NOW + SECOND, NOW), ==, PST_LIFECYCLE_SAME);
    /* Only the look was of the wrong clock. */
    g_assert_cmpint(note(lifecycle, RUNNING, NOW + SECOND, NOW + 99 * SECOND), ==,
                    PST_LIFECYCLE_SAME);
    g_assert_cmpint(note(lifecycle, OFF, NOW + 2 * SECOND, NOW + 99 * SECOND), ==,
                    PST_LIFECYCLE_NEWS);
    g_assert_cmpint(entry_at(lifecycle, 1)->before_us, ==, NONE);
}

/* Whatever is seen, in whatever order and by whatever clock. */
static void
test_random(void)
{
    g_autoptr(PstLifecycle) lifecycle = pst_lifecycle_new();
    gint64 now_us = NOW, looked_us = 0;

    for (guint i = 0; i < 1000; i++) {
        gint64 seconds = g_test_rand_int_range(0, 30) == 0 ? g_test_rand_int_range(-90000, 90000)
                                                           : g_test_rand_int_range(0, 50);
        now_us = CLAMP(now_us + seconds * SECOND / 7, 0, PST_LIMIT_INTEGER);
        const PstLifecycleSight sight = {g_test_rand_int_range(0, 6), g_test_rand_int_range(0, 3),
                                         g_test_rand_bit() ? NONE : g_test_rand_int_range(1, 4),
                                         now_us, g_test_rand_bit()};

        PstLifecycleNote noted = pst_lifecycle_note(lifecycle, &sight, looked_us);
        assert_sound(lifecycle);
        if (noted == PST_LIFECYCLE_NOTHING)
            continue;
        looked_us = now_us;
        guint n = count(lifecycle);
        g_assert_cmpuint(n, >, 0);
        g_assert_cmpint(entry_at(lifecycle, n - 1)->state, ==, sight.state);
        g_assert_cmpint(entry_at(lifecycle, n - 1)->reason, ==, sight.reason);
        g_assert_cmpint(entry_at(lifecycle, n - 1)->seen_us, <=, now_us);
        /* Twice the same is once. */
        g_assert_cmpint(pst_lifecycle_note(lifecycle, &sight, looked_us), ==, PST_LIFECYCLE_SAME);
        g_assert_cmpuint(count(lifecycle), ==, n);
    }
    g_assert_cmpuint(count(lifecycle), ==, PST_LIFECYCLE_MAX);
}

/* ---- as text ---- */

static const char whole[] = "{\"domain\":\"web\",\"entries\":["
                            "{\"state\":1,\"reason\":1,\"id\":4,\"seen_us\":1000},"
                            "{\"state\":5,\"reason\":2,\"seen_us\":3000,\"before_us\":2000}]}";

static void
test_parse(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstLifecycle) lifecycle = pst_lifecycle_parse(whole, strlen(whole), &error);

    g_assert_no_error(error);
    g_assert_cmpstr(lifecycle->domain, ==, "web");
    g_assert_cmpuint(count(lifecycle), ==, 2);
    g_assert_cmpint(entry_at(lifecycle, 0)->id, ==, 4);
    g_assert_cmpint(entry_at(lifecycle, 0)->before_us, ==, NONE);
    g_assert_cmpint(entry_at(lifecycle, 1)->id, ==, NONE);
    g_assert_cmpint(entry_at(lifecycle, 1)->before_us, ==, 2000);
    assert_sound(lifecycle);
    for (gsize cut = 0; cut < strlen(whole); cut++)
        g_assert_null(pst_lifecycle_parse(whole, cut, NULL));
}

static void
test_refused(void)
{
#define ENTRIES(text) "{\"entries\":[" text "]}"
    static const char *const bad[] = {
        "",
        "[]",
        "null",
        "{\"entries\":{}}",
        "{\"entries\":[1]}",
        "{\"domain\":7}",
        "{\"dates\":[{}]}",
        "{\"former\":[{}]}",
        "{\"former\":[{\"name\":\"web\",\"until_us\":-1}]}",
        "{\"dates\":[{\"boot_id\":\"b\",\"seq\":-1,\"boottime_us\":1,\"written_us\":1}]}",
        "{\"dates\":[{\"boot_id\":\"b\",\"seq\":1,\"boottime_us\":-1,\"written_us\":1}]}",
        "{\"dates\":[{\"boot_id\":\"b\",\"seq\":1,\"boottime_us\":1,\"written_us\":0}]}",
        "{\"dates\":[{\"seq\":1,\"boottime_us\":1,\"written_us\":1}]}",
        "{\"dates\":[{\"boot_id\":\"b\",\"seq\":1,\"boottime_us\":1}]}",
        ENTRIES("{}"),
        ENTRIES("{\"state\":1,\"reason\":1}"),
        ENTRIES("{\"state\":1,\"seen_us\":1}"),
        ENTRIES("{\"state\":-1,\"reason\":1,\"seen_us\":1}"),
        ENTRIES("{\"state\":1001,\"reason\":1,\"seen_us\":1}"),
        ENTRIES("{\"state\":1,\"reason\":-1,\"seen_us\":1}"),
        ENTRIES("{\"state\":1.5,\"reason\":1,\"seen_us\":1}"),
        ENTRIES("{\"state\":\"1\",\"reason\":1,\"seen_us\":1}"),
        ENTRIES("{\"state\":1,\"reason\":1,\"seen_us\":-1}"),
        ENTRIES("{\"state\":1,\"reason\":1,\"seen_us\":9007199254740992}"),
        ENTRIES("{\"state\":1,\"reason\":1,\"id\":-1,\"seen_us\":1}"),
        ENTRIES("{\"state\":1,\"reason\":1,\"id\":2147483648,\"seen_us\":1}"),
        ENTRIES("{\"state\":1,\"reason\":1,\"seen_us\":1,\"before_us\":2}"),
        ENTRIES("{\"state\":1,\"reason\":1,\"seen_us\":1,\"before_us\":-2}"),
        /* Out of order. */
        ENTRIES(
            "{\"state\":1,\"reason\":1,\"seen_us\":2},{\"state\":5,\"reason\":1,\"seen_us\":1}"),
        ENTRIES("{\"state\":1,\"reason\":1,\"seen_us\":2},"
                "{\"state\":5,\"reason\":1,\"seen_us\":3,\"before_us\":1}"),
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_test_message("%s", bad[i]);
        g_assert_null(pst_lifecycle_parse(bad[i], strlen(bad[i]), &error));
        g_assert_nonnull(error);
    }
    /* What a later version adds is none of this one's business. */
    g_autoptr(PstLifecycle) later = pst_lifecycle_parse("{\"more\":[1]}", 12, NULL);
    g_assert_nonnull(later);
}

static char *
many(guint n)
{
    g_autoptr(GString) text = g_string_new("{\"entries\":[");

    for (guint i = 0; i < n; i++)
        g_string_append_printf(text, "%s{\"state\":1,\"reason\":1,\"id\":%u,\"seen_us\":%u}",
                               i > 0 ? "," : "", i, i);
    g_string_append(text, "]}");
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void
test_too_long(void)
{
    g_autofree char *most = many(PST_LIFECYCLE_MAX), *over = many(PST_LIFECYCLE_MAX + 1);
    g_autofree char *far = many(20000), *blank = g_strnfill(PST_LIFECYCLE_MAX_BYTES, ' ');
    g_autofree char *name = g_strnfill(2000, 'w');
    g_autofree char *called = g_strdup_printf("{\"domain\":\"%s\"}", name);
    g_autofree char *padded = g_strconcat(most, blank, NULL);
    g_autoptr(PstLifecycle) lifecycle = pst_lifecycle_parse(most, strlen(most), NULL);

    g_assert_cmpuint(count(lifecycle), ==, PST_LIFECYCLE_MAX);
    g_assert_null(pst_lifecycle_parse(over, strlen(over), NULL));
    g_assert_null(pst_lifecycle_parse(far, strlen(far), NULL));
    g_assert_null(pst_lifecycle_parse(called, strlen(called), NULL));
    g_assert_null(pst_lifecycle_parse(padded, strlen(padded), NULL));
}

/* What it was called before is kept, until when, the last eight. */
static void
test_former(void)
{
    g_autoptr(PstLifecycle) lifecycle = pst_lifecycle_new();
    gsize len = 0;

    pst_lifecycle_call(lifecycle, "web", NOW);
    g_assert_null(lifecycle->former);
    pst_lifecycle_call(lifecycle, "web", NOW + SECOND);
    for (guint i = 0; i < PST_LIFECYCLE_MAX_FORMER + 1; i++) {
        g_autofree char *name = g_strdup_printf("web-%u", i);
        g_assert_true(pst_lifecycle_call(lifecycle, name, NOW + (i + 2) * SECOND));
    }
    g_autofree char *text = pst_lifecycle_to_text(lifecycle, &len);
    g_autoptr(PstLifecycle) again = pst_lifecycle_parse(text, len, NULL);
    g_assert_nonnull(again);
    g_assert_cmpuint(again->former->len, ==, PST_LIFECYCLE_MAX_FORMER);
    const PstLifecycleName *first = again->former->pdata[0];
    g_assert_cmpstr(first->name, ==, "web-0");
    g_assert_cmpint(first->until_us, ==, NOW + 3 * SECOND);
    assert_sound(lifecycle);
}

static void
test_name(void)
{
    g_autoptr(PstLifecycle) lifecycle = pst_lifecycle_new();
    g_autofree char *name = g_strnfill(5000, '\x1f');

    g_assert_true(pst_lifecycle_call(lifecycle, "web", NOW));
    g_assert_false(pst_lifecycle_call(lifecycle, "web", NOW));
    g_assert_true(pst_lifecycle_call(lifecycle, "web\xff", NOW));
    g_assert_false(pst_lifecycle_call(lifecycle, "web\xff", NOW));
    assert_sound(lifecycle);
    /* The longest there is, in the longest list there is. */
    g_assert_true(pst_lifecycle_call(lifecycle, name, NOW));
    g_assert_false(pst_lifecycle_call(lifecycle, name, NOW));
    for (guint i = 0; i < 200; i++) {
        const PstLifecycleSight sight = {i % 2 + 999, 1000, G_MAXINT, PST_LIMIT_INTEGER - 300 + i,
                                         TRUE};
        g_assert_cmpint(pst_lifecycle_note(lifecycle, &sight, 0), ==, PST_LIFECYCLE_NEWS);
    }
    g_assert_cmpuint(count(lifecycle), ==, PST_LIFECYCLE_MAX);
    assert_sound(lifecycle);
}

/* After the host's own boot libvirt counts from 1 again. */
static void
test_host_boot(void)
{
    const gint64 one = pst_lifecycle_host_boot("0b3d1c9e-7d55-4c6e-9d4e-6d1c6f0a2b11\n");
    const gint64 two = pst_lifecycle_host_boot("7e6f2a44-1111-4c6e-9d4e-6d1c6f0a2b11\n");
    const struct {
        gint64 id, host_boot;
        PstLifecycleNote noted;
        gboolean restart;
    } steps[] = {
        /* Noted by a version that knew of no boots, or by one who asks from afar. */
        {1, NONE, PST_LIFECYCLE_NEWS, FALSE}, {1, one, PST_LIFECYCLE_NEWS, FALSE},
        {1, one, PST_LIFECYCLE_SAME, FALSE},  {1, NONE, PST_LIFECYCLE_SAME, FALSE},
        {1, two, PST_LIFECYCLE_NEWS, TRUE},   {1, two, PST_LIFECYCLE_SAME, TRUE},
        {2, two, PST_LIFECYCLE_NEWS, TRUE},
    };
    g_autoptr(PstLifecycle) lifecycle = pst_lifecycle_new();

    g_assert_cmpint(one, !=, two);
    g_assert_cmpint(MIN(one, two), >=, 0);
    g_assert_cmpint(MAX(one, two), <=, PST_LIMIT_INTEGER);
    g_assert_cmpint(pst_lifecycle_host_boot("none"), ==, NONE);
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        const PstLifecycleSight sight = {RUNNING,   1,     steps[i].id,
                                         moment(i), FALSE, steps[i].host_boot};

        g_test_message("step %u", i);
        g_assert_cmpint(pst_lifecycle_note(lifecycle, &sight, moment((gint64)i - 1)), ==,
                        steps[i].noted);
        g_assert_cmpint(pst_lifecycle_is_restart(lifecycle, count(lifecycle) - 1), ==,
                        steps[i].restart);
        assert_sound(lifecycle);
    }
    g_assert_cmpuint(count(lifecycle), ==, 3);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/lifecycle/note", test_note);
    g_test_add_func("/lifecycle/host-boot", test_host_boot);
    g_test_add_func("/lifecycle/clock-set-back", test_clock_set_back);
    g_test_add_func("/lifecycle/clock-same", test_clock_same);
    g_test_add_func("/lifecycle/random", test_random);
    g_test_add_func("/lifecycle/parse", test_parse);
    g_test_add_func("/lifecycle/refused", test_refused);
    g_test_add_func("/lifecycle/too-long", test_too_long);
    g_test_add_func("/lifecycle/former", test_former);
    g_test_add_func("/lifecycle/name", test_name);
    return g_test_run();
}
