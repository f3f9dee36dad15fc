// SPDX-License-Identifier: LGPL-2.1-or-later
/* The ladder of `recover` with a guest of its own, which is killed on it at every point; and what
 * is kept of it. */
#include <string.h>

#include "host-sidecar/exit-code.h"
#include "host-sidecar/recovery-ladder.h"
#include "host-sidecar/recovery-words.h"
#include "protocol/error.h"

#define NOW_US (G_GINT64_CONSTANT(1700000000) * G_USEC_PER_SEC)

static PstRecoveryState *
make(const char *undo, const char *snapshot)
{
    PstRecoveryState *state = pst_recovery_state_new();

    state->guest = g_strdup("web");
    state->uuid = g_strdup("3a4f5d6e-1111-4222-8333-444455556677");
    state->policy = g_strdup("reachable");
    state->begun_us = NOW_US;
    state->undo = g_strdup(undo);
    state->undo_sha256 = undo != NULL ? g_strdup("e3b0") : NULL;
    state->snapshot = g_strdup(snapshot);
    return state;
}

/* ---- the next step ---- */

/* Each step that was taken as its first letters and outcome; "-" is one that was only begun. */
static const struct {
    const char *undo, *snapshot;
    gboolean unchecked;
    const char *halted; /* "=", and what was spent by then: u, s; NULL: it did not halt before */
    const char *taken; /* STEP=OUTCOME … */
    const char *next;  /* a step, or an end */
} steps[] = {
    {"u", "s", FALSE, NULL, "", "gate"},
    {"u", "s", FALSE, NULL, "gate=-", "gate"},
    {"u", "s", FALSE, NULL, "gate=pass", "recovered"},
    {"u", "s", TRUE, NULL, "gate=not-checkable", "away"},
    {"u", "s", FALSE, NULL, "gate=fail", "undo"},
    {"u", NULL, FALSE, NULL, "gate=could-not-check", "undo"},
    {"u", "s", FALSE, NULL, "gate=fail undo=-", "undo"},
    {"u", "s", FALSE, NULL, "gate=fail undo=unknown", "gate-after-undo"},
    {"u", "s", FALSE, NULL, "gate=fail undo=not-done", "gate-after-undo"},
    {"u", "s", FALSE, NULL, "gate=fail undo=done gate-after-undo=pass", "recovered"},
    {"u", "s", FALSE, NULL, "gate=fail undo=done gate-after-undo=fail", "forensics"},
    {"u", "s", FALSE, NULL, "gate=fail undo=done gate-after-undo=not-checkable", "forensics"},
    {NULL, "s", FALSE, NULL, "gate=fail", "forensics"},
    {NULL, "s", FALSE, NULL, "gate=fail forensics=done", "revert"},
    {NULL, "s", FALSE, NULL, "gate=fail forensics=not-done", "halt"},
    {NULL, NULL, FALSE, NULL, "gate=fail forensics=done", "halt"},
    {NULL, NULL, FALSE, NULL, "gate=fail forensics=done halt=done", "halted"},
    /* What is not known to be broken is not destroyed without a word. */
    {NULL, "s", FALSE, NULL, "gate=could-not-check forensics=done", "halt"},
    {NULL, "s", TRUE, NULL, "gate=could-not-check forensics=done", "revert"},
    {"u", "s", FALSE, NULL, "gate=fail undo=done gate-after-undo=could-not-check forensics=done",
     "halt"},
    {"u", "s", TRUE, NULL, "gate=fail undo=done gate-after-undo=not-checkable forensics=done",
     "revert"},
    {NULL, "s", TRUE, NULL, "gate=could-not-check forensics=not-done", "halt"},
    {NULL, "s", FALSE, NULL, "gate=fail forensics=done revert=-", "revert"},
    {NULL, "s", FALSE, NULL, "gate=fail forensics=done revert=done", "gate-after-revert"},
    {NULL, "s", FALSE, NULL, "gate=fail forensics=done revert=unknown", "gate-after-revert"},
    {NULL, "s", FALSE, NULL, "gate=fail forensics=done revert=not-done", "halt"},
    {NULL, "s", FALSE, NULL, "gate=fail forensics=done revert=done gate-after-revert=pass",
     "recovered"},
    {NULL, "s", FALSE, NULL, "gate=fail forensics=done revert=done gate-after-revert=fail",
     "halt"},
    {NULL, "s", TRUE, NULL,
     "gate=fail forensics=done revert=unknown gate-after-revert=could-not-check", "halt"},
    /* After one that halted, of the same words, nothing is done twice. */
    {"u", "s", TRUE, "=us", "gate=fail", "halt"},
    {"u", "s", TRUE, "=us", "gate=not-checkable", "halt"},
    {"u", "s", TRUE, "=us", "gate=pass", "recovered"},
    {"u", "s", TRUE, "=us", "gate=fail halt=done", "halted"},
    {NULL, "s", TRUE, "=s", "gate=fail", "halt"},
    {"u", NULL, TRUE, "=u", "gate=fail", "halt"},
    {NULL, NULL, FALSE, "=", "gate=fail", "halt"},
    /* What was not done is tried again. */
    {"u", "s", FALSE, "=s", "gate=fail", "undo"},
    {"u", "s", FALSE, "=s", "gate=not-checkable", "away"},
    {"u", "s", FALSE, "=s", "gate=fail undo=not-done", "gate-after-undo"},
    {"u", "s", TRUE, "=s", "gate=fail undo=done gate-after-undo=fail", "halt"},
    {"u", "s", FALSE, "=", "gate=fail undo=not-done gate-after-undo=fail", "forensics"},
    {"u", "s", FALSE, "=u", "gate=fail", "forensics"},
    {"u", "s", FALSE, "=u", "gate=fail forensics=done", "revert"},
    {"u", "s", FALSE, "=u", "gate=could-not-check", "halt"},
    {"u", "s", TRUE, "=u", "gate=could-not-check", "forensics"},
};

