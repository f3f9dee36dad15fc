// SPDX-License-Identifier: LGPL-2.1-or-later
/* The ladder of `recover` with a guest of its own, which is killed on it at every point. */
#include "protocol/error.h"
#include "tests/unit/recovery-world.h"

typedef struct {
    /* What the guest is like. */
    gboolean undo_mends, revert_mends, has_room, tells; /* whether it tells at the gate */
    /* What became of it. */
    gboolean mended, started;
    guint n_undone, n_reverted;
    /* What is on the disk. */
    char *saved;
    gsize saved_len;
    GPtrArray *records;
    /* Points until the process is killed; and whether it was. */
    int left;
    gboolean dead;
    gint64 now_us;
    gboolean refuses;    /* what was begun before and not done is not to be done any more */
    guint n_told;        /* how often it was asked that */
    gboolean unrecorded; /* a revert can't be recorded */
} World;

static gboolean
lives(World *world)
{
    if (!world->dead && --world->left == 0)
        world->dead = TRUE;
    return !world->dead;
}

static gint64
now(gpointer data)
{
    return ((World *)data)->now_us++;
}

static void
prepare(PstRecoveryState *state, PstRecoveryStep step, gpointer data)
{
    const World *world = data;

    if (step != PST_RECOVERY_REVERT)
        return;
    state->was_current = PST_TRI_YES;
    state->was_reverted = PST_TRI(world->n_reverted > 0);
    g_free(state->state_before);
    state->state_before = g_strdup(world->n_reverted > 0 ? FROM : BOOTED);
    state->run_before = world->n_reverted;
}

static gboolean
killed(GError **error)
{
    g_set_error_literal(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "killed");
    return FALSE;
}

static gboolean
save(const PstRecoveryState *state, gpointer data, GError **error)
{
    World *world = data;

    if (!lives(world))
        return killed(error);
    g_free(world->saved);
    world->saved = pst_recovery_state_to_text(state, &world->saved_len);
    return lives(world) || killed(error);
}

/* The same record is there again where it was written before a kill. */
static gboolean
record(const PstRecoveryState *state, const PstRecoveryRow *row, gpointer data, GError **error)
{
    World *world = data;
    gboolean ended = row->ended_us != PST_INT_UNKNOWN;
    g_autofree char *line =
        g_strdup_printf("%s %s", pst_recovery_step_names[row->step],
                        ended ? pst_recovery_outcome_names[row->outcome] : "asked");

    g_assert_nonnull(state->run);
    if (!lives(world))
        return killed(error);
    if (world->unrecorded && !ended && row->step == PST_RECOVERY_REVERT) {
        g_set_error_literal(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "the audit's disk is full");
        return FALSE;
    }
    if (!g_ptr_array_find_with_equal_func(world->records, line, g_str_equal, NULL))
        g_ptr_array_add(world->records, g_steal_pointer(&line));
    return TRUE;
}

static void
ask(const World *world, PstRecoveryRow *row)
{
    row->outcome = world->mended  ? PST_RECOVERY_PASS
                   : world->tells ? PST_RECOVERY_FAIL
                                  : PST_RECOVERY_COULD_NOT_CHECK;
}

/* By an id that the guest takes once. */
static void
undo(World *world, PstRecoveryRow *row)
{
    if (!world->started) {
        world->started = TRUE;
        world->n_undone++;
        world->mended |= world->undo_mends;
    }
    row->outcome = PST_RECOVERY_DONE;
}

static void
revert(World *world, PstRecoveryRow *row)
{
    world->n_reverted++;
    world->mended |= world->revert_mends;
    row->outcome = PST_RECOVERY_DONE;
}

static gboolean
was_reverted(const World *world, const PstRecoveryState *state)
{
    gboolean was = world->n_reverted > 0;
    const PstRecoverySight sight = {.mark = UNTOLD,
                                    .is_current = YES,
                                    .is_reverted = PST_TRI(was),
                                    .is_booted = PST_TRI(!was),
                                    .state = was ? FROM : BOOTED,
                                    .run = world->n_reverted,
                                    .host_boot = PST_INT_UNKNOWN};

    return pst_recovery_ladder_was_reverted(state, &sight) != PST_TRI_NO;
}

static gboolean
look(PstRecoveryState *state, PstRecoveryRow *row, gboolean *open, gpointer data, GError **error)
{
    World *world = data;

    if (!lives(world))
        return killed(error);
    *open = !(row->step == PST_RECOVERY_UNDO && world->started) &&
            !(row->step == PST_RECOVERY_REVERT && was_reverted(world, state));
    row->outcome = PST_RECOVERY_DONE;
    return TRUE;
}

