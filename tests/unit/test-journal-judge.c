// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/journal-judge.h"
#include "protocol/report-journal.h"

/* A page that was to begin with a cursor's entry: whether it does. */
static void
test_is_there(void)
{
    g_autoptr(PstJournalPage) page = g_new0(PstJournalPage, 1);
    PstJournalEntry *entry = g_new0(PstJournalEntry, 1);

    page->entries = g_ptr_array_new_with_free_func((GDestroyNotify)pst_journal_entry_free);
    g_assert_cmpint(pst_journal_judge_is_there(page, "s=1;i=2"), ==, PST_TRI_UNKNOWN);
    entry->cursor = g_strdup("s=1;i=2");
    g_ptr_array_add(page->entries, entry);
    g_assert_cmpint(pst_journal_judge_is_there(page, "s=1;i=2"), ==, PST_TRI_YES);
    g_assert_cmpint(pst_journal_judge_is_there(page, "s=1;i=3"), ==, PST_TRI_NO);
    page->unreadable = 1;
    g_assert_cmpint(pst_journal_judge_is_there(page, "s=1;i=3"), ==, PST_TRI_UNKNOWN);
    page->unreadable = 0;
    page->complaint = g_strdup("Journal file x is truncated, ignoring file.");
    g_assert_cmpint(pst_journal_judge_is_there(page, "s=1;i=3"), ==, PST_TRI_UNKNOWN);
    g_assert_cmpint(pst_journal_judge_is_there(page, "s=1;i=2"), ==, PST_TRI_YES);
}

#define BOOT "9296ef3853e5406c868deba62384c27e"
#define OTHER_BOOT "0123456789abcdef0123456789abcdef"
#define AFTER "s=1;i=9;b=" BOOT ";m=3e8;t=5f5e100;x=77"

/* What is said of AFTER where the entry before it is of BEFORE, and THIS_BOOT runs. */
static void
assert_said(const char *before, const char *this_boot, const char *id, PstSeverity severity)
{
    g_autoptr(PstJournalPage) page = g_new0(PstJournalPage, 1);
    g_autoptr(PstReport) report = pst_report_new(&pst_report_journal_kind);
    PstJournalEntry *entry = g_new0(PstJournalEntry, 1);

    page->entries = g_ptr_array_new_with_free_func((GDestroyNotify)pst_journal_entry_free);
    entry->cursor = g_strdup("s=1;i=2");
    entry->boot_id = g_strdup(before);
    g_ptr_array_add(page->entries, entry);
    pst_journal_judge_gone(page, AFTER, this_boot, report);
    g_assert_cmpuint(report->findings->len, ==, 1);
    const PstFinding *finding = report->findings->pdata[0];
    g_assert_cmpstr(finding->id, ==, id);
    g_assert_cmpint(finding->severity, ==, severity);
}

/* A reset takes what was not written; a revert takes back that it ever was. */
static void
test_gone(void)
{
    assert_said(BOOT, OTHER_BOOT, "journal.end-lost", PST_SEVERITY_INFORMATION);
    assert_said(BOOT, BOOT, "journal.foreign-cursor", PST_SEVERITY_UNKNOWN);
    assert_said(OTHER_BOOT, BOOT, "journal.foreign-cursor", PST_SEVERITY_UNKNOWN);
    assert_said(OTHER_BOOT, OTHER_BOOT, "journal.foreign-cursor", PST_SEVERITY_UNKNOWN);
    assert_said(NULL, NULL, "journal.foreign-cursor", PST_SEVERITY_UNKNOWN);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/journal-judge/is-there", test_is_there);
    g_test_add_func("/journal-judge/gone", test_gone);
    return g_test_run();
}