static int
find(const char *const *names, const char *name)
{
    int i = 0;

    while (names[i] != NULL && !g_str_equal(names[i], name))
        i++;
    g_assert_nonnull(names[i]);
    return i;
}

static void
take(PstRecoveryState *state, const char *taken)
{
    g_auto(GStrv) words = g_strsplit(taken, " ", -1);

    for (char **word = words; *word != NULL; word++) {
        char *outcome = strchr(*word, '=');

        *outcome++ = '\0';
        PstRecoveryRow *row = pst_recovery_state_begin(
            state, (PstRecoveryStep)find(pst_recovery_step_names, *word), NOW_US);
        if (g_str_equal(outcome, "-"))
            continue;
        row->outcome = find(pst_recovery_outcome_names, outcome);
        row->ended_us = NOW_US + 1;
    }
}

static void
test_next(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autoptr(PstRecoveryState) state = make(steps[i].undo, steps[i].snapshot);

        state->unchecked = PST_TRI(steps[i].unchecked);
        if (steps[i].halted != NULL) {
            state->halted = g_strdup(state->run);
            state->undo_spent = PST_TRI(strchr(steps[i].halted, 'u') != NULL);
            state->revert_spent = PST_TRI(strchr(steps[i].halted, 's') != NULL);
        }
        g_test_message("%s", steps[i].taken);
        take(state, steps[i].taken);
        PstRecoveryNext next = pst_recovery_ladder_next(state);
        g_assert_cmpstr(next.step < PST_RECOVERY_N_STEPS ? pst_recovery_step_names[next.step]
                                                         : pst_recovery_end_names[next.end],
                        ==, steps[i].next);
        g_assert_cmpint(next.begun, ==, g_str_has_suffix(steps[i].taken, "=-"));
    }
}

/* ---- whether it was reverted ---- */

