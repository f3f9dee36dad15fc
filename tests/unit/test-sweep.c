// SPDX-License-Identifier: LGPL-2.1-or-later
/* The sweep on scripted guests, which have one rung. */
#include "host-sidecar/sweep.h"

#include <string.h>

#include "protocol/error.h"
#include "tests/unit/make-report.h"

/* At once, by sweep.c. */
#define PLACES 8
/* So long that the first silent guest is found to be so before the last has answered. */
#define ANSWER_US 40000
#define GONE_US 400000
#define N_SILENT 40
#define N_LIVELY 60
/* So that each has some nine seconds of its own, on a machine however busy. */
#define DEADLINE_US (120 * (gint64)G_USEC_PER_SEC)

typedef enum {
    LIVELY, /* answers */
    SILENT, /* was asked, and gives no sign of life until every lively guest has answered */
    HELD,   /* is not asked until then: another has its turn */
    GONE,   /* was asked, is silent for GONE_US, and then certain to say nothing */
    LATE,   /* was asked, and says that no time was left */
} Kind;

typedef struct {
    GMutex lock;
    GCond changed;
    guint n_lively, n_answered;
    guint inside, most; /* lively guests that are asked at once */
    guint n_late;       /* others whose time was over before the lively had answered */
    gint references;
} World;

struct PstGuest {
    World *world;
    Kind kind;
};

static gboolean
is_open(const PstGuest *guest G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    return TRUE;
}

static void
answer_all(PstGuest *guest, PstInquiry *inquiry)
{
    World *world = guest->world;

    pst_inquiry_progress(inquiry, PST_VIA_CHANNEL);
    g_mutex_lock(&world->lock);
    world->inside++;
    world->most = MAX(world->most, world->inside);
    g_mutex_unlock(&world->lock);
    g_usleep(ANSWER_US);
    g_mutex_lock(&world->lock);
    world->inside--;
    world->n_answered++;
    g_cond_broadcast(&world->changed);
    g_mutex_unlock(&world->lock);
    for (guint i = 0; i < pst_inquiry_size(inquiry); i++) {
        PstReport *report = pst_report_new(pst_vocabulary_find(pst_inquiry_probe(inquiry, i)));
        pst_report_conclude(report, "all is well");
        pst_inquiry_answer(inquiry, i, PST_VIA_CHANNEL, report);
    }
}

static void
await_lively(World *world, gint64 deadline_us)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&world->lock);

    while (world->n_answered < world->n_lively)
        if (!g_cond_wait_until(&world->changed, &world->lock, deadline_us)) {
            world->n_late++;
            return;
        }
}

static void
say_late(PstInquiry *inquiry)
{
    g_autoptr(GError) late = g_error_new(PST_ERROR, PST_ERROR_DEADLINE, "it was not started");

    for (guint i = 0; i < pst_inquiry_size(inquiry); i++)
        pst_inquiry_note_late(inquiry, i, PST_VIA_CHANNEL, late);
}

static gboolean
ask(PstGuest *guest, PstInquiry *inquiry, GError **error)
{
    if (guest->kind != HELD)
        pst_inquiry_guest_is_asked(inquiry, PST_VIA_CHANNEL);
    if (guest->kind == LIVELY) {
        answer_all(guest, inquiry);
        return TRUE;
    }
    if (guest->kind == LATE) {
        say_late(inquiry);
        return TRUE;
    }
    if (guest->kind == GONE)
        g_usleep(GONE_US);
    else
        await_lively(guest->world, pst_inquiry_deadline_us(inquiry));
    g_set_error_literal(error, PST_ERROR, PST_ERROR_PATH_SHUT, "it hung <up>");
    return FALSE;
}

static const PstBackend backend = {.via = PST_VIA_CHANNEL, .is_open = is_open, .ask = ask};
static const PstBackend *const rungs[] = {&backend};

static gpointer
ref_guest(gpointer data)
{
    g_atomic_int_inc(&((PstGuest *)data)->world->references);
    return data;
}

