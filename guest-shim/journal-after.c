// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/journal-after.h"

#include <string.h>

/* The clocks are read one after the other. */
#define SLACK_US G_USEC_PER_SEC

/* A cursor's parts: s=NUMBERING;i=NUMBER;b=BOOT;m=MONOTONIC;t=REALTIME;x=… */
typedef struct {
    char *boot; /* NULL where there is none */
    gint64 monotonic_us, realtime_us;
    const char *numbering;
    gsize numbering_len; /* 0: none */
    guint64 number;
} Place;

static void
place_clear(Place *place)
{
    g_free(place->boot);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_clear)

static void
read_place(const char *cursor, Place *place)
{
    const char *number = strstr(cursor, ";i="), *time = strstr(cursor, ";t=");

    place->boot = pst_journal_cursor_boot(cursor, &place->monotonic_us);
    if (time != NULL)
        place->realtime_us = (gint64)g_ascii_strtoull(time + strlen(";t="), NULL, 16);
    if (number == NULL || !g_str_has_prefix(cursor, "s="))
        return;
    place->numbering = cursor;
    place->numbering_len = (gsize)(number - cursor);
    place->number = g_ascii_strtoull(number + strlen(";i="), NULL, 16);
}

static gboolean
is_one_numbering(const Place *one, const Place *other)
{
    return one->numbering_len > 0 && one->numbering_len == other->numbering_len &&
           memcmp(one->numbering, other->numbering, one->numbering_len) == 0;
}

/* Within one boot the monotonic clock decides, which nobody sets. Of another boot journald's own
 * numbers do, unless they may have been given twice, as in a guest that was reverted; else the wall
 * clock is all that there is. */
static gboolean
is_newer(const PstJournalEntry *entry, const Place *place, gboolean is_there)
{
    g_auto(Place) own = {NULL};

    if (g_strcmp0(entry->boot_id, place->boot) == 0)
        return entry->monotonic_us > place->monotonic_us;
    read_place(entry->cursor, &own);
    if (is_there && is_one_numbering(&own, place))
        return own.number > place->number;
    return entry->realtime_us > place->realtime_us;
}

/* Of what the boot's own clock can't do, only setting is left. */
static gboolean
is_behind(gint64 ahead_us, const Place *place)
{
    return ahead_us < place->realtime_us - place->monotonic_us - SLACK_US;
}

static gboolean
is_set_back(const PstJournalEntry *entry, const Place *place)
{
    return g_strcmp0(entry->boot_id, place->boot) == 0 &&
           is_behind(entry->realtime_us - entry->monotonic_us, place);
}

static void
say_partly_read(PstReport *report)
{
    PstFinding *finding =
        pst_report_add(report, "journal.partly-read", PST_SEVERITY_UNKNOWN,
                       "the guest's clock was set back: newer entries may stand behind older ones, "
                       "and not all were read");

    finding->evidence->command = g_strdup("journalctl");
    finding->remedy = g_strdup("ask for more lines, or for the next page");
}

void
pst_journal_after_leave_out(PstJournalPage *page, const PstJournalAfter *after, PstReport *report)
{
    g_auto(Place) place = {NULL};
    guint n_older = 0;

    read_place(after->cursor, &place);
    gboolean set_back = after->ahead_us != PST_INT_UNKNOWN &&
                        g_strcmp0(after->this_boot, place.boot) == 0 &&
                        is_behind(after->ahead_us, &place);
    for (guint i = 0; i < page->entries->len;) {
        const PstJournalEntry *entry = page->entries->pdata[i];

        if (!is_newer(entry, &place, after->is_there)) {
            g_ptr_array_remove_index(page->entries, i);
            n_older++;
            continue;
        }
        set_back |= n_older > 0 || is_set_back(entry, &place);
        i++;
    }
    if (n_older == 0)
        return;
    if (!set_back)
        page->more = page->cut = page->timed_out = FALSE;
    else if (page->more || page->cut)
        say_partly_read(report);
}

static gboolean
is_whole(const PstJournalPage *page)
{
    return !page->more && !page->cut && !page->timed_out && page->unreadable == 0 &&
           page->complaint == NULL && page->exit_status == 0;
}

/* As journalctl has it, which has none where all are wanted. */
static gboolean
is_wanted(const PstJournalEntry *entry, int max_priority)
{
    return max_priority >= 7 ||
           (entry->priority != PST_JOURNAL_PRIORITY_NONE && entry->priority <= max_priority);
}

gboolean
pst_journal_after_take(PstJournalPage *page, const char *after, const PstJournalQuery *query)
{
    const PstJournalEntry *first = page->entries->len > 0 ? page->entries->pdata[0] : NULL;
    g_autoptr(GPtrArray) taken = NULL;

    if (first == NULL || !is_whole(page) || g_strcmp0(first->cursor, after) != 0)
        return FALSE;
    taken = g_ptr_array_new_with_free_func((GDestroyNotify)pst_journal_entry_free);
    while (page->entries->len > 1) {
        PstJournalEntry *entry = g_ptr_array_steal_index(page->entries, page->entries->len - 1);

        if (!is_wanted(entry, query->max_priority))
            pst_journal_entry_free(entry);
        else
            g_ptr_array_add(taken, entry);
    }
    if (taken->len > query->lines) {
        g_ptr_array_set_size(taken, (int)query->lines);
        page->more = TRUE;
    }
    g_ptr_array_unref(page->entries);
    page->entries = g_steal_pointer(&taken);
    return TRUE;
}
