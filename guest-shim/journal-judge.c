// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/journal-judge.h"

#include <signal.h>
#include <string.h>

#define MAX_TEXT 300

#define SHIM "postern-shim"
#define SHIM_UNIT SHIM ".service"

/* A trouble that is known by its words. Of several rows that fit the first one takes the entry. */
typedef struct {
    const char *id;
    PstSeverity severity;
    gboolean kernel;        /* only where the kernel itself says so: anybody can log anything */
    const char *identifier; /* or only this writer, NULL for any */
    const char *words[4];   /* any of them, NULL-terminated */
    const char *message;
    const char *remedy;
} Recogniser;

static const Recogniser recognisers[] = {
    {"journal.pid1-crashed",
     PST_SEVERITY_CRITICAL,
     FALSE,
     "systemd",
     {"Freezing execution", "Caught <", NULL},
     "PID 1 has crashed",
     "only a reset of the guest mends it: on the host, virsh reset DOMAIN"},
    {"journal.kernel-oops",
     PST_SEVERITY_CRITICAL,
     TRUE,
     NULL,
     {"BUG: ", "Oops: ", "general protection fault", NULL},
     "the kernel has met a defect of its own",
     "restart the guest; a newer kernel may have it mended"},
    {"journal.io-error",
     PST_SEVERITY_CRITICAL,
     TRUE,
     NULL,
     {"I/O error", "-fs error", "emounting filesystem read-only", NULL},
     "a disk or file system gives errors",
     "look at the disk's storage on the host, then check the file system: fsck"},
    {"journal.hung-task",
     PST_SEVERITY_WARNING,
     TRUE,
     NULL,
     {"blocked for more than", "soft lockup", "self-detected stall", NULL},
     "a process or processor hung for a long time",
     "look at the load and the storage of the host first"},
    {"journal.oom-kill",
     PST_SEVERITY_WARNING,
     TRUE,
     NULL,
     {"Out of memory: Killed", "out of memory: Killed", NULL},
     "the kernel killed a process for want of memory",
     "give the guest more memory, or limit what uses it"},
    {"journal.no-space",
     PST_SEVERITY_WARNING,
     FALSE,
     NULL,
     {"No space left on device", NULL},
     "a program found no space left",
     "df --human-readable; df --inodes; then free some"},
};

/* Anybody can log under any name. Of a process that had ended when journald looked, its user is all
 * that is known. */
static gboolean
is_by(const PstJournalEntry *entry, const char *program)
{
    return g_strcmp0(entry->identifier, program) == 0 && entry->is_root &&
           (entry->comm == NULL || g_str_equal(entry->comm, program));
}

gboolean
pst_journal_judge_is_own(const PstJournalEntry *entry)
{
    /* Also what the programs say that it runs, as sudo does of a file of its own. */
    if (g_strcmp0(entry->writer, SHIM_UNIT) == 0 || is_by(entry, SHIM) ||
        (entry->by_kernel && g_strcmp0(entry->identifier, SHIM) == 0))
        return TRUE;
    if (!is_by(entry, "qemu-ga") || entry->message == NULL)
        return FALSE;
    return strstr(entry->message, "guest-exec-status called") != NULL ||
           (strstr(entry->message, "guest-exec called") != NULL &&
            strstr(entry->message, "postern-shim") != NULL);
}

void
pst_journal_judge_daemon(PstDaemonState state, PstReport *report)
{
    PstFinding *finding;

    if (state == PST_DAEMON_STATE_STUCK) {
        finding = pst_report_add(report, "journal.stuck", PST_SEVERITY_CRITICAL,
                                 "systemd-journald is stopped by a signal: what logs waits for it");
        finding->remedy = g_strdup("systemctl kill --signal=CONT systemd-journald.service");
    } else if (state == PST_DAEMON_STATE_STOPPED || state == PST_DAEMON_STATE_ON_DEMAND) {
        finding = pst_report_add(report, "journal.stopped", PST_SEVERITY_WARNING,
                                 "systemd-journald does not run: nothing new is recorded");
        finding->remedy =
            g_strdup("systemctl start systemd-journald.socket systemd-journald.service");
    } else {
        return;
    }
    finding->evidence->unit = g_strdup("systemd-journald.service");
}

