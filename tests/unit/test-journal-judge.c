// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/journal-judge.h"

#include <string.h>

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

#define TAIL                                                                                       \
    ",\"__REALTIME_TIMESTAMP\":\"1795342427015381\",\"__MONOTONIC_TIMESTAMP\":\"38265075\","       \
    "\"__CURSOR\":\"s=1;i=2;b=" BOOT ";m=3;t=4;x=5\"}"

static PstJournalEntry *
parse(const char *line)
{
    g_autoptr(GError) error = NULL;
    PstJournalEntry *entry = pst_journal_parse(line, strlen(line), &error);

    g_assert_no_error(error);
    return entry;
}

/* By journald's word: whoever logs can say of itself what it likes. */
static void
test_own(void)
{
    static const struct {
        const char *identifier, *message;
        gboolean own;
        gboolean is_root;
        const char *comm, *unit, *writer;
    } rows[] = {
        {"postern-shim", "asked: journal", TRUE, TRUE, "postern-shim"},
        {"postern-shim", "asked: journal", TRUE, TRUE, NULL}, /* it had ended */
        {"postern-shim", "asked: journal", FALSE, FALSE, "logger"},
        {"postern-shim", "asked: journal", FALSE, FALSE, "postern-shim"},
        {"postern-shim", "asked: journal", FALSE, FALSE, NULL},
        {"postern-shim", "asked: journal", FALSE, TRUE, "logger"},
        {"sudo", "root : /etc/sudoers.d/x is world writable", TRUE, FALSE, "sudo",
         "postern-shim.service", "postern-shim.service"},
        {"sudo", "root : /etc/sudoers.d/x is world writable", FALSE, TRUE, "sudo", "ssh.service",
         "ssh.service"},
        {"systemd", "Failed with result 'signal'.", FALSE, TRUE, "systemd", "postern-shim.service",
         "init.scope"},
        {"liar", "it is nothing", FALSE, FALSE, "liar", "postern-shim.service",
         "user@1000.service"},
        {"qemu-ga", "info: guest-exec called: \"/usr/sbin/postern-shim --oneshot\"", TRUE, TRUE,
         "qemu-ga"},
        {"qemu-ga", "info: guest-exec-status called, pid: 262", TRUE, TRUE, "qemu-ga"},
        {"qemu-ga", "info: guest-exec-status called, pid: 262", FALSE, FALSE, "logger"},
        {"qemu-ga", "info: guest-exec called: \"/bin/rm -r /srv\"", FALSE, TRUE, "qemu-ga"},
        {"systemd", "postern-shim.service: Failed with result 'signal'.", FALSE, TRUE},
        {NULL, NULL, FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstJournalEntry) entry = g_new0(PstJournalEntry, 1);
        entry->identifier = g_strdup(rows[i].identifier);
        entry->message = g_strdup(rows[i].message);
        entry->unit = g_strdup(rows[i].unit);
        entry->writer = g_strdup(rows[i].writer);
        entry->comm = g_strdup(rows[i].comm);
        entry->is_root = rows[i].is_root;
        g_test_message("row %u", i);
        g_assert_cmpint(pst_journal_judge_is_own(entry), ==, rows[i].own);
    }
}

/* Where journald takes nothing the kernel's log does, and from the superuser alone. */
static void
test_own_fields(void)
{
    g_autoptr(PstJournalEntry) kernel =
        parse("{\"SYSLOG_IDENTIFIER\":\"postern-shim\",\"_TRANSPORT\":\"kernel\"" TAIL);
    g_autoptr(PstJournalEntry) user =
        parse("{\"SYSLOG_IDENTIFIER\":\"postern-shim\",\"_TRANSPORT\":\"syslog\","
              "\"_UID\":\"1000\",\"_COMM\":\"postern-shim\"" TAIL);
    g_autoptr(PstJournalEntry) root =
        parse("{\"SYSLOG_IDENTIFIER\":\"postern-shim\",\"_TRANSPORT\":\"journal\","
              "\"_UID\":\"0\",\"_COMM\":\"postern-shim\"" TAIL);

    g_assert_true(pst_journal_judge_is_own(kernel));
    g_assert_false(pst_journal_judge_is_own(user));
    g_assert_true(pst_journal_judge_is_own(root));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/journal-judge/is-there", test_is_there);
    g_test_add_func("/journal-judge/gone", test_gone);
    g_test_add_func("/journal-judge/own", test_own);
    g_test_add_func("/journal-judge/own-fields", test_own_fields);
    return g_test_run();
}