#define UNTOLD PST_RECOVERY_MARK_UNTOLD
#define LATER PST_RECOVERY_MARK_LATER
#define UNDONE PST_RECOVERY_MARK_UNDONE
#define YES PST_TRI_YES
#define NO PST_TRI_NO
#define DUNNO PST_TRI_UNKNOWN
#define BOOTED "running (booted)"
#define RESUMED "running (unpaused)"
#define FROM "running (from snapshot)"

static const struct {
    PstTri was_current, was_reverted;
    const char *before; /* in run 5 of boot 7 */
    PstRecoverySight now;
    PstTri reverted;
} reverts[] = {
    /* The guest's own time tells. */
    {YES, YES, BOOTED, {UNDONE, YES, YES, NO, "x", 5, 7}, YES},
    {YES, NO, BOOTED, {UNDONE, YES, NO, YES, BOOTED, 5, 7}, YES},
    {NO, NO, BOOTED, {LATER, NO, NO, YES, BOOTED, 5, 7}, NO},
    {YES, YES, FROM, {LATER, YES, YES, NO, FROM, 5, 7}, NO},
    /* But not against libvirt, where it says that nothing was undone: clocks can be set. */
    {YES, NO, BOOTED, {LATER, YES, YES, NO, FROM, 6, 7}, DUNNO},
    {NO, NO, BOOTED, {LATER, YES, NO, NO, RESUMED, 6, 7}, DUNNO},
    /* Then the current snapshot, where it was another; that it still is one proves nothing, for a
     * newer one may have been made. */
    {NO, YES, "off (crashed)", {UNTOLD, YES, YES, NO, "x", 6, 7}, YES},
    {NO, YES, "off (crashed)", {UNTOLD, NO, YES, NO, "off (crashed)", 6, 7}, DUNNO},
    {NO, NO, BOOTED, {UNTOLD, NO, NO, NO, RESUMED, 6, 7}, DUNNO},
    /* Then why it is in its state. */
    {YES, NO, BOOTED, {UNTOLD, YES, YES, NO, FROM, 6, 7}, YES},
    {YES, NO, BOOTED, {UNTOLD, YES, NO, YES, BOOTED, 5, 7}, NO},
    {YES, YES, FROM, {UNTOLD, YES, YES, NO, FROM, 5, 7}, DUNNO},
    /* It may have been reverted, and started, or paused and resumed, since. */
    {YES, NO, BOOTED, {UNTOLD, YES, NO, YES, BOOTED, 6, 7}, DUNNO},
    {YES, NO, BOOTED, {UNTOLD, YES, NO, YES, BOOTED, 5, 8}, DUNNO},
    {YES, NO, BOOTED, {UNTOLD, YES, NO, NO, RESUMED, 5, 7}, DUNNO},
    {YES, NO, RESUMED, {UNTOLD, YES, NO, NO, RESUMED, 6, 7}, DUNNO},
    {YES, NO, RESUMED, {UNTOLD, YES, NO, NO, RESUMED, 5, 7}, DUNNO},
    /* It was off: nothing numbers that. */
    {YES, NO, "off (destroyed)", {UNTOLD, YES, NO, NO, "off (destroyed)", 5, 7}, DUNNO},
    /* Nobody looked before, or now. */
    {DUNNO, DUNNO, NULL, {UNTOLD, YES, NO, YES, BOOTED, 5, 7}, DUNNO},
    {YES, NO, BOOTED, {UNTOLD, YES, NO, YES, BOOTED, PST_INT_UNKNOWN, 7}, DUNNO},
};