static gboolean
agree(const PstRecoveryState *state G_GNUC_UNUSED, PstRecoveryStep step, gpointer data,
      GError **error)
{
    World *world = data;

    world->n_told += step == PST_RECOVERY_REVERT;
    if (step != PST_RECOVERY_REVERT || !world->refuses)
        return TRUE;
    g_set_error_literal(error, PST_ERROR, PST_ERROR_USAGE, "it was not confirmed");
    return FALSE;
}

static gboolean
act(PstRecoveryState *state G_GNUC_UNUSED, PstRecoveryRow *row, gpointer data, GError **error)
{
    World *world = data;

    if (!lives(world))
        return killed(error);
    switch (row->step) {
    case PST_RECOVERY_UNDO:
        undo(world, row);
        break;
    case PST_RECOVERY_FORENSICS:
        row->outcome = world->has_room ? PST_RECOVERY_DONE : PST_RECOVERY_NOT_DONE;
        break;
    case PST_RECOVERY_REVERT:
        revert(world, row);
        break;
    case PST_RECOVERY_HALT:
        row->outcome = PST_RECOVERY_DONE;
        break;
    default:
        ask(world, row);
    }
    return lives(world) || killed(error);
}

static const PstRecoveryHands hands = {now, look, agree, prepare, save, record, act};

static void
init_world(World *world, guint bits)
{
    *world = (World){.undo_mends = (bits & 1) != 0,
                     .revert_mends = (bits & 2) != 0,
                     .has_room = (bits & 4) != 0,
                     .tells = (bits & 8) != 0,
                     .now_us = NOW_US};
    world->records = g_ptr_array_new_with_free_func(g_free);
}

static PstRecoveryState *
make_of(guint bits)
{
    PstRecoveryState *state = make((bits & 16) != 0 ? "u" : NULL, (bits & 32) != 0 ? "s" : NULL);

    state->unchecked = PST_TRI((bits & 64) != 0);
    return state;
}

/* Goes on with what is on the disk, until it is killed after LEFT points (0: never). Whether it
 * came to its end. */
static gboolean
go_on(World *world, guint bits, int left)
{
    g_autoptr(PstRecoveryState) state =
        world->saved != NULL ? pst_recovery_state_parse(world->saved, world->saved_len, NULL)
                             : make_of(bits);

    g_assert_nonnull(state);
    world->left = left;
    world->dead = FALSE;
    return pst_recovery_ladder_climb(state, &hands, world, NULL);
}

/* Its steps with their outcomes, its end, and what was recorded. */
static char *
end_of(const World *world)
{
    g_autoptr(PstRecoveryState) state =
        pst_recovery_state_parse(world->saved, world->saved_len, NULL);
    GString *out = g_string_new(NULL);

    g_assert_nonnull(state);
    g_string_append_printf(
        out, "%s, mended %d, undone %u, reverted %u:", pst_recovery_end_names[state->end],
        world->mended, world->n_undone, world->n_reverted);
    for (guint i = 0; i < state->steps->len; i++) {
        const PstRecoveryRow *row = state->steps->pdata[i];
        g_string_append_printf(out, " %s=%s", pst_recovery_step_names[row->step],
                               pst_recovery_outcome_names[row->outcome]);
    }
    for (guint i = 0; i < world->records->len; i++)
        g_string_append_printf(out, "; %s", (char *)world->records->pdata[i]);
    return g_string_free(out, FALSE);
}

static void
clear_world(World *world)
{
    g_free(world->saved);
    g_ptr_array_unref(world->records);
}

/* Killed after FIRST points and, gone on with, after SECOND; whether it was at all. */
static gboolean
hold_against(guint bits, int first, int second, const char *expected)
{
    World world;

    init_world(&world, bits);
    gboolean was_killed = !go_on(&world, bits, first);
    if (was_killed && !go_on(&world, bits, second))
        g_assert_true(go_on(&world, bits, 0));
    g_autofree char *end = end_of(&world);
    g_assert_cmpstr(end, ==, expected);
    g_assert_cmpuint(world.n_undone, <=, 1);
    g_assert_cmpuint(world.n_reverted, <=, 1);
    clear_world(&world);
    return was_killed;
}

static void
test_killed(void)
{
    guint n = 0;

    for (guint bits = 0; bits < 128; bits++) {
        World world;

        init_world(&world, bits);
        g_assert_true(go_on(&world, bits, 0));
        g_autofree char *expected = end_of(&world);
        clear_world(&world);
        int first = 1;
        for (gboolean was_killed = TRUE; was_killed; first++)
            for (int second = 0; was_killed && second <= 12; second += 3, n++)
                was_killed = hold_against(bits, first, second, expected);
        g_assert_cmpint(first, >, 8);
    }
    g_test_message("killed in %u ways", n);
}