static void
unref_guest(gpointer data)
{
    g_atomic_int_add(&((PstGuest *)data)->world->references, -1);
}

static const PstLadder ladder = {rungs, G_N_ELEMENTS(rungs), ref_guest, unref_guest};

/* A guest's name begins with its kind; "x" is none of them. */
static PstGuest *
look_up(gpointer data, gint64 until_us G_GNUC_UNUSED, PstHealthSight *sight, PstSweepLook *look,
        GError **error)
{
    PstGuest *guests = data;

    if (sight->name[0] == 'x') {
        g_set_error_literal(error, PST_ERROR, PST_ERROR_NO_DOMAIN, "none");
        return NULL;
    }
    sight->uuid = g_strdup_printf("unit-test-%s", sight->name);
    sight->state = g_strdup("running");
    sight->run = 1;
    look->runs = TRUE;
    return ref_guest(&guests[sight->name[0] - 'a']);
}

static void
note_job(PstGuest *guest G_GNUC_UNUSED, PstHealthSight *sight, gint64 deadline_us G_GNUC_UNUSED)
{
    pst_health_sight_note_job(sight, "backup", 1000);
}

/* In passing, of each that runs. */
static gint n_looked;

static void
look_at_records(PstGuest *guest G_GNUC_UNUSED, PstHealthSight *sight G_GNUC_UNUSED,
                gint64 deadline_us G_GNUC_UNUSED)
{
    g_atomic_int_inc(&n_looked);
}

static void
count_asking(const char *guest G_GNUC_UNUSED, guint n G_GNUC_UNUSED, gpointer n_asked)
{
    g_atomic_int_inc((gint *)n_asked);
}

static void
add_names(GPtrArray *names, char kind, guint n)
{
    for (guint i = 0; i < n; i++)
        g_ptr_array_add(names, g_strdup_printf("%c%u", kind, i));
}

typedef struct {
    World world;
    gint n_asked;
    gint64 took_us, deadline_us; /* 0: DEADLINE_US */
    GPtrArray *sights;
    GError *missing;
} Result;

static void
clear_result(Result *result)
{
    g_ptr_array_unref(result->sights);
    g_clear_error(&result->missing);
    g_mutex_clear(&result->world.lock);
    g_cond_clear(&result->world.changed);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Result, clear_result)

static void
sweep(Result *result, GPtrArray *names, guint n_lively)
{
    PstGuest guests[] = {{&result->world, LIVELY},
                         {&result->world, SILENT},
                         {&result->world, HELD},
                         {&result->world, GONE},
                         {&result->world, LATE}};
    g_autoptr(PstHealthMemory) memory = pst_health_memory_new();
    const PstSweepPlan plan = {memory, FALSE, "test", count_asking, &result->n_asked};
    const PstSweepGuests swept = {look_up,  &ladder,         &ladder, NULL,
                                  note_job, look_at_records, guests};
    gint64 begun_us = g_get_monotonic_time();
    gint64 deadline_us = result->deadline_us > 0 ? result->deadline_us : DEADLINE_US;

    g_atomic_int_set(&n_looked, 0);
    result->world.n_lively = n_lively;
    g_ptr_array_add(names, NULL);
    result->sights = pst_sweep_make(&swept, (char **)names->pdata, &plan, begun_us + deadline_us,
                                    &result->missing);
    result->took_us = g_get_monotonic_time() - begun_us;
    /* A rung's thread gives its guest back when all else is told. */
    while (g_atomic_int_get(&result->world.references) > 0)
        g_usleep(1000);
}

static void
assert_sight(const GPtrArray *sights, guint i, const char *name, gboolean answered)
{
    const PstHealthSight *sight = sights->pdata[i];

    g_assert_cmpstr(sight->name, ==, name);
    g_assert_true(sight->asked);
    g_assert_true(sight->answered == answered);
    g_assert_true(sight->missed != answered);
    if (answered) {
        g_assert_cmpstr(sight->via, ==, "channel");
        g_assert_cmpstr(sight->job, ==, "backup");
        g_assert_null(sight->why);
    } else {
        g_assert_null(sight->via);
        g_assert_cmpstr(sight->why, ==, "channel: it hung <up>");
    }
}