static void
test_reverted(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(reverts); i++) {
        g_autoptr(PstRecoveryState) state = make(NULL, "s");

        g_test_message("row %zu", i);
        state->was_current = reverts[i].was_current;
        state->was_reverted = reverts[i].was_reverted;
        state->state_before = g_strdup(reverts[i].before);
        state->run_before = 5;
        state->host_boot = 7;
        g_assert_cmpint(pst_recovery_ladder_was_reverted(state, &reverts[i].now), ==,
                        reverts[i].reverted);
    }
    /* Nobody knew its number before, nor does now. */
    g_autoptr(PstRecoveryState) state = make(NULL, "s");
    const PstRecoverySight now = {UNTOLD, YES,    NO, YES,
                                  BOOTED, PST_INT_UNKNOWN, PST_INT_UNKNOWN};
    state->was_current = PST_TRI_YES;
    state->was_reverted = PST_TRI_NO;
    state->state_before = g_strdup(BOOTED);
    g_assert_cmpint(pst_recovery_ladder_was_reverted(state, &now), ==, PST_TRI_UNKNOWN);
}

static void
test_mark(void)
{
    g_assert_cmpint(pst_recovery_ladder_mark(PST_MARK_UNDONE, YES), ==, UNDONE);
    g_assert_cmpint(pst_recovery_ladder_mark(PST_MARK_SAME_BOOT, YES), ==, LATER);
    /* Its journal is volatile, or was not asked. */
    g_assert_cmpint(pst_recovery_ladder_mark(PST_MARK_SAME_BOOT, DUNNO), ==, LATER);
    /* By the clocks it is later, and the journal has not what it had: the host's was set back, or
     * the journal was emptied. */
    g_assert_cmpint(pst_recovery_ladder_mark(PST_MARK_SAME_BOOT, NO), ==, UNTOLD);
    for (int i = PST_MARK_UNTOLD; i <= PST_MARK_OTHER_BOOT; i++)
        g_assert_cmpint(pst_recovery_ladder_mark((PstMarkRelation)i, NO), ==, UNTOLD);
    g_assert_cmpint(pst_recovery_ladder_mark(PST_MARK_DOUBTFUL, DUNNO), ==, UNTOLD);
}

/* ---- killed anywhere ---- */

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
    gboolean refuses; /* what was begun before and not done is not to be done any more */
    guint n_told;     /* how often it was asked that */
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
static void
record(const PstRecoveryState *state, const PstRecoveryRow *row, gpointer data)
{
    World *world = data;
    g_autofree char *line = g_strdup_printf(
        "%s %s", pst_recovery_step_names[row->step],
        row->ended_us != PST_INT_UNKNOWN ? pst_recovery_outcome_names[row->outcome] : "asked");

