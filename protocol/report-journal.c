// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/report-journal.h"

static const PstField line_rows[] = {
    PST_INT(PstJournalLine, realtime_us, "microseconds since 1970 UTC by the guest's clock"),
    PST_INT(PstJournalLine, priority, "0 (emergency) to 7 (debug)"),
    PST_STRING(PstJournalLine, identifier, "who logged it"),
    PST_STRING(PstJournalLine, unit, "that it is about, or that logged it"),
    PST_STRING(PstJournalLine, pid, "the process that logged it"),
    PST_STRING(PstJournalLine, message, "the line"),
    PST_STRING(PstJournalLine, boot_id, "absent for the boot that runs"),
};
const PstFields pst_report_journal_line_fields = PST_FIELDS(PstJournalLine, line_rows);

static const PstField group_rows[] = {
    PST_INT(PstJournalGroup, count, "how many entries, which differ only in numbers", PST_PASSING),
    PST_INT(PstJournalGroup, first_us, "the oldest one's time", PST_PASSING),
    PST_INT(PstJournalGroup, last_us, "the newest one's time", PST_PASSING),
    PST_INT(PstJournalGroup, priority, "the most urgent one's, 0 to 7"),
    PST_STRING(PstJournalGroup, identifier, "who logged them", PST_KEY),
    PST_STRING(PstJournalGroup, unit, "that they are about, or that logged them", PST_PASSING),
    PST_STRING(PstJournalGroup, message, "the newest of them", PST_KEY, PST_FOLDED),
};
const PstFields pst_report_journal_group_fields = PST_FIELDS(PstJournalGroup, group_rows);

static const PstField data_rows[] = {
    PST_INT(PstJournalData, n_entries, "entries in this page", PST_PASSING),
    PST_INT(PstJournalData, n_own, "entries left out because asking caused them", PST_PASSING),
    PST_INT(PstJournalData, n_private, "entries whose message is [private], as their unit is",
            PST_PASSING),
    PST_STRING(PstJournalData, cursor, "where the next page begins, absent on the last one",
               PST_PASSING),
    PST_STRING(PstJournalData, newest_cursor, "of this page's newest entry", PST_PASSING),
    PST_BOOL(PstJournalData, after_found,
             "the entry that after names is there; false where it is not, though older ones are",
             PST_PASSING),
    PST_STRING(PstJournalData, storage, "persistent, volatile or none"),
    PST_STRING(PstJournalData, journald, "systemd-journald: running, stuck, stopped, absent"),
    PST_LIST(PstJournalData, groups, pst_report_journal_group_fields,
             "the page's entries by what they say, the most urgent first", PST_RECENT),
    PST_LIST(PstJournalData, entries, pst_report_journal_line_fields,
             "the page's entries, newest first", PST_PASSING),
};
static const PstFields data_fields = PST_FIELDS(PstJournalData, data_rows);

static const PstField args_rows[] = {
    PST_INT(PstJournalArgs, since_us, "no older ones, microseconds since 1970 UTC, guest's clock",
            PST_PASSING),
    PST_INT(PstJournalArgs, since_s, "no older ones than so many seconds", PST_PASSING),
    PST_INT(PstJournalArgs, until_us, "no newer ones, microseconds since 1970 UTC, guest's clock",
            PST_PASSING),
    PST_INT(PstJournalArgs, priority, "the least urgent wanted, 0 to 7; 3 (errors) by default"),
    PST_STRINGS(PstJournalArgs, units, "only of these units, or of programs of their names"),
    PST_STRING(PstJournalArgs, boot,
               "the boot's id, or an offset such as -1, or all; the running one by default"),
    PST_STRING(PstJournalArgs, cursor, "an earlier page's cursor: go on from there to older ones",
               PST_PASSING),
    PST_STRING(PstJournalArgs, after, "a cursor: only newer entries than this one, of all boots",
               PST_PASSING),
    PST_INT(PstJournalArgs, lines, "entries in a page, 1 to 1000; 200 by default"),
    PST_BOOL(PstJournalArgs, kernel, "only the kernel's messages"),
    PST_BOOL(PstJournalArgs, own, "with the entries that asking causes"),
};
static const PstFields args_fields = PST_FIELDS(PstJournalArgs, args_rows);

const PstReportKind pst_report_journal_kind = {
    .name = "journal",
    .question = "what went wrong, since when?",
    .footprint = "",
    .args = &args_fields,
    .data = &data_fields,
};
