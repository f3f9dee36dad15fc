// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which step of `recover` follows, what a revert that was cut off has come to, and what is kept. */
#include <string.h>

#include "host-sidecar/exit-code.h"
#include "host-sidecar/recovery-words.h"
#include "tests/unit/recovery-world.h"

/* ---- the next step ---- */

/* Each step that was taken as its first letters and outcome; "-" is one that was only begun. */
static const struct {
    const char *undo, *snapshot;
    gboolean unchecked;
    const char *halted; /* "=", and what was spent by then: u, s; NULL: it did not halt before */
    const char *taken;  /* STEP=OUTCOME … */
    const char *next;   /* a step, or an end */
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
    {NULL, "s", FALSE, NULL, "gate=fail forensics=done revert=done gate-after-revert=fail", "halt"},
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
    /* The guest was booted since, which libvirt does not number where it was from within. */
    {YES, NO, BOOTED, {PST_RECOVERY_MARK_OTHER, YES, NO, YES, BOOTED, 5, 7}, DUNNO},
    {YES, NO, BOOTED, {PST_RECOVERY_MARK_OTHER, YES, YES, NO, FROM, 6, 7}, YES},
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
    const PstRecoverySight now = {UNTOLD, YES, NO, YES, BOOTED, PST_INT_UNKNOWN, PST_INT_UNKNOWN};
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
    g_assert_cmpint(pst_recovery_ladder_mark(PST_MARK_UNTOLD, NO), ==, UNTOLD);
    g_assert_cmpint(pst_recovery_ladder_mark(PST_MARK_OTHER_MACHINE, NO), ==, UNTOLD);
    g_assert_cmpint(pst_recovery_ladder_mark(PST_MARK_OTHER_BOOT, NO), ==, PST_RECOVERY_MARK_OTHER);
    g_assert_cmpint(pst_recovery_ladder_mark(PST_MARK_DOUBTFUL, DUNNO), ==, UNTOLD);
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
    g_assert_cmpint(wanted->undo_spent == PST_TRI_YES, ==,
                    left != NULL && strchr(left, 'u') != NULL);
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
    /* Why something was not done is told to its end, where the reason is. */
    PstRecoveryRow *row = pst_recovery_state_row(state, PST_RECOVERY_UNDO);
    g_autofree char *path = g_strnfill(400, 'x');
    row->outcome = PST_RECOVERY_NOT_DONE;
    g_free(row->detail);
    row->detail = g_strconcat(path, ": No space left on device\033", NULL);
    g_autofree char *why = pst_recovery_words_text(state);
    g_assert_nonnull(strstr(why, "x: No space left on device"));
    g_assert_null(strchr(why, '\033'));
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
    g_test_add_func("/recovery/kept", test_kept);
    g_test_add_func("/recovery/parse", test_parse);
    g_test_add_func("/recovery/differs", test_differs);
    g_test_add_func("/recovery/follow", test_follow);
    g_test_add_func("/recovery/follow-other", test_follow_other);
    g_test_add_func("/recovery/halt-words", test_halt_words);
    g_test_add_func("/recovery/words", test_words);
    return g_test_run();
}