static PstFinding *
add_unread(PstReport *report, const char *id, const PstJournalPage *page, const char *message)
{
    PstFinding *finding = pst_report_add(report, id, PST_SEVERITY_UNKNOWN, "%s", message);

    finding->evidence->command = g_strdup("journalctl");
    finding->evidence->error = g_strdup(page->complaint);
    finding->evidence->exit_status = page->exit_status >= 0 ? page->exit_status : PST_INT_UNKNOWN;
    finding->evidence->signal = page->signal > 0 ? page->signal : PST_INT_UNKNOWN;
    return finding;
}

/* What journalctl says of a damaged file (journal-util.c and journalctl.c of systemd), or dies of:
 * a mapped page that is gone, a field that leads nowhere, an assertion. */
static gboolean
is_damaged(const PstJournalPage *page)
{
    static const char *const words[] = {"is truncated", "orrupt", "Bad message"};

    for (guint i = 0; page->complaint != NULL && i < G_N_ELEMENTS(words); i++)
        if (strstr(page->complaint, words[i]) != NULL)
            return TRUE;
    return page->signal == SIGBUS || page->signal == SIGSEGV || page->signal == SIGABRT;
}

static void
judge_complaint(const PstJournalPage *page, PstReport *report)
{
    const char *complaint = page->complaint != NULL ? page->complaint : "";
    PstFinding *finding;

    if (strstr(complaint, "No journal files were found") != NULL) {
        finding = add_unread(report, "journal.no-files", page, "there are no journal files");
        finding->remedy = g_strdup("see Storage= of journald.conf, and that journald runs");
    } else if (strstr(complaint, "No such boot") != NULL ||
               strstr(complaint, "specified boot") != NULL) {
        add_unread(report, "journal.no-such-boot", page, "the journal does not have that boot");
    } else if (is_damaged(page)) {
        finding = add_unread(report, "journal.damaged", page,
                             "the journal is damaged: entries may be missing from this answer");
        finding->remedy = g_strdup("set the damaged files aside: journalctl --rotate; journalctl "
                                   "--verify names them");
    } else if (page->exit_status > 0 || page->signal != 0) {
        add_unread(report, "journal.could-not-look", page, "journalctl failed");
    } else if (*complaint != '\0') {
        add_unread(report, "journal.could-not-look", page,
                   "journalctl complained: entries may be missing from this answer");
    }
}

/* Where there is more than fits into the page, the time-out cost none of it. */
static void
judge_end(const PstJournalPage *page, PstReport *report)
{
    if (page->entries->len == 0) {
        if (page->cut)
            add_unread(report, "journal.could-not-look", page,
                       page->timed_out ? "journalctl gave no entry within its time"
                                       : "journalctl gave no whole entry");
        return;
    }
    if (!page->timed_out || page->more)
        return;
    const PstJournalEntry *oldest = page->entries->pdata[page->entries->len - 1];
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(oldest->realtime_us / G_USEC_PER_SEC);
    g_autofree char *text = time != NULL ? g_date_time_format_iso8601(time) : NULL;
    g_autofree char *message = g_strdup_printf("the journal was read only as far back as %s: "
                                               "journalctl did not end within its time",
                                               text != NULL ? text : "an entry without a time");
    add_unread(report, "journal.partly-read", page, message)->remedy =
        g_strdup("ask for fewer lines, for the next page, or with a longer deadline");
}

void
pst_journal_judge_reading(const PstJournalPage *page, PstReport *report)
{
    judge_complaint(page, report);
    judge_end(page, report);
    if (page->unreadable > 0)
        pst_report_add(report, "journal.unreadable-entries", PST_SEVERITY_UNKNOWN,
                       "%u entr%s could not be read: too long, or not of the journal's form",
                       page->unreadable, page->unreadable == 1 ? "y" : "ies");
}

static const Recogniser *
recognise(const PstJournalEntry *entry)
{
    for (guint i = 0; i < G_N_ELEMENTS(recognisers); i++) {
        const Recogniser *row = &recognisers[i];

        if (entry->message == NULL || (row->kernel && !entry->kernel) ||
            (row->identifier != NULL && g_strcmp0(row->identifier, entry->identifier) != 0))
            continue;
        for (guint j = 0; row->words[j] != NULL; j++)
            if (strstr(entry->message, row->words[j]) != NULL)
                return row;
    }
    return NULL;
}

