// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* The journal as journalctl(1) gives it: a child of its own, whose crash on a damaged file is not
 * ours. Bounded by lines, bytes and time; every line goes through the strict validator. */

#define PST_JOURNAL_PRIORITY_NONE (-1)

/* What one line of the journal holds. Field names: systemd.journal-fields(7). */
typedef struct {
    gint64 realtime_us;
    gint64 monotonic_us; /* since the start of boot_id */
    int priority;        /* 0 … 7, or PST_JOURNAL_PRIORITY_NONE */
    char *identifier;    /* who logged it; NULL where it did not say */
    char *unit;          /* that it is about, or that logged it; NULL for none */
    char *writer;        /* the unit that logged it, by journald's own word; NULL for none */
    char *message;   /* valid UTF-8 of at most 8 KiB, without control characters but tabs and new
                        lines */
    char *container; /* that logged it, as podman and docker name it; NULL for none */
    char *pid;
    char *boot_id;
    char *cursor;
    gboolean kernel; /* the kernel itself logged it */
    /* By journald's own word, whatever the entry says of itself: */
    char *comm;         /* the command; NULL where that had ended already */
    gboolean is_root;   /* it was the superuser's process */
    gboolean by_kernel; /* it came by the kernel's log, to which only the superuser writes */
} PstJournalEntry;

/* Zeroes and NULLs mean no restriction. */
typedef struct {
    const char *identifier; /* only who logs under this name; NULL: whoever does */
    const char *const *units;
    gboolean by_name; /* of a service also what a program of its name logs, wherever it runs */
    gboolean kernel;  /* only the kernel's lines */
    int max_priority; /* the least urgent that is wanted: 0 … 7; 7 for all */
    const char *boot; /* 32 hexadecimal digits, or an offset as "-1"; NULL for all boots */
    gint64 since_us;  /* of the realtime clock; 0 for no limit */
    gint64 until_us;
    gint64 since_ago_s; /* or seconds before now */
    const char *cursor; /* begin with this entry and go to older ones */
    const char *from;   /* or go to newer ones: then the lines are the oldest of all that fit */
    guint lines;        /* 1 … 1,000 entries, the newest of all that fit */
    gint64 timeout_ms;
} PstJournalQuery;

typedef struct {
    GPtrArray *entries; /* of PstJournalEntry, newest first */
    gboolean more;      /* there are older entries that fit as well */
    gboolean cut;       /* the page ends before its last line: too many bytes, or too little time */
    gboolean timed_out; /* journalctl was killed: what is older was not looked at */
    guint n_private;    /* entries whose message was withheld */
    char *problem;      /* with the configuration, which says what is private; NULL for none */
    guint unreadable;   /* lines that were no valid entry, or too long */
    char *complaint;    /* journalctl's standard error; NULL where it wrote none */
    int exit_status;    /* journalctl's; -1 where a signal ended it */
    int signal;
} PstJournalPage;

/* Asks journalctl, and withholds what is private. NULL where it could not be run: PST_ERROR_ABSENT,
 * PST_ERROR_NOT_ALLOWED, PST_ERROR_UNAVAILABLE. A page with a complaint is what could be read, not
 * all that there is. */
PstJournalPage *pst_journal_read(const PstSysroot *sysroot, const PstJournalQuery *query,
                                 GError **error);

/* What came after the entry AFTER, of a QUERY that restricts nothing but priority and lines. One
 * run of journalctl tells it, and that the entry is there, where little came: NULL where that was
 * not so, and where the entry is not found, or anything is to be complained of. The caller then
 * asks otherwise. */
PstJournalPage *pst_journal_read_after(const PstSysroot *sysroot, const PstJournalQuery *query,
                                       const char *after);

void pst_journal_page_free(PstJournalPage *page);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstJournalPage, pst_journal_page_free)

/* journalctl's arguments for a query, without its name. Free with g_strfreev(). */
char **pst_journal_argv(const PstJournalQuery *query);

/* One line of `journalctl --output=json`. Takes every shape that a field can have: a string, null,
 * an array of integers (bytes that are no text), an array of such (a field that was given several
 * times). NULL with PST_ERROR_PARSE, PST_ERROR_INVALID_PARAMS. */
PstJournalEntry *pst_journal_parse(const char *line, gsize len, GError **error);
void pst_journal_entry_free(PstJournalEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstJournalEntry, pst_journal_entry_free)

/* Whether COMPLAINT, of journalctl, may be about a file that journald is just beginning: one that
 * is still written has no `@` in its name, and is "truncated" for a moment. NULL is none. */
gboolean pst_journal_may_be_growing(const char *complaint);

/* The entries of journalctl's whole output; a line without its end is dropped and sets `cut`. */
void pst_journal_parse_all(PstJournalPage *page, const char *output, gsize len);

/* The id of the boot that runs, as the journal writes it; NULL where it could not be read. Free
 * with g_free(). */
char *pst_journal_boot(const PstSysroot *sysroot);

/* The boot id of a cursor as 32 hexadecimal digits, and its time since that boot; NULL for what is
 * not a cursor. Free with g_free(). */
char *pst_journal_cursor_boot(const char *cursor, gint64 *monotonic_us);
