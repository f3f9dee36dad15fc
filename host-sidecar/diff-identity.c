// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/diff-parts.h"

/* Samples of two clocks, taken one after the other, agree no better. */
#define SLACK_US (2 * G_USEC_PER_SEC)

const char *const pst_diff_note_names[] = {
    "other-machine", "other-keys",  "other-domain",   "other-host", "reversed",
    "reverted",      "stood-still", "rebooted",       "set-back",   "untold",
    "other-version", "other-path",  "other-question", NULL,
};

static gboolean
have_common(char **left, char **right)
{
    for (guint i = 0; left[i] != NULL; i++)
        if (g_strv_contains((const char *const *)right, left[i]))
            return TRUE;
    return FALSE;
}

/* ---- who they are of ---- */

static void
compare_guests(PstDiff *diff, const PstBaseline *before, const PstBaseline *after)
{
    const char *old = before->mark != NULL ? before->mark->machine_id : NULL;
    const char *new = after->mark != NULL ? after->mark->machine_id : NULL;
    gboolean keys = before->host_keys != NULL && after->host_keys != NULL;
    gboolean other_keys = keys && !have_common(before->host_keys, after->host_keys);
    gboolean other_uuid =
        before->uuid != NULL && after->uuid != NULL && !g_str_equal(before->uuid, after->uuid);

    if (old != NULL && new != NULL)
        diff->same_guest = PST_TRI(g_str_equal(old, new));
    else if (keys && !other_keys)
        diff->same_guest = PST_TRI_YES;
    if (diff->same_guest == PST_TRI_NO)
        pst_diff_rows_add_note(
            diff, PST_DIFF_NOTE_OTHER_MACHINE, PST_SEVERITY_UNKNOWN,
            g_strdup_printf("another guest is in its place: its machine id is %s, "
                            "and was %s",
                            new, old));
    /* One image started twice has one machine id. */
    gboolean doubtful = other_keys && diff->same_boot != PST_TRI_YES;
    if (diff->same_guest == PST_TRI_YES && (doubtful || other_uuid))
        diff->same_guest = PST_TRI_UNKNOWN;
    if (other_keys)
        pst_diff_rows_add_note(
            diff, PST_DIFF_NOTE_OTHER_KEYS,
            doubtful ? PST_SEVERITY_UNKNOWN : PST_SEVERITY_INFORMATION,
            g_strdup(doubtful ? "none of its SSH host keys is there: another guest, or new keys"
                              : "its SSH host keys were replaced"));
    if (other_uuid)
        pst_diff_rows_add_note(
            diff, PST_DIFF_NOTE_OTHER_DOMAIN, PST_SEVERITY_UNKNOWN,
            g_strdup_printf("it is another domain to libvirt: %s, and was %s: a clone, "
                            "or defined anew",
                            after->uuid, before->uuid));
}

/* A guest may be moved, and a baseline be taken along: that is told, and nothing more. */
static void
compare_hosts(PstDiff *diff, const PstBaseline *before, const PstBaseline *after)
{
    if (before->host_id == NULL || after->host_id == NULL ||
        g_str_equal(before->host_id, after->host_id))
        return;
    pst_diff_rows_add_note(
        diff, PST_DIFF_NOTE_OTHER_HOST, PST_SEVERITY_INFORMATION,
        g_strdup_printf("it is on the host %s, and was on %s: moved, or another of its name",
                        after->host != NULL ? after->host : "of another machine id",
                        before->host != NULL ? before->host : "another"));
}

/* ---- when ---- */

/* The number of an entry in its journal, of the cursor's part i=…, where both are of one numbering
 * (s=…). FALSE where that is not so. */
static gboolean
read_number(const char *cursor, const char **series, gsize *series_len, guint64 *number)
{
    const char *s = cursor != NULL ? strstr(cursor, "s=") : NULL;
    const char *i = cursor != NULL ? strstr(cursor, ";i=") : NULL;

    if (s != cursor || s == NULL || i == NULL)
        return FALSE;
    *series = s;
    *series_len = (gsize)(i - s);
    *number = g_ascii_strtoull(i + strlen(";i="), NULL, 16);
    return TRUE;
}

/* Whether the journal of AFTER ends before the one of BEFORE does. */
static gboolean
is_shorter(const PstMark *before, const PstMark *after)
{
    const char *old_series = NULL, *new_series = NULL;
    gsize old_len = 0, new_len = 0;
    guint64 old = 0, new = 0;

    return read_number(before->cursor, &old_series, &old_len, &old) &&
           read_number(after->cursor, &new_series, &new_len, &new) && old_len == new_len &&
           memcmp(old_series, new_series, old_len) == 0 && new < old;
}

/* Whether the journal of AFTER still has what the one of BEFORE ended with. */
static PstTri
journal_has(const PstBaseline *before, const PstBaseline *after)
{
    if (is_shorter(before->mark, after->mark))
        return PST_TRI_NO;
    return after->after != NULL && g_strcmp0(after->after, before->mark->cursor) == 0
               ? after->after_found
               : PST_TRI_UNKNOWN;
}

static PstMarkRelation
relate(const PstMark *before, const PstMark *after, PstTri found)
{
    PstSystemClock clock = {.realtime_us = after->realtime_us,
                            .boottime_us = after->boottime_us,
                            .drift_ms = after->offset_ms};
    PstSystemData now = {
        .machine_id = after->machine_id, .boot_id = after->boot_id, .clock = &clock};
    /* The offset is from the host's clock when the guest was asked, which was before all had told.
     */
    gint64 asked_us = after->offset_ms != PST_INT_UNKNOWN
                          ? MIN(after->realtime_us - after->offset_ms * 1000, after->host_us)
                          : PST_INT_UNKNOWN;

    return pst_mark_compare(before, &now, asked_us, found);
}