    g_assert_nonnull(state->run);
    if (lives(world) && !g_ptr_array_find_with_equal_func(world->records, line, g_str_equal, NULL))
        g_ptr_array_add(world->records, g_steal_pointer(&line));
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

/* ---- as it is kept ---- */

static void
test_kept(void)
{
    g_autoptr(PstRecoveryState) state = make("/u", "s");
    gsize len = 0, again_len = 0;

    take(state, "gate=fail undo=done gate-after-undo=fail forensics=done revert=-");
    state->mark = g_strdup("a mark");
    state->lost = g_strsplit("one,two", ",", -1);
    state->was_current = PST_TRI_NO;
    g_autofree char *text = pst_recovery_state_to_text(state, &len);
    g_autoptr(PstRecoveryState) read = pst_recovery_state_parse(text, len, NULL);
    g_assert_nonnull(read);
    g_autofree char *again = pst_recovery_state_to_text(read, &again_len);
    g_assert_cmpmem(text, len, again, again_len);
    g_assert_cmpstr(read->run, ==, state->run);
    g_assert_false(pst_recovery_state_has_ended(read, PST_RECOVERY_REVERT));
    g_assert_null(pst_recovery_state_row(read, PST_RECOVERY_HALT));
    for (gsize cut = 0; cut < len; cut++)
        g_assert_null(pst_recovery_state_parse(text, cut, NULL));
}

#define BEGIN                                                                                      \
    "{\"run\":\"00112233445566778899aabbccddeeff\",\"guest\":\"g\",\"uuid\":\"u\",\"policy\":"     \
    "\"p\",\"begun_us\":1,\"end\":\"under-way\""

static const struct {
    const char *text;
    gboolean good;
} texts[] = {
    {BEGIN "}", TRUE},
    {BEGIN ",\"steps\":[]}", TRUE},
    {BEGIN ",\"steps\":[{\"step\":\"gate\",\"begun_us\":1}]}", FALSE},
    {BEGIN ",\"steps\":[{\"step\":\"gate\",\"begun_us\":1,\"outcome\":\"unknown\"}]}", TRUE},
    {BEGIN ",\"steps\":[{\"step\":\"gate\",\"begun_us\":1,\"ended_us\":2,\"outcome\":\"done\"}]}",
     FALSE},
    {BEGIN ",\"steps\":[{\"step\":\"undo\",\"begun_us\":1,\"ended_us\":2,\"outcome\":\"pass\"}]}",
     FALSE},
    /* Twice, out of order, or two that are not over. */
    {BEGIN ",\"steps\":[{\"step\":\"gate\",\"begun_us\":1,\"ended_us\":2,\"outcome\":\"fail\"},"
           "{\"step\":\"gate\",\"begun_us\":3,\"ended_us\":4,\"outcome\":\"fail\"}]}",
     FALSE},
    {BEGIN ",\"steps\":[{\"step\":\"revert\",\"begun_us\":1,\"ended_us\":2,\"outcome\":\"done\"},"
           "{\"step\":\"undo\",\"begun_us\":3,\"ended_us\":4,\"outcome\":\"done\"}]}",
     FALSE},
    {BEGIN ",\"steps\":[{\"step\":\"gate\",\"begun_us\":1,\"outcome\":\"unknown\"},"
           "{\"step\":\"undo\",\"begun_us\":3,\"outcome\":\"unknown\"}]}",
     FALSE},
    {BEGIN ",\"steps\":[{\"step\":\"jump\",\"begun_us\":1,\"outcome\":\"unknown\"}]}", FALSE},
    {BEGIN ",\"steps\":[{\"step\":\"gate\",\"begun_us\":-1,\"outcome\":\"unknown\"}]}", FALSE},
    {BEGIN ",\"undo\":\"/u\"}", FALSE},
    {BEGIN ",\"halted\":\"yes\"}", FALSE},
    {BEGIN ",\"run\":\"x\"}", FALSE},
    {BEGIN ",\"lost\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]}", FALSE},
    {BEGIN "}}", FALSE},
    {"{\"run\":\"0011\",\"guest\":\"g\",\"uuid\":\"u\",\"policy\":\"p\",\"begun_us\":1,"
     "\"end\":\"under-way\"}",
     FALSE},
    {"{}", FALSE},
    {"", FALSE},
    {"[]", FALSE},
};

static void
test_parse(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(PstRecoveryState) state =
            pst_recovery_state_parse(texts[i].text, strlen(texts[i].text), &error);

        g_test_message("%s", texts[i].text);
        g_assert_cmpint(state != NULL, ==, texts[i].good);
        if (!texts[i].good)
            g_assert_nonnull(error);
    }
}

static void
test_differs(void)
{
    g_autoptr(PstRecoveryState) one = make("/u", "s"), other = make("/u", "s");

    g_assert_null(pst_recovery_state_differs(one, other));
    g_free(other->snapshot);
    other->snapshot = g_strdup("t");
    g_free(other->undo_sha256);
    other->undo_sha256 = g_strdup("ffff");
    other->unchecked = PST_TRI_YES;
    g_autofree char *differs = pst_recovery_state_differs(one, other);
    g_assert_cmpstr(differs, ==, "what the undo holds, --snapshot, --unchecked");
}

