// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/journal-after.h"
#include "protocol/report-journal.h"

#define BOOT "9296ef3853e5406c868deba62384c27e"
#define LATER_BOOT "0123456789abcdef0123456789abcdef"
/* The 9th of its numbering, 1,000 s after the boot, at 100,000 s. */
#define AFTER "s=1;i=9;b=" BOOT ";m=3b9aca00;t=174876e800;x=77"
#define NUMBERED(number, boot) "s=1;i=" number ";b=" boot ";m=1;t=1;x=1"
#define OTHERWISE "s=2;i=1;b=" LATER_BOOT ";m=1;t=1;x=1"

typedef struct {
    const char *name; /* an entry a letter, in the journal's order; those that stay are large */
    const char *boot, *cursor;
    gint64 monotonic_s, realtime_s;
} Entry;

/* The clock was set back by 50,000 s after the mark; a, b and c are of before it. */
static const Entry entries[] = {
    {"a", BOOT, NUMBERED("7", BOOT), 998, 99998},
    {"b", BOOT, NUMBERED("8", BOOT), 999, 99999},
    {"c", BOOT, AFTER, 1000, 100000},
    {"D", BOOT, NUMBERED("a", BOOT), 1010, 100010},
    {"E", BOOT, NUMBERED("b", BOOT), 1020, 50020},
    {"F", LATER_BOOT, NUMBERED("c", LATER_BOOT), 5, 100500},
    {"G", LATER_BOOT, NUMBERED("c", LATER_BOOT), 5, 50500},
    {"h", LATER_BOOT, OTHERWISE, 5, 50500},
    {"I", LATER_BOOT, OTHERWISE, 5, 100500},
    {"j", "aaaabbbbccccddddeeeeffff00001111", NUMBERED("2", BOOT), 5, 100500}, /* before */
};

static PstJournalPage *
page_of(const char *names)
{
    PstJournalPage *page = g_new0(PstJournalPage, 1);

    page->entries = g_ptr_array_new_with_free_func((GDestroyNotify)pst_journal_entry_free);
    for (; *names != '\0'; names++)
        for (guint i = 0; i < G_N_ELEMENTS(entries); i++) {
            if (*entries[i].name != *names)
                continue;
            PstJournalEntry *entry = g_new0(PstJournalEntry, 1);

            entry->identifier = g_strdup(entries[i].name);
            entry->boot_id = g_strdup(entries[i].boot);
            entry->cursor = g_strdup(entries[i].cursor);
            entry->monotonic_us = entries[i].monotonic_s * G_USEC_PER_SEC;
            entry->realtime_us = entries[i].realtime_s * G_USEC_PER_SEC;
            g_ptr_array_add(page->entries, entry);
        }
    return page;
}

#define NOT_SET ((gint64)99000 * G_USEC_PER_SEC)
#define SET_BACK (NOT_SET - (gint64)50000 * G_USEC_PER_SEC)

static void
test_pages(void)
{
    static const struct {
        const char *page, *kept;
        gint64 ahead_us;
        gboolean more, more_after, unsure;
    } rows[] = {
        {"Dcba", "D", NOT_SET, TRUE, FALSE, FALSE},
        {"cba", "", NOT_SET, TRUE, FALSE, FALSE},
        {"cba", "", PST_INT_UNKNOWN, TRUE, FALSE, FALSE},
        {"D", "D", NOT_SET, TRUE, TRUE, FALSE}, /* a full page of newer ones is no last page */
        {"DcbaE", "DE", SET_BACK, FALSE, FALSE, FALSE},
        {"baED", "ED", PST_INT_UNKNOWN, FALSE, FALSE, FALSE},
        {"Dcba", "D", SET_BACK, TRUE, TRUE, TRUE},
        {"cba", "", SET_BACK, TRUE, TRUE, TRUE},
        {"EDcb", "ED", PST_INT_UNKNOWN, TRUE, TRUE, TRUE}, /* E itself shows it */
        {"cba", "", SET_BACK, FALSE, FALSE, FALSE},
        {"FDcb", "FD", PST_INT_UNKNOWN, TRUE, FALSE, FALSE},
        {"cG", "G", PST_INT_UNKNOWN, FALSE, FALSE, FALSE},
        {"IDhcj", "ID", PST_INT_UNKNOWN, TRUE, FALSE, FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstReport) report = pst_report_new(&pst_report_journal_kind);
        g_autoptr(PstJournalPage) page = page_of(rows[i].page);
        const PstJournalAfter after = {AFTER, TRUE, BOOT, rows[i].ahead_us};
        g_autoptr(GString) kept = g_string_new(NULL);

        page->more = rows[i].more;
        pst_journal_after_leave_out(page, &after, report);
        g_test_message("row %u", i);
        for (guint j = 0; j < page->entries->len; j++)
            g_string_append(kept, ((PstJournalEntry *)page->entries->pdata[j])->identifier);
        g_assert_cmpstr(kept->str, ==, rows[i].kept);
        g_assert_cmpint(page->more, ==, rows[i].more_after);
        g_assert_cmpuint(report->findings->len, ==, rows[i].unsure ? 1 : 0);
        if (rows[i].unsure)
            g_assert_cmpint(((PstFinding *)report->findings->pdata[0])->severity, ==,
                            PST_SEVERITY_UNKNOWN);
    }
}