static void
quote(PstFinding *finding, const PstJournalEntry *entry)
{
    gsize len = entry->message != NULL ? strcspn(entry->message, "\n") : 0;

    if (len > MAX_TEXT)
        len = (gsize)(g_utf8_find_prev_char(entry->message, entry->message + MAX_TEXT + 1) -
                      entry->message);
    finding->evidence->text =
        g_strdup_printf("%s: %.*s", entry->identifier != NULL ? entry->identifier : "unnamed",
                        (int)len, entry->message != NULL ? entry->message : "");
    finding->evidence->unit = g_strdup(entry->unit);
    finding->evidence->source = g_strdup("journal");
}

/* N entries, of which LAST is the newest that counts. */
static void
add_count(PstReport *report, const char *id, PstSeverity severity, guint n, const char *what,
          const PstJournalEntry *newest)
{
    if (n == 0)
        return;
    quote(pst_report_add(report, id, severity, "%u %s, the newest of %s", n, what,
                         newest->identifier != NULL ? newest->identifier : "an unnamed writer"),
          newest);
}

PstTri
pst_journal_judge_is_there(const PstJournalPage *page, const char *cursor)
{
    const PstJournalEntry *first = page->entries->len > 0 ? page->entries->pdata[0] : NULL;

    if (first != NULL && g_strcmp0(first->cursor, cursor) == 0)
        return PST_TRI_YES;
    return first == NULL || page->complaint != NULL || page->unreadable > 0 || page->timed_out
               ? PST_TRI_UNKNOWN
               : PST_TRI_NO;
}

void
pst_journal_judge_gone(const PstJournalPage *page, const char *after, const char *this_boot,
                       PstReport *report)
{
    const PstJournalEntry *before = page->entries->pdata[0];
    gint64 monotonic_us = 0;
    g_autofree char *boot = pst_journal_cursor_boot(after, &monotonic_us);

    /* A guest that was reverted to another boot never heard of this one. */
    if (g_strcmp0(boot, this_boot) != 0 && g_strcmp0(boot, before->boot_id) == 0)
        pst_report_add(
            report, "journal.end-lost", PST_SEVERITY_INFORMATION,
            "what boot %s logged last, '%.80s' among it, was not on the disk yet when it "
            "ended",
            boot, after);
    else
        pst_report_add(report, "journal.foreign-cursor", PST_SEVERITY_UNKNOWN,
                       "'%.80s' is not there, though older entries are: the guest was reverted to "
                       "before it, or it is of another journal",
                       after);
}

void
pst_journal_judge_entries(const GPtrArray *entries, PstReport *report)
{
    guint counts[G_N_ELEMENTS(recognisers)] = {0}, n_critical = 0, n_errors = 0;
    const PstJournalEntry *newest[G_N_ELEMENTS(recognisers)] = {NULL};
    const PstJournalEntry *critical = NULL, *error = NULL;

    for (guint i = 0; i < entries->len; i++) {
        const PstJournalEntry *entry = entries->pdata[i];
        const Recogniser *row = recognise(entry);

        if (row != NULL) {
            if (counts[row - recognisers]++ == 0)
                newest[row - recognisers] = entry;
        } else if (entry->priority >= 0 && entry->priority <= 2) {
            critical = n_critical++ == 0 ? entry : critical;
        } else if (entry->priority == 3) {
            error = n_errors++ == 0 ? entry : error;
        }
    }
    for (guint i = 0; i < G_N_ELEMENTS(recognisers); i++) {
        const Recogniser *row = &recognisers[i];

        if (counts[i] == 0)
            continue;
        PstFinding *finding = pst_report_add(report, row->id, row->severity, "%s (%u entr%s)",
                                             row->message, counts[i], counts[i] == 1 ? "y" : "ies");
        quote(finding, newest[i]);
        finding->remedy = g_strdup(row->remedy);
    }
    add_count(report, "journal.critical-entries", PST_SEVERITY_WARNING, n_critical,
              n_critical == 1 ? "critical entry" : "critical entries", critical);
    add_count(report, "journal.errors", PST_SEVERITY_INFORMATION, n_errors,
              n_errors == 1 ? "error" : "errors", error);
}