/* Of two boots: whether the one of AFTER began before the other. What stands still begins later by
 * this, and never earlier. */
static gboolean
is_earlier_boot(const PstMark *before, const PstMark *after)
{
    return after->host_us - after->boottime_us < before->host_us - before->boottime_us - SLACK_US;
}

static gboolean
is_set_back(const PstMark *before, const PstMark *after)
{
    gint64 by_clock_us = after->realtime_us - before->realtime_us;
    gint64 by_boot_us = after->boottime_us - before->boottime_us;

    return by_boot_us - by_clock_us > SLACK_US / 2;
}

static void
say_reverted(PstDiff *diff, const char *why)
{
    pst_diff_rows_add_note(
        diff, PST_DIFF_NOTE_REVERTED, PST_SEVERITY_INFORMATION,
        g_strdup_printf("the guest was reverted to a snapshot of before: %s", why));
}

static void
compare_boots(PstDiff *diff, const PstBaseline *before, const PstBaseline *after, PstTri found)
{
    if (is_earlier_boot(before->mark, after->mark))
        say_reverted(diff, "it runs in a boot that began earlier");
    else if (is_shorter(before->mark, after->mark))
        say_reverted(diff, "its journal is shorter than it was");
    else if (found == PST_TRI_NO)
        say_reverted(diff, "its journal does not have what it had");
    else
        pst_diff_rows_add_note(diff, PST_DIFF_NOTE_REBOOTED, PST_SEVERITY_INFORMATION,
                               g_strdup("the guest was rebooted in between"));
}

static void
compare_time(PstDiff *diff, const PstBaseline *before, const PstBaseline *after)
{
    PstTri found = journal_has(before, after);

    if (diff->same_boot == PST_TRI_NO) {
        compare_boots(diff, before, after, found);
        return;
    }
    switch (relate(before->mark, after->mark, found)) {
    case PST_MARK_UNDONE:
        say_reverted(diff, after->mark->boottime_us < before->mark->boottime_us
                               ? "its time since the boot is less than it was"
                               : "its journal does not have what it had");
        return;
    case PST_MARK_DOUBTFUL:
        pst_diff_rows_add_note(
            diff, PST_DIFF_NOTE_STOOD_STILL, PST_SEVERITY_INFORMATION,
            g_strdup("the guest stood still for a while: it was paused, or reverted "
                     "to a snapshot"));
        break;
    case PST_MARK_UNTOLD:
    case PST_MARK_OTHER_BOOT:
    case PST_MARK_OTHER_MACHINE:
    case PST_MARK_SAME_BOOT:
        break;
    }
    if (diff->same_boot == PST_TRI_YES && is_set_back(before->mark, after->mark))
        pst_diff_rows_add_note(diff, PST_DIFF_NOTE_SET_BACK, PST_SEVERITY_INFORMATION,
                               g_strdup("the guest's clock was set back in between"));
}

/* ---- how they were asked ---- */

static const char *
path_of(const PstBaseline *baseline)
{
    const PstAnswer *system = pst_baseline_find(baseline, pst_report_system_kind.name, NULL);

    return system != NULL ? pst_answer_via_names[system->via] : NULL;
}

static void
compare_asking(PstDiff *diff, const PstBaseline *before, const PstBaseline *after)
{
    const char *old = path_of(before), *new = path_of(after);

    if (!g_str_equal(before->version, after->version))
        pst_diff_rows_add_note(
            diff, PST_DIFF_NOTE_OTHER_VERSION, PST_SEVERITY_INFORMATION,
            g_strdup_printf("postern %s looked, and %s before: what it tells may "
                            "differ for that",
                            after->version, before->version));
    if (old != NULL && new != NULL && !g_str_equal(old, new))
        pst_diff_rows_add_note(
            diff, PST_DIFF_NOTE_OTHER_PATH, PST_SEVERITY_INFORMATION,
            g_strdup_printf("the guest answered via %s, and via %s before", new, old));
    if (!g_strv_equal((const char *const *)before->users, (const char *const *)after->users))
        pst_diff_rows_add_note(diff, PST_DIFF_NOTE_OTHER_QUESTION, PST_SEVERITY_INFORMATION,
                               g_strdup("they were asked about different users"));
}

void
pst_diff_identity_compare(PstDiff *diff, const PstBaseline *before, const PstBaseline *after)
{
    gboolean marked = before->mark != NULL && after->mark != NULL;

    if (marked)
        diff->same_boot = PST_TRI(g_str_equal(before->mark->boot_id, after->mark->boot_id));
    compare_guests(diff, before, after);
    compare_hosts(diff, before, after);
    if (after->taken_us < before->taken_us)
        pst_diff_rows_add_note(diff, PST_DIFF_NOTE_REVERSED, PST_SEVERITY_UNKNOWN,
                               g_strdup("the second of them was taken before the first"));
    /* Nothing of one guest's time is told by another's. */
    else if (marked && diff->same_guest != PST_TRI_NO)
        compare_time(diff, before, after);
    if (!marked && before != after &&
        !(before->mark == NULL && after->mark == NULL && before->taken_us == after->taken_us))
        pst_diff_rows_add_note(
            diff, PST_DIFF_NOTE_UNTOLD, PST_SEVERITY_UNKNOWN,
            g_strdup_printf("whether it was rebooted or reverted in between is not "
                            "known: %s",
                            before->mark == NULL      ? before->unmarked != NULL
                                                            ? before->unmarked
                                                            : "the first has no mark"
                            : after->unmarked != NULL ? after->unmarked
                                                      : "the second has no mark"));
    compare_asking(diff, before, after);
}