/* What came of one that ended, and what is left for the same words. */
static const struct {
    const char *taken;
    PstRecoveryEnd end;
    const char *left; /* "=", and what is spent; NULL: all of it is begun anew */
} follows[] = {
    {"gate=fail undo=done gate-after-undo=fail forensics=done revert=done gate-after-revert=fail "
     "halt=done",
     PST_RECOVERY_HALTED, "=us"},
    {"gate=fail undo=unknown gate-after-undo=fail forensics=done revert=unknown "
     "gate-after-revert=fail halt=done",
     PST_RECOVERY_HALTED, "=us"},
    /* The channel was shut; the disk was full; libvirt refused it. */
    {"gate=fail undo=not-done gate-after-undo=could-not-check forensics=done halt=done",
     PST_RECOVERY_HALTED, "="},
    {"gate=fail undo=done gate-after-undo=fail forensics=not-done halt=done", PST_RECOVERY_HALTED,
     "=u"},
    {"gate=fail undo=done gate-after-undo=fail forensics=done revert=not-done halt=done",
     PST_RECOVERY_HALTED, "=u"},
    {"gate=pass", PST_RECOVERY_RECOVERED, NULL},
    {"gate=not-checkable", PST_RECOVERY_AWAY, NULL},
};

static void
assert_left(const PstRecoveryState *wanted, const char *left)
{
    g_assert_cmpint(wanted->halted != NULL, ==, left != NULL);
    g_assert_cmpint(wanted->undo_spent == PST_TRI_YES, ==, left != NULL && strchr(left, 'u') != NULL);
    g_assert_cmpint(wanted->revert_spent == PST_TRI_YES, ==,
                    left != NULL && strchr(left, 's') != NULL);
}

static void
test_follow(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(follows); i++) {
        g_autoptr(PstRecoveryState) last = make("/u", "s"), wanted = make("/u", "s");

        take(last, follows[i].taken);
        last->end = (int)follows[i].end;
        pst_recovery_state_follow(wanted, last);
        assert_left(wanted, follows[i].left);
    }
}

/* Other files of the same names, and another snapshot, are another try; a gate that passed after
 * the halt closes it; that the guest was away in between does not. */
static void
test_follow_other(void)
{
    g_autoptr(PstRecoveryState) last = make("/u", "s");

    take(last, follows[0].taken);
    last->end = PST_RECOVERY_HALTED;
    last->policy_sha256 = g_strdup("aa");
    last->baseline_sha256 = g_strdup("bb");
    last->snapshot_us = NOW_US;
    for (int other = 0; other < 4; other++) {
        g_autoptr(PstRecoveryState) wanted = make("/u", "s"), away = make("/u", "s");

        wanted->policy_sha256 = g_strdup(other == 1 ? "ff" : "aa");
        wanted->baseline_sha256 = g_strdup(other == 2 ? "ff" : "bb");
        wanted->snapshot_us = other == 3 ? NOW_US + G_USEC_PER_SEC : NOW_US;
        away->policy_sha256 = g_strdup("aa");
        away->baseline_sha256 = g_strdup("bb");
        pst_recovery_state_follow(wanted, last);
        assert_left(wanted, other == 0 ? "=us" : NULL);
        wanted->end = PST_RECOVERY_AWAY;
        g_free(wanted->policy_sha256);
        g_free(wanted->baseline_sha256);
        wanted->policy_sha256 = g_strdup("aa");
        wanted->baseline_sha256 = g_strdup("bb");
        pst_recovery_state_follow(away, wanted);
        assert_left(away, other == 0 ? "=us" : NULL);
        wanted->end = PST_RECOVERY_RECOVERED;
        g_autoptr(PstRecoveryState) next = make("/u", "s");
        next->policy_sha256 = g_strdup("aa");
        next->baseline_sha256 = g_strdup("bb");
        pst_recovery_state_follow(next, wanted);
        assert_left(next, NULL);
    }
}

/* ---- words ---- */

