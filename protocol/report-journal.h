// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The report of the probe `journal`: what went wrong, since when? */

typedef struct {
    gint64 since_us; /* by the guest's clock */
    gint64 since_s;  /* seconds ago */
    gint64 until_us;
    gint64 priority; /* the least urgent that is wanted, 0 … 7 */
    char **units;
    char *boot;   /* 32 digits, an offset as -1, or all */
    char *cursor; /* of an earlier page: go on with older entries */
    char *after;  /* a cursor: only entries newer than it */
    gint64 lines;
    PstTri kernel;
    PstTri own; /* with what asking leaves in the journal */
} PstJournalArgs;

typedef struct {
    gint64 realtime_us;
    gint64 priority;
    char *identifier;
    char *unit;
    char *pid;
    char *message;
    char *boot_id; /* absent for the boot that runs */
} PstJournalLine;

/* Entries that differ only in numbers. */
typedef struct {
    gint64 count;
    gint64 first_us;
    gint64 last_us;
    gint64 priority; /* the most urgent of them */
    char *identifier;
    char *unit;
    char *message; /* the newest of them */
} PstJournalGroup;

typedef struct {
    gint64 n_entries;    /* in this page */
    gint64 n_own;        /* left out, because asking caused them */
    gint64 n_private;    /* whose message was withheld, because their unit is private */
    char *cursor;        /* for the next page, absent where this is the last */
    char *newest_cursor; /* of the newest entry of this page */
    PstTri after_found; /* the entry that `after` names is there; unknown where nothing is as old */
    char *storage;      /* persistent, volatile, none */
    char *journald;     /* running, stuck, stopped, absent */
    GPtrArray *groups;  /* of PstJournalGroup, the most urgent first */
    GPtrArray *entries; /* of PstJournalLine, newest first */
} PstJournalData;

extern const PstFields pst_report_journal_line_fields;
extern const PstFields pst_report_journal_group_fields;
extern const PstReportKind pst_report_journal_kind;