static void
sweep_beside(char kind, guint n_silent)
{
    g_auto(Result) result = {0};
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    add_names(names, kind, n_silent);
    add_names(names, 'a', N_LIVELY);
    sweep(&result, names, N_LIVELY);
    g_assert_cmpuint(result.world.n_late, ==, 0);
    g_assert_cmpint(result.n_asked, ==, n_silent + N_LIVELY);
    g_assert_cmpint(g_atomic_int_get(&n_looked), ==, n_silent + N_LIVELY);
    g_assert_cmpuint(result.sights->len, ==, n_silent + N_LIVELY);
    for (guint i = 0; i < result.sights->len; i++)
        assert_sight(result.sights, i, names->pdata[i], i >= n_silent);
    g_assert_cmpuint(result.world.most, <=, PLACES);
    g_assert_cmpuint(result.world.most, >, 1);
}

/* More silent guests than there are places come first, and none of them ends before the last of the
 * others: they must have had their turn meanwhile. */
static void
test_silent(void)
{
    sweep_beside('b', N_SILENT);
}

/* The silent ones make room for no more than themselves. */
static void
test_few_silent(void)
{
    sweep_beside('b', 3);
}

/* Those that are waited for no more make no room any more. */
static void
test_gone(void)
{
    sweep_beside('d', N_SILENT);
}

/* Whose turn is another's was not asked, and keeps its place: there is room for the others still.
 */
static void
test_held(void)
{
    g_auto(Result) result = {0};
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    add_names(names, 'c', PLACES - 1);
    add_names(names, 'a', N_LIVELY / 3);
    sweep(&result, names, N_LIVELY / 3);
    g_assert_cmpuint(result.world.n_late, ==, 0);
    g_assert_cmpuint(result.world.most, ==, 1);
    /* Nobody knows whether it would have answered. */
    g_assert_true(((PstHealthSight *)result.sights->pdata[0])->asked);
    g_assert_false(((PstHealthSight *)result.sights->pdata[0])->missed);
}

static void
assert_rushed(const PstHealthSight *sight)
{
    const PstProblem *problem = sight->problems->pdata[sight->problems->len - 1];

    g_assert_false(sight->answered);
    g_assert_false(sight->missed);
    g_assert_cmpint(pst_health_sight_condition(sight), ==, PST_CONDITION_UNSEEN);
    g_assert_nonnull(strstr(problem->message, "no time was left"));
}

/* Who had no time is not silent: neither where the deadline leaves less than a slow guest needs nor
 * where the guest itself says so. */
static void
test_rushed(void)
{
    g_auto(Result) hasty = {.deadline_us = 600000}, result = {0};
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) late = g_ptr_array_new_with_free_func(g_free);

    add_names(names, 'b', 1);
    sweep(&hasty, names, 1);
    assert_rushed(hasty.sights->pdata[0]);
    add_names(late, 'e', 1);
    sweep(&result, late, 0);
    assert_rushed(result.sights->pdata[0]);
}

static void
test_missing(void)
{
    g_auto(Result) result = {0};
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    add_names(names, 'a', 1);
    add_names(names, 'x', 2);
    add_names(names, 'a', 2);
    sweep(&result, names, 3);
    g_assert_error(result.missing, PST_ERROR, PST_ERROR_NO_DOMAIN);
    g_assert_cmpstr(result.missing->message, ==, "no domain is called 'x0'");
    /* a0 was named twice. */
    g_assert_cmpuint(result.sights->len, ==, 2);
    assert_sight(result.sights, 0, "a0", TRUE);
    assert_sight(result.sights, 1, "a1", TRUE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sweep/silent", test_silent);
    g_test_add_func("/sweep/few-silent", test_few_silent);
    g_test_add_func("/sweep/gone", test_gone);
    g_test_add_func("/sweep/held", test_held);
    g_test_add_func("/sweep/rushed", test_rushed);
    g_test_add_func("/sweep/missing", test_missing);
    return g_test_run();
}