/* What halted says what was done, and not that all was. */
static void
test_halt_words(void)
{
    static const struct {
        const char *undo, *snapshot, *taken, *says;
    } rows[] = {
        {NULL, NULL, "gate=fail", "nothing was to be tried"},
        {"u", "s",
         "gate=fail undo=not-done gate-after-undo=could-not-check forensics=done halt=done",
         "the undo was not done; it was not reverted, for it could not be checked"},
        {"u", "s", "gate=fail undo=done gate-after-undo=fail forensics=not-done",
         "the undo was done; it was not reverted, for there is no evidence of it"},
        {"u", "s", "gate=fail undo=unknown gate-after-undo=fail forensics=done revert=done",
         "the undo may have been done; it was reverted"},
        {NULL, "s", "gate=fail forensics=done revert=unknown", "it may have been reverted"},
        {NULL, "s", "gate=fail forensics=done revert=not-done", "it was not reverted"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstRecoveryState) state = make(rows[i].undo, rows[i].snapshot);

        take(state, rows[i].taken);
        g_autofree char *words = pst_recovery_words_halt(state);
        g_autofree char *expected = g_strdup_printf("the gate does not pass; %s; somebody has to "
                                                    "look",
                                                    rows[i].says);
        g_assert_cmpstr(words, ==, expected);
    }
    g_autoptr(PstRecoveryState) again = make("u", "s");
    again->halted = g_strdup(again->run);
    again->undo_spent = PST_TRI_YES;
    again->revert_spent = PST_TRI_YES;
    again->end = PST_RECOVERY_HALTED;
    g_autofree char *text = pst_recovery_words_text(again);
    g_assert_nonnull(strstr(text, "HALTED, as before: the gate does not pass; the undo was done "
                                  "before, or may have been; it was reverted before, or may"));
}

static void
test_words(void)
{
    g_autoptr(PstRecoveryState) state = make("/root/u\033[2J", "s");

    g_autofree char *plan = pst_recovery_words_plan(state, "Revert web to s: lost is all");
    g_assert_nonnull(strstr(plan, "\ngate-after-revert ask again"));
    g_assert_null(strchr(plan, '\033'));
    g_assert_true(g_str_has_suffix(plan, "\nRevert web to s: lost is all\n"));
    g_assert_cmpint(pst_recovery_words_exit_code(state), ==, PST_EXIT_UNKNOWN);
    take(state, "gate=fail undo=done gate-after-undo=pass");
    state->end = PST_RECOVERY_RECOVERED;
    g_autofree char *text = pst_recovery_words_text(state);
    g_assert_true(g_str_has_prefix(text, "web: the gate passes: the undo mended it\ngate: fail ("));
    g_assert_cmpint(pst_recovery_words_exit_code(state), ==, PST_EXIT_OK);
    state->end = PST_RECOVERY_HALTED;
    g_assert_cmpint(pst_recovery_words_exit_code(state), ==, PST_EXIT_HALTED);
    g_autofree char *halted = pst_recovery_words_text(state);
    g_assert_true(g_str_has_prefix(halted, "web: HALTED: "));
    state->end = PST_RECOVERY_AWAY;
    g_assert_cmpint(pst_recovery_words_exit_code(state), ==, PST_EXIT_NOT_CHECKABLE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/recovery/next", test_next);
    g_test_add_func("/recovery/reverted", test_reverted);
    g_test_add_func("/recovery/mark", test_mark);
    g_test_add_func("/recovery/killed", test_killed);
    g_test_add_func("/recovery/mended-meanwhile", test_mended_meanwhile);
    g_test_add_func("/recovery/broken-meanwhile", test_broken_meanwhile);
    g_test_add_func("/recovery/agreed", test_agreed);
    g_test_add_func("/recovery/unsaved", test_unsaved);
    g_test_add_func("/recovery/kept", test_kept);
    g_test_add_func("/recovery/parse", test_parse);
    g_test_add_func("/recovery/differs", test_differs);
    g_test_add_func("/recovery/follow", test_follow);
    g_test_add_func("/recovery/follow-other", test_follow_other);
    g_test_add_func("/recovery/halt-words", test_halt_words);
    g_test_add_func("/recovery/words", test_words);
    return g_test_run();
}