/* A guest that was reverted gives its numbers a second time. */
static void
test_gone(void)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_journal_kind);
    g_autoptr(PstJournalPage) page = page_of("jG");
    const PstJournalAfter after = {AFTER, FALSE, LATER_BOOT, PST_INT_UNKNOWN};

    pst_journal_after_leave_out(page, &after, report);
    g_assert_cmpuint(page->entries->len, ==, 1);
    g_assert_cmpstr(((PstJournalEntry *)page->entries->pdata[0])->identifier, ==, "j");
}

/* The clock of another boot is nothing to hold the mark's against. */
static void
test_other_boot(void)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_journal_kind);
    g_autoptr(PstJournalPage) page = page_of("FDcba");
    const PstJournalAfter after = {AFTER, TRUE, LATER_BOOT, SET_BACK};

    page->more = TRUE;
    pst_journal_after_leave_out(page, &after, report);
    g_assert_false(page->more);
    g_assert_cmpuint(report->findings->len, ==, 0);
}

static void
cut(PstJournalPage *page)
{
    page->cut = TRUE;
}

static void
complain(PstJournalPage *page)
{
    page->complaint = g_strdup("it is damaged");
}

static void
fail(PstJournalPage *page)
{
    page->exit_status = 1;
}

static void
take_too_long(PstJournalPage *page)
{
    page->timed_out = TRUE;
}

static void
be_unreadable(PstJournalPage *page)
{
    page->unreadable = 1;
}

static void
be_longer(PstJournalPage *page)
{
    page->more = TRUE;
}

/* Read forwards: of use only where it begins with the entry, and is all that came. */
static void
test_take(void)
{
    static const struct {
        const char *page;
        int priorities[4], max_priority;
        guint lines;
        void (*spoil)(PstJournalPage *page);
        const char *taken; /* NULL: of no use */
        gboolean more;
    } rows[] = {
        {"cDEF", {6, 3, 4, 2}, 3, 9, NULL, "FD", FALSE},
        {"cDEF", {6, 3, 4, 2}, 7, 9, NULL, "FED", FALSE},
        {"cDEF", {6, 3, 4, 2}, 7, 2, NULL, "FE", TRUE},
        {"cDE", {6, PST_JOURNAL_PRIORITY_NONE, 0}, 6, 9, NULL, "E", FALSE},
        {"cDE", {6, PST_JOURNAL_PRIORITY_NONE, 0}, 7, 9, NULL, "ED", FALSE},
        {"c", {3}, 3, 9, NULL, "", FALSE},
        {"Dc", {3, 3}, 3, 9, NULL, NULL, FALSE},
        {"", {0}, 3, 9, NULL, NULL, FALSE},
        {"cD", {3, 3}, 3, 9, cut, NULL, FALSE},
        {"cD", {3, 3}, 3, 9, complain, NULL, FALSE},
        {"cD", {3, 3}, 3, 9, fail, NULL, FALSE},
        {"cD", {3, 3}, 3, 9, take_too_long, NULL, FALSE},
        {"cD", {3, 3}, 3, 9, be_unreadable, NULL, FALSE},
        {"cD", {3, 3}, 3, 9, be_longer, NULL, FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstJournalPage) page = page_of(rows[i].page);
        const PstJournalQuery query = {.max_priority = rows[i].max_priority,
                                       .lines = rows[i].lines};
        g_autoptr(GString) taken = g_string_new(NULL);

        for (guint j = 0; j < page->entries->len; j++)
            ((PstJournalEntry *)page->entries->pdata[j])->priority = rows[i].priorities[j];
        if (rows[i].spoil != NULL)
            rows[i].spoil(page);
        g_test_message("row %u", i);
        g_assert_cmpint(pst_journal_after_take(page, AFTER, &query), ==, rows[i].taken != NULL);
        if (rows[i].taken == NULL)
            continue;
        for (guint j = 0; j < page->entries->len; j++)
            g_string_append(taken, ((PstJournalEntry *)page->entries->pdata[j])->identifier);
        g_assert_cmpstr(taken->str, ==, rows[i].taken);
        g_assert_cmpint(page->more, ==, rows[i].more);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/journal-after/pages", test_pages);
    g_test_add_func("/journal-after/gone", test_gone);
    g_test_add_func("/journal-after/take", test_take);
    g_test_add_func("/journal-after/other-boot", test_other_boot);
    return g_test_run();
}