/* Whether what is on the disk can still end otherwise than halted. */
static gboolean
is_open(const World *world)
{
    g_autoptr(PstRecoveryState) state =
        world->saved != NULL ? pst_recovery_state_parse(world->saved, world->saved_len, NULL)
                             : NULL;

    return state == NULL || (state->end == PST_RECOVERY_UNDER_WAY &&
                             !pst_recovery_state_has_ended(state, PST_RECOVERY_HALT));
}

/* Killed anywhere, and a person mends the guest before it is gone on with: nothing more is done to
 * it, however far it had come. */
static void
test_mended_meanwhile(void)
{
    guint n = 0;

    for (guint bits = 0; bits < 128; bits++) {
        gboolean was_killed = TRUE;

        for (int at = 1; was_killed; at++) {
            World world;

            init_world(&world, bits);
            was_killed = !go_on(&world, bits, at);
            guint n_undone = world.n_undone, n_reverted = world.n_reverted;
            world.mended = TRUE;
            if (was_killed && is_open(&world)) {
                g_assert_true(go_on(&world, bits, 0));
                g_autofree char *end = end_of(&world);
                g_test_message("%u %d %s", bits, at, end);
                g_assert_true(g_str_has_prefix(end, "recovered,"));
                g_assert_cmpuint(world.n_undone, ==, n_undone);
                g_assert_cmpuint(world.n_reverted, ==, n_reverted);
                n++;
            }
            clear_world(&world);
        }
    }
    g_assert_cmpuint(n, >, 1000);
}

/* It was broken again meanwhile: a gate of another process that passed is no end. */
static void
test_broken_meanwhile(void)
{
    World world;
    int at = 0;

    do {
        if (at++ > 0)
            clear_world(&world);
        init_world(&world, 8 + 4 + 2 + 32);
        world.mended = TRUE;
        /* The last point: the gate that passed is on the disk, and the end is not. */
    } while (!go_on(&world, 8 + 4 + 2 + 32, at));
    clear_world(&world);
    init_world(&world, 8 + 4 + 2 + 32);
    world.mended = TRUE;
    g_assert_false(go_on(&world, 8 + 4 + 2 + 32, at - 2));
    world.mended = FALSE;
    g_assert_true(go_on(&world, 8 + 4 + 2 + 32, 0));
    g_assert_cmpuint(world.n_reverted, ==, 1);
    clear_world(&world);
}

/* A revert that was begun and not done is asked for again, with what it loses by then; where that
 * is refused it can still be gone on with. */
static void
test_agreed(void)
{
    const guint bits = 8 + 4 + 2 + 32;
    World world;
    int at = 0;

    init_world(&world, bits);
    while (world.saved == NULL || strstr(world.saved, "\"revert\"") == NULL) {
        clear_world(&world);
        init_world(&world, bits);
        g_assert_false(go_on(&world, bits, ++at));
    }
    world.refuses = TRUE;
    g_assert_false(go_on(&world, bits, 0));
    g_assert_cmpuint(world.n_reverted, ==, 0);
    g_assert_cmpuint(world.n_told, ==, 1);
    world.refuses = FALSE;
    g_assert_true(go_on(&world, bits, 0));
    g_assert_cmpuint(world.n_reverted, ==, 1);
    g_assert_cmpuint(world.n_told, ==, 2);
    clear_world(&world);
}

/* A disk that takes nothing: nothing is done. */
static void
test_unsaved(void)
{
    World world;

    init_world(&world, 127);
    g_assert_false(go_on(&world, 127, 1));
    g_assert_null(world.saved);
    g_assert_cmpuint(world.records->len, ==, 0);
    clear_world(&world);
}

/* What can't be recorded before is not done, and not on the disk as one that may have been. */
static void
test_unrecorded(void)
{
    const guint bits = 8 + 4 + 2 + 32;
    World world;

    init_world(&world, bits);
    world.unrecorded = TRUE;
    g_assert_false(go_on(&world, bits, 0));
    g_assert_cmpuint(world.n_reverted, ==, 0);
    g_assert_null(strstr(world.saved, "\"revert\""));
    world.unrecorded = FALSE;
    g_assert_true(go_on(&world, bits, 0));
    g_assert_cmpuint(world.n_reverted, ==, 1);
    g_assert_cmpuint(world.n_told, ==, 0);
    clear_world(&world);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/recovery-killed/anywhere", test_killed);
    g_test_add_func("/recovery-killed/mended-meanwhile", test_mended_meanwhile);
    g_test_add_func("/recovery-killed/broken-meanwhile", test_broken_meanwhile);
    g_test_add_func("/recovery-killed/agreed", test_agreed);
    g_test_add_func("/recovery-killed/unsaved", test_unsaved);
    g_test_add_func("/recovery-killed/unrecorded", test_unrecorded);
    return g_test_run();
}
